// A uniform grid over the board that finds what lies near a place.
import type { Rect } from "./geometry.ts";

/** Cell edge in units: about 200 px, a few characters of handwriting. */
const CELL = 2048;
const COLUMNS = 4096;

/** What touches more cells than this is looked at wherever one looks: larger than any board. */
const MANY = 4096;

/** Items by the cells that they touch. An item may be added piece by piece as it grows. */
export class Grid<T> {
  readonly #cells = new Map<number, Set<T>>();
  readonly #where = new Map<T, Set<number>>();
  readonly #everywhere = new Set<T>();

  add(item: T, r: Rect): void {
    if (cellsOf(r) > MANY) {
      this.#everywhere.add(item);
      return;
    }
    let own = this.#where.get(item);
    if (own === undefined) this.#where.set(item, (own = new Set()));
    eachCell(r, (cell) => {
      own.add(cell);
      const items = this.#cells.get(cell);
      if (items === undefined) this.#cells.set(cell, new Set([item]));
      else items.add(item);
    });
  }

  remove(item: T): void {
    for (const cell of this.#where.get(item) ?? []) {
      const items = this.#cells.get(cell);
      items?.delete(item);
      if (items?.size === 0) this.#cells.delete(cell);
    }
    this.#where.delete(item);
    this.#everywhere.delete(item);
  }

  clear(): void {
    this.#cells.clear();
    this.#where.clear();
    this.#everywhere.clear();
  }

  /** Everything that may touch r, and perhaps some that do not. */
  near(r: Rect): Set<T> {
    const found = new Set<T>(this.#everywhere);
    eachCell(r, (cell) => this.#cells.get(cell)?.forEach((item) => found.add(item)));
    return found;
  }
}

/** Whether it hardly touches more than a cell: there is no use in taking it apart. */
export const isSmall = (r: Rect): boolean => r.x1 - r.x0 < CELL && r.y1 - r.y0 < CELL;

/** Whether two rectangles touch the same cells. */
export const sameCells = (a: Rect, b: Rect): boolean =>
  column(a.x0) === column(b.x0) && column(a.x1) === column(b.x1) && column(a.y0) === column(b.y0) && column(a.y1) === column(b.y1);

const cellsOf = (r: Rect): number => (column(r.x1) - column(r.x0) + 1) * (column(r.y1) - column(r.y0) + 1);

function eachCell(r: Rect, visit: (cell: number) => void): void {
  const x0 = column(r.x0), x1 = column(r.x1), y0 = column(r.y0), y1 = column(r.y1);
  for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) visit(y * COLUMNS + x);
}

/** Ink reaches 65535 × 262143 units; what is beyond counts to the outermost cells. */
const column = (at: number): number => Math.min(Math.max(Math.floor(at / CELL), 0), 255);
