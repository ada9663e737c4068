// Frames as an element shows them, and ticks where it tells of none: hidden, paused, stalled, or without pictures.
import type { MediaEnvironment } from "./environment.ts";
import type { WorkerLink } from "./workerlink.ts";

/**
 * No frame of a visible page for so long: ticks take over, ms. Until then the last frame is what is on the glass, also where
 * a slow machine's pictures lag behind its sound; beyond, the browser tells of no frames (a window that is covered).
 */
const SILENT_MS = 2000;

export interface FrameEvents {
  frame(metadata: VideoFrameCallbackMetadata, element: HTMLVideoElement): void;
  tick(element: HTMLVideoElement): void;
}

export class Frames {
  private element: HTMLVideoElement | undefined;
  private handle = 0;
  private lastFrame = -Infinity;
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
    const silent = this.env.clock.now() - this.lastFrame > SILENT_MS;
    if (silent || !this.env.signals.visible) this.events.tick(element);
  }
}

/** Firefox before 132 has none. */
function hasFrames(element: HTMLVideoElement | undefined): element is HTMLVideoElement {
  return element !== undefined && "requestVideoFrameCallback" in element;
}
