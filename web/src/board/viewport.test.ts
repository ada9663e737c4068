import assert from "node:assert/strict";
import { test } from "node:test";
import { BOARD } from "./geometry.ts";
import { MAX_ZOOM, MIN_ZOOM, fitWidth, held, pan, resized, roundZoom, settled, toBoard, toScreen, visible, zoomAt, zoomStep } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

const view: Viewport = { x: 5000, y: 20_000, zoom: 1, width: 1000, height: 600 };
const near = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("the board and the screen map to each other", () => {
  const at = toBoard(view, { x: 250, y: 100 });
  assert.deepEqual(at, { x: 7500, y: 21_000 });
  assert.deepEqual(toScreen(view, at), { x: 250, y: 100 });
});

test("what lies under the pointer stays there while zooming", () => {
  const at = { x: 700, y: 123 }, middle = { ...view, x: 15_000 };
  const before = toBoard(middle, at);
  for (const zoom of [0.5, 0.93, 2, 7.77]) {
    const after = toBoard(zoomAt(middle, zoom, at), at);
    near(after.x, before.x);
    near(after.y, before.y);
  }
});

test("zoom stays between a twentieth and ten", () => {
  assert.equal(zoomAt(view, 0.001, { x: 0, y: 0 }).zoom, MIN_ZOOM);
  assert.equal(zoomAt(view, 99, { x: 0, y: 0 }).zoom, MAX_ZOOM);
});

test("zoom settles on steps of a hundredth", () => {
  assert.equal(roundZoom(0.31499), 0.31);
  assert.equal(settled({ ...view, zoom: 1.2345 }).zoom, 1.23);
  assert.equal(settled(view), view);
});

test("zoom buttons reach the ends and pass through 100 %", () => {
  let zoom = MIN_ZOOM, seen = false;
  for (let i = 0; i < 40; i++) {
    zoom = zoomStep(zoom, 1);
    seen ||= zoom === 1;
  }
  assert.ok(seen);
  assert.equal(zoom, MAX_ZOOM);
  for (let i = 0; i < 40; i++) zoom = zoomStep(zoom, -1);
  assert.equal(zoom, MIN_ZOOM);
});

test("a pan follows the hand and stops at the edge of the board", () => {
  assert.equal(pan(view, -100, 0).x, 6000);
  assert.equal(pan(view, 1e6, 1e6).x, -480);
  const end = visible(pan(view, -1e6, -1e6));
  near(end.x1, BOARD.x1 + 480);
  near(end.y1, BOARD.y1 + 480);
});

test("a board narrower than the window stands in its middle", () => {
  const v = held({ ...view, zoom: 0.1 });
  const seen = visible(v);
  near(-seen.x0, seen.x1 - BOARD.x1);
});

test("the whole width fits every window, that of a phone as well", () => {
  for (const width of [320, 390, 1274, 1920, 3840]) {
    const seen = visible(fitWidth({ ...view, width }));
    near(seen.x0, 0);
    near(seen.x1, BOARD.x1);
  }
});

test("the corner stays where it is when the window changes", () => {
  const v = resized(view, 500, 300);
  assert.deepEqual([v.x, v.y, v.width], [view.x, view.y, 500]);
});
