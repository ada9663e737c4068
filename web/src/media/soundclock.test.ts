import assert from "node:assert/strict";
import { test } from "node:test";
import { SoundClock } from "./soundclock.ts";

/** Output 40 ms and 20 ms of mixing, less 25 ms of drawing. */
const OUT = 40;
const ALL = 35;

test("ALN2: T of sound is when the packet was captured, the time since it was handed out, less the way out", () => {
  const clock = new SoundClock();
  assert.equal(clock.heard(0, OUT), undefined);
  clock.poll({ timestamp: 5000, rtp: 4800 }, 5004);
  assert.equal(clock.heard(5004, OUT), undefined);
  clock.learn(0, 1_000_000_000);
  assert.equal(clock.heard(5010, OUT), 1_000_000_000 + 100_000 + (10 - ALL) * 1000);
});

test("MED8: where packets say when they were captured, T follows a microphone that lost some at once, and what is learned beside is of no account", () => {
  const clock = new SoundClock();
  clock.learn(0, 1_000_000_000);
  clock.poll({ timestamp: 5000, rtp: 960, captured: 2_000_000_000 }, 5000);
  clock.learn(0, 1_000_000_000);
  assert.equal(clock.heard(5000, OUT), 2_000_000_000 - ALL * 1000);
  clock.poll({ timestamp: 5020, rtp: 1920, captured: 2_220_000_000 }, 5020); // 200 ms are missing before it
  assert.equal(clock.heard(5020, OUT), 2_220_000_000 - ALL * 1000);
});

test("ALN3: T stands when no more packets are handed out", () => {
  const clock = new SoundClock();
  clock.learn(0, 1_000_000_000);
  clock.poll({ timestamp: 5000, rtp: 0 }, 5000);
  const stalled = clock.heard(5450, OUT);
  assert.equal(clock.heard(5600, OUT), stalled);
  assert.deepEqual([clock.flows(5100), clock.flows(5600)], [true, false]);
  clock.poll({ timestamp: 5000, rtp: 0 }, 9000);
  assert.equal(clock.heard(9000, OUT), stalled);
  clock.poll({ timestamp: 9100, rtp: 960 }, 9100);
  assert.equal(clock.heard(9100, OUT), 1_000_000_000 + 20_000 - ALL * 1000);
});

test("ALN3: RTP timestamps of sound wrap", () => {
  const clock = new SoundClock();
  clock.learn(2 ** 32 - 480, 1_000_000_000);
  clock.poll({ timestamp: 5000, rtp: 480 }, 5000);
  assert.equal(clock.heard(5000, OUT), 1_000_000_000 + 20_000 - ALL * 1000);
});

test("a machine whose clock was set hears the same moment", () => {
  const clock = new SoundClock();
  clock.learn(0, 1_000_000_000);
  clock.poll({ timestamp: 5000, rtp: 0 }, 7_205_000);
  assert.equal(clock.heard(7_205_010, OUT), 1_000_000_000 + (10 - ALL) * 1000);
});
