import assert from "node:assert/strict";
import { test } from "node:test";
import type { MediaSource, SourceKind } from "../sync/api.ts";
import { leadTime, ranked, type Candidate } from "./lead.ts";

function led(kind: SourceKind, time: number | undefined, movedAt: number, more: Partial<MediaSource> = {}): Candidate {
  const source: MediaSource = {
    number: 1, participant: "ann", kind, video: true, audio: true, paused: false, wanted: true, timed: true,
    muted: false, hidden: false, webrtc: true, live: true, ...more,
  };
  return { source, shown: { time, by: "video", movedAt, subscribe: () => () => undefined } };
}

test("ALN2: T is that of the lead's screen, its camera, its stream, those with video first", () => {
  const kinds = (all: Candidate[]): string[] => ranked(all).map(({ source }) => source.kind);
  assert.deepEqual(kinds([led("stream", 1, 0), led("camera", 1, 0), led("screen", 1, 0)]), ["screen", "camera", "stream"]);
  assert.deepEqual(kinds([led("screen", 1, 0, { video: false }), led("stream", 1, 0)]), ["stream", "screen"]);
  assert.equal(leadTime([led("camera", 50, 1000), led("screen", 40, 1000)], 1000)?.time, 40);
});

test("ALN2: a screen on which nothing moves does not hold the boards while the lead's camera goes on", () => {
  const screen = led("screen", 40, 1000);
  assert.equal(leadTime([screen, led("camera", 900, 2000)], 2000)?.time, 900);
  assert.equal(leadTime([screen, led("camera", 900, 1000)], 2000)?.time, 40); // both stand: T stands
  assert.equal(leadTime([screen, led("camera", 30, 2000)], 2000)?.time, 40); // not backward
});

test("ALN2: before the first frame of the lead's media nothing is known", () => {
  assert.equal(leadTime([], 0), undefined);
  assert.equal(leadTime([led("camera", undefined, -Infinity)], 0), undefined);
  assert.equal(leadTime([led("screen", undefined, -Infinity), led("camera", 5, 0)], 0)?.time, 5);
});
