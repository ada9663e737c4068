import assert from "node:assert/strict";
import { test } from "node:test";
import { EncodeTime } from "./encodetime.ts";

const report = (...streams: (readonly [frames: number, seconds: number])[]): [string, unknown][] =>
  streams.map(([framesEncoded, totalEncodeTime], i) => [`${i}`, { type: "outbound-rtp", framesEncoded, totalEncodeTime }]);

test("ALN1: the time to encode is that of the calmest second, over all qualities", () => {
  const time = new EncodeTime();
  assert.equal(time.sample(report([100, 1], [100, 1])), 0);
  assert.ok(Math.abs(time.sample(report([130, 1.3], [130, 1.15])) - 7.5) < 1e-9);
  assert.ok(Math.abs(time.sample(report([160, 3.3], [160, 3.15])) - 7.5) < 1e-9);
  assert.ok(Math.abs(time.sample(report([190, 3.36], [190, 3.21])) - 2) < 1e-9);
});

test("a connection that begins anew, and statistics of other kinds, say nothing", () => {
  const time = new EncodeTime();
  time.sample(report([100, 1]));
  assert.equal(time.sample(report([10, 0.1])), 0);
  assert.equal(time.sample([["x", { type: "candidate-pair" }]]), 0);
});
