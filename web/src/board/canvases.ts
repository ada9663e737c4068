// The three canvases and the frames in which they are drawn. Idle they ask for none.
import type { RoomImages } from "../sync/api.ts";
import { InkLayer } from "./inklayer.ts";
import { Meter } from "./meter.ts";
import type { FrameReport } from "./meter.ts";
import { Overlay } from "./overlay.ts";
import type { Layer, Nameplate } from "./overlay.ts";
import { Frames } from "./surface.ts";
import type { Clock } from "./surface.ts";
import { lookOf } from "./theme.ts";
import type { Paper } from "./theme.ts";
import type { Viewport } from "./viewport.ts";
import { WetLayer } from "./wetlayer.ts";

interface Parts {
  readonly ink: HTMLCanvasElement;
  readonly wet: HTMLCanvasElement;
  readonly overlay: HTMLCanvasElement;
  readonly clock: Clock;
  readonly paper: Paper;
  readonly plates: (replica: number) => Nameplate;
  readonly images: RoomImages | undefined;
  readonly layers: readonly Layer[];
  readonly view: () => Viewport;
  /** Samples of the wet stroke that the ink layer has already. */
  readonly drySamples: () => number;
  /** A pointer is at work: gaps between frames count. */
  readonly busy: () => boolean;
  /** After each frame. */
  readonly drawn: () => void;
}

export class Canvases {
  readonly ink: InkLayer;
  readonly wet: WetLayer;
  readonly overlay: Overlay;
  readonly #parts: Parts;
  readonly #frames: Frames;
  readonly #meter = new Meter();
  #dpr = 1;
  #overlayTimer: number | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#frames = new Frames(parts.clock, () => this.#frame());
    this.ink = new InkLayer(parts.ink, parts.clock, lookOf(parts.paper), parts.view());
    this.ink.setImages(parts.images && ((content) => loadFrom(parts.images, content)), () => this.request());
    this.wet = new WetLayer(parts.wet);
    this.overlay = new Overlay(parts.overlay, parts.plates, parts.layers);
  }

  get report(): FrameReport {
    return this.#meter.report();
  }

  resetReport(): void {
    this.#meter.reset();
  }

  /** Draws with the next frame. */
  request(): void {
    this.#frames.request();
  }

  /** Something above the ink changed. */
  touch(): void {
    this.overlay.touch();
    this.request();
  }

  /** The view is another one. */
  look(view: Viewport): void {
    this.ink.look(view);
    this.wet.touch();
    this.touch();
  }

  /** Draws at once: a canvas is blank from the moment its size is set. */
  resize(view: Viewport, dpr: number): void {
    this.#dpr = dpr;
    this.ink.resize(view, dpr);
    this.wet.resize(view, dpr);
    this.overlay.resize(view, dpr);
    this.#frame();
  }

  setPaper(paper: Paper): void {
    this.ink.setLook(lookOf(paper));
    this.touch();
  }

  stop(): void {
    this.ink.setImages(undefined, () => undefined);
    this.#frames.stop();
    this.#cancelWake();
  }

  #frame(): void {
    const { clock, view, drySamples, busy, drawn } = this.#parts;
    const start = clock.now();
    const more = this.ink.frame();
    this.wet.frame(view(), this.#dpr, this.ink.painter.look, drySamples());
    const again = this.overlay.frame(view(), this.#dpr, start);
    this.#wake(again);
    if (more || again === 0) this.request();
    drawn();
    this.#meter.frame(start, clock.now(), more || again === 0 || busy());
  }

  #wake(wait: number | undefined): void {
    this.#cancelWake();
    if (wait !== undefined && wait > 0) this.#overlayTimer = this.#parts.clock.later(wait, () => this.touch());
  }

  #cancelWake(): void {
    if (this.#overlayTimer !== undefined) this.#parts.clock.cancelLater(this.#overlayTimer);
    this.#overlayTimer = undefined;
  }
}

/** An image's bytes; rejects where there are no images. */
export const loadFrom = (images: RoomImages | undefined, content: string): Promise<Blob> =>
  images?.load(content) ?? Promise.reject(new Error("board: load image: the board was given no images"));
