import assert from "node:assert/strict";
import { test } from "node:test";
import { SAMPLE, Centerline } from "./centerline.ts";
import type { Run } from "./centerline.ts";
import { spansUnder, visibleRuns } from "./erased.ts";

/** A straight line of points 100 units apart. */
function straight(points: number): Centerline {
  const line = new Centerline(20);
  for (let i = 0; i < points; i++) line.add(i * 100, 0, 128);
  line.close();
  return line;
}

const ends = ({ samples, count }: Run): [number, number] => [Math.round(samples[0] ?? 0), Math.round(samples[(count - 1) * SAMPLE] ?? 0)];

test("every sample knows which part of the line it is, and they never fall", () => {
  const line = new Centerline(20);
  for (let i = 0; i < 300; i++) line.add(1000 + 800 * Math.sin(i / 7), 900 * Math.cos(i / 5), (i * 37) % 256);
  line.close();
  for (let i = 1; i < line.count; i++) assert.ok((line.indexes[i] ?? 0) >= (line.indexes[i - 1] ?? 0));
  assert.deepEqual([line.indexes[0], line.indexes[line.count - 1]], [0, 299]);
});

test("OT11 what is visible goes from point from/256 to point to/256", () => {
  const runs = visibleRuns(straight(11), [{ from: 0, to: 256 }, { from: 640, to: 1280 }, { from: 9 * 256, to: 11 * 256 }], 11);
  assert.deepEqual(runs.map(ends), [[0, 100], [250, 500], [900, 1000]]);
});

test("a part may lie between two samples", () => {
  const [run] = visibleRuns(straight(3), [{ from: 140, to: 150 }], 3);
  assert.ok(run !== undefined);
  assert.deepEqual(ends(run), [55, 59]);
});

test("a single point is visible whole or not at all", () => {
  const dot = straight(1);
  assert.deepEqual(visibleRuns(dot, [{ from: 0, to: 256 }], 1), [dot]);
  assert.deepEqual(visibleRuns(dot, [], 1), []);
});

test("the eraser takes what it covers, with half of the line's thickness", () => {
  const spans = spansUnder(straight(11), 11, { x: 500, y: -300 }, { x: 500, y: 300 }, 50);
  assert.equal(spans.length, 1);
  const [span] = spans;
  assert.ok(span !== undefined && Math.abs(span.from / 256 - 4.45) < 0.02 && Math.abs(span.to / 256 - 5.55) < 0.02);
});

test("a line that comes back under the eraser loses several parts, and its end goes whole", () => {
  const line = new Centerline(20);
  for (const [x, y] of [[0, 0], [1000, 0], [1000, 400], [0, 400]] as const) line.add(x, y, 128);
  line.close();
  const spans = spansUnder(line, 4, { x: 20, y: -100 }, { x: 20, y: 500 }, 60);
  assert.equal(spans.length, 2);
  assert.equal(spans[0]?.from, 0);
  assert.equal(spans[1]?.to, 4 * 256);
});

test("a dot is erased whole, and what the eraser passes by not at all", () => {
  assert.deepEqual(spansUnder(straight(1), 1, { x: 10, y: 10 }, { x: 10, y: 10 }, 20), [{ from: 0, to: 256 }]);
  assert.deepEqual(spansUnder(straight(11), 11, { x: 500, y: 100 }, { x: 900, y: 100 }, 50), []);
});

test("what is erased is not under the eraser any more", () => {
  const line = straight(21);
  const [span] = spansUnder(line, 21, { x: 1000, y: 0 }, { x: 1000, y: 0 }, 140);
  assert.ok(span !== undefined);
  const [left, right] = visibleRuns(line, [{ from: 0, to: span.from }, { from: span.to, to: 21 * 256 }], 21);
  assert.ok(left !== undefined && right !== undefined);
  assert.ok(ends(left)[1] <= 860 && ends(right)[0] >= 1140);
});
