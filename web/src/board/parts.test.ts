// The small pure parts: grid, trail, meter, frames, colours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pointDistance2, segmentDistance2 } from "./geometry.ts";
import { Grid } from "./grid.ts";
import { Meter } from "./meter.ts";
import { Frames } from "./surface.ts";
import type { Clock } from "./surface.ts";
import { chalk, lookOf, luminance } from "./theme.ts";
import { CURSOR_FADE_MS, CURSOR_PLAIN_MS, TRAIL_MS, Trail, cursorStrength } from "./trail.ts";

test("the grid finds what it holds by place and forgets what is removed", () => {
  const grid = new Grid<string>();
  grid.add("a", { x0: 0, y0: 0, x1: 100, y1: 100 });
  grid.add("a", { x0: 90_000, y0: 0, x1: 90_100, y1: 100 });
  grid.add("far", { x0: 500_000, y0: 500_000, x1: 500_001, y1: 500_001 });
  assert.deepEqual([...grid.near({ x0: 10, y0: 10, x1: 20, y1: 20 })], ["a"]);
  assert.deepEqual([...grid.near({ x0: 90_050, y0: 10, x1: 90_060, y1: 20 })], ["a"]);
  assert.deepEqual([...grid.near({ x0: 40_000, y0: 10, x1: 40_001, y1: 20 })], []);
  assert.deepEqual([...grid.near({ x0: 500_000, y0: 500_000, x1: 500_001, y1: 500_001 })], ["far"]);
  grid.remove("a");
  assert.deepEqual([...grid.near({ x0: 10, y0: 10, x1: 20, y1: 20 })], []);
});

test("distances of segments", () => {
  assert.equal(segmentDistance2({ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 5, y: -5 }, { x: 5, y: 5 }), 0);
  assert.equal(segmentDistance2({ x: 0, y: 0 }, { x: 10, y: 0 }, { x: 12, y: 3 }, { x: 12, y: 9 }), 13);
  assert.equal(pointDistance2({ x: 3, y: 4 }, { x: 0, y: 0 }, { x: 0, y: 0 }), 25);
});

test("a laser's trail is gone after a second and a half", () => {
  const trail = new Trail();
  trail.add({ x: 0, y: 0 }, 0, false);
  trail.add({ x: 1, y: 0 }, 1000, true);
  assert.ok(trail.fade(TRAIL_MS));
  assert.deepEqual(trail.points.map((p) => p.x), [1]);
  assert.equal(trail.fade(1000 + TRAIL_MS), false);
});

test("a cursor stays plain, then fades, and is gone after three seconds", () => {
  assert.equal(cursorStrength(0), 1);
  assert.equal(cursorStrength(CURSOR_PLAIN_MS), 1);
  assert.equal(cursorStrength(CURSOR_PLAIN_MS + CURSOR_FADE_MS / 2), 0.5);
  assert.equal(cursorStrength(3000), 0);
});

test("frames are asked for once and only when something is to be drawn", () => {
  const asked: (() => void)[] = [];
  const clock: Clock = {
    now: () => 5, frame: (callback) => asked.push(callback), cancelFrame: () => undefined, later: () => 0, cancelLater: () => undefined,
  };
  let drawn = 0;
  const frames = new Frames(clock, () => drawn++);
  frames.request();
  frames.request();
  assert.equal(asked.length, 1);
  asked[0]?.();
  assert.equal(drawn, 1);
  assert.equal(asked.length, 1, "an idle board asks for nothing");
  frames.request();
  assert.equal(asked.length, 2);
});

test("the meter tells gaps only between frames that belong together", () => {
  const meter = new Meter();
  meter.frame(0, 2, true);
  meter.frame(16, 19, false);
  meter.frame(5000, 5001, false);
  const report = meter.report();
  assert.deepEqual([report.frames, report.workMax, report.gapMax], [3, 3, 16]);
});

test("every pen colour is legible as chalk on the blackboard", () => {
  const board = luminance(0x1f4d3a);
  for (const color of [0x1d2321, 0x000000, 0xd1495b, 0x2e86ab, 0x2f7d57, 0xe07a1f, 0xf2c14e, 0x7b4fa3, 0x0000ff, 0x7a0000]) {
    const contrast = (luminance(chalk(color)) + 0.05) / (board + 0.05);
    assert.ok(contrast >= 4.4, `${color.toString(16)} has ${contrast.toFixed(2)}`);
  }
});

test("ink on white paper keeps its colour", () => assert.equal(lookOf("white").ink(0x0a0b0c), "#0a0b0c"));
