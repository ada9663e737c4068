// Whole strokes as one code, and chunks of snapshots; the same as protocol/ink/snapshot.go and chunk.go.
import type { Point } from "../ot/types.ts";
import { InkError } from "./ink_coder.ts";
import { check } from "./ink_live.ts";
import { MAX_FRAME, MAX_GAP, Model } from "./ink_model.ts";

// Sizes that are no segment.
const END_OF_STROKE = 0;
const END_OF_SNAPSHOT = -1;

const MAX_EVEN = 64;
const MAX_UNEVEN = 16;

/**
 * Strokes as one code, without a checksum. Each has a point at least, the first at t = 0, and points at most MAX_GAP ms
 * apart, as live frames have; else InkError "range".
 */
export function encodeStrokes(strokes: readonly (readonly Point[])[]): Uint8Array {
  const model = new Model(true);
  model.coder.encode();
  for (const pts of strokes) {
    if (pts.length === 0) throw new InkError("range", "stroke without points");
    check(pts, undefined);
    model.startStroke();
    for (let from = 0; from < pts.length; ) {
      const n = cut(pts, from, model);
      model.size(n);
      model.encode(pts, from, from + n);
      from += n;
    }
    model.size(END_OF_STROKE);
  }
  model.size(END_OF_SNAPSHOT);
  return model.coder.finish();
}

/**
 * How many points the next segment takes: the longest evenly spaced run of at least three, or else some uneven ones. A
 * run is even when the slope from its start to its end is among those that every time in it allows, low ≤ slope < high.
 */
function cut(pts: readonly Point[], from: number, model: Model): number {
  const skip = model.started ? 0 : 1;
  const limit = Math.min(pts.length - from, MAX_EVEN);
  let uneven = 1;
  let run = 0;
  let low = 0, lowAt = 1, high = 0, highAt = 1;
  for (let n = skip + 1; n <= limit; n++) {
    const t = pts[from + n - 1]!.t - model.t;
    if (t > MAX_GAP) break;
    if (n <= MAX_UNEVEN) uneven = n;
    const i = n - skip;
    if (i === 1) high = t + 1;
    const even = t * lowAt >= low * i && t * highAt < high * i;
    if (t * lowAt > low * i) {
      low = t;
      lowAt = i;
    }
    if ((t + 1) * highAt < high * i) {
      high = t + 1;
      highAt = i;
    }
    if (even && n >= 3) run = n;
  }
  return run > 0 ? run : uneven;
}

/**
 * Decodes what encodeStrokes made, exactly src, of at most maxPoints points in all. Throws InkError "limit" if there are
 * more and "corrupt" for anything that is no such code. A byte may stand for 1 900 points: maxPoints alone bounds work and memory.
 */
export function decodeStrokes(src: Uint8Array, maxPoints: number): Point[][] {
  const model = new Model(true);
  model.coder.decode(src);
  const strokes: Point[][] = [];
  for (let left = maxPoints; ; ) {
    const stroke = decodeStroke(model, left);
    if (stroke.length === 0) break;
    strokes.push(stroke);
    left -= stroke.length;
  }
  if (!model.coder.finished) throw new InkError("corrupt", "end of strokes");
  return strokes;
}

/** The points of the next stroke; none at the end of the snapshot. */
function decodeStroke(model: Model, maxPoints: number): Point[] {
  const pts: Point[] = [];
  model.startStroke();
  for (;;) {
    const n = model.size(0);
    if (n === (model.started ? END_OF_STROKE : END_OF_SNAPSHOT)) return pts;
    if (n < 1 || n > MAX_FRAME || model.coder.exhausted) throw new InkError("corrupt", `segment of ${n} points`);
    if (n > maxPoints - pts.length) throw new InkError("limit", `more than ${maxPoints} points`);
    model.decode(n, pts);
  }
}

const CHECKSUM_SIZE = 4;

/** A chunk of a snapshot: strokes as by encodeStrokes and a CRC-32C of these bytes. */
export function encodeChunk(strokes: readonly (readonly Point[])[]): Uint8Array {
  const code = encodeStrokes(strokes);
  const chunk = new Uint8Array(code.length + CHECKSUM_SIZE);
  chunk.set(code);
  new DataView(chunk.buffer).setUint32(code.length, crc32c(code));
  return chunk;
}

/** Decodes a chunk, exactly src, as decodeStrokes does. Throws InkError "corrupt" when the checksum is not that of the bytes. */
export function decodeChunk(src: Uint8Array, maxPoints: number): Point[][] {
  const n = src.length - CHECKSUM_SIZE;
  if (n < 0) throw new InkError("corrupt", `chunk of ${src.length} bytes`);
  const code = src.subarray(0, n);
  const sum = new DataView(src.buffer, src.byteOffset + n, CHECKSUM_SIZE).getUint32(0);
  if (sum !== crc32c(code)) throw new InkError("corrupt", "checksum of a chunk");
  return decodeStrokes(code, maxPoints);
}

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let i = 0; i < 8; i++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

function crc32c(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = castagnoli[(c ^ byte) & 255]! ^ (c >>> 8);
  return ~c >>> 0;
}
