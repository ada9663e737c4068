import assert from "node:assert/strict";
import { test } from "node:test";
import type { Key } from "../ot/types.ts";
import { contains, grow } from "./geometry.ts";
import { Scene } from "./scene.ts";
import type { Change, Ink, InkSource } from "./scene.ts";

/** A board of a few strokes that tests change by hand. */
class Fake implements InkSource {
  readonly inks = new Map<Key, Ink>();

  put(key: Key, points: readonly (readonly [number, number])[], more: Partial<Ink> = {}): Change {
    const flat = points.flatMap(([x, y], i) => [x, y, 128, i * 8]);
    this.inks.set(key, {
      key, color: 0, width: 100, opacity: 255, open: true, created: 1, ...this.inks.get(key), ...more,
      points: Int32Array.from(flat), count: points.length,
    });
    return { all: false, keys: new Set([key]) };
  }

  remove(key: Key): Change {
    this.inks.delete(key);
    return { all: false, keys: new Set([key]) };
  }

  all = (): Iterable<Ink> => this.inks.values();
  get = (key: Key): Ink | undefined => this.inks.get(key);
  keys = (): Iterable<Key> => this.inks.keys();
}

const row = (y: number, from: number, to: number): [number, number][] =>
  Array.from({ length: (to - from) / 100 + 1 }, (_, i) => [from + i * 100, y]);

test("a growing stroke adds its end and spoils nothing", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000));
  const scene = new Scene(board);
  const damages = scene.apply(board.put("1.1", row(1000, 1000, 3000))) ?? [];
  assert.deepEqual(damages.map((d) => d.kind), ["append"]);
  assert.ok((damages[0]?.rect.x0 ?? 0) > 1700, "only the end");
});

test("every append begins where the one before ended", () => {
  const board = new Fake();
  const scene = new Scene(board);
  let drawn = 0;
  for (let to = 1000; to <= 5000; to += 100) {
    for (const d of scene.apply(board.put("1.1", row(1000, 1000, to))) ?? []) {
      if (d.kind !== "append") continue;
      assert.ok(d.from <= drawn);
      drawn = d.stroke.line.count;
    }
  }
  assert.equal(drawn, scene.get("1.1")?.line.count);
});

test("translucent ink is redrawn, not added to", () => {
  const board = new Fake();
  const scene = new Scene(board);
  const damages = scene.apply(board.put("1.1", row(0, 0, 1000), { opacity: 90 })) ?? [];
  assert.deepEqual(damages.map((d) => d.kind), ["redraw"]);
});

test("a deleted or recoloured stroke spoils all that it covered", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 4000), { open: false });
  const scene = new Scene(board);
  const all = scene.get("1.1")?.line.bounds ?? { x0: 0, y0: 0, x1: 0, y1: 0 };
  for (const change of [() => board.put("1.1", row(1000, 1000, 4000), { color: 5 }), () => board.remove("1.1")]) {
    const [damage] = scene.apply(change()) ?? [];
    assert.equal(damage?.kind, "redraw");
    assert.ok(damage !== undefined && contains(damage.rect, all));
  }
  assert.equal(scene.size, 0);
});

test("everything changed: the scene is read anew", () => {
  const board = new Fake();
  board.put("1.1", row(0, 0, 1000));
  const scene = new Scene(board);
  board.remove("1.1");
  board.put("2.1", row(0, 0, 1000));
  assert.equal(scene.apply({ all: true }), undefined);
  assert.equal(scene.get("1.1"), undefined);
  assert.notEqual(scene.get("2.1"), undefined);
});

test("a stroke under another is not drawn over it", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000));
  board.put("2.1", row(1000, 2500, 3500));
  const scene = new Scene(board);
  const [clear] = scene.apply(board.put("1.1", row(1000, 1000, 2200))) ?? [];
  const [under] = scene.apply(board.put("1.1", row(1000, 1000, 3000))) ?? [];
  assert.ok(clear?.kind === "append" && under?.kind === "append");
  assert.equal(scene.coveredAbove(clear.stroke, clear.rect), false);
  assert.equal(scene.coveredAbove(under.stroke, under.rect), true);
  const above = scene.get("2.1");
  assert.ok(above !== undefined);
  assert.equal(scene.coveredAbove(above, under.rect), false);
});

test("strokes come in drawing order, also when a confirmation changed it", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000), { created: Number.MAX_SAFE_INTEGER });
  board.put("2.1", row(1000, 1000, 2000));
  const scene = new Scene(board);
  const place = { x0: 900, y0: 900, x1: 2100, y1: 1100 };
  assert.deepEqual(scene.inOrder(place).map((s) => s.key), ["1.1", "2.1"]);
  const own = board.inks.get("1.1");
  assert.ok(own !== undefined);
  board.inks.delete("1.1");
  board.inks.set("1.1", { ...own, created: 9 });
  scene.apply({ all: false, keys: new Set<Key>(["1.1"]) });
  assert.deepEqual(scene.inOrder(place).map((s) => s.key), ["2.1", "1.1"]);
});

test("the eraser meets what it crosses between two samples, and nothing beside it", () => {
  const board = new Fake();
  board.put("1.1", row(5000, 1000, 9000), { open: false });
  board.put("1.2", row(8000, 1000, 9000), { open: false });
  const scene = new Scene(board);
  assert.deepEqual(scene.hit({ x: 4000, y: 4000 }, { x: 4100, y: 6000 }, 20), ["1.1"]);
  assert.deepEqual(scene.hit({ x: 4000, y: 4000 }, { x: 4100, y: 4800 }, 20), []);
  assert.deepEqual(scene.hit({ x: 4000, y: 5300 }, { x: 4000, y: 5300 }, 280), ["1.1"]);
  assert.deepEqual(new Set(scene.hit({ x: 4000, y: 4000 }, { x: 4000, y: 9000 }, 20)), new Set(["1.1", "1.2"]));
});

test("a long diagonal is found where it goes and not elsewhere in its bounds", () => {
  const board = new Fake();
  board.put("1.1", Array.from({ length: 400 }, (_, i) => [i * 100, i * 400] as const), { open: false });
  const scene = new Scene(board);
  assert.equal(scene.hit({ x: 20_000, y: 80_000 }, { x: 20_000, y: 80_000 }, 50).length, 1);
  assert.equal(scene.hit({ x: 35_000, y: 20_000 }, { x: 35_000, y: 20_000 }, 50).length, 0);
});

test("fading spoils each stroke once", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000), { open: false });
  const scene = new Scene(board);
  assert.equal(scene.fade(["1.1", "9.9"], true).length, 1);
  assert.equal(scene.fade(["1.1"], true).length, 0);
  const [back] = scene.fade(["1.1"], false);
  assert.ok(back !== undefined && contains(grow(back.rect, 1), scene.get("1.1")?.line.bounds ?? back.rect));
});
