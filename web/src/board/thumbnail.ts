// A page in miniature. Ink as lines only, thinned to its size: drawn once in a while for every open board.
import type { BoardDocument } from "../sync/api.ts";
import { POINT } from "./centerline.ts";
import type { Facts, InkFacts } from "./facts.ts";
import { BOARD, intersects } from "./geometry.ts";
import { Drawn } from "./items.ts";
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
    if (isPlainInk(facts)) {
      if ((facts.points[1] ?? 0) < view.y1 * 1.2) line(context, facts, look, scale);
    } else {
      const item = new Drawn(facts, measure);
      if (intersects(item.bounds, view)) painter.item(context, item);
    }
    yield;
  }
}

const isPlainInk = (facts: Facts): facts is InkFacts =>
  facts.kind === "ink" && facts.place === undefined && facts.visible === undefined;

/** scale: px per unit. Points nearer than a px are left out. */
function line(context: Context, ink: InkFacts, look: Look, scale: number): void {
  const step = 1 / scale;
  const { points, count } = ink;
  context.strokeStyle = look.ink(ink.color);
  context.globalAlpha = ink.opacity / 255;
  context.lineWidth = Math.max(ink.width, THIN / scale);
  context.lineCap = "round";
  context.lineJoin = "round";
  context.setLineDash([]);
  let x = points[0] ?? 0, y = points[1] ?? 0;
  context.beginPath();
  context.moveTo(x, y);
  for (let i = 1; i < count; i++) {
    const nx = points[i * POINT] ?? 0, ny = points[i * POINT + 1] ?? 0;
    if (i < count - 1 && Math.abs(nx - x) + Math.abs(ny - y) < step) continue;
    context.lineTo((x = nx), (y = ny));
  }
  if (count === 1) context.lineTo(x + 1, y);
  context.stroke();
}
