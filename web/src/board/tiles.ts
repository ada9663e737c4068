// The picture of a board in square tiles, so that memory follows the size of the window and not that of the board.
// Which tiles there are, which are stale, which may go: plain bookkeeping over whatever a tile's surface is.
import { intersection, intersects, isEmpty } from "./geometry.ts";
import type { Rect } from "./geometry.ts";

/** Edge of a tile in device px. */
export const TILE = 512;
export const TILE_BYTES = TILE * TILE * 4;

/** A tile is drawn anew in cells, CELLS × CELLS of them: what is busy in many places must not cost whole tiles. */
export const CELLS = 4;
export const CELL = TILE / CELLS;

/** Cells of a tile, a bit each: 1 << (row × CELLS + column). */
export type CellSet = number;
export const ALL_CELLS: CellSet = (1 << (CELLS * CELLS)) - 1;

export interface Tile<S> {
  readonly column: number;
  readonly row: number;
  /** Device px per unit at which it is drawn. */
  readonly scale: number;
  /** What it shows, in units. */
  readonly rect: Rect;
  readonly surface: S;
  /** What is to be drawn anew; 0 when it is as it should be. */
  stale: CellSet;
  /** Turn from which on some of it has been stale; the first cell that is to be drawn next. */
  since: number;
  next: number;
  /** False until it was drawn once. */
  drawn: boolean;
  used: number;
}

/** A block of tiles: columns c0 … c1, rows r0 … r1, both ends included. */
export interface TileRange {
  readonly c0: number;
  readonly r0: number;
  readonly c1: number;
  readonly r1: number;
}

/** The tiles that a rectangle of units touches. */
export const tileRange = (r: Rect, scale: number): TileRange => ({
  c0: Math.floor((r.x0 * scale) / TILE),
  r0: Math.floor((r.y0 * scale) / TILE),
  c1: Math.ceil((r.x1 * scale) / TILE) - 1,
  r1: Math.ceil((r.y1 * scale) / TILE) - 1,
});

export const tileRect = (column: number, row: number, scale: number): Rect => ({
  x0: (column * TILE) / scale,
  y0: (row * TILE) / scale,
  x1: ((column + 1) * TILE) / scale,
  y1: ((row + 1) * TILE) / scale,
});

export class Tiles<S> {
  readonly #tiles = new Map<string, Tile<S>>();
  readonly #budget: number;
  readonly #make: () => S;
  readonly #spare: S[] = [];
  #now = 0;

  /** budget: bytes that may be held; tiles in use in the current turn are kept in any case. */
  constructor(budget: number, make: () => S) {
    this.#budget = budget;
    this.#make = make;
  }

  get bytes(): number {
    return (this.#tiles.size + this.#spare.length) * TILE_BYTES;
  }

  /** Begins a frame: what is asked for from here on is in use. */
  turn(): void {
    this.#now++;
  }

  at(column: number, row: number, scale: number): Tile<S> {
    const name = `${scale}/${column}/${row}`;
    let tile = this.#tiles.get(name);
    if (tile === undefined) {
      this.#makeRoom();
      const rect = tileRect(column, row, scale);
      tile = { column, row, scale, rect, surface: this.#spare.pop() ?? this.#make(), stale: ALL_CELLS, since: this.#now, next: 0, drawn: false, used: 0 };
    } else {
      this.#tiles.delete(name); // to the young end of the map's order
    }
    this.#tiles.set(name, tile);
    tile.used = this.#now;
    return tile;
  }

  /** Drawn tiles of other scales that show part of r, to stand in until the right one is there; the finest last. */
  standIns(r: Rect, scale: number): Tile<S>[] {
    const found = [...this.#tiles.values()].filter((t) => t.drawn && t.scale !== scale && intersects(t.rect, r));
    for (const tile of found) tile.used = this.#now;
    return found.sort((a, b) => a.scale - b.scale);
  }

  /** Tiles of this scale that show part of r. */
  touching(r: Rect, scale: number): Tile<S>[] {
    return [...this.#tiles.values()].filter((t) => t.scale === scale && intersects(t.rect, r));
  }

  /** Marks r as stale. Tiles of other scales only stand in: those that are touched are given up. */
  spoil(r: Rect, scale: number): void {
    for (const [name, tile] of this.#tiles) {
      if (!intersects(tile.rect, r)) continue;
      if (tile.scale !== scale) this.#free(name, tile);
      else this.mark(tile, cellsOf(tile, r));
    }
  }

  spoilAll(): void {
    for (const tile of this.#tiles.values()) this.mark(tile, ALL_CELLS);
  }

  /** Marks cells of a tile as stale. */
  mark(tile: Tile<S>, cells: CellSet): void {
    if (tile.stale === 0) tile.since = this.#now;
    tile.stale |= cells;
  }

  /** Cells from tile.next up to `to` (exclusive) have been drawn. At the end of the tile others have their turn first. */
  done(tile: Tile<S>, cells: CellSet, to: number): void {
    tile.stale &= ~cells;
    tile.next = to % (CELLS * CELLS);
    if (tile.next === 0) tile.since = this.#now;
  }

  /** Another board: nothing that is drawn is of it. */
  blank(): void {
    this.spoilAll();
    for (const tile of this.#tiles.values()) tile.drawn = false;
  }

  clear(): void {
    this.#tiles.clear();
    this.#spare.length = 0;
  }

  #makeRoom(): void {
    for (const [name, tile] of this.#tiles) {
      if (this.bytes + TILE_BYTES <= this.#budget || this.#spare.length > 0) return;
      if (tile.used < this.#now) this.#free(name, tile);
    }
  }

  #free(name: string, tile: Tile<S>): void {
    this.#tiles.delete(name);
    if (this.#spare.length < 4) this.#spare.push(tile.surface);
  }
}

/** The cells that a rectangle of units touches. */
export function cellsOf(tile: Tile<unknown>, r: Rect): CellSet {
  const part = intersection(tile.rect, r);
  if (isEmpty(part)) return 0;
  const cell = CELL / tile.scale;
  const c0 = Math.floor((part.x0 - tile.rect.x0) / cell), c1 = Math.ceil((part.x1 - tile.rect.x0) / cell - 1e-9);
  const r0 = Math.floor((part.y0 - tile.rect.y0) / cell), r1 = Math.ceil((part.y1 - tile.rect.y0) / cell - 1e-9);
  return block(c0, r0, Math.min(c1, CELLS), Math.min(r1, CELLS));
}

function block(c0: number, r0: number, c1: number, r1: number): CellSet {
  let cells = 0;
  for (let row = r0; row < r1; row++) for (let column = c0; column < c1; column++) cells |= 1 << (row * CELLS + column);
  return cells;
}

/** The smallest box around some cells, in px of the tile; empty if there are none. */
export function boxOf(cells: CellSet): Rect {
  let x0 = TILE, y0 = TILE, x1 = 0, y1 = 0;
  for (let i = 0; i < CELLS * CELLS; i++) {
    if ((cells & (1 << i)) === 0) continue;
    const x = (i % CELLS) * CELL, y = Math.floor(i / CELLS) * CELL;
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x + CELL);
    y1 = Math.max(y1, y + CELL);
  }
  return { x0, y0, x1, y1 };
}

/** Whether a stroke's end may be added to the tile as it is: it is drawn, and what is stale gets drawn anew anyway. */
export function takesAppend(tile: Tile<unknown>, r: Rect): "add" | "spoil" | "wait" {
  const cells = cellsOf(tile, r);
  if (!tile.drawn || (cells & ~tile.stale) === 0) return "wait";
  return (cells & tile.stale) === 0 ? "add" : "spoil";
}
