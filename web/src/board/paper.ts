// The background grid: squares, lines or dots on the paper, under all elements.
import type { Grid } from "./api.ts";
import { BOARD, intersection, isEmpty } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import type { Context } from "./surface.ts";
import type { Look } from "./theme.ts";

/** From one line of the grid to the next, units: 40 px, room for a character of handwriting. */
export const GRID_STEP = 400;

/** Lines come no nearer than this on the screen, CSS px; where they would, every second one is left out. */
const NEAREST = 12;

/** Half a dot and some, px. */
const DOT = 6;

/** Where the board lies on a canvas: its top left corner in px of it, px per unit, and px per CSS px. */
export interface Onto {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly dpr: number;
}

/** Draws the part of a grid that lies in a rectangle of the canvas, whose transform is that of its px. */
export function drawGrid(context: Context, grid: Grid, part: Rect, onto: Onto, look: Look): void {
  const { x, y, scale, dpr } = onto;
  const board = intersection(part, { x0: x, y0: y, x1: x + BOARD.x1 * scale, y1: y + BOARD.y1 * scale });
  if (grid === "none" || isEmpty(board)) return;
  let step = GRID_STEP * scale;
  while (step < NEAREST * dpr) step *= 2;
  const columns = places(board.x0 - x, board.x1 - x, step), rows = places(board.y0 - y, board.y1 - y, step);
  const thick = Math.max(1, Math.round(dpr));
  context.fillStyle = look.grid;
  if (grid === "dots") {
    const edge = Math.max(3, Math.round(2.5 * dpr)), half = edge >> 1;
    for (const row of rows) for (const column of columns) context.fillRect(x + column - half, y + row - half, edge, edge);
    return;
  }
  for (const row of rows) context.fillRect(board.x0, y + row, board.x1 - board.x0, thick);
  if (grid === "squares") for (const column of columns) context.fillRect(x + column, board.y0, thick, board.y1 - board.y0);
}

/** Whole px of the lines that reach into a … b; none on the edge of the board. */
function places(a: number, b: number, step: number): number[] {
  const list: number[] = [];
  for (let i = Math.max(1, Math.floor((a - DOT) / step)); i * step < b + DOT; i++) list.push(Math.round(i * step));
  return list;
}
