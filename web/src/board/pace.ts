// How much of what is stale a frame draws. The clock alone does not tell: browsers only take note of what is drawn on a
// canvas and do it when the canvas is shown. So work is counted as well, and how much of it a frame may have is learned from
// how long frames take in the end.

/** Time in ms that one frame may spend on drawing; the rest waits for the next. */
const BUDGET = 7;

/** A frame that took longer had too much work, one that took less may have more. ms */
const LONG = 11;
const SHORT = 7;

/** Bounds of the work of a frame, and what it begins with. */
const LEAST = 24;
const MOST = 4000;
const FIRST = 400;

export class Pace {
  #start = 0;
  #done = 0;
  #allowed = FIRST;

  /** Units of work that a frame may have. */
  get allowed(): number {
    return this.#allowed;
  }

  /** A frame begins; times are ms. */
  begin(now: number): void {
    this.#start = now;
    this.#done = 0;
  }

  spend(work: number): void {
    this.#done += work;
  }

  /** Whether this frame has drawn enough. */
  isOver(now: number): boolean {
    return this.#done >= this.#allowed || now - this.#start > BUDGET;
  }

  /** The frame ends; unfinished: there was more to do. */
  end(now: number, unfinished: boolean): void {
    const took = now - this.#start;
    if (took > LONG) this.#allowed = Math.max(this.#done * Math.max(SHORT / took, 0.5), LEAST);
    else if (took < SHORT && unfinished) this.#allowed = Math.min(this.#allowed * 1.25, MOST);
  }
}
