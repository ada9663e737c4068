import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "./pace.ts";

/** Frames that always have more to do, on a machine where a unit of work takes so many ms, seen only at the end. */
function run(pace: Pace, frames: number, cost: number): number {
  let now = 0, took = 0;
  for (let i = 0; i < frames; i++) {
    pace.begin(now);
    let work = 0;
    while (!pace.isOver(now)) {
      pace.spend(1);
      work++;
    }
    took = work * cost;
    now += took;
    pace.end(now, true);
  }
  return took;
}

test("frames are as long as they may be, whatever a unit of work costs", () => {
  for (const cost of [0.005, 0.02, 0.1]) {
    const took = run(new Pace(), 60, cost);
    assert.ok(took > 4 && took <= 14, `${took} ms at ${cost} ms each`);
  }
});

test("a frame that had nothing left to do says nothing about the next", () => {
  const pace = new Pace();
  const before = pace.allowed;
  pace.begin(0);
  pace.spend(1);
  pace.end(1, false);
  assert.equal(pace.allowed, before);
});

test("a frame ends when its time is over, however little was done", () => {
  const pace = new Pace();
  pace.begin(100);
  pace.spend(1);
  assert.equal(pace.isOver(106), false);
  assert.equal(pace.isOver(108), true);
});
