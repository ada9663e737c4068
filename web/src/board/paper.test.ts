import assert from "node:assert/strict";
import { test } from "node:test";
import { BOARD } from "./geometry.ts";
import { GRID_STEP, drawGrid } from "./paper.ts";
import type { Context } from "./surface.ts";
import { lookOf } from "./theme.ts";

interface Filled {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** Draws on a window of 800 × 600 px with the board's corner at (x, y) and notes what is filled. */
function filled(grid: "none" | "squares" | "lines" | "dots", scale: number, x = 0, y = 0): Filled[] {
  const all: Filled[] = [];
  const context = { fillStyle: "", fillRect: (a: number, b: number, w: number, h: number) => all.push({ x: a, y: b, w, h }) };
  drawGrid(context as unknown as Context, grid, { x0: 0, y0: 0, x1: 800, y1: 600 }, { x, y, scale, dpr: 1 }, lookOf("white"));
  return all;
}

test("squares are lines each way, one step apart, none on the edge of the board", () => {
  const all = filled("squares", 0.1);
  const columns = all.filter((r) => r.h === 600).map((r) => r.x);
  assert.deepEqual(columns.slice(0, 3), [40, 80, 120]);
  assert.equal(GRID_STEP * 0.1, 40);
  assert.ok(all.some((r) => r.w === 800 && r.y === 40));
});

test("the grid moves with the board and ends with it", () => {
  const at = 800 - BOARD.x1 * 0.1;
  assert.deepEqual(filled("lines", 0.1, 0, -25).map((r) => r.y).slice(0, 2), [15, 55]);
  assert.ok(filled("squares", 0.1, at).every((r) => r.x <= 800));
  assert.deepEqual(filled("dots", 0.1, 900, 0), []);
});

test("seen from far away every second line is left out, again and again", () => {
  const rows = filled("lines", 0.01).map((r) => r.y);
  assert.equal((rows[1] ?? 0) - (rows[0] ?? 0), 16);
  assert.ok(filled("dots", 0.01).length < 3000);
});

test("no grid draws nothing", () => assert.deepEqual(filled("none", 0.1), []));
