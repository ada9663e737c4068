// Frame times for diagnostics: how long the board worked on each of the last frames and how far apart they came.

const KEPT = 600;

export interface FrameReport {
  /** Frames drawn since the meter was reset. */
  readonly frames: number;
  /** Work per frame in ms. */
  readonly workP50: number;
  readonly workP95: number;
  readonly workMax: number;
  /** Time between frames that followed each other, in ms. */
  readonly gapP50: number;
  readonly gapP95: number;
  readonly gapMax: number;
}

export class Meter {
  #frames = 0;
  #work: number[] = [];
  #gaps: number[] = [];
  #last: number | undefined;

  /** A frame began at start and took until end (ms); more is to come at once if busy. */
  frame(start: number, end: number, busy: boolean): void {
    if (this.#last !== undefined) push(this.#gaps, start - this.#last);
    push(this.#work, end - start);
    this.#last = busy ? start : undefined;
    this.#frames++;
  }

  reset(): void {
    this.#frames = 0;
    this.#work = [];
    this.#gaps = [];
    this.#last = undefined;
  }

  report(): FrameReport {
    const [workP50, workP95, workMax] = spread(this.#work);
    const [gapP50, gapP95, gapMax] = spread(this.#gaps);
    return { frames: this.#frames, workP50, workP95, workMax, gapP50, gapP95, gapMax };
  }
}

function push(list: number[], value: number): void {
  list.push(value);
  if (list.length > KEPT) list.shift();
}

function spread(values: readonly number[]): [number, number, number] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return [at(0.5), at(0.95), at(1)];
}
