// Puts strokes on a canvas whose transform is in units.
import { outline } from "./outline.ts";
import type { Stroke } from "./scene.ts";
import type { Context } from "./surface.ts";
import type { Look } from "./theme.ts";

/** Samples whose outlines are kept as paths, about 40 bytes each. */
const KEPT_SAMPLES = 600_000;

/** How much of its ink a stroke shows that the eraser has marked. */
const FADED = 0.2;

export class InkPainter {
  look: Look;
  #kept = 0;
  #keeping: Stroke[] = [];

  constructor(look: Look) {
    this.look = look;
  }

  /** The whole stroke. */
  stroke(context: Context, stroke: Stroke): void {
    this.#style(context, stroke);
    context.fill(this.#path(stroke));
  }

  /** Only the samples from `from` on; for opaque strokes. */
  end(context: Context, stroke: Stroke, from: number): void {
    this.#style(context, stroke);
    context.beginPath();
    outline(stroke.line.samples, from, stroke.line.count, context);
    context.fill();
  }

  #style(context: Context, stroke: Stroke): void {
    context.fillStyle = this.look.ink(stroke.color);
    context.globalAlpha = (stroke.opacity / 255) * (stroke.faded ? FADED : 1);
  }

  #path(stroke: Stroke): Path2D {
    if (stroke.path instanceof Path2D) return stroke.path;
    const path = new Path2D();
    outline(stroke.line.samples, 0, stroke.line.count, path);
    if (stroke.line.closed) this.#keep(stroke, path);
    return path;
  }

  #keep(stroke: Stroke, path: Path2D): void {
    if (this.#kept > KEPT_SAMPLES) {
      for (const old of this.#keeping) old.path = undefined;
      this.#keeping = [];
      this.#kept = 0;
    }
    this.#kept += stroke.line.count;
    this.#keeping.push(stroke);
    stroke.path = path;
  }
}
