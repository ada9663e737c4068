// Where the board is seen from: pans, zooms and comes to rest, and each page keeps its own view.
import type { Rect, Vec } from "./geometry.ts";
import type { Clock } from "./surface.ts";
import { fitWidth, pan, resized, revealed, settled, zoomAt, zoomStep } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** A zoom gesture that rests this long (ms) is over: tiles of its exact size are drawn. */
const SETTLE_MS = 140;

interface Parts {
  readonly clock: Clock;
  /** The view is another one. */
  readonly seen: (view: Viewport) => void;
  /** It has come to rest. */
  readonly settled: () => void;
}

export class Camera {
  readonly #parts: Parts;
  readonly #views = new Map<string, Viewport>();
  #view: Viewport = { x: 0, y: 0, zoom: 1, width: 1, height: 1 };
  /** The board is as wide as the window, and stays so when that changes. */
  #fitted = true;
  #timer: number | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get view(): Viewport {
    return this.#view;
  }

  /** Leaves a page and goes to another, where it was left. */
  turn(from: string | undefined, to: string): void {
    if (from !== undefined) this.#views.set(from, this.#view);
    this.#fitted = !this.#views.has(to);
    this.#see(this.viewOf(to));
    this.#parts.settled();
  }

  /** How a page would be seen that is not looked at now. */
  viewOf(page: string): Viewport {
    const { width, height } = this.#view, known = this.#views.get(page);
    return known === undefined ? fitWidth({ ...this.#view, y: 0 }) : resized(known, width, height);
  }

  /** Another size of the window; tells nobody. */
  resize(width: number, height: number): Viewport {
    const next = resized(this.#view, width, height);
    return (this.#view = this.#fitted ? fitWidth(next) : next);
  }

  /** By CSS px. */
  pan(dx: number, dy: number): void {
    this.#see(pan(this.#view, dx, dy));
  }

  /** Pans until a place on the board is in view. */
  reveal(place: Rect): void {
    this.#see(revealed(this.#view, place));
  }

  /** A step of a zoom gesture. */
  zoomBy(factor: number, at: Vec): void {
    this.#fitted = false;
    this.#see(zoomAt(this.#view, this.#view.zoom * factor, at));
    this.stop();
    this.#timer = this.#parts.clock.later(SETTLE_MS, () => this.settle());
  }

  zoomTo(zoom: number): void {
    this.#fitted = false;
    this.#see(zoomAt(this.#view, zoom, { x: this.#view.width / 2, y: this.#view.height / 2 }));
    this.settle();
  }

  zoomStep(direction: 1 | -1): void {
    this.zoomTo(zoomStep(this.#view.zoom, direction));
  }

  fit(): void {
    this.#fitted = true;
    this.#see(fitWidth(this.#view));
    this.#parts.settled();
  }

  /** A gesture is over. */
  settle(): void {
    if (!this.#fitted) this.#see(settled(this.#view));
    this.#parts.settled();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#parts.clock.cancelLater(this.#timer);
    this.#timer = undefined;
  }

  #see(view: Viewport): void {
    if (view === this.#view) return;
    this.#view = view;
    this.#parts.seen(view);
  }
}
