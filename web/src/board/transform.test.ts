import assert from "node:assert/strict";
import { test } from "node:test";
import { ElementKind } from "../ot/types.ts";
import type { Placement } from "../ot/value.ts";
import type { Thing } from "./thing.ts";
import { SIDES, bearing, boxFrom, handleAt, inBox, moved, pulled, rotated, scaled, selectionFrame, straight, turn, withEnd } from "./transform.ts";
import type { Side } from "./transform.ts";

const { Rectangle, Line, Text, Ink } = ElementKind;

function thing(kind: ElementKind, box: Partial<Placement>, size?: number, wrap = 0): Thing {
  const text = size === undefined ? undefined : { size, wrap, height: (w: number, s: number) => (w < 500 ? 2 : 1) * 1.4 * s };
  return { key: "1.1", kind, box: { x: 0, y: 0, w: 0, h: 0, angle: 0, ...box }, locked: false, group: undefined, text };
}

const right: Side = { x: 1, y: 0 }, corner: Side = { x: 1, y: 1 }, left: Side = { x: -1, y: 0 };
const plain = { keep: false, middle: false };

test("a move changes the place and nothing else, in whole units", () => {
  assert.deepEqual(moved(thing(Rectangle, { x: 10, y: 20, w: 30, h: 40, angle: 4500 }), 1.4, -1.6), {
    key: "1.1", place: { x: 11, y: 18, w: 30, h: 40, angle: 4500 }, size: undefined,
  });
});

test("a text without a wrap stays without one", () => {
  assert.equal(moved(thing(Text, { w: 333, h: 140 }, 100), 5, 5).place.w, 0);
  assert.equal(moved(thing(Text, { w: 333, h: 140 }, 100, 333), 5, 5).place.w, 333);
});

test("a pulled corner scales about the opposite one, with alt about the middle, with shift evenly", () => {
  const t = thing(Rectangle, { x: 100, y: 100, w: 200, h: 100 });
  assert.deepEqual(scaled(t, pulled(t.box, corner, { x: 500, y: 250 }, plain)).place, { x: 100, y: 100, w: 400, h: 150, angle: 0 });
  assert.deepEqual(scaled(t, pulled(t.box, corner, { x: 400, y: 200 }, { keep: false, middle: true })).place, { x: 0, y: 100, w: 400, h: 100, angle: 0 });
  assert.deepEqual(scaled(t, pulled(t.box, corner, { x: 500, y: 100 }, { keep: true, middle: false })).place, { x: 100, y: 100, w: 400, h: 200, angle: 0 });
});

test("a side pulled beyond the other leaves a sliver, never a negative box", () => {
  const t = thing(Rectangle, { x: 100, y: 100, w: 200, h: 100 });
  const { place } = scaled(t, pulled(t.box, right, { x: -900, y: 0 }, plain));
  assert.deepEqual(place, { x: 100, y: 100, w: 10, h: 100, angle: 0 });
});

test("the side that is not pulled stays where it is, turned boxes too", () => {
  const t = thing(Rectangle, { x: 100, y: 100, w: 200, h: 100, angle: 3000 });
  for (const side of SIDES) {
    const opposite: Side = { x: -side.x as Side["x"], y: -side.y as Side["y"] };
    const fixed = handleAt(t.box, opposite), from = handleAt(t.box, side);
    const s = pulled(t.box, side, { x: from.x + 60 * side.x, y: from.y + 60 * side.y }, plain);
    const after = handleAt(scaled(t, s).place, opposite);
    assert.ok(Math.hypot(after.x - fixed.x, after.y - fixed.y) < 1.5, JSON.stringify(side));
  }
});

test("a straight stroke, which has no height, is not torn apart", () => {
  const t = thing(Ink, { x: 0, y: 50, w: 100, h: 0 });
  assert.deepEqual(scaled(t, pulled(t.box, corner, { x: 200, y: 90 }, plain)).place, { x: 0, y: 50, w: 200, h: 0, angle: 0 });
});

test("a line goes by its ends when it is moved, scaled and turned", () => {
  const t = thing(Line, { x: 100, y: 100, w: -100, h: 50 });
  assert.deepEqual(moved(t, 10, 10).place, { x: 110, y: 110, w: -100, h: 50, angle: 0 });
  assert.deepEqual(withEnd(t, "end", { x: 300, y: 100 }).place, { x: 100, y: 100, w: 200, h: 0, angle: 0 });
  assert.deepEqual(withEnd(t, "start", { x: 300, y: 100 }).place, { x: 300, y: 100, w: -300, h: 50, angle: 0 });
  assert.deepEqual(rotated(t, { x: 100, y: 100 }, 9000).place, { x: 100, y: 100, w: -50, h: -100, angle: 0 });
  const frame = { x: 0, y: 100, w: 100, h: 50, angle: 0 };
  assert.deepEqual(scaled(t, pulled(frame, corner, { x: 200, y: 200 }, plain)).place, { x: 200, y: 100, w: -200, h: 100, angle: 0 });
});

test("a corner changes a text's size, a side where it wraps, and it is never squeezed", () => {
  const t = thing(Text, { x: 0, y: 0, w: 800, h: 140 }, 100, 800);
  assert.deepEqual(scaled(t, pulled(t.box, corner, { x: 1600, y: 280 }, { keep: true, middle: false })), {
    key: "1.1", place: { x: 0, y: 0, w: 1600, h: 280, angle: 0 }, size: 200,
  });
  assert.deepEqual(scaled(t, pulled(t.box, right, { x: 400, y: 0 }, plain)), { key: "1.1", place: { x: 0, y: 0, w: 400, h: 280, angle: 0 }, size: undefined });
  assert.deepEqual(scaled(t, pulled(t.box, left, { x: 400, y: 0 }, plain)).place, { x: 400, y: 0, w: 400, h: 280, angle: 0 });
});

test("a font size stays between its bounds", () => {
  const t = thing(Text, { w: 800, h: 140 }, 100);
  assert.equal(scaled(t, pulled(t.box, corner, { x: 1, y: 1 }, { keep: true, middle: false })).size, 80);
  assert.equal(scaled(t, pulled(t.box, corner, { x: 99_999, y: 99_999 }, { keep: true, middle: false })).size, 4000);
});

test("a text among others is moved by a side, not stretched", () => {
  const t = thing(Text, { x: 400, y: 0, w: 200, h: 140 }, 100);
  const { place, size } = scaled(t, pulled({ x: 0, y: 0, w: 1000, h: 140, angle: 0 }, right, { x: 2000, y: 0 }, plain));
  assert.deepEqual([place.x, place.h, size], [900, 140, undefined]);
});

test("several things turn around their common middle", () => {
  const a = thing(Rectangle, { x: 0, y: 0, w: 100, h: 100 });
  const { place } = rotated(a, { x: 100, y: 50 }, 9000);
  assert.deepEqual(place, { x: 50, y: -50, w: 100, h: 100, angle: 9000 });
  assert.equal(rotated(a, { x: 0, y: 0 }, -4500).place.angle, 31_500);
});

test("a full turn in steps brings a thing back to where it was, to the unit", () => {
  let t = thing(Rectangle, { x: 1000, y: 2000, w: 301, h: 101, angle: 0 });
  for (let i = 0; i < 24; i++) t = { ...t, box: rotated(t, { x: 5000, y: 5000 }, 1500).place };
  assert.ok(Math.abs(t.box.x - 1000) <= 8 && Math.abs(t.box.y - 2000) <= 8, JSON.stringify(t.box));
  assert.equal(t.box.angle, 0);
});

test("the frame of one thing is its box, of several the upright box around all", () => {
  const a = thing(Rectangle, { x: 0, y: 0, w: 100, h: 100, angle: 4500 }), b = thing(Line, { x: 300, y: 10, w: -50, h: 20 });
  assert.equal(selectionFrame([a]), a.box);
  assert.equal(selectionFrame([]), undefined);
  const frame = selectionFrame([a, b]);
  assert.ok(frame !== undefined && Math.abs(frame.x + 20.7) < 0.1 && frame.x + frame.w === 300 && frame.angle === 0);
});

test("bearings, straight lines and boxes by hand", () => {
  assert.deepEqual([[0, -1], [1, 0], [0, 1], [-1, 0]].map(([x = 0, y = 0]) => bearing({ x: 0, y: 0 }, { x, y })), [0, 9000, 18_000, 27_000]);
  assert.deepEqual([turn(-100), turn(36_000), turn(36_100)], [35_900, 0, 100]);
  const p = straight({ x: 0, y: 0 }, { x: 100, y: 90 });
  assert.ok(Math.abs(p.x - p.y) < 1e-9 && Math.abs(p.x - 95) < 1e-9);
  assert.ok(Math.abs(straight({ x: 0, y: 0 }, { x: 100, y: 20 }).y) < 1e-9);
  assert.deepEqual(boxFrom({ x: 100, y: 100 }, { x: 40, y: 120 }, false, false), { x: 40, y: 100, w: 60, h: 20, angle: 0 });
  assert.deepEqual(boxFrom({ x: 100, y: 100 }, { x: 40, y: 120 }, true, false), { x: 40, y: 100, w: 60, h: 60, angle: 0 });
  assert.deepEqual(boxFrom({ x: 100, y: 100 }, { x: 140, y: 120 }, false, true), { x: 60, y: 80, w: 80, h: 40, angle: 0 });
});

test("a place is found in a turned box", () => {
  const box = { x: 0, y: 0, w: 200, h: 20, angle: 9000 };
  assert.ok(inBox(box, { x: 100, y: 100 }));
  assert.ok(!inBox(box, { x: 10, y: 10 }));
  assert.ok(inBox(box, { x: 112, y: 10 }, 5));
  assert.ok(inBox({ x: 100, y: 100, w: -50, h: 20, angle: 0 }, { x: 60, y: 110 }));
});
