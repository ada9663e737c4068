import assert from "node:assert/strict";
import { test } from "node:test";
import { CaptureClock } from "./captureclock.ts";

test("ALN1: a busy machine that encodes late does not move a frame's time", () => {
  const clock = new CaptureClock();
  for (let i = 0; i < 900; i++) {
    const captured = i * 33.3;
    const encode = 3 + (i % 7 === 3 ? 150 : i % 5);
    const left = clock.left(Math.round(captured * 90) >>> 0, captured + encode);
    if (i > 10) assert.ok(Math.abs(left - captured - 3) < 0.1, `frame ${i}: ${left - captured}`);
  }
});

test("ALN1: RTP timestamps wrap, and the camera's clock may drift", () => {
  const clock = new CaptureClock();
  for (let i = 0; i < 30_000; i++) {
    const captured = i * 33.3;
    const rtp = (2 ** 32 - 50_000 + Math.round(captured * 90 * 1.0002)) % 2 ** 32;
    const left = clock.left(rtp, captured + 3);
    assert.ok(Math.abs(left - captured - 3) < 2, `frame ${i}: ${left - captured}`);
  }
});

test("ALN1: after a camera was changed its clock is found at once", () => {
  const clock = new CaptureClock();
  for (let i = 0; i < 100; i++) clock.left(i * 3000, 5000 + i * 33.333);
  assert.equal(clock.left(77, 20_000), 20_000);
  assert.ok(Math.abs(clock.left(77 + 3000, 20_036.3) - 20_033.33) < 0.1);
});
