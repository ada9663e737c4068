import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_SNAPPING, snapMove, snapPoint } from "./snapping.ts";
import type { SnapLine } from "./snap.ts";

const x = (at: number): SnapLine => ({ axis: "x", at, from: 0, to: 100 });
const y = (at: number): SnapLine => ({ axis: "y", at, from: 500, to: 600 });
const box = { x0: 0, y0: 0, x1: 100, y1: 50 };

test("an edge or the middle of what is moved comes to rest on lines of others, and the line is shown from one to the other", () => {
  const s = { lines: [x(300), y(200)], grid: 0, within: 10 };
  const to = snapMove(box, 195, 180, s);
  assert.deepEqual([to.dx, to.dy], [200, 175]);
  assert.deepEqual(to.guides, [{ axis: "x", at: 300, from: 0, to: 225 }, { axis: "y", at: 200, from: 200, to: 600 }]);
  assert.deepEqual(snapMove(box, 180, 400, s), { dx: 180, dy: 400, guides: [] }, "too far away");
  assert.equal(snapMove(box, 253, 400, s).dx, 250, "the middle");
});

test("the nearest line wins, and lines of others go before the grid", () => {
  assert.equal(snapMove(box, 95, 0, { lines: [x(90), x(98)], grid: 0, within: 10 }).dx, 98);
  const both = { lines: [x(197)], grid: 400, within: 10 };
  assert.equal(snapMove(box, 95, 0, both).dx, 97);
  assert.equal(snapMove(box, 395, 0, both).dx, 400);
  assert.equal(snapMove(box, 350, 0, both).dx, 350);
});

test("the grid holds the upper left corner and shows no line of its own", () => {
  assert.deepEqual(snapMove(box, 404, 796, { lines: [], grid: 400, within: 10 }), { dx: 400, dy: 800, guides: [] });
});

test("a point comes to rest on the axes that count", () => {
  const s = { lines: [x(300), y(200)], grid: 0, within: 10 };
  const at = snapPoint({ x: 305, y: 195 }, s);
  assert.deepEqual([at.x, at.y, at.guides.length], [300, 200, 2]);
  const along = snapPoint({ x: 305, y: 195 }, s, { x: true, y: false });
  assert.deepEqual([along.x, along.y], [300, 195]);
});

test("without snapping everything stays where it is put", () => {
  assert.deepEqual(snapMove(box, 3.5, 4.5, NO_SNAPPING), { dx: 3.5, dy: 4.5, guides: [] });
});
