import assert from "node:assert/strict";
import { test } from "node:test";
import { Centerline, SAMPLE, radiusAt } from "./centerline.ts";
import { grow } from "./geometry.ts";

/** A wavy stroke of n points, interleaved x, y, p, t. */
function wave(n: number): Int32Array {
  const points = new Int32Array(4 * n);
  for (let i = 0; i < n; i++) {
    points.set([1000 + i * 37, Math.round(2000 + 400 * Math.sin(i / 3)), Math.round(128 + 100 * Math.sin(i / 7)), i * 8], 4 * i);
  }
  return points;
}

const samplesOf = (line: Centerline): Float32Array => line.samples.slice(0, line.count * SAMPLE);

test("a line drawn bit by bit is the line drawn at once", () => {
  const points = wave(200);
  const whole = new Centerline(100), bits = new Centerline(100);
  whole.extend(points, 0, 200);
  for (let i = 0; i < 200; i += 7) bits.extend(points, i, Math.min(i + 7, 200));
  whole.close();
  bits.close();
  assert.deepEqual(samplesOf(bits), samplesOf(whole));
});

test("a line only grows: samples that are there never change", () => {
  const points = wave(60);
  const line = new Centerline(100);
  let before: Float32Array = new Float32Array();
  for (let i = 0; i < 60; i++) {
    line.extend(points, i, i + 1);
    const now = samplesOf(line);
    assert.deepEqual(now.slice(0, before.length), before);
    before = now;
  }
});

test("a line begins and ends where the pen did", () => {
  const points = wave(50);
  const line = new Centerline(100);
  line.extend(points, 0, 50);
  line.close();
  const s = samplesOf(line);
  assert.deepEqual([s[0], s[1]], [points[0], points[1]]);
  assert.deepEqual([s.at(-3), s.at(-2)], [points[4 * 49], points[4 * 49 + 1]]);
});

test("a line bends: no two pieces meet at a sharp angle where the pen went round", () => {
  const line = new Centerline(40);
  for (let i = 0; i <= 24; i++) line.add(Math.round(3000 + 900 * Math.cos(i / 4)), Math.round(3000 + 900 * Math.sin(i / 4)), 128);
  line.close();
  const s = samplesOf(line);
  for (let i = SAMPLE; i + SAMPLE < s.length; i += SAMPLE) {
    const a = Math.atan2((s[i + 1] ?? 0) - (s[i - 2] ?? 0), (s[i] ?? 0) - (s[i - 3] ?? 0));
    const b = Math.atan2((s[i + 4] ?? 0) - (s[i + 1] ?? 0), (s[i + 3] ?? 0) - (s[i] ?? 0));
    const turn = Math.abs(Math.atan2(Math.sin(b - a), Math.cos(b - a)));
    assert.ok(turn < 0.15, `turns by ${turn} at sample ${i / SAMPLE}`);
  }
});

test("pressure makes the line wider, a mouse's gives the pen's width", () => {
  assert.equal(Math.round(radiusAt(100, 127.5)), 50);
  assert.ok(radiusAt(100, 0) > 0 && radiusAt(100, 0) < radiusAt(100, 128) && radiusAt(100, 128) < radiusAt(100, 255));
});

test("a tap is a dot, and trembling on one spot too", () => {
  const line = new Centerline(100);
  line.add(500, 500, 100);
  assert.equal(line.count, 1);
  for (let i = 0; i < 50; i++) line.add(500 + (i % 2), 500 - (i % 3), 128);
  line.close();
  assert.ok(line.count <= 4);
  assert.ok(line.bounds.x1 - line.bounds.x0 < 120);
});

test("a guess at the line's future leaves the line alone", () => {
  const line = new Centerline(100);
  line.extend(wave(40), 0, 40);
  const before = samplesOf(line), count = line.count;
  const tail = line.tail(10);
  assert.equal(tail.count, 10);
  tail.add(9999, 9999, 128);
  tail.close();
  assert.equal(line.count, count);
  assert.deepEqual(samplesOf(line), before);
  assert.equal(line.closed, false);
});

test("the bounds hold all of the ink", () => {
  const line = new Centerline(200);
  line.extend(wave(80), 0, 80);
  line.close();
  const s = samplesOf(line);
  for (let i = 0; i < s.length; i += SAMPLE) {
    const [x = 0, y = 0, r = 0] = s.subarray(i, i + SAMPLE);
    const b = grow(line.bounds, 0.02); // samples are single precision
    assert.ok(x - r >= b.x0 && x + r <= b.x1 && y - r >= b.y0 && y + r <= b.y1);
  }
});
