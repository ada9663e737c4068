// A page in miniature. Lines only, thinned to its size: drawn once in a while for every open board.
import type { BoardDocument } from "../sync/api.ts";
import { POINT } from "./centerline.ts";
import { BOARD } from "./geometry.ts";
import type { Ink } from "./scene.ts";
import { inkOf } from "./source.ts";
import { lookOf } from "./theme.ts";
import type { Paper } from "./theme.ts";

/** Draws the top of the page, as much of it as the canvas's proportions show at full width. */
export function drawThumbnail(context: CanvasRenderingContext2D, doc: BoardDocument, paper: Paper): void {
  const { width, height } = context.canvas;
  const scale = width / BOARD.x1;
  const look = lookOf(paper);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = look.paper;
  context.fillRect(0, 0, width, height);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.lineCap = "round";
  context.lineJoin = "round";
  const bottom = height / scale;
  for (const ink of inkOf(doc).all()) {
    if ((ink.points[1] ?? 0) > bottom * 1.2) continue;
    context.strokeStyle = look.ink(ink.color);
    context.globalAlpha = ink.opacity / 255;
    context.lineWidth = Math.max(ink.width, 0.7 / scale);
    line(context, ink, 1 / scale);
  }
}

function line(context: CanvasRenderingContext2D, ink: Ink, step: number): void {
  const { points, count } = ink;
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
