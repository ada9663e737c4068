import assert from "node:assert/strict";
import { test } from "node:test";
import type { Key } from "../src/ot/types.ts";
import { contains, grow } from "../src/board/geometry.ts";
import { Scene } from "../src/board/scene.ts";
import { Fake, box, measure, row } from "./scene-fake.ts";

test("a growing stroke adds its end and spoils nothing", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000));
  const scene = new Scene(board, measure);
  const damages = scene.apply(board.put("1.1", row(1000, 1000, 3000))) ?? [];
  assert.deepEqual(damages.map((d) => d.kind), ["append"]);
  assert.ok((damages[0]?.rect.x0 ?? 0) > 1700, "only the end");
});

test("every append begins where the one before ended", () => {
  const board = new Fake();
  const scene = new Scene(board, measure);
  let drawn: number | undefined = 0;
  for (let to = 1000; to <= 5000; to += 100) {
    for (const d of scene.apply(board.put("1.1", row(1000, 1000, to))) ?? []) {
      if (d.kind !== "append") continue;
      assert.ok(d.from <= (drawn ?? 0));
      drawn = d.item.line?.count;
    }
  }
  assert.equal(drawn, scene.get("1.1")?.line?.count);
});

test("translucent ink is redrawn, not added to", () => {
  const board = new Fake();
  const scene = new Scene(board, measure);
  const damages = scene.apply(board.put("1.1", row(0, 0, 1000), { opacity: 90 })) ?? [];
  assert.deepEqual(damages.map((d) => d.kind), ["redraw"]);
});

test("a deleted or recoloured stroke spoils all that it covered", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 4000), { open: false });
  const scene = new Scene(board, measure);
  const all = scene.get("1.1")?.bounds ?? { x0: 0, y0: 0, x1: 0, y1: 0 };
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
  const scene = new Scene(board, measure);
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
  const scene = new Scene(board, measure);
  const [clear] = scene.apply(board.put("1.1", row(1000, 1000, 2200))) ?? [];
  const [under] = scene.apply(board.put("1.1", row(1000, 1000, 3000))) ?? [];
  assert.ok(clear?.kind === "append" && under?.kind === "append");
  assert.equal(scene.coveredAbove(clear.item, clear.rect), false);
  assert.equal(scene.coveredAbove(under.item, under.rect), true);
  const above = scene.get("2.1");
  assert.ok(above !== undefined);
  assert.equal(scene.coveredAbove(above, under.rect), false);
});

test("strokes come in drawing order, also when a confirmation changed it", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000), { created: Number.MAX_SAFE_INTEGER });
  board.put("2.1", row(1000, 1000, 2000));
  const scene = new Scene(board, measure);
  const place = { x0: 900, y0: 900, x1: 2100, y1: 1100 };
  assert.deepEqual(scene.inOrder(place).map((s) => s.key), ["1.1", "2.1"]);
  const own = board.facts.get("1.1");
  assert.ok(own !== undefined);
  board.facts.delete("1.1");
  board.facts.set("1.1", { ...own, created: 9 });
  scene.apply({ all: false, keys: new Set<Key>(["1.1"]) });
  assert.deepEqual(scene.inOrder(place).map((s) => s.key), ["2.1", "1.1"]);
});

test("the eraser meets what it crosses between two samples, and nothing beside it", () => {
  const board = new Fake();
  board.put("1.1", row(5000, 1000, 9000), { open: false });
  board.put("1.2", row(8000, 1000, 9000), { open: false });
  const scene = new Scene(board, measure);
  assert.deepEqual(scene.hit({ x: 4000, y: 4000 }, { x: 4100, y: 6000 }, 20), ["1.1"]);
  assert.deepEqual(scene.hit({ x: 4000, y: 4000 }, { x: 4100, y: 4800 }, 20), []);
  assert.deepEqual(scene.hit({ x: 4000, y: 5300 }, { x: 4000, y: 5300 }, 280), ["1.1"]);
  assert.deepEqual(new Set(scene.hit({ x: 4000, y: 4000 }, { x: 4000, y: 9000 }, 20)), new Set(["1.1", "1.2"]));
});

test("a long diagonal is found where it goes and not elsewhere in its bounds", () => {
  const board = new Fake();
  board.put("1.1", Array.from({ length: 400 }, (_, i) => [i * 100, i * 400] as const), { open: false });
  const scene = new Scene(board, measure);
  assert.equal(scene.hit({ x: 20_000, y: 80_000 }, { x: 20_000, y: 80_000 }, 50).length, 1);
  assert.equal(scene.hit({ x: 35_000, y: 20_000 }, { x: 35_000, y: 20_000 }, 50).length, 0);
});

test("fading spoils each stroke once", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000), { open: false });
  const scene = new Scene(board, measure);
  assert.equal(scene.fade(["1.1", "9.9"], true).length, 1);
  assert.equal(scene.fade(["1.1"], true).length, 0);
  const [back] = scene.fade(["1.1"], false);
  assert.ok(back !== undefined && contains(grow(back.rect, 1), scene.get("1.1")?.bounds ?? back.rect));
});

test("an element that moves spoils where it was and where it is, and nothing else", () => {
  const board = new Fake();
  board.shape("1.1", "rectangle", box(1000, 1000, 500, 500));
  const scene = new Scene(board, measure);
  const damages = scene.apply(board.write("1.1", { place: box(9000, 1000, 500, 500) })) ?? [];
  assert.deepEqual(damages.map((d) => d.rect), [
    { x0: 942, y0: 942, x1: 1558, y1: 1558 }, { x0: 8942, y0: 942, x1: 9558, y1: 1558 },
  ]);
});

test("what is moved again and again, by little or by much, is found where it is and nowhere else", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 1400));
  const scene = new Scene(board, measure);
  scene.apply(board.put("1.1", row(1000, 1000, 1800), { open: false }));
  for (let x = 1000; x < 9000; x += 300) {
    scene.apply(board.write("1.1", { place: box(x, x / 2, 800, 0) }));
    assert.equal(scene.at({ x: x + 790, y: x / 2 }, 10), "1.1");
    assert.equal(scene.at({ x: x - 200, y: x / 2 }, 10), undefined);
  }
});

test("a move or a turn keeps what is cached of an element's looks, another size does not", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 2000), { open: false, place: box(0, 0, 1000, 0) });
  board.text("1.2", "abc", box(0, 0, 0, 0));
  const scene = new Scene(board, measure);
  const bodies = (): unknown[] => ["1.1", "1.2"].map((key) => scene.get(key as Key)?.body);
  const before = bodies();
  scene.apply(board.write("1.1", { place: box(3000, 4000, 1000, 0, 4500) }));
  scene.apply(board.write("1.2", { place: box(700, 0, 0, 0, 100) }));
  assert.deepEqual(bodies().map((body, i) => body === before[i]), [true, true]);
  scene.apply(board.write("1.1", { place: box(3000, 4000, 2000, 0, 4500) }));
  scene.apply(board.write("1.2", { place: box(700, 0, 150, 0) }));
  assert.deepEqual(bodies().map((body, i) => body === before[i]), [false, false]);
});

test("what does not show spoils nothing: a lock, a group, a value written again", () => {
  const board = new Fake();
  board.shape("1.1", "ellipse", box(0, 0, 500, 500));
  const scene = new Scene(board, measure);
  assert.deepEqual(scene.apply(board.write("1.1", { group: "1.9" })), []);
  assert.equal(scene.get("1.1")?.group, "1.9");
  assert.deepEqual(scene.apply(board.write("1.1", { color: 0 })), []);
});

test("many changes of one element between two frames are followed once", () => {
  const board = new Fake();
  board.shape("1.1", "rectangle", box(0, 0, 500, 500));
  const scene = new Scene(board, measure);
  for (let x = 0; x < 1000; x += 10) scene.note(board.write("1.1", { place: box(x, 0, 500, 500) }));
  assert.equal(scene.take()?.length, 2);
  assert.deepEqual(scene.take(), []);
});

test("what was noted is seen by whoever looks, before it is taken", () => {
  const board = new Fake();
  const scene = new Scene(board, measure);
  scene.note(board.shape("1.1", "rectangle", box(0, 0, 500, 500), { fill: 5 }));
  assert.equal(scene.at({ x: 250, y: 250 }, 0), "1.1");
  assert.equal(scene.take()?.length, 1);
});

test("erased ink is redrawn, its visible part is what it covers, and taken back it is whole", () => {
  const board = new Fake();
  board.put("1.1", row(1000, 1000, 3000), { open: false });
  const scene = new Scene(board, measure);
  const damages = scene.apply(board.put("1.1", row(1000, 1000, 3000), { visible: [{ from: 0, to: 512 }, { from: 18 * 256, to: 21 * 256 }] }));
  assert.ok(damages?.every((d) => d.kind === "redraw"));
  assert.equal(scene.get("1.1")?.body.runs.length, 2);
  assert.deepEqual(scene.hit({ x: 2000, y: 900 }, { x: 2000, y: 1100 }, 20), []);
  assert.deepEqual(scene.hit({ x: 2900, y: 900 }, { x: 2900, y: 1100 }, 20), ["1.1"]);
  scene.apply(board.put("1.1", row(1000, 1000, 3000), { visible: undefined }));
  assert.deepEqual(scene.hit({ x: 2000, y: 900 }, { x: 2000, y: 1100 }, 20), ["1.1"]);
});

test("OT10 an element brought to the front is drawn last and spoils its place", () => {
  const board = new Fake();
  board.shape("1.1", "rectangle", box(0, 0, 500, 500), { fill: 1 });
  board.shape("1.2", "rectangle", box(0, 0, 500, 500), { fill: 2 });
  const scene = new Scene(board, measure);
  assert.equal(scene.at({ x: 100, y: 100 }, 0), "1.2");
  assert.equal(scene.apply(board.write("1.1", { order: "W" }))?.length, 1);
  assert.equal(scene.at({ x: 100, y: 100 }, 0), "1.1");
  assert.deepEqual(scene.order(), ["1.2", "1.1"]);
});

test("images are found by their content", () => {
  const board = new Fake();
  board.image("1.1", "abc", box(0, 0, 100, 100));
  board.image("1.2", "xyz", box(0, 0, 100, 100));
  assert.deepEqual(new Scene(board, measure).showing("xyz").map((item) => item.key), ["1.2"]);
});

test("a shape without a place is nowhere", () => {
  const board = new Fake();
  board.shape("1.1", "line", box(0, 0, 100, 100), { place: undefined });
  const scene = new Scene(board, measure);
  assert.deepEqual(scene.inOrder({ x0: -1e9, y0: -1e9, x1: 1e9, y1: 1e9 }), []);
});
