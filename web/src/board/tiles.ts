// The picture of a board in square tiles, so that memory follows the size of the window and not that of the board.
// Which tiles there are, which are stale, which may go: plain bookkeeping over whatever a tile's surface is.
import { contains, intersection, intersects, isEmpty, union } from "./geometry.ts";
import type { Rect } from "./geometry.ts";

/** Edge of a tile in device px. */
export const TILE = 512;
export const TILE_BYTES = TILE * TILE * 4;

export interface Tile<S> {
  readonly column: number;
  readonly row: number;
  /** Device px per unit at which it is drawn. */
  readonly scale: number;
  /** What it shows, in units. */
  readonly rect: Rect;
  readonly surface: S;
  /** The part that is to be drawn anew, in units; empty when it is as it should be. */
  stale: Rect;
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
      tile = { column, row, scale, rect, surface: this.#spare.pop() ?? this.#make(), stale: rect, drawn: false, used: 0 };
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
      else tile.stale = spoiled(tile, r);
    }
  }

  spoilAll(): void {
    for (const tile of this.#tiles.values()) tile.stale = tile.rect;
  }

  /** Gives up all tiles of other scales. */
  only(scale: number): void {
    for (const [name, tile] of this.#tiles) if (tile.scale !== scale) this.#free(name, tile);
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

function spoiled<S>(tile: Tile<S>, r: Rect): Rect {
  const part = intersection(tile.rect, r);
  return isEmpty(tile.stale) ? part : union(tile.stale, part);
}

/** Whether a stroke's end may be added to the tile as it is: it is drawn, and what is stale gets drawn anew anyway. */
export function takesAppend<S>(tile: Tile<S>, r: Rect): "add" | "spoil" | "wait" {
  if (!tile.drawn || contains(tile.stale, intersection(r, tile.rect))) return "wait";
  return isEmpty(tile.stale) || !intersects(tile.stale, r) ? "add" : "spoil";
}

