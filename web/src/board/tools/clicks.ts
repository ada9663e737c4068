import type { Vec } from "../geometry.ts";
import type { BoardSample } from "./tool.ts";

/** Two presses at one place (CSS px) this soon (ms) are a double click. */
const SLACK = 8;
const WITHIN = 400;

/** Tells double clicks. */
export class Clicks {
  #last: BoardSample | undefined;

  /** A press; true for the second of two. A third begins anew. */
  press(at: BoardSample, pixel: number): boolean {
    const before = this.#last;
    const double = before !== undefined && at.at - before.at <= WITHIN && apart(before, at) <= SLACK * pixel;
    this.#last = double ? undefined : at;
    return double;
  }

  forget(): void {
    this.#last = undefined;
  }
}

export const apart = (a: Vec, b: Vec): number => Math.hypot(a.x - b.x, a.y - b.y);
