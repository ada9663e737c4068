// The ink that is still wet: the end of the stroke under the pen, and where the pen is expected next. On a canvas of its
// own, which the browser may show without waiting for the page.
import { Centerline, boundsOf } from "./centerline.ts";
import { grow } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import { outline } from "./outline.ts";
import { context2d } from "./surface.ts";
import type { Look } from "./theme.ts";
import { unitScale } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** How the pen writes. color 0xRRGGBB, width in units, opacity 0..255. */
export interface Pen {
  readonly color: number;
  readonly width: number;
  readonly opacity: number;
}

/** One place of a pen on the board: units, pressure 0..255. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  readonly p: number;
}

/** Samples that stay wet although the tiles have them: the two canvases need not be shown in the same instant. */
const OVERLAP = 24;

export class WetLayer {
  readonly #context: CanvasRenderingContext2D;
  #line: Centerline | undefined;
  #pen: Pen | undefined;
  #predicted: readonly Mark[] = [];
  #painted: Rect | undefined;
  #changed = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#context = context2d(canvas, { desynchronized: true });
  }

  resize(view: Viewport, dpr: number): void {
    this.#context.canvas.width = Math.round(view.width * dpr);
    this.#context.canvas.height = Math.round(view.height * dpr);
    this.#painted = undefined;
    this.#changed = true;
  }

  begin(pen: Pen): void {
    this.#pen = pen;
    this.#line = new Centerline(pen.width);
    this.#changed = true;
  }

  add(mark: Mark): void {
    this.#line?.add(mark.x, mark.y, mark.p);
    this.#changed = true;
  }

  /** Where the pen is expected; shown only, until the next true mark. */
  predict(marks: readonly Mark[]): void {
    this.#predicted = marks;
    this.#changed = true;
  }

  end(): void {
    this.#line = undefined;
    this.#predicted = [];
    this.#changed = true;
  }

  /** The view moved. */
  touch(): void {
    this.#changed = true;
  }

  /** Draws what changed. dry: samples that the tiles show already. */
  frame(view: Viewport, dpr: number, look: Look, dry: number): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.#clear();
    const wet = this.#line !== undefined && this.#pen !== undefined;
    // An empty canvas as large as the window still costs the compositor; a hidden one does not.
    this.#context.canvas.style.visibility = wet ? "visible" : "hidden";
    if (this.#line === undefined || this.#pen === undefined) return;
    const scale = unitScale(view) * dpr;
    const ox = Math.round(view.x * scale), oy = Math.round(view.y * scale);
    const tail = this.#tail(this.#line, this.#pen, dry);
    const context = this.#context;
    context.setTransform(scale, 0, 0, scale, -ox, -oy);
    context.fillStyle = look.ink(this.#pen.color);
    context.globalAlpha = this.#pen.opacity / 255;
    context.beginPath();
    outline(tail.samples, 0, tail.count, context);
    context.fill();
    const b = grow(boundsOf(tail.samples, 0, tail.count), 2 / scale);
    this.#painted = { x0: b.x0 * scale - ox, y0: b.y0 * scale - oy, x1: b.x1 * scale - ox, y1: b.y1 * scale - oy };
  }

  #tail(line: Centerline, pen: Pen, dry: number): Centerline {
    const keep = pen.opacity < 255 ? line.count : line.count - dry + OVERLAP;
    const tail = line.tail(Math.max(keep, 1));
    for (const mark of this.#predicted) tail.add(mark.x, mark.y, mark.p);
    tail.close();
    return tail;
  }

  #clear(): void {
    const r = this.#painted;
    if (r === undefined) return;
    this.#painted = undefined;
    const x = Math.floor(r.x0), y = Math.floor(r.y0);
    this.#context.setTransform(1, 0, 0, 1, 0, 0);
    this.#context.clearRect(x, y, Math.ceil(r.x1) - x, Math.ceil(r.y1) - y);
  }
}
