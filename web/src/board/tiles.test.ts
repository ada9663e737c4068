import assert from "node:assert/strict";
import { test } from "node:test";
import { isEmpty } from "./geometry.ts";
import { ALL_CELLS, CELL, CELLS, TILE, TILE_BYTES, Tiles, boxOf, cellsOf, takesAppend, tileRange, tileRect } from "./tiles.ts";
import type { Tile } from "./tiles.ts";

const SCALE = 0.1;
const EDGE = TILE / SCALE;

function stocked(budget: number): { tiles: Tiles<object>; at: (column: number, row?: number, scale?: number) => Tile<object> } {
  const tiles = new Tiles<object>(budget, () => ({}));
  tiles.turn();
  const at = (column: number, row = 0, scale = SCALE): Tile<object> => {
    const tile = tiles.at(column, row, scale);
    tile.drawn = true;
    tile.stale = 0;
    return tile;
  };
  return { tiles, at };
}

test("a rectangle's tiles cover it and no more", () => {
  assert.deepEqual(tileRange({ x0: 0, y0: 0, x1: EDGE, y1: EDGE }, SCALE), { c0: 0, r0: 0, c1: 0, r1: 0 });
  assert.deepEqual(tileRange({ x0: EDGE - 1, y0: 0, x1: EDGE + 1, y1: 3 * EDGE }, SCALE), { c0: 0, r0: 0, c1: 1, r1: 2 });
  assert.deepEqual(tileRect(1, 2, SCALE), { x0: EDGE, y0: 2 * EDGE, x1: 2 * EDGE, y1: 3 * EDGE });
});

test("a new tile is stale all over", () => {
  const tiles = new Tiles<object>(1e9, () => ({}));
  const tile = tiles.at(0, 0, SCALE);
  assert.equal(tile.stale, ALL_CELLS);
  assert.deepEqual(boxOf(tile.stale), { x0: 0, y0: 0, x1: TILE, y1: TILE });
  assert.equal(tile.drawn, false);
});

test("what is spoiled is the cells of each tile that it touches", () => {
  const { tiles, at } = stocked(1e9);
  const a = at(0), b = at(1), c = at(2);
  tiles.spoil({ x0: EDGE - 10, y0: 5, x1: EDGE + 10, y1: 15 }, SCALE);
  assert.deepEqual(boxOf(a.stale), { x0: TILE - CELL, y0: 0, x1: TILE, y1: CELL });
  assert.deepEqual(boxOf(b.stale), { x0: 0, y0: 0, x1: CELL, y1: CELL });
  assert.equal(c.stale, 0);
  assert.ok(isEmpty(boxOf(c.stale)));
  tiles.spoil({ x0: 0, y0: 0, x1: 5, y1: 5 }, SCALE);
  assert.equal(a.stale, 1 | (1 << (CELLS - 1)));
});

test("a rectangle touches the cells that it reaches into, not those that it ends at", () => {
  const { at } = stocked(1e9);
  const edge = CELL / SCALE;
  assert.equal(cellsOf(at(0), { x0: 0, y0: 0, x1: edge, y1: edge }), 1);
  assert.equal(cellsOf(at(0), { x0: 0, y0: 0, x1: edge + 1, y1: edge }), 3);
  assert.equal(cellsOf(at(0), { x0: -9, y0: -9, x1: 2 * EDGE, y1: 2 * EDGE }), ALL_CELLS);
  assert.equal(cellsOf(at(0), { x0: EDGE, y0: 0, x1: 2 * EDGE, y1: EDGE }), 0);
});

test("a tile that is spoiled again and again lets others have their turn once all its cells were drawn", () => {
  const { tiles, at } = stocked(1e9);
  const busy = at(0), quiet = at(1);
  tiles.spoilAll();
  tiles.turn();
  for (let i = 0; i < CELLS * CELLS; i++) {
    assert.ok(busy.since <= quiet.since);
    tiles.done(busy, 1 << i, i + 1);
    tiles.mark(busy, ALL_CELLS);
  }
  assert.ok(busy.since > quiet.since);
});

test("memory stays within the budget; the longest unused tile goes first", () => {
  const { tiles, at } = stocked(4 * TILE_BYTES);
  for (let i = 0; i < 4; i++) at(i);
  tiles.turn();
  at(0);
  const kept = at(0);
  at(9);
  assert.equal(tiles.bytes, 4 * TILE_BYTES);
  assert.equal(at(0), kept);
  assert.deepEqual(tiles.touching(tileRect(1, 0, SCALE), SCALE), []);
});

test("tiles in view are kept even over the budget", () => {
  const { tiles, at } = stocked(2 * TILE_BYTES);
  const inView = [at(0), at(1), at(2)];
  assert.equal(tiles.bytes, 3 * TILE_BYTES);
  assert.deepEqual([at(0), at(1), at(2)], inView);
});

test("surfaces are used again", () => {
  let made = 0;
  const tiles = new Tiles<object>(TILE_BYTES, () => ({ n: made++ }));
  for (let i = 0; i < 20; i++) {
    tiles.turn();
    tiles.at(i, 0, SCALE);
  }
  assert.equal(made, 1);
});

test("tiles of another zoom stand in until they show something that is gone", () => {
  const { tiles, at } = stocked(1e9);
  const coarse = at(0, 0, SCALE / 2);
  at(0, 1, SCALE / 2);
  const r = tileRect(0, 0, SCALE);
  assert.deepEqual(tiles.standIns(r, SCALE), [coarse]);
  tiles.spoil({ x0: 0, y0: 0, x1: 1, y1: 1 }, SCALE);
  assert.deepEqual(tiles.standIns(r, SCALE), []);
});

test("a stroke's end is added to a tile only where that leaves it right", () => {
  const { at } = stocked(1e9);
  const tile = at(0);
  const r = { x0: 10, y0: 10, x1: 20, y1: 20 };
  assert.equal(takesAppend(tile, r), "add");
  tile.stale = 2;
  assert.equal(takesAppend(tile, r), "add");
  assert.equal(takesAppend(tile, { x0: 10, y0: 10, x1: CELL / SCALE + 5, y1: 20 }), "spoil");
  tile.stale = 1;
  assert.equal(takesAppend(tile, r), "wait");
  tile.drawn = false;
  assert.equal(takesAppend(tile, r), "wait");
});
