// The ink codec against the vectors and the handwriting that it shares with Go (protocol/ink). Run from web/.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { ID, Op, Point } from "../src/ot/types.ts";
import {
  decodeChunk, Decoder, decodeStrokes, encodeChunk, Encoder, encodeStrokes, InkError, MAX_OPEN_PER_REPLICA, MAX_STROKE, Strokes,
  type InkReason,
} from "../src/protocol/ink.ts";

interface Vectors {
  live: { name: string; points: number[]; sizes: number[]; frames: string[] }[];
  refused: { name: string; points: number[] }[];
  chunks: { name: string; strokes: number[][]; chunk: string }[];
  damagedFrames: { before: string[]; frame: string; points: number[] | null }[];
  damagedStrokes: { code: string; max: number; error: "" | InkReason; strokes: number[][] | null }[];
  damagedChunks: string[];
  handwriting: { file: string; frame: number; even: boolean; bytes: number; frames: string; chunk: string }[];
}

const vectors = JSON.parse(readFileSync("../protocol/ink/testdata/vectors.json", "utf8")) as Vectors;

const unhex = (s: string): Uint8Array => Uint8Array.from(Buffer.from(s, "hex"));
const hex = (b: Uint8Array): string => Buffer.from(b).toString("hex");
const failsAs = (reason: InkReason) => (error: unknown): boolean => error instanceof InkError && error.reason === reason;

function points(flat: readonly number[]): Point[] {
  const pts: Point[] = [];
  for (let i = 0; i < flat.length; i += 4) pts.push({ x: flat[i]!, y: flat[i + 1]!, p: flat[i + 2]!, t: flat[i + 3]! });
  return pts;
}

function frames(stroke: readonly Point[], n: number): Point[][] {
  const out: Point[][] = [];
  for (let i = 0; i < stroke.length; i += n) out.push(stroke.slice(i, i + n));
  return out;
}

test("frames are the bytes that Go makes, and decode to their points", () => {
  const encoder = new Encoder();
  const decoder = new Decoder();
  for (const v of vectors.live) {
    encoder.reset();
    decoder.reset();
    const pts = points(v.points);
    let from = 0;
    v.sizes.forEach((n, i) => {
      const frame = pts.slice(from, from + n);
      const given = structuredClone(frame);
      assert.equal(hex(encoder.frame(frame)), v.frames[i], `${v.name}, frame ${i}`);
      assert.deepEqual(frame, given, "encoding changed its input");
      assert.deepEqual(decoder.frame(unhex(v.frames[i]!)), frame, `${v.name}, frame ${i}`);
      from += n;
    });
    assert.equal(from, pts.length);
  }
});

test("points that cannot be coded are refused and the stroke goes on", () => {
  const encoder = new Encoder();
  for (const v of vectors.refused) assert.throws(() => encoder.frame(points(v.points)), failsAs("range"), v.name);
  for (const x of [NaN, 0.5, Infinity, 2 ** 32]) {
    assert.throws(() => encoder.frame([{ x, y: 0, p: 0, t: 0 }]), failsAs("range"), `x ${x}`);
  }
  const v = vectors.live[0]!;
  assert.equal(hex(encoder.frame(points(v.points).slice(0, v.sizes[0]))), v.frames[0]);
});

test("chunks are the bytes that Go makes, and decode to their strokes", () => {
  for (const v of vectors.chunks) {
    const strokes = v.strokes.map(points);
    const total = strokes.flat().length;
    assert.equal(hex(encodeChunk(strokes)), v.chunk, v.name);
    assert.deepEqual(decodeChunk(unhex(v.chunk), total), strokes, v.name);
    if (total > 0) assert.throws(() => decodeChunk(unhex(v.chunk), total - 1), failsAs("limit"), v.name);
  }
});

test("strokes that cannot be coded are refused", () => {
  assert.throws(() => encodeStrokes([[]]), failsAs("range"));
  assert.throws(() => encodeStrokes([[{ x: 0, y: 0, p: 0, t: 1 }]]), failsAs("range"));
});

test("damaged frames end as in Go, and the decoder is useless until reset", () => {
  for (const v of vectors.damagedFrames) {
    const decoder = new Decoder();
    for (const frame of v.before) decoder.frame(unhex(frame));
    if (v.points !== null) {
      assert.deepEqual(decoder.frame(unhex(v.frame)), points(v.points));
      continue;
    }
    assert.throws(() => decoder.frame(unhex(v.frame)), failsAs("corrupt"));
    assert.throws(() => decoder.frame(unhex(vectors.live[0]!.frames[0]!)), failsAs("corrupt"));
    decoder.reset();
    decoder.frame(unhex(vectors.live[0]!.frames[0]!));
  }
});

test("damaged strokes and chunks end as in Go", () => {
  for (const v of vectors.damagedStrokes) {
    if (v.error !== "") assert.throws(() => decodeStrokes(unhex(v.code), v.max), failsAs(v.error), v.code);
    else assert.deepEqual(decodeStrokes(unhex(v.code), v.max), (v.strokes ?? []).map(points));
  }
  for (const chunk of vectors.damagedChunks) assert.throws(() => decodeChunk(unhex(chunk), 10_000), failsAs("corrupt"), chunk);
});

/** Numbers below n that can be repeated. */
function dice(seed: number): (n: number) => number {
  return (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
}

/** Bits flipped, bytes cut out or off and put in, at up to three places. */
function damaged(code: Uint8Array, below: (n: number) => number): Uint8Array {
  const bytes = [...code];
  for (let i = below(3); i >= 0; i--) {
    const at = below(bytes.length), some = 1 + below(4);
    switch (below(4)) {
      case 0:
        if (at < bytes.length) bytes[at]! ^= 1 << below(8);
        break;
      case 1:
        bytes.splice(at, some);
        break;
      case 2:
        bytes.length = at;
        break;
      default:
        bytes.splice(at, 0, ...Array.from({ length: some }, () => below(256)));
    }
  }
  return Uint8Array.from(bytes);
}

/** What a decoder makes of damaged bytes; undefined: an InkError of one of these reasons. */
function decoded<T>(decode: () => T, ...reasons: InkReason[]): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof InkError && reasons.includes(error.reason))) throw error;
    return undefined;
  }
}

test("whatever is damaged in a frame, it is refused, or its points are those that it is the code of", () => {
  const below = dice(5), outcomes = { points: 0, refused: 0 };
  for (let i = 0; i < 2500; i++) {
    const frames = vectors.live[below(vectors.live.length)]!.frames.map(unhex);
    const encoder = new Encoder(), decoder = new Decoder();
    const at = below(frames.length);
    for (const frame of frames.slice(0, at)) encoder.frame(decoder.frame(frame));
    const frame = damaged(frames[at]!, below);
    const pts = decoded(() => decoder.frame(frame), "corrupt");
    outcomes[pts === undefined ? "refused" : "points"]++;
    if (pts === undefined) assert.throws(() => decoder.frame(frames[at]!), failsAs("corrupt"));
    else assert.equal(hex(encoder.frame(pts)), hex(frame), `case ${i}`); // the encoder refuses points out of range
  }
  assert.ok(outcomes.points > 100 && outcomes.refused > 1000, JSON.stringify(outcomes));
});

test("whatever is damaged in strokes and chunks, they are refused, or are strokes that can be coded, no more than allowed", () => {
  const below = dice(6), outcomes = { strokes: 0, refused: 0 };
  for (let i = 0; i < 2500; i++) {
    const chunk = unhex(vectors.chunks[below(vectors.chunks.length)]!.chunk), max = below(3000);
    const other = damaged(chunk, below), whole = decoded(() => decodeChunk(other, max), "corrupt", "limit");
    if (whole !== undefined) assert.equal(hex(other), hex(encodeChunk(whole)), `case ${i}`); // nothing was damaged after all
    const code = damaged(chunk.subarray(0, -4), below);
    const strokes = decoded(() => decodeStrokes(code, max), "corrupt", "limit");
    outcomes[strokes === undefined ? "refused" : "strokes"]++;
    if (strokes === undefined) continue;
    assert.ok(strokes.flat().length <= max, `case ${i}`);
    assert.deepEqual(decodeStrokes(encodeStrokes(strokes), max), strokes, `case ${i}`);
  }
  assert.ok(outcomes.strokes > 0 && outcomes.refused > 1000, JSON.stringify(outcomes));
});

test("a chunk is read where it lies in a larger buffer", () => {
  const v = vectors.chunks[3]!;
  const buffer = new Uint8Array(v.chunk.length / 2 + 7);
  buffer.set(unhex(v.chunk), 3);
  assert.deepEqual(decodeChunk(buffer.subarray(3, buffer.length - 4), 10_000), v.strokes.map(points));
});

/** A set of recorded handwriting as package inktest gives it. */
function handwriting(file: string): Point[][] {
  const raw = gunzipSync(readFileSync(`../protocol/ink/inktest/testdata/${file}.json.gz`)).toString();
  const { strokes } = JSON.parse(raw) as { strokes: { x: number[]; y: number[]; p: number[]; t: number[] }[] };
  const group = { "wacom-paper-240hz": 2, "wacom-screen-240hz": 1 }[file];
  const kept = strokes.filter((_, i) => group === undefined || Math.floor(i / group) % 2 === 1);
  return kept.map(({ x, y, p, t }) => {
    let last = 0;
    return x.map((_, i) => {
      last = Math.max(last, Math.round(t[i]!));
      return { x: Math.round(x[i]! * 10), y: Math.round(y[i]! * 10), p: Math.round(p[i]! * 255), t: last };
    });
  });
}

/** The stroke with its times evenly spaced within each frame of n points, as package inktest does it. */
function even(stroke: readonly Point[], n: number): Point[] {
  let t0 = 0;
  return frames(stroke, n).flatMap((frame, k) => {
    const skip = k === 0 ? 1 : 0;
    const d = frame.at(-1)!.t - t0;
    const out = frame.map((point, i) =>
      i < skip ? point : { ...point, t: t0 + Math.floor((d * (i + 1 - skip)) / (frame.length - skip)) });
    t0 += d;
    return out;
  });
}

test("all the handwriting is coded to the same bytes as in Go", () => {
  const sha256 = (b: Uint8Array): string => createHash("sha256").update(b).digest("hex");
  const encoder = new Encoder();
  const decoder = new Decoder();
  for (const v of vectors.handwriting) {
    const strokes = handwriting(v.file).map((stroke) => (v.even ? even(stroke, v.frame) : stroke));
    const coded: Uint8Array[] = [];
    for (const stroke of strokes) {
      encoder.reset();
      decoder.reset();
      for (const frame of frames(stroke, v.frame)) {
        const bytes = encoder.frame(frame);
        coded.push(bytes);
        assert.deepEqual(decoder.frame(bytes), frame);
      }
    }
    const all = Buffer.concat(coded);
    assert.equal(all.length, v.bytes, v.file);
    assert.equal(sha256(all), v.frames, v.file);
    const chunk = encodeChunk(strokes);
    assert.equal(sha256(chunk), v.chunk, v.file);
    assert.deepEqual(decodeChunk(chunk, strokes.flat().length), strokes);
  }
});

/** The ops of one stroke. */
function pen(id: ID, v = vectors.live[0]!): { ops: Extract<Op, { kind: "extend" }>[]; points: Point[] } {
  let first = 0;
  const ops = v.frames.map((frame, i) => {
    const op = { kind: "extend" as const, id, first, ended: false, frame: unhex(frame), points: [] };
    first += v.sizes[i]!;
    return op;
  });
  return { ops, points: points(v.points) };
}

function decodeAll(strokes: Strokes, ops: readonly Op[]): Point[] {
  return ops.flatMap((op) => {
    strokes.decode(op);
    return op.kind === "extend" ? op.points : [];
  });
}

const id = (replica: number, counter: number): ID => ({ replica, counter });

test("strokes of several pens decode side by side and are forgotten when they end", () => {
  const strokes = new Strokes(10);
  const a = pen(id(1, 1));
  const b = pen(id(2, 1), vectors.live[2]!);
  const gotB = decodeAll(strokes, b.ops.slice(0, 1));
  assert.deepEqual(decodeAll(strokes, a.ops), a.points);
  assert.deepEqual(gotB.concat(decodeAll(strokes, b.ops.slice(1))), b.points);
  assert.equal(strokes.size, 2);
  strokes.decode({ kind: "end", id: id(1, 1) });
  assert.equal(strokes.size, 1);
  strokes.forget(id(2, 1));
  decodeAll(strokes, a.ops.map((op, i) => ({ ...op, ended: i === a.ops.length - 1 })));
  assert.equal(strokes.size, 0);
});

test("OT3: a frame that is not the next decodes to nothing", () => {
  const strokes = new Strokes(10);
  const { ops } = pen(id(1, 1));
  decodeAll(strokes, ops.slice(0, 2));
  for (const op of [ops[0]!, ops[1]!, ops[3]!, { ...ops[1]!, id: id(2, 1) }]) {
    assert.throws(() => strokes.decode(op), failsAs("not-open"));
    assert.deepEqual(op.points, []);
  }
  decodeAll(strokes, ops.slice(2));
});

test("a damaged frame ends its stroke and no other", () => {
  const strokes = new Strokes(10);
  const a = pen(id(1, 1)).ops;
  const b = pen(id(1, 2)).ops;
  decodeAll(strokes, [a[0]!, b[0]!]);
  assert.throws(() => strokes.decode({ ...a[1]!, frame: new Uint8Array(0) }), failsAs("corrupt"));
  assert.throws(() => strokes.decode(a[1]!), failsAs("not-open"));
  decodeAll(strokes, b.slice(1));
});

test("OT4: a replica's seventeenth stroke closes its oldest", () => {
  const strokes = new Strokes(100);
  const all = Array.from({ length: MAX_OPEN_PER_REPLICA + 1 }, (_, i) => pen(id(1, 5 + i)).ops);
  for (const ops of all) decodeAll(strokes, ops.slice(0, 1));
  assert.equal(strokes.size, MAX_OPEN_PER_REPLICA);
  assert.throws(() => strokes.decode(all[0]![1]!), failsAs("not-open"));
  for (const ops of all.slice(1)) decodeAll(strokes, ops.slice(1));
});

test("no more strokes are open than the caller allows", () => {
  const strokes = new Strokes(1);
  decodeAll(strokes, pen(id(1, 1)).ops);
  assert.throws(() => decodeAll(strokes, pen(id(2, 1)).ops), failsAs("limit"));
  assert.equal(strokes.size, 1);
});

test("a restored stroke goes on; OT9: one of too many points is given up", () => {
  const strokes = new Strokes(10);
  const { ops, points: want } = pen(id(1, 1));
  const got = strokes.restore(id(1, 1), ops.slice(0, 2).map((op) => op.frame));
  assert.deepEqual(got.concat(decodeAll(strokes, ops.slice(2))), want);
  assert.throws(() => strokes.restore(id(1, 1), [new Uint8Array(9)]), failsAs("corrupt"));
  assert.equal(strokes.size, 0);
  assert.deepEqual(strokes.restore(id(1, 1), []), []);
  assert.equal(strokes.size, 0);

  const encoder = new Encoder();
  const still = Array.from({ length: 256 }, () => ({ x: 0, y: 0, p: 0, t: 0 }));
  const full = Array.from({ length: MAX_STROKE / still.length + 1 }, () => encoder.frame(still));
  assert.equal(strokes.restore(id(1, 1), full.slice(0, -1)).length, MAX_STROKE);
  assert.throws(() => strokes.restore(id(1, 1), full), failsAs("limit"));
  assert.equal(strokes.size, 0);
});
