// From what was seen to how far strokes and pictures were apart.

/** When a picture was taken: its number, counted on over cycles, and true time in ms. */
export interface Taken {
  readonly index: number;
  readonly at: number;
}

/** A frame that a pupil's page showed: the number in it, how many strokes were drawn, and true time in ms. */
export interface Shown {
  readonly index: number;
  readonly strokes: number;
  readonly at: number;
}

export interface Score {
  /** Strokes that were judged. */
  readonly strokes: number;
  readonly frames: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** The most that a stroke was drawn before its frame; 0: none was. */
  readonly early_max_ms: number;
  /** Median age of the pictures when they were shown. */
  readonly delay_ms: number;
}

/** When pictures were taken, by index; between those that were seen, and a little beyond, in proportion. */
export class Camera {
  constructor(private readonly taken: readonly Taken[]) {
    if (taken.length < 2) throw new Error("the camera was not seen");
  }

  /** Pictures a second; the run fails where it is not the rate that the source is said to have. */
  get rate(): number {
    const first = this.nth(0), last = this.nth(this.taken.length - 1);
    return (1000 * (last.index - first.index)) / (last.at - first.at);
  }

  /** True time at which the picture of an index was taken. */
  at(index: number): number {
    let low = 0, high = this.taken.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.nth(middle).index <= index) low = middle;
      else high = middle;
    }
    const a = this.nth(low), b = this.nth(high);
    return a.at + ((index - a.index) * (b.at - a.at)) / (b.index - a.index);
  }

  /** The first picture taken at or after a true time. */
  firstAfter(time: number): number {
    const { index, at } = this.nth(0);
    let n = index + Math.floor(((time - at) * this.rate) / 1000) - 3;
    while (this.at(n) < time) n++;
    return n;
  }

  private nth(i: number): Taken {
    const taken = this.taken[i];
    if (taken === undefined) throw new Error("no such picture");
    return taken;
  }
}

/** The index, counted on over cycles, of a number seen at a true time: the last one that had been taken by then. */
export function unwrap(number: number, cycle: number, camera: Camera, at: number): number {
  const newest = camera.firstAfter(at);
  const back = (((newest - number) % cycle) + cycle) % cycle;
  return newest - back;
}

/**
 * Judges strokes drawn at true times: the error of one is when the picture was taken with which it was first seen, less when
 * the first picture was taken that it belongs to. Strokes before `from` are left out.
 */
export function score(drawn: readonly number[], camera: Camera, shown: readonly Shown[], from = -Infinity): Score {
  const errors: number[] = [];
  drawn.forEach((time, i) => {
    if (time < from) return;
    const first = shown.find((frame) => frame.strokes > i);
    if (first === undefined) throw new Error(`stroke ${i + 1} of ${drawn.length} was never seen`);
    errors.push(camera.at(first.index) - camera.at(camera.firstAfter(time)));
  });
  if (errors.length === 0) throw new Error("no stroke to judge");
  const sizes = errors.map(Math.abs);
  const judged = shown.filter((frame) => frame.at >= from);
  return {
    strokes: errors.length, frames: judged.length,
    p50_ms: quantile(sizes, 0.5), p95_ms: quantile(sizes, 0.95), p99_ms: quantile(sizes, 0.99), max_ms: quantile(sizes, 1),
    early_max_ms: round(Math.max(0, ...errors.map((e) => -e))),
    delay_ms: quantile(judged.map((frame) => frame.at - camera.at(frame.index)), 0.5),
  };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0);
}

const round = (v: number): number => Math.round(v * 10) / 10;
