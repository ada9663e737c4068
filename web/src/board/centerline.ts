// The line a pen's points mean: a quadratic B-spline through the middles of the samples, cut into short straight
// pieces. It only ever grows at its end, so that a stroke being drawn is appended to and never drawn anew.
import { NOWHERE, clamp } from "./geometry.ts";
import type { Rect } from "./geometry.ts";

/** Numbers per point as elements hold them: x, y, p, t. */
export const POINT = 4;

/** Numbers per sample of a centre line: x, y, radius; all in units. */
export const SAMPLE = 3;

/** A curve is cut so finely that it lies within this many units of its pieces. */
const FLATNESS = 0.6;
const MAX_CUTS = 12;

/** Points nearer than this share of the pen's half width say nothing but the tablet's noise. */
const NOISE = 0.25;

/** Half the line's thickness at a pressure of 0..255: 0.4 to 1.6 times half the pen's width, 1.0 for a mouse. */
export const radiusAt = (width: number, pressure: number): number => (width / 2) * (0.4 + (1.2 * pressure) / 255);

/** A run of samples of a line that is drawn in one piece: a whole centre line, or a part that an eraser left. */
export interface Run {
  readonly samples: Float32Array;
  readonly count: number;
}

interface Control {
  x: number;
  y: number;
  r: number;
  /** Index of its point. */
  at: number;
}

/** Where a line stands, so that a guess at its future can be tried on a copy. */
export class Centerline {
  #samples = new Float32Array(SAMPLE * 32);
  #indexes = new Float32Array(32);
  #count = 0;
  #added = 0;
  #a: Control | undefined;
  #b: Control | undefined;
  #skipped: Control | undefined;
  #bounds: Rect = NOWHERE;
  #closed = false;
  readonly #width: number;

  /** width: the pen's, in units. */
  constructor(width: number) {
    this.#width = width;
  }

  /** x, y, radius of each sample, one after the other; valid up to count × SAMPLE, until the line grows. */
  get samples(): Float32Array {
    return this.#samples;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Which part of the line each sample is, as an index of points with a fraction (docs/format.md, spans): the middle
   * between points i and i + 1 is i + ½, and a curve from one middle to the next runs evenly. Never falls.
   */
  get indexes(): Float32Array {
    return this.#indexes;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What the ink covers, in units. */
  get bounds(): Rect {
    return this.#bounds;
  }

  /** Goes on through points from … to of an element's array. */
  extend(points: ArrayLike<number>, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const at = i * POINT;
      this.add(points[at] ?? 0, points[at + 1] ?? 0, points[at + 2] ?? 0);
    }
  }

  add(x: number, y: number, pressure: number): void {
    this.addRound(x, y, radiusAt(this.#width, pressure));
  }

  /** Goes on to a point with a radius of its own. */
  addRound(x: number, y: number, r: number): void {
    const next = { x, y, r, at: this.#added++ };
    const last = this.#b ?? this.#a;
    if (last === undefined) {
      this.#a = next;
      this.#emit(x, y, r, next.at);
    } else if (Math.hypot(x - last.x, y - last.y) < NOISE * last.r) {
      this.#skipped = next;
    } else {
      this.#skipped = undefined;
      this.#control(next);
    }
  }

  /** The pen is up: the line reaches its last point. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#skipped !== undefined) this.#control(this.#skipped);
    if (this.#b !== undefined) this.#emit(this.#b.x, this.#b.y, this.#b.r, this.#b.at);
  }

  /** A copy of the line's end, from its last `keep` samples on, that can be grown without touching this one. */
  tail(keep: number): Centerline {
    const copy = new Centerline(this.#width);
    const first = Math.max(0, this.#count - keep);
    for (let i = first * SAMPLE; i < this.#count * SAMPLE; i += SAMPLE) {
      copy.#emit(this.#samples[i] ?? 0, this.#samples[i + 1] ?? 0, this.#samples[i + 2] ?? 0, this.#indexes[i / SAMPLE] ?? 0);
    }
    copy.#a = this.#a;
    copy.#b = this.#b;
    copy.#skipped = this.#skipped;
    copy.#closed = this.#closed;
    copy.#added = this.#added;
    return copy;
  }

  #control(next: Control): void {
    const a = this.#a;
    if (a !== undefined && this.#b !== undefined) this.#curve(a, this.#b, next);
    else if (a !== undefined) this.#emit((a.x + next.x) / 2, (a.y + next.y) / 2, (a.r + next.r) / 2, (a.at + next.at) / 2);
    this.#a = this.#b ?? a;
    this.#b = next;
  }

  /** From the middle of a–b to the middle of b–c, bent towards b. */
  #curve(a: Control, b: Control, c: Control): void {
    const x0 = (a.x + b.x) / 2, y0 = (a.y + b.y) / 2, r0 = (a.r + b.r) / 2;
    const x2 = (b.x + c.x) / 2, y2 = (b.y + c.y) / 2, r2 = (b.r + c.r) / 2;
    const i0 = (a.at + b.at) / 2, i2 = (b.at + c.at) / 2;
    const sag = Math.hypot(x0 - 2 * b.x + x2, y0 - 2 * b.y + y2) / 4;
    const cuts = clamp(Math.ceil(Math.sqrt(sag / FLATNESS)), 1, MAX_CUTS);
    for (let i = 1; i <= cuts; i++) {
      const t = i / cuts, u = 1 - t;
      const p = u * u, q = 2 * u * t, s = t * t;
      this.#emit(p * x0 + q * b.x + s * x2, p * y0 + q * b.y + s * y2, p * r0 + q * b.r + s * r2, u * i0 + t * i2);
    }
  }

  #emit(x: number, y: number, r: number, index: number): void {
    const at = this.#count * SAMPLE;
    if (at + SAMPLE > this.#samples.length) this.#grow();
    this.#samples[at] = x;
    this.#samples[at + 1] = y;
    this.#samples[at + 2] = r;
    this.#indexes[this.#count] = index;
    this.#count++;
    const b = this.#bounds;
    this.#bounds = {
      x0: Math.min(b.x0, x - r), y0: Math.min(b.y0, y - r),
      x1: Math.max(b.x1, x + r), y1: Math.max(b.y1, y + r),
    };
  }

  #grow(): void {
    const larger = new Float32Array(this.#samples.length * 2);
    larger.set(this.#samples);
    this.#samples = larger;
    const indexes = new Float32Array(this.#indexes.length * 2);
    indexes.set(this.#indexes);
    this.#indexes = indexes;
  }
}

/** What samples from … to (exclusive) cover, in units. */
export function boundsOf(samples: Float32Array, from: number, to: number): Rect {
  let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
  for (let i = from * SAMPLE; i < to * SAMPLE; i += SAMPLE) {
    const x = samples[i] ?? 0, y = samples[i + 1] ?? 0, r = samples[i + 2] ?? 0;
    x0 = Math.min(x0, x - r);
    y0 = Math.min(y0, y - r);
    x1 = Math.max(x1, x + r);
    y1 = Math.max(y1, y + r);
  }
  return { x0, y0, x1, y1 };
}
