// A lasso, ready to be asked about thousands of places: its edges by bands of its height, so that a place meets few of them.
import { NOWHERE, around, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";

/** At most so many bands; a lasso has fewer if it has fewer edges. */
const MOST = 256;

interface Edge {
  readonly a: Vec;
  readonly b: Vec;
}

export class Ring {
  readonly bounds: Rect;
  readonly #bands: readonly Edge[][];
  readonly #height: number;

  /** Corners of a closed line, units. */
  constructor(corners: readonly Vec[]) {
    this.bounds = corners.reduce<Rect>((all, p) => union(all, around(p.x, p.y, 0)), NOWHERE);
    this.#bands = Array.from({ length: Math.min(Math.max(corners.length, 1), MOST) }, () => []);
    this.#height = Math.max(this.bounds.y1 - this.bounds.y0, 1) / this.#bands.length;
    corners.forEach((a, i) => this.#add({ a, b: corners[(i + 1) % corners.length] ?? a }));
  }

  /** Whether a place is inside, by the even-odd rule. */
  holds(x: number, y: number): boolean {
    let inside = false;
    if (y < this.bounds.y0 || y > this.bounds.y1) return false;
    for (const { a, b } of this.#bands[this.#band(y)] ?? []) {
      if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
    }
    return inside;
  }

  /** False if no edge comes into the rectangle; true may be wrong. */
  mayCross(r: Rect): boolean {
    for (let i = this.#band(r.y0); i <= this.#band(r.y1); i++) {
      for (const { a, b } of this.#bands[i] ?? []) {
        if (Math.min(a.x, b.x) <= r.x1 && r.x0 <= Math.max(a.x, b.x) && Math.min(a.y, b.y) <= r.y1 && r.y0 <= Math.max(a.y, b.y)) return true;
      }
    }
    return false;
  }

  #add(edge: Edge): void {
    const last = this.#band(Math.max(edge.a.y, edge.b.y));
    for (let i = this.#band(Math.min(edge.a.y, edge.b.y)); i <= last; i++) this.#bands[i]?.push(edge);
  }

  #band(y: number): number {
    return Math.min(Math.max(Math.floor((y - this.bounds.y0) / this.#height), 0), this.#bands.length - 1);
  }
}
