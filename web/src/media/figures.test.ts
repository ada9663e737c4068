import assert from "node:assert/strict";
import { test } from "node:test";
import { inboundFigures, LinkMeter, NO_FIGURES, outboundFigures } from "./figures.ts";

type Stats = Readonly<Record<string, unknown>>;

/** A report as getStats gives it. */
const report = (...all: Stats[]): Map<string, unknown> => new Map(all.map((stats, i) => [`${stats["type"] as string}${i}`, stats]));

const received = { type: "inbound-rtp", kind: "video", timestamp: 10_000, bytesReceived: 0, packetsReceived: 0, packetsLost: 0, retransmittedPacketsReceived: 0, freezeCount: 0, jitterBufferDelay: 0, jitterBufferEmittedCount: 0 };
const heard = { ...received, kind: "audio" };
const sent = { type: "outbound-rtp", kind: "video", timestamp: 10_000, bytesSent: 0, frameHeight: 720, frameWidth: 1280, framesPerSecond: 25 };

/** The candidates that are in use, among others. */
const path = (candidateType: string): Stats[] => [
  { type: "candidate-pair", nominated: false, state: "succeeded", localCandidateId: "a", currentRoundTripTime: 9 },
  { type: "candidate-pair", nominated: true, state: "succeeded", localCandidateId: "b", currentRoundTripTime: 0.042 },
  { type: "local-candidate", id: "a", candidateType: "host", protocol: "tcp" },
  { type: "local-candidate", id: "b", candidateType, protocol: "udp" },
];

test("what comes in is said of the second between two reports, of picture and sound together", () => {
  const meter = new LinkMeter();
  assert.deepEqual(inboundFigures(report(), meter), NO_FIGURES);
  const picture = { ...received, bytesReceived: 500_000, packetsReceived: 400, packetsLost: 7, freezeCount: 2, jitterBufferDelay: 30, jitterBufferEmittedCount: 250, framesPerSecond: 24, frameWidth: 640, frameHeight: 360 };
  const sound = { ...heard, bytesReceived: 80_000, packetsReceived: 500, packetsLost: 1 };
  const first = inboundFigures(report(sound, picture), meter);
  assert.deepEqual([first.bitrate, first.loss, first.buffer], [undefined, undefined, undefined]);
  const second = report(
    { ...sound, timestamp: 11_000, bytesReceived: 85_000, packetsReceived: 550 },
    { ...picture, timestamp: 11_000, bytesReceived: 620_000, packetsReceived: 535, packetsLost: 17, retransmittedPacketsReceived: 15, freezeCount: 3, jitterBufferDelay: 32.5, jitterBufferEmittedCount: 275 },
    ...path("host"),
  );
  const said = { ...NO_FIGURES, bitrate: 1000, loss: 15 / 200, buffer: 100, frames: 24, width: 640, height: 360, rtt: 42, transport: "udp" };
  assert.deepEqual(inboundFigures(second, meter), said);
  assert.deepEqual(inboundFigures(second, meter), said, "a second look at the same time changes nothing");
  assert.equal(inboundFigures(report(...path("relay")), meter).transport, "relay");
});

test("losses and freezes are those since the look before, which was half a second ago at least", () => {
  const meter = new LinkMeter();
  const look = (more: Stats): ReturnType<LinkMeter["sample"]> => meter.sample(report({ ...received, ...more }));
  assert.equal(look({ packetsReceived: 100, packetsLost: 50, freezeCount: 4 }), undefined);
  assert.equal(look({ timestamp: 10_499, packetsReceived: 150, packetsLost: 100, freezeCount: 9 }), undefined);
  assert.deepEqual(look({ timestamp: 11_000, packetsReceived: 190, packetsLost: 60, freezeCount: 5 }), { loss: 0.1, freezes: 1 });
  assert.deepEqual(look({ timestamp: 12_000, packetsReceived: 190, packetsLost: 60, freezeCount: 5 }), { loss: 0, freezes: 0 });
  assert.deepEqual(look({ timestamp: 13_000, packetsReceived: 290, packetsLost: 55, freezeCount: 5 }), { loss: 0, freezes: 0 }, "what came twice counts against what is lost");
  assert.deepEqual(look({ timestamp: 14_000, packetsReceived: 290, packetsLost: 70, freezeCount: 5 }), { loss: 1, freezes: 0 });
});

test("what comes in a stream beside, asked or not, neither hides what was lost nor counts as lost", () => {
  const meter = new LinkMeter();
  const look = (more: Stats): ReturnType<LinkMeter["sample"]> => meter.sample(report({ ...received, rtxSsrc: 5, ...more }));
  look({ packetsReceived: 100, retransmittedPacketsReceived: 10 });
  assert.deepEqual(look({ timestamp: 11_000, packetsReceived: 235, packetsLost: 5, retransmittedPacketsReceived: 50 }), { loss: 0.05, freezes: 0 });
});

test("what goes out is said of all streams together, the picture is the largest", () => {
  const small = { ...sent, frameHeight: 180, frameWidth: 320, framesPerSecond: 12 };
  const of = (at: number, bytes: number): Stats[] => [{ ...small, timestamp: at, bytesSent: bytes / 4 }, { ...sent, timestamp: at, bytesSent: bytes / 2 }, { type: "outbound-rtp", kind: "audio", timestamp: at, bytesSent: bytes / 4 }];
  const first = outboundFigures(report(...of(10_000, 40_000)), undefined);
  assert.deepEqual(first, { figures: { ...NO_FIGURES, frames: 25, width: 1280, height: 720 }, now: { at: 10_000, bytes: 40_000 } });
  const losses = [0.02, 0.25, 0].map((fractionLost) => ({ type: "remote-inbound-rtp", fractionLost }));
  const { figures } = outboundFigures(report(...of(11_000, 240_000), ...losses, ...path("srflx")), first.now);
  assert.deepEqual(figures, { ...first.figures, bitrate: 1600, loss: 0.25, rtt: 42, transport: "udp" });
});

test("a new connection counts from nothing: what is said of it is never below it", () => {
  const meter = new LinkMeter();
  const look = (at: number, n: number): ReturnType<LinkMeter["sample"]> =>
    meter.sample(report({ ...received, timestamp: at, bytesReceived: 1000 * n, packetsReceived: n, packetsLost: n, freezeCount: n, jitterBufferDelay: n, jitterBufferEmittedCount: 10 * n }));
  for (const [at, n] of [[10_000, 100], [11_000, 200], [12_000, 3]] as const) look(at, n);
  assert.deepEqual([meter.bitrate, meter.loss, meter.buffer], [800, 0.5, 100], "of the time before");
  assert.deepEqual(look(13_000, 13), { loss: 0.5, freezes: 10 });
  assert.equal(meter.bitrate, 80);
  // A line that was good, and one that waited less: more came of it, but not all counters are ahead.
  meter.sample(report({ ...received, timestamp: 14_000, bytesReceived: 1e6, packetsReceived: 1e3, freezeCount: 99, jitterBufferDelay: 1, jitterBufferEmittedCount: 200 }));
  assert.equal(meter.buffer, 100);

  const sends = (at: number, bytesSent: number, before?: { at: number; bytes: number }): ReturnType<typeof outboundFigures> => outboundFigures(report({ ...sent, timestamp: at, bytesSent }), before);
  const { now, figures } = sends(11_000, 100, sends(10_000, 5_000_000).now);
  assert.equal(figures.bitrate, undefined);
  assert.equal(sends(12_000, 1100, now).figures.bitrate, 8);
});
