// Frames as an element shows them, and ticks where it tells of none: hidden, paused, stalled, or without pictures.
import type { MediaEnvironment } from "./environment.ts";
import type { WorkerLink } from "./workerlink.ts";

/**
 * No frame of a visible page for so long: ticks take over, ms. Until then the last frame is what is on the glass, also where
 * a slow machine's pictures lag behind its sound; beyond, the browser tells of no frames (a window that is covered).
 */
const SILENT_MS = 2000;
/** The same where no pictures come either, of a picture that is to move: it is frozen on the glass while the sound may go on (ALN3), ms. */
const FROZEN_MS = 10_000;
/** Pictures have come for so long and none was told of: none will be, ms. After a freeze many come at once, and are told of a little later. */
const UNTOLD_MS = 1000;

export interface FrameEvents {
  frame(metadata: VideoFrameCallbackMetadata, element: HTMLVideoElement): void;
  tick(element: HTMLVideoElement): void;
  /** Whether there is a picture whose frames come all the time. */
  moves(): boolean;
}

export class Frames {
  private element: HTMLVideoElement | undefined;
  private handle = 0;
  private lastFrame = -Infinity;
  /** How many pictures had come, when the last did, and since when they have come without being told of. */
  private came = 0;
  private cameAt = -Infinity;
  private moreSince: number | undefined;
  private readonly stopTicks: () => void;

  constructor(
    private readonly env: MediaEnvironment,
    worker: WorkerLink,
    private readonly events: FrameEvents,
  ) {
    this.stopTicks = worker.ticks(() => this.tick());
  }

  /** Watches this element and no other. */
  watch(element: HTMLVideoElement | undefined): void {
    if (element === this.element) return;
    this.forget();
    this.element = element;
    this.ask();
  }

  /** A picture is to come at once: until it does the one before it is on the glass. */
  expect(): void {
    this.lastFrame = this.env.clock.now();
  }

  stop(): void {
    this.forget();
    this.stopTicks();
  }

  private forget(): void {
    if (hasFrames(this.element)) this.element.cancelVideoFrameCallback(this.handle);
    this.element = undefined;
  }

  private ask(): void {
    const { element } = this;
    if (!hasFrames(element)) return;
    this.handle = element.requestVideoFrameCallback((_, metadata) => {
      if (element !== this.element) return;
      this.ask();
      this.lastFrame = this.env.clock.now();
      this.events.frame(metadata, element);
    });
  }

  private tick(): void {
    const { element } = this;
    if (element === undefined) return;
    if (!this.env.signals.visible || this.silent(element)) this.events.tick(element);
  }

  private silent(element: HTMLVideoElement): boolean {
    const now = this.env.clock.now(), since = now - this.lastFrame;
    const { totalVideoFrames } = element.getVideoPlaybackQuality();
    const more = totalVideoFrames > this.came;
    this.came = totalVideoFrames;
    if (more) this.cameAt = now;
    if (since < UNTOLD_MS || now - this.cameAt > UNTOLD_MS / 2) this.moreSince = undefined;
    else if (more) this.moreSince ??= now;
    const frozen = this.moreSince === undefined || now - this.moreSince < UNTOLD_MS;
    return since > (frozen && this.events.moves() ? FROZEN_MS : SILENT_MS);
  }
}

/** Firefox before 132 has none. */
function hasFrames(element: HTMLVideoElement | undefined): element is HTMLVideoElement {
  return element !== undefined && "requestVideoFrameCallback" in element;
}
