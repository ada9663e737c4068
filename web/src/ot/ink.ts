// The points of a stroke.
import type { Writer } from "./bytes.ts";
import * as fnv from "./fnv.ts";
import type { Point } from "./types.ts";

/** Numbers of a point in Ink.data. */
export const COORDINATES = 4;

/** The points of a stroke: a growing array, and the digest of those that were hashed. */
export class Ink {
  /** x, y, p, t of point 0, then of point 1 …; what is beyond count means nothing. */
  data = new Int32Array(0);
  count = 0;
  open = true;
  /** The points as they travelled, while open. */
  frames: Uint8Array[] = [];
  #digest = fnv.start();
  #digested = 0;

  clone(): Ink {
    const ink = new Ink();
    ink.data = this.data.slice(0, this.count * COORDINATES);
    ink.count = this.count;
    ink.open = this.open;
    ink.frames = this.frames.slice();
    return ink;
  }

  append(points: readonly Point[]): void {
    this.#reserve(this.count + points.length);
    let at = this.count * COORDINATES;
    for (const point of points) {
      this.data[at] = point.x;
      this.data[at + 1] = point.y;
      this.data[at + 2] = point.p;
      this.data[at + 3] = point.t;
      at += COORDINATES;
    }
    this.count += points.length;
  }

  /** The frames are not needed any more and the points do not grow. */
  close(): void {
    this.open = false;
    this.frames = [];
    if (this.data.length > 1.125 * this.count * COORDINATES) this.data = this.data.slice(0, this.count * COORDINATES);
  }

  #reserve(count: number): void {
    const need = count * COORDINATES;
    if (need <= this.data.length) return;
    const data = new Int32Array(Math.max(need, Math.ceil(1.5 * this.data.length)));
    data.set(this.data);
    this.data = data;
  }

  /** FNV-1a/128 of the points; reads only those that are new since the last time. */
  digest(scratch: Writer): fnv.Limbs {
    const end = this.count * COORDINATES;
    for (let from = this.#digested * COORDINATES; from < end; from += PIECE) {
      scratch.length = 0;
      scratch.reserve(PIECE * 5);
      writeDifferences(scratch, this.data, from, Math.min(end, from + PIECE));
      fnv.update(this.#digest, scratch.buffer, scratch.length);
    }
    this.#digested = this.count;
    return this.#digest;
  }
}

/** Coordinates that are hashed at a time. */
const PIECE = 4096;

/** Writes each of data[from, end) as the zigzag of its difference from that of the point before; there is room for 5 bytes each. */
function writeDifferences(w: Writer, data: Int32Array, from: number, end: number): void {
  const out = w.buffer;
  let at = w.length;
  for (let i = from; i < end; i++) {
    const before = i < COORDINATES ? 0 : (data[i - COORDINATES] as number);
    const d = ((data[i] as number) - before) | 0;
    let z = ((d << 1) ^ (d >> 31)) >>> 0;
    for (; z > 0x7f; z >>>= 7) out[at++] = (z & 0x7f) | 0x80;
    out[at++] = z;
  }
  w.length = at;
}

