// A page in miniature. Ink as lines only, thinned to its size: drawn once in a while for every open board.
import type { BoardDocument } from "../sync/api.ts";
import { POINT } from "./centerline.ts";
import type { InkFacts } from "./facts.ts";
import { frameOf } from "./frame.ts";
import { BOARD, intersects } from "./geometry.ts";
import { Drawn, boxOfPoints } from "./items.ts";
import { Painter } from "./paint.ts";
import { canvasMeasure } from "./painttext.ts";
import type { Pictures } from "./images.ts";
import { factsOf } from "./source.ts";
import { browserClock } from "./surface.ts";
import type { Clock, Context } from "./surface.ts";
import type { Measure } from "./textlayout.ts";
import { lookOf } from "./theme.ts";
import type { Look, Paper } from "./theme.ts";

/** No line is thinner than this, px. */
const THIN = 0.7;

/** Drawn for so long at a time, ms, and then left for as long as it takes to draw a frame. */
const SLICE_MS = 3;
const REST_MS = 16;

/**
 * Draws the top of the page, as much of it as the canvas's proportions show at full width; a full page in several slices,
 * shown when all of it is there. Without pictures images are boxes. Resolves when it is shown.
 */
export async function drawThumbnail(
  context: CanvasRenderingContext2D, doc: BoardDocument, paper: Paper, measure: Measure = canvasMeasure(), pictures?: Pictures,
  clock: Clock = browserClock,
): Promise<void> {
  const { width, height } = context.canvas;
  const draft = new OffscreenCanvas(width, height).getContext("2d");
  if (draft === null) return;
  let since = clock.now();
  for (const _ of parts(draft, doc, paper, measure, pictures)) {
    if (clock.now() - since < SLICE_MS) continue;
    await new Promise<void>((go) => clock.later(REST_MS, go));
    since = clock.now();
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 1;
  context.drawImage(draft.canvas, 0, 0);
}

/** Draws one element after the other. */
function* parts(
  context: OffscreenCanvasRenderingContext2D, doc: BoardDocument, paper: Paper, measure: Measure, pictures: Pictures | undefined,
): Generator<void> {
  const { width, height } = context.canvas;
  const scale = width / BOARD.x1;
  const look = lookOf(paper);
  context.fillStyle = look.paper;
  context.fillRect(0, 0, width, height);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  const view = { x0: 0, y0: 0, x1: BOARD.x1, y1: height / scale };
  const painter = new Painter(look, pictures);
  painter.leastWidth = THIN / scale;
  for (const element of [...doc.elements()]) {
    const facts = factsOf(element);
    if (facts.kind === "ink" && facts.visible === undefined) {
      const put = putOf(facts);
      if (put.b * (facts.points[0] ?? 0) + put.d * (facts.points[1] ?? 0) + put.f < view.y1 * 1.2) line(context, facts, put, look, scale);
    } else {
      const item = new Drawn(facts, measure);
      if (intersects(item.bounds, view)) painter.item(context, item);
    }
    yield;
  }
}

/** A point of ink lies at (a·x + c·y + e, b·x + d·y + f) on the board. */
type Put = Pick<DOMMatrix, "a" | "b" | "c" | "d" | "e" | "f">;

const WHERE_WRITTEN: Put = { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 };

/** As in Drawn: scaled so that the box of the points fills the place, and turned with it. */
function putOf(ink: InkFacts): Put {
  if (ink.place === undefined) return WHERE_WRITTEN;
  const { x, y, w, h } = boxOfPoints(ink);
  const sx = w === 0 ? 1 : ink.place.w / w, sy = h === 0 ? 1 : ink.place.h / h;
  const { e, f, cos, sin } = frameOf(ink.place);
  const put = { a: cos * sx, b: sin * sx, c: -sin * sy, d: cos * sy };
  return { ...put, e: e - put.a * x - put.c * y, f: f - put.b * x - put.d * y };
}

/** scale: px per unit. Points nearer than a px are left out. */
function line(context: Context, ink: InkFacts, put: Put, look: Look, scale: number): void {
  const step = 1 / scale;
  const { points, count } = ink;
  context.strokeStyle = look.ink(ink.color);
  context.globalAlpha = ink.opacity / 255;
  context.lineWidth = Math.max(ink.width, THIN / scale);
  context.lineCap = "round";
  context.lineJoin = "round";
  context.setLineDash([]);
  let x = 0, y = 0;
  context.beginPath();
  for (let i = 0; i < count; i++) {
    const px = points[i * POINT] ?? 0, py = points[i * POINT + 1] ?? 0;
    const nx = put.a * px + put.c * py + put.e, ny = put.b * px + put.d * py + put.f;
    if (i > 0 && i < count - 1 && Math.abs(nx - x) + Math.abs(ny - y) < step) continue;
    // The first of a path is where it begins.
    context.lineTo((x = nx), (y = ny));
  }
  if (count === 1) context.lineTo(x + 1, y);
  context.stroke();
}
