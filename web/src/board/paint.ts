// Puts items on a canvas whose transform is in units of the board.
import type { ShapeFacts } from "./facts.ts";
import { IDENTITY } from "./frame.ts";
import type { Item } from "./items.ts";
import { outline } from "./outline.ts";
import { paintText } from "./painttext.ts";
import type { Pictures } from "./images.ts";
import { paintImage } from "./paintimage.ts";
import { dashesAlong, trace } from "./shapes.ts";
import { offscreen2d, type Context } from "./surface.ts";
import type { Look } from "./theme.ts";

/** Samples whose outlines are kept as paths, about 40 bytes each. */
const KEPT_SAMPLES = 300_000;

/** How much of it an element shows that the eraser has marked. */
const FADED = 0.2;

/** What a painter keeps at an item. */
interface Kept {
  path: unknown;
}

export class Painter {
  look: Look;
  /** No line of a shape is thinner than this, in units: in a miniature it would not be seen. */
  leastWidth = 0;
  /** Without it images are placeholders. */
  pictures: Pictures | undefined;
  #kept = 0;
  /** Weak: what has gone from the board takes its path along. */
  #keeping: WeakRef<Kept>[] = [];
  #layer: OffscreenCanvasRenderingContext2D | undefined;

  constructor(look: Look, pictures?: Pictures) {
    this.look = look;
    this.pictures = pictures;
  }

  /** The whole item. */
  item(context: Context, item: Item): void {
    const alpha = (item.facts.opacity / 255) * (item.faded ? FADED : 1);
    if (alpha === 0) return;
    context.globalAlpha = alpha;
    if (item.frame === IDENTITY) return this.#body(context, item, alpha);
    const { e, f, cos, sin } = item.frame;
    context.save();
    context.transform(cos, sin, -sin, cos, e, f);
    this.#body(context, item, alpha);
    context.restore();
  }

  /** Only the samples of ink from `from` on; for what is opaque and grows. */
  end(context: Context, item: Item, from: number): void {
    if (item.line === undefined) return;
    context.globalAlpha = 1;
    context.fillStyle = this.look.ink(item.facts.color);
    context.beginPath();
    outline(item.line.samples, from, item.line.count, context);
    context.fill();
  }

  #body(context: Context, item: Item, alpha: number): void {
    const { body, facts } = item;
    switch (body.kind) {
      case "ink":
        context.fillStyle = this.look.ink(facts.color);
        return context.fill(this.#path(item));
      case "shape":
        return this.#shape(context, item, facts as ShapeFacts, alpha);
      case "text":
        return facts.kind === "text" ? paintText(context, body.layout, facts, this.look) : undefined;
      case "image":
        return facts.kind === "image" ? paintImage(context, body, facts, this.look, this.pictures) : undefined;
      case "nothing":
        return;
    }
  }

  #shape(context: Context, item: Item, facts: ShapeFacts, alpha: number): void {
    // Fill and line are one thing: translucent, they must not show through each other.
    if (alpha < 1 && facts.fill !== undefined) return this.#together(context, item, facts, alpha);
    this.#fillAndLine(context, item, facts);
  }

  #fillAndLine(context: Context, item: Item, facts: ShapeFacts): void {
    const path = this.#path(item);
    if (facts.fill !== undefined && item.body.area !== undefined) {
      context.fillStyle = this.look.ink(facts.fill);
      context.fill(path);
    }
    context.strokeStyle = this.look.ink(facts.color);
    context.lineWidth = Math.max(facts.width, this.leastWidth);
    context.lineCap = "round";
    context.lineJoin = "round";
    context.setLineDash(dashesAlong(item.body.runs, facts.dash, facts.width));
    context.stroke(path);
  }

  #together(context: Context, item: Item, facts: ShapeFacts, alpha: number): void {
    const { width, height } = context.canvas;
    const layer = this.#layerOf(width, height);
    layer.setTransform(1, 0, 0, 1, 0, 0);
    layer.clearRect(0, 0, width, height);
    layer.setTransform(context.getTransform());
    this.#fillAndLine(layer, item, facts);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = alpha;
    context.drawImage(layer.canvas, 0, 0, width, height, 0, 0, width, height);
    context.restore();
  }

  #layerOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
    if (this.#layer !== undefined && this.#layer.canvas.width >= width && this.#layer.canvas.height >= height) return this.#layer;
    return (this.#layer = offscreen2d(width, height));
  }

  #path(item: Item): Path2D {
    const kept = item as Item & Kept;
    if (kept.path instanceof Path2D) return kept.path;
    const path = pathOf(item);
    if (!item.grows || item.line?.closed === true) this.#keep(kept, path, weight(item));
    return path;
  }

  #keep(item: Kept, path: Path2D, samples: number): void {
    if (this.#kept > KEPT_SAMPLES) {
      for (const old of this.#keeping) {
        const kept = old.deref();
        if (kept !== undefined) kept.path = undefined;
      }
      this.#keeping = [];
      this.#kept = 0;
    }
    this.#kept += samples;
    this.#keeping.push(new WeakRef(item));
    item.path = path;
  }
}

function pathOf({ body }: Item): Path2D {
  const path = new Path2D();
  if (body.kind === "ink") for (const run of body.runs) outline(run.samples, 0, run.count, path);
  else if (body.kind === "shape") trace(body.outline, path);
  return path;
}

const weight = ({ body }: Item): number => body.runs.reduce((sum, run) => sum + run.count, 0);

