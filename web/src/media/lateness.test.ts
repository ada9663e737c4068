import assert from "node:assert/strict";
import { test } from "node:test";
import { BufferTarget } from "./lateness.ts";

/** Steps twice a second from one time to another, ms. */
function run(target: BufferTarget, from: number, to: number): number[] {
  const seen: number[] = [];
  for (let now = from; now < to; now += 500) seen.push(target.step(now));
  return seen;
}

test("ALN6: the target goes towards the 95th percentile of lateness and 20 ms, in steps", () => {
  const target = new BufferTarget();
  for (let i = 0; i < 100; i++) target.late(i < 96 ? 150 : 390, 0);
  const seen = run(target, 0, 5000);
  assert.equal(seen.at(-1), 170);
  for (const [i, value] of seen.entries()) assert.ok(value - (seen[i - 1] ?? 0) <= 50, `step ${i} to ${value}`);
});

test("ALN6: records 300 ms behind the video are waited for within 10 s", () => {
  const target = new BufferTarget();
  let now = 0;
  for (; now < 8000; now += 500) {
    const late = 300 - target.value;
    if (late > 0) target.late(late, now);
    target.step(now);
  }
  assert.ok(target.value >= 300 && target.value <= 340, `${target.value}`);
});

test("ALN6: the target is 400 ms at most", () => {
  const target = new BufferTarget();
  target.late(5000, 0);
  assert.equal(run(target, 0, 20_000).at(-1), 400);
});

test("ALN6: the target sinks over a minute, never fast", () => {
  const target = new BufferTarget();
  target.late(280, 0);
  assert.equal(run(target, 0, 10_000).at(-1), 300);
  assert.equal(run(target, 10_000, 60_000).at(-1), 300);
  const sinking = run(target, 60_000, 120_000);
  assert.equal(sinking.at(-1), 0);
  for (const [i, value] of sinking.entries()) assert.ok((sinking[i - 1] ?? 300) - value <= 5);
});

test("ALN6: loss raises the target, freezes on a lossy link more; a slow machine does not", () => {
  const slow = new BufferTarget();
  slow.link(0, 3, 0);
  assert.equal(run(slow, 0, 5000).at(-1), 0);
  const lossy = new BufferTarget();
  lossy.link(0.05, 0, 0);
  assert.equal(run(lossy, 0, 5000).at(-1), 250);
  lossy.link(0.05, 2, 5000);
  assert.equal(run(lossy, 5000, 10_000).at(-1), 300);
  const few = new BufferTarget();
  few.link(0.01, 0, 0);
  assert.equal(run(few, 0, 5000).at(-1), 0);
  few.link(0.01, 1, 5000);
  assert.equal(run(few, 5000, 10_000).at(-1), 250);
});
