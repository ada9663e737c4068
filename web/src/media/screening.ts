// The element that a source is shown and heard in: sound as the person and the browser allow it.
import { Value } from "../sync/observable.ts";
import type { MediaEnvironment } from "./environment.ts";

export interface ScreeningEvents {
  playing(): void;
  waiting(): void;
}

/** One source's element, playing unless the person paused it. */
export class Screening {
  /** The browser wants a click before it lets sound out. */
  readonly blocked = new Value(false);
  readonly element: HTMLVideoElement;
  private volume = 1;
  private paused = false;
  private stopped = false;
  private readonly stopListening: () => void;
  private stopWaiting: (() => void) | undefined;

  constructor(
    private readonly env: MediaEnvironment,
    private readonly events: ScreeningEvents,
  ) {
    this.element = env.element();
    this.stopListening = this.listen();
  }

  setVolume(volume: number): void {
    this.volume = Math.min(1, Math.max(0, volume));
    this.sound();
  }

  pause(): void {
    this.paused = true;
    this.element.pause();
  }

  /** Called in a click it lets the sound out too. */
  resume(): void {
    this.paused = false;
    this.unblock();
  }

  /** Plays if it does not: media came, or the browser paused it. */
  play(): void {
    const { element } = this;
    if (this.stopped || this.paused || !element.paused) return;
    element.play().catch((error: unknown) => {
      const refused = error instanceof Error && error.name === "NotAllowedError";
      if (this.stopped || !refused || element.muted) return; // others: no media yet
      this.block();
      this.play();
    });
  }

  /** For good: tiles let go of the element after it. */
  stop(): void {
    this.stopped = true;
    this.stopListening();
    this.stopWaiting?.();
    this.element.pause();
  }

  private listen(): () => void {
    const { element, events } = this;
    // Chromium pauses silent video behind another tab, and plays it on at return; a stream's end pauses too. Who is taken off
    // the page is paused wherever that is.
    const onPause = (): void => {
      if (this.env.signals.visible || !element.isConnected) this.play();
    };
    element.autoplay = true;
    element.playsInline = true;
    element.addEventListener("playing", events.playing);
    element.addEventListener("waiting", events.waiting);
    element.addEventListener("pause", onPause);
    const stopWatching = this.env.signals.subscribe((signal) => {
      if (signal === "visible") this.play();
    });
    this.sound();
    return () => {
      element.removeEventListener("playing", events.playing);
      element.removeEventListener("waiting", events.waiting);
      element.removeEventListener("pause", onPause);
      stopWatching();
    };
  }

  private sound(): void {
    const { element } = this;
    element.volume = this.volume;
    element.muted = this.volume === 0 || this.blocked.value;
  }

  private block(): void {
    this.blocked.set(true);
    this.sound();
    this.stopWaiting?.();
    this.stopWaiting = this.env.gesture(() => this.unblock());
  }

  private unblock(): void {
    this.stopWaiting?.();
    this.stopWaiting = undefined;
    this.blocked.set(false);
    this.sound();
    this.play();
  }
}
