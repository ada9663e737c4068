import assert from "node:assert/strict";
import { test } from "node:test";
import type { Vec } from "./geometry.ts";
import { isInside } from "./hit.ts";
import { Ring } from "./ring.ts";

/** A line that winds and crosses itself, of n corners. */
const winding = (n: number): Vec[] =>
  Array.from({ length: n }, (_, i) => ({ x: 500 + 400 * Math.sin(i * 2.1) + (i % 7), y: 500 + 450 * Math.cos(i * 1.3) + (i % 5) }));

test("a lasso holds the same places as its edges one by one, whatever its bands", () => {
  for (const n of [3, 4, 17, 400]) {
    const corners = winding(n);
    const ring = new Ring(corners);
    for (let x = 3.5; x < 1000; x += 37) {
      for (let y = 1.25; y < 1000; y += 23) assert.equal(ring.holds(x, y), isInside({ x, y }, corners), `${n}: ${x}, ${y}`);
    }
  }
});

test("a rectangle that no edge of a lasso comes into is inside as a whole or outside", () => {
  const corners = winding(9);
  const ring = new Ring(corners);
  let clear = 0;
  for (let x = 0; x < 1000; x += 40) {
    for (let y = 0; y < 1000; y += 40) {
      if (ring.mayCross({ x0: x, y0: y, x1: x + 20, y1: y + 20 })) continue;
      clear++;
      const inside = ring.holds(x, y);
      for (const [dx, dy] of [[20, 0], [0, 20], [20, 20], [10, 10]] as const) assert.equal(ring.holds(x + dx, y + dy), inside);
    }
  }
  assert.ok(clear > 20);
});

test("a lasso without height or corners holds nothing", () => {
  assert.equal(new Ring([]).holds(0, 0), false);
  assert.equal(new Ring([{ x: 0, y: 5 }, { x: 9, y: 5 }, { x: 3, y: 5 }]).holds(4, 5), false);
});
