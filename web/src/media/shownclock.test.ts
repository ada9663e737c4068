import assert from "node:assert/strict";
import { test } from "node:test";
import { ShownClock } from "./shownclock.ts";

const s = (seconds: number): number => Math.round(seconds * 1e6);

test("ALN3: T is that of the frame, and of the media time since the last one where a frame says none", () => {
  const clock = new ShownClock();
  assert.equal(clock.frame(undefined, 0), undefined);
  assert.equal(clock.frame(s(100), 1), s(100));
  assert.equal(clock.frame(undefined, 1.25), s(100.25));
  assert.equal(clock.frame(s(101), 2), s(101));
});

test("ALN3: hidden, T goes on by the media's own clock; paused and stalled, it stands", () => {
  const clock = new ShownClock();
  clock.frame(s(100), 7);
  assert.equal(clock.tick(7.5), s(100.5));
  assert.equal(clock.tick(7.5), s(100.5));
  assert.equal(clock.tick(67), s(160));
  assert.equal(clock.frame(s(160.1), 67.1), s(160.1));
});

test("ALN3: a tick before the first frame knows nothing", () => {
  const clock = new ShownClock();
  assert.equal(clock.tick(5), undefined);
  assert.equal(clock.time, undefined);
});

test("ALN3: a seek moves T, backward too, with frames and without", () => {
  const clock = new ShownClock();
  clock.frame(s(100), 50);
  assert.equal(clock.frame(s(88), 38), s(88));
  assert.equal(clock.tick(30), s(80));
  assert.equal(clock.tick(45), s(95));
  // Between the two the publisher was away for 5 s.
  clock.frame(s(110), 55);
  assert.equal(clock.frame(s(90), 40), s(90));
});

test("one wild stamp takes no board back, but a clock that was set anew is believed", () => {
  const clock = new ShownClock();
  clock.frame(s(100), 1);
  assert.equal(clock.frame(s(90), 1.03), s(100));
  assert.equal(clock.frame(s(100.07), 1.07), s(100.07));
  assert.equal(clock.frame(s(90.1), 1.1), s(100.07));
  assert.equal(clock.frame(s(90.13), 1.13), s(100.07));
  assert.equal(clock.frame(s(90.17), 1.17), s(90.17));
});

test("ALN3: T does not stay ahead of the glass: a small step back is followed", () => {
  const clock = new ShownClock();
  clock.frame(s(100.2), 1);
  assert.equal(clock.frame(s(100.03), 1.03), s(100.03));
  assert.equal(clock.frame(s(100.07), 1.07), s(100.07));
});

test("ALN3: what is shown stands while other media of the source begin", () => {
  const clock = new ShownClock();
  clock.frame(s(100), 50);
  clock.restart();
  assert.equal(clock.tick(0.5), s(100));
  assert.equal(clock.frame(undefined, 0.6), s(100));
  assert.equal(clock.frame(s(95), 0.7), s(95));
});
