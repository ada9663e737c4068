// The board's tools at work on the page's own sync, two people beside each other.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Style } from "../src/board/api.ts";
import { NO_MARKS } from "../src/board/marks.ts";
import { ShapeTool } from "../src/board/tools/shape.ts";
import { Wiping } from "../src/board/wiping.ts";
import { followWrites } from "../src/board/writes.ts";
import { ElementKind } from "../src/ot/types.ts";
import type { Key } from "../src/ot/types.ts";
import { seats } from "./board-seat.ts";

describe("selecting", () => {
  test("a click selects the topmost, shift adds and takes away, the empty board lets go", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(0, 0), b = ann.box(3000, 0);
    ann.drag(ann.select, [0, 250]);
    assert.deepEqual(ann.picked, [a]);
    ann.keys({ shift: true });
    ann.drag(ann.select, [3000, 250]);
    assert.deepEqual(ann.picked, [a, b]);
    ann.drag(ann.select, [0, 250]);
    assert.deepEqual(ann.picked, [b]);
    ann.keys({});
    ann.drag(ann.select, [8000, 8000]);
    assert.deepEqual(ann.picked, []);
  });

  test("a marquee takes what lies in it whole, a lasso what it catches, neither takes what is locked", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(0, 0), b = ann.box(2000, 0), c = ann.box(4000, 0);
    ann.site.picked.set([c]);
    ann.do("lock");
    ann.site.picked.set([]);
    ann.press(ann.select, [-200, -200], [2500, 500], [5200, 1200]);
    assert.deepEqual(ann.marks.marquee, { x0: -200, y0: -200, x1: 5200, y1: 1200 });
    ann.select.end();
    assert.deepEqual(ann.picked, [a, b]);
    assert.equal(ann.marks, NO_MARKS);
    ann.drag(ann.select, [-200, -200], [2500, 1200]);
    assert.deepEqual(ann.picked, [a]);
    ann.site.picked.set([]);
    ann.drag(ann.lasso, [1800, -200], [3200, -200], [3200, 1200], [1800, 1200], [1800, -100]);
    assert.deepEqual(ann.picked, [b]);
  });

  test("OT18: a locked element is selected by a click, cannot be moved, and can be unlocked", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(1000, 1000);
    ann.site.picked.set([a]);
    ann.do("lock");
    assert.ok(ann.site.picked.selection.value.locked || (ann.site.picked.publish(), ann.site.picked.selection.value.locked));
    ann.drag(ann.select, [1000, 1250], [3000, 3000]);
    assert.deepEqual(ann.xy(a), [1000, 1000]);
    assert.deepEqual(ann.picked, [a]);
    for (const command of ["delete", "front", "duplicate", "lock"] as const) assert.equal(ann.commands.can(command), false, command);
    ann.do("unlock");
    ann.drag(ann.select, [1000, 1250], [3000, 1250]);
    assert.deepEqual(ann.xy(a), [3000, 1000]);
  });

  test("OT18: a group is selected as one, a double click enters it, and ungroup ends it", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(0, 0), b = ann.box(3000, 0), c = ann.box(6000, 0);
    ann.site.picked.set([a, b]);
    ann.do("group");
    ann.site.picked.set([]);
    ann.drag(ann.select, [0, 500]);
    assert.deepEqual(ann.picked, [a, b]);
    ann.site.picked.publish();
    assert.ok(ann.site.picked.selection.value.grouped);
    ann.now += 5000;
    ann.doubleClick(ann.select, 3000, 500);
    assert.deepEqual(ann.picked, [b]);
    ann.drag(ann.select, [0, 500]);
    assert.deepEqual(ann.picked, [a], "within the group one by one");
    ann.drag(ann.select, [6000, 500]);
    assert.deepEqual(ann.picked, [c]);
    ann.drag(ann.select, [0, 500]);
    ann.do("ungroup");
    ann.site.picked.set([]);
    ann.drag(ann.select, [0, 500]);
    assert.deepEqual(ann.picked, [a]);
  });

  test("a group's id is of one of its members and of no other group", async () => {
    const { at: [ann] } = await seats("ann");
    const [a, b, c] = [ann.box(0, 0), ann.box(3000, 0), ann.box(6000, 0)];
    ann.site.picked.set([a, b, c]);
    ann.do("group");
    ann.site.picked.set([a]);
    ann.do("ungroup");
    const d = ann.box(9000, 0);
    ann.site.picked.set([a, d]);
    ann.do("group");
    const groupOf = (k: Key): string => JSON.stringify(ann.site.get(k)?.group);
    assert.equal(groupOf(a), groupOf(d));
    assert.equal(groupOf(b), groupOf(c));
    assert.notEqual(groupOf(a), groupOf(b));
  });

  test("OT11: a piece of an erased stroke is selected and moved by itself, and one undo takes both back", async () => {
    const { at: [ann] } = await seats("ann");
    const stroke = ann.stroke(Array.from({ length: 41 }, (_, i) => [1000 + 100 * i, 2000] as const));
    const eraser = ann.doc.startErasing();
    eraser.erase(stroke, [{ from: 10 * 256, to: 30 * 256 }]);
    eraser.end();
    ann.drag(ann.select, [4800, 2000], [4800, 3000]);
    assert.equal(ann.site.get(stroke), undefined);
    assert.equal(ann.order().length, 2);
    assert.equal(ann.picked.length, 1);
    assert.equal(ann.site.item(ann.picked[0] as Key)?.box.y, 3000);
    ann.do("undo");
    assert.deepEqual(ann.order(), [stroke]);
  });

  test("OT11: select all takes what is seen of erased strokes, and nothing that is not seen", async () => {
    const { at: [ann] } = await seats("ann");
    const row = (y: number): Key => ann.stroke([[1000, y], [1100, y], [2000, y], [3000, y]]);
    const part = row(1000), all = row(5000), box = ann.box(2000, 2000);
    ann.text(8000, 8000, "");
    ann.doc.create(ElementKind.Rectangle, []);
    const eraser = ann.doc.startErasing();
    eraser.erase(part, [{ from: 0, to: 2 * 256 }]);
    eraser.erase(all, [{ from: 0, to: 4 * 256 }]);
    eraser.end();
    ann.do("select-all");
    assert.equal(ann.picked.length, 2);
    assert.ok(ann.picked.includes(box) && !ann.picked.includes(all));
    assert.deepEqual(ann.site.picked.selection.value.box, { x: 2000, y: 1000, w: 1000, h: 2000 });
  });

  test("OT11: shift adds a piece of an erased stroke, not all of it", async () => {
    const { at: [ann] } = await seats("ann");
    const stroke = ann.stroke([[1000, 1000], [2000, 1000], [3000, 1000], [4000, 1000], [5000, 1000]]), box = ann.box(2000, 2000);
    const eraser = ann.doc.startErasing();
    eraser.erase(stroke, [{ from: 256, to: 3 * 256 }]);
    eraser.end();
    ann.site.picked.set([box]);
    ann.keys({ shift: true });
    ann.drag(ann.select, [4500, 1000]);
    assert.equal(ann.picked.length, 2);
    assert.deepEqual(ann.site.picked.selection.value.box, { x: 2000, y: 1000, w: 3000, h: 2000 });
    ann.drag(ann.select, [4500, 1000]);
    assert.deepEqual(ann.picked, [box], "and takes it away again");
  });

  test("OT11: a lasso around a small piece of an erased stroke selects it; one that only comes near leaves others whole", async () => {
    const { at: [ann] } = await seats("ann");
    const row = (y: number): (readonly [number, number])[] => Array.from({ length: 41 }, (_, i) => [1000 + 100 * i, y] as const);
    const [stroke, other] = [ann.stroke(row(2000)), ann.stroke(row(2600))];
    const eraser = ann.doc.startErasing();
    for (const k of [stroke, other]) eraser.erase(k, [{ from: 5 * 256, to: 10 * 256 }]);
    eraser.end();
    ann.drag(ann.lasso, [800, 1900], [1800, 1900], [1800, 2100], [900, 2100], [850, 2700], [800, 2700]);
    assert.equal(ann.site.get(stroke), undefined);
    assert.equal(ann.order().length, 3);
    assert.deepEqual(ann.picked.map((k) => ann.site.get(k)?.count), [6]);
    assert.equal(ann.site.get(other)?.count, 41);
  });

  test("a stroke that somebody writes is not selected until it has ended", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const pen = ann.doc.startStroke([]);
    for (let i = 0; i < 10; i++) pen.add(1000 + 100 * i, 1000, 128, 10 * i);
    const box = ann.box(3000, 3000);
    await w.pass(200);
    const around = [[500, 500], [4500, 4500]] as const;
    bob.drag(bob.select, ...around);
    assert.deepEqual(bob.picked, [box]);
    bob.do("select-all");
    assert.deepEqual(bob.picked, [box]);
    bob.drag(bob.select, [1500, 1000], [1500, 2000]);
    pen.add(3000, 1000, 128, 100);
    pen.end();
    await w.pass(200);
    const [stroke] = bob.order();
    assert.equal(stroke && bob.site.thing(stroke)?.box.w, 2000, "as it was written");
    bob.drag(bob.select, ...around);
    assert.deepEqual(bob.picked, [stroke, box]);
    assert.equal(ann.doc.hash(), bob.doc.hash());
  });

  test("a marquee around 5 000 elements selects them all and tells what they have in common", async () => {
    const { w, at: [ann] } = await seats("ann");
    for (let i = 0; i < 5000; i++) {
      ann.box((i % 100) * 400, Math.floor(i / 100) * 400, 300, 300);
      if (i % 100 === 99) await w.pass(40);
    }
    await w.pass(2000);
    ann.drag(ann.select, [-200, -200], [60_000, 60_000]);
    assert.equal(ann.picked.length, 5000);
    assert.deepEqual([ann.site.picked.selection.value.style.color, ann.site.picked.selection.value.kinds.size], [0xff, 1]);
  });
});

describe("changing", () => {
  test("a drag moves the selection, others see it, and it is one step of undo", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const a = ann.box(1000, 1000), b = ann.box(3000, 1000), ink = ann.stroke([[5000, 1000], [6000, 2000]]);
    await w.pass(200);
    ann.site.picked.set([a, b, ink]);
    ann.drag(ann.select, [1500, 1000], [1600, 1100], [2000, 1500]);
    assert.deepEqual([ann.xy(a), ann.xy(b), ann.xy(ink)], [[1500, 1500], [3500, 1500], [5500, 1500]]);
    await w.pass(200);
    assert.deepEqual(bob.xy(a), [1500, 1500]);
    ann.do("undo");
    await w.pass(200);
    assert.deepEqual([bob.xy(a), bob.xy(b)], [[1000, 1000], [3000, 1000]]);
  });

  test("OT5: A drags left while B drags right: both end where the later put it", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const a = ann.box(5000, 1000);
    await w.pass(200);
    ann.press(ann.select, [5000, 1500], [4000, 1500]);
    bob.press(bob.select, [5000, 1500], [6000, 1500]);
    await w.pass(100);
    ann.press(ann.select);
    ann.select.move([ann.at(3000, 1500)]);
    await w.pass(100);
    bob.select.move([bob.at(8000, 1500)]);
    ann.select.end();
    bob.select.end();
    await w.pass(300);
    assert.deepEqual(ann.xy(a), bob.xy(a));
    assert.equal(ann.doc.hash(), bob.doc.hash());
  });

  test("an element deleted under somebody's drag disappears for both without an error; undo brings it back", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const a = ann.box(1000, 1000), b = ann.box(3000, 1000);
    await w.pass(200);
    ann.site.picked.set([a, b]);
    ann.press(ann.select, [1000, 1250], [2000, 1250]);
    await w.pass(100);
    bob.doc.delete([a]);
    await w.pass(100);
    assert.deepEqual(ann.picked, [b], "it leaves the selection");
    ann.select.move([ann.at(3000, 1250)]);
    ann.select.end();
    await w.pass(200);
    assert.deepEqual([ann.order(), bob.order()], [[b], [b]]);
    assert.deepEqual(bob.xy(b), [5000, 1000]);
    bob.do("undo");
    await w.pass(200);
    assert.ok(ann.site.get(a) !== undefined && bob.site.get(a) !== undefined);
    assert.equal(ann.doc.hash(), bob.doc.hash());
  });

  test("handles resize and turn; what was not meant is put back", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(1000, 1000);
    ann.site.picked.set([a]);
    ann.drag(ann.select, [2000, 2000], [3000, 2500]);
    assert.deepEqual(ann.place(a), { x: 1000, y: 1000, w: 2000, h: 1500, angle: 0 });
    ann.keys({ shift: true });
    ann.drag(ann.select, [2000, 720], [3500, 1750]);
    assert.equal(ann.place(a).angle, 9000);
    ann.keys({});
    ann.press(ann.select, [2000, 1750 - 1000], [9000, 9000]);
    ann.select.undo();
    assert.deepEqual(ann.place(a), { x: 1000, y: 1000, w: 2000, h: 1500, angle: 9000 });
  });

  test("alt-drag leaves the elements where they are and moves copies", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(1000, 1000);
    ann.site.picked.set([a]);
    ann.keys({ alt: true });
    ann.drag(ann.select, [1000, 1250], [4000, 1250]);
    const copy = ann.picked[0] as Key;
    assert.notEqual(copy, a);
    assert.deepEqual([ann.xy(a), ann.xy(copy)], [[1000, 1000], [4000, 1000]]);
    ann.do("undo");
    assert.deepEqual(ann.order(), [a]);
  });

  test("arrow keys nudge by units, each press a step", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(1000, 1000);
    assert.equal(ann.commands.nudge(10, 0), false, "nothing is selected");
    ann.site.picked.set([a]);
    assert.ok(ann.commands.nudge(10, 0) && ann.commands.nudge(0, -100));
    assert.deepEqual(ann.xy(a), [1010, 900]);
    ann.do("undo");
    assert.deepEqual(ann.xy(a), [1010, 1000]);
  });

  test("a style is written to those that have it", async () => {
    const { at: [ann] } = await seats("ann");
    const a = ann.box(0, 0), t = ann.text(3000, 0, "x");
    ann.site.picked.set([a, t]);
    const style: Partial<Style> = { color: 0x123456, dash: "dashed", bold: true };
    ann.commands.restyle(style);
    ann.commands.restyle({ italic: true });
    const [box, text] = [ann.site.get(a), ann.site.get(t)];
    assert.deepEqual([box?.color, box?.dash, text?.color, text?.bold, text?.italic], [0x123456, 1, 0x123456, true, true]);
    ann.site.picked.publish();
    const { selection } = ann.site.picked;
    assert.deepEqual([selection.value.style.color, selection.value.style.dash, selection.value.style.size], [0x123456, "dashed", 240]);
    ann.do("undo");
    assert.deepEqual([ann.site.get(t)?.italic, ann.site.get(t)?.bold], [false, true]);
  });

  test("OT10: front, back, forward and backward; what is drawn later lies above what was brought to the front", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const keys = [ann.box(0, 0), ann.box(100, 100), ann.box(200, 200), ann.box(20_000, 20_000)];
    const [a, b, c, far] = keys as [Key, Key, Key, Key];
    await w.pass(200);
    ann.site.picked.set([a]);
    ann.do("forward");
    assert.deepEqual(ann.order(), [b, a, c, far]);
    ann.do("front");
    assert.deepEqual(ann.order(), [b, c, far, a]);
    ann.do("backward");
    assert.deepEqual(ann.order(), [b, a, c, far], "past the next that it meets");
    ann.do("front");
    await w.pass(200);
    const late = bob.box(0, 0);
    assert.deepEqual(ann.site.get(late), undefined);
    await w.pass(200);
    assert.deepEqual(ann.order().at(-1), late);
    ann.site.picked.set([late, c]);
    ann.do("back");
    assert.deepEqual(ann.order(), [c, late, b, far, a]);
    await w.pass(200);
    assert.deepEqual(bob.order(), ann.order());
    assert.equal(ann.doc.hash(), bob.doc.hash());
  });

  test("OT10: brought above work that is not confirmed yet, it does not stay above all that comes later", async () => {
    const { w, at: [ann] } = await seats("ann");
    const a = ann.box(0, 0);
    await w.pass(200);
    const b = ann.box(100, 100), c = ann.box(200, 200);
    ann.site.picked.set([a]);
    ann.do("front");
    assert.deepEqual(ann.order(), [b, c, a]);
    await w.pass(200);
    assert.deepEqual(ann.order(), [b, c, a]);
    const d = ann.box(0, 0);
    await w.pass(200);
    assert.deepEqual(ann.order(), [b, c, a, d]);
  });

  test("clear, select all, delete and undo", async () => {
    const { at: [ann] } = await seats("ann");
    const keys = [ann.box(0, 0), ann.box(3000, 0)];
    ann.do("select-all");
    assert.deepEqual(ann.picked, keys);
    ann.do("delete");
    assert.deepEqual([ann.order(), ann.picked], [[], []]);
    assert.equal(ann.commands.can("clear"), false);
    ann.do("undo");
    ann.do("clear");
    assert.deepEqual(ann.order(), []);
    ann.do("undo");
    assert.deepEqual(ann.order(), keys);
  });

  test("OT11, OT15: an eraser that turns out to be a palm takes back all that it wiped, and nothing that was before", async () => {
    const { at: [ann] } = await seats("ann");
    const stroke = ann.stroke(Array.from({ length: 21 }, (_, i) => [1000 + 50 * i, 1000] as const));
    const wipe = (from: number, to: number): Wiping => {
      const wiping = new Wiping(ann.site, (a, b) => ann.site.scene?.hit(a, b, 50) ?? [], () => 50);
      wiping.wipe({ x: from, y: 1000 }, { x: to, y: 1000 });
      return wiping;
    };
    wipe(1000, 1100).end();
    const before = ann.site.get(stroke)?.visible();
    assert.ok(before !== undefined);
    wipe(1200, 1500).takeBack();
    assert.deepEqual(ann.site.get(stroke)?.visible(), before);
    wipe(1000, 1050).takeBack(); // is erased already
    assert.deepEqual(ann.site.get(stroke)?.visible(), before);
    ann.doc.history.undo();
    assert.equal(ann.site.get(stroke)?.visible(), undefined);
  });
});

describe("who writes", () => {
  test("ALN7 the page is told of strokes, erasers, shapes, texts, moves and undo, whatever is done here; not of what others do", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    let told = 0;
    const stop = followWrites(ann.doc, () => told++);
    const tells = async (what: string, work: () => unknown): Promise<void> => {
      const before = told;
      work();
      assert.equal(told, before, `${what}: told in the midst of it`);
      await Promise.resolve();
      assert.equal(told, before + 1, what);
    };
    let box: Key | undefined, line: Key | undefined, text: Key | undefined;
    await tells("stroke", () => (line = ann.stroke([[0, 5000], [1000, 5000], [2000, 5000]])));
    await tells("shape", () => ann.drag(new ShapeTool(ann.table, ElementKind.Rectangle), [1000, 1000], [2000, 2000]));
    box = ann.shape;
    await tells("text", () => (text = ann.text(8000, 1000, "ab")));
    await tells("typing", () => ann.doc.editText(text ?? ann.shape, [{ kind: "insert", text: "c" }]));
    await tells("move", () => ann.drag(ann.select, [1500, 1500], [2500, 1500]));
    await tells("arrow key", () => ann.commands.nudge(10, 0));
    await tells("eraser by area", () => ann.doc.startErasing().erase(line ?? ann.shape, [{ from: 0, to: 128 }]));
    await tells("eraser", () => ann.doc.delete([box ?? ann.shape]));
    await tells("undo", () => ann.do("undo"));
    const pen = ann.doc.startStroke([]);
    await tells("pen", () => pen.add(100, 100, 128, 0));
    await w.pass(1500);
    const before = told;
    bob.site.picked.set([ann.shape]);
    bob.commands.nudge(10, 0);
    bob.doc.clear();
    await w.pass(1500);
    assert.equal(told, before, "another's work, and own work that is confirmed");
    stop();
    ann.stroke([[0, 0], [100, 100]]);
    await w.pass(100);
    assert.equal(told, before, "stopped");
  });
});
