import assert from "node:assert/strict";
import { test } from "node:test";
import type { MediaSource } from "../sync/api.ts";
import { Failures, playersOf } from "./choice.ts";

const source: MediaSource = {
  number: 7, participant: "ann", kind: "camera", video: true, audio: true, paused: false, wanted: true, timed: true,
  muted: false, hidden: false, webrtc: true, live: true,
};
const all = { webrtc: true, mse: true, nativeHls: false };

test("the lowest latency goes first, of what the source and the browser have", () => {
  assert.deepEqual(playersOf(source, all), ["webrtc", "httpts", "hls"]);
  assert.deepEqual(playersOf({ ...source, webrtc: false }, all), ["httpts", "hls"]);
  assert.deepEqual(playersOf({ ...source, live: false }, all), ["webrtc"]);
  assert.deepEqual(playersOf(source, { webrtc: false, mse: false, nativeHls: true }), ["hls"]);
  assert.deepEqual(playersOf(source, { webrtc: false, mse: false, nativeHls: false }), []);
});

test("what failed is tried after what did not, for as long as the session", () => {
  const failures = new Failures();
  const players = playersOf(source, all);
  assert.equal(failures.choose(7, players, "auto"), "webrtc");
  failures.note(7, "webrtc");
  assert.equal(failures.choose(7, players, "auto"), "httpts");
  assert.equal(failures.choose(8, players, "auto"), "webrtc");
  failures.note(7, "httpts");
  failures.note(7, "hls");
  assert.equal(failures.choose(7, players, "auto"), "webrtc");
  failures.clear(7, "httpts");
  assert.equal(failures.choose(7, players, "auto"), "httpts");
});

test("a person's choice goes before failures, where it can be had", () => {
  const failures = new Failures();
  failures.note(7, "hls");
  assert.equal(failures.choose(7, ["webrtc", "httpts", "hls"], "hls"), "hls");
  assert.equal(failures.choose(7, ["webrtc"], "hls"), "webrtc");
  assert.equal(failures.choose(7, [], "hls"), undefined);
});
