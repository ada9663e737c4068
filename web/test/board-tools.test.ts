// The board's tools at work on the page's own sync, two people beside each other.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Command, Style } from "../src/board/api.ts";
import { MIME } from "../src/board/clipboard.ts";
import { editInPlace } from "../src/board/anchored.ts";
import { Commands } from "../src/board/commands.ts";
import { NO_MARKS } from "../src/board/marks.ts";
import type { Marks } from "../src/board/marks.ts";
import { Scene } from "../src/board/scene.ts";
import { Site } from "../src/board/site.ts";
import { sourceOf } from "../src/board/source.ts";
import type { Measure } from "../src/board/textlayout.ts";
import { Table } from "../src/board/table.ts";
import { TextSession } from "../src/board/textedit.ts";
import { PolygonTool } from "../src/board/tools/polygon.ts";
import { SelectTool } from "../src/board/tools/select.ts";
import { ShapeTool } from "../src/board/tools/shape.ts";
import { TextTool } from "../src/board/tools/text.ts";
import type { BoardSample, Tool } from "../src/board/tools/tool.ts";
import { Wiping } from "../src/board/wiping.ts";
import { followWrites } from "../src/board/writes.ts";
import { ElementKind, Register } from "../src/ot/types.ts";
import type { Key } from "../src/ot/types.ts";
import { colorValue, placeValue } from "../src/ot/value.ts";
import type { Placement } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { Browser, World } from "./sync-fake.ts";

/** Letters that are half as wide as they are high. */
const measure: Measure = (text, { size }) => (Array.from(text).length * size) / 2;

/** A person at a board: what Board puts together, without canvases. A CSS px is 10 units. */
class Seat {
  readonly site: Site;
  readonly table: Table;
  readonly commands: Commands;
  readonly select: SelectTool;
  readonly lasso: SelectTool;
  marks: Marks = NO_MARKS;
  clipboard: Readonly<Record<string, string>> = {};
  written: Key | undefined;
  made: Key | undefined;
  now = 0;

  constructor(readonly doc: BoardDocument) {
    const site = (this.site = new Site(measure, () => ({ x: 0, y: 0, zoom: 1, width: 2000, height: 1500 })));
    site.document = doc;
    site.snaps = false;
    const scene = (site.scene = new Scene(sourceOf(doc), measure));
    doc.subscribe((change) => {
      scene.note(change);
      site.picked.changed(change.all ? "all" : change.keys);
    });
    this.table = new Table(site, {
      show: (marks) => (this.marks = marks),
      made: (k) => {
        this.made = k;
        site.picked.set([k]);
      },
      write: (k, _, made) => {
        this.written = k;
        made?.();
      },
      duplicate: (keys) => this.commands.duplicate(keys, 0),
    });
    this.commands = new Commands(site, {
      copy: (texts) => (this.clipboard = texts), reshape: (shapes) => this.table.reshape(shapes), upload: undefined,
    });
    this.select = new SelectTool(this.table);
    this.lasso = new SelectTool(this.table, "lasso");
  }

  get picked(): Key[] {
    return [...this.site.picked.keys];
  }

  /** The shape that was made last. */
  get shape(): Key {
    assert.ok(this.made !== undefined);
    return this.made;
  }

  keys(held: { shift?: boolean; alt?: boolean; ctrl?: boolean }): void {
    this.site.keys = { shift: false, alt: false, ctrl: false, ...held };
  }

  at(x: number, y: number, wait = 1000): BoardSample {
    this.now += wait;
    return { x, y, p: 128, at: this.now };
  }

  press(tool: Tool, ...path: readonly (readonly [number, number])[]): void {
    path.forEach(([x, y], i) => (i === 0 ? tool.begin([this.at(x, y)]) : tool.move([this.at(x, y)])));
  }

  drag(tool: Tool, ...path: readonly (readonly [number, number])[]): void {
    this.press(tool, ...path);
    tool.end();
  }

  doubleClick(tool: Tool, x: number, y: number): void {
    tool.begin([this.at(x, y)]);
    tool.end();
    tool.begin([this.at(x, y, 100)]);
    tool.end();
  }

  do(command: Command): void {
    assert.ok(this.commands.can(command), command);
    this.commands.do(command);
  }

  box(x: number, y: number, w = 1000, h = 1000): Key {
    return this.doc.create(ElementKind.Rectangle, [
      { register: Register.Place, value: placeValue({ x, y, w, h, angle: 0 }) }, { register: Register.Color, value: colorValue(0xff) },
    ]);
  }

  stroke(points: readonly (readonly [number, number])[]): Key {
    return this.doc.createInk([], points.map(([x, y], i) => ({ x, y, p: 128, t: 8 * i })));
  }

  text(x: number, y: number, text: string): Key {
    const k = this.doc.create(ElementKind.Text, [{ register: Register.Place, value: placeValue({ x, y, w: 0, h: 336, angle: 0 }) }]);
    this.doc.editText(k, [{ kind: "insert", text }]);
    return k;
  }

  place(k: Key): Placement {
    const place = this.site.get(k)?.place;
    assert.ok(place !== undefined, k);
    return place;
  }

  xy(k: Key): [number, number] {
    const { x, y } = this.place(k);
    return [x, y];
  }

  order(): Key[] {
    return [...this.doc.elements()].map((e) => e.key);
  }
}

async function seats<N extends readonly string[]>(...names: N): Promise<{ w: World; at: { [K in keyof N]: Seat } }> {
  const w = new World();
  const list: Seat[] = [];
  for (const name of names) {
    const doc = w.page(name, new Browser(w.clock)).session.look("p1");
    await w.pass(300);
    assert.ok(doc.ready.value);
    list.push(new Seat(doc));
  }
  return { w, at: list as { [K in keyof N]: Seat } };
}

const data = (types: Readonly<Record<string, string>>): DataTransfer =>
  ({ getData: (type: string) => types[type] ?? "", files: [], types: Object.keys(types) }) as unknown as DataTransfer;

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
});

describe("copying", () => {
  test("what is cut on one page is pasted on another, whole, with new ids and as a group of its own", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const a = ann.box(1000, 1000), t = ann.text(3000, 1000, "早上好\n\"<&>"), ink = ann.stroke([[5000, 1000], [5100, 1100], [5300, 1000]]);
    ann.site.picked.set([a, t]);
    ann.do("group");
    ann.site.picked.set([a, t, ink]);
    ann.do("cut");
    assert.deepEqual(ann.order(), []);
    assert.equal(ann.clipboard["text/plain"], "早上好\n\"<&>");
    await w.pass(200);
    await bob.commands.paste(data(ann.clipboard));
    const elements = bob.picked.map((k) => bob.site.get(k));
    assert.deepEqual(elements.map((e) => e?.kind), [ElementKind.Rectangle, ElementKind.Text, ElementKind.Ink]);
    assert.equal(elements[1]?.text, "早上好\n\"<&>");
    assert.equal(elements[2]?.count, 3);
    assert.deepEqual(bob.xy(bob.picked[0] as Key), [1200, 1200]);
    assert.deepEqual(elements[0]?.group, elements[1]?.group);
    assert.equal(elements[2]?.group, undefined);
    assert.ok(bob.picked.every((k) => ![a, t, ink].includes(k)));
    await bob.commands.paste(data({ "text/html": ann.clipboard["text/html"] ?? "" }));
    assert.deepEqual(bob.xy(bob.picked[0] as Key), [1400, 1400], "a little further each time");
    bob.do("undo");
    assert.equal(bob.order().length, 3, "a paste is one step");
    await w.pass(300);
    assert.equal(ann.doc.hash(), bob.doc.hash());
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

  test("a copy of an erased stroke has only what is seen of it", async () => {
    const { at: [ann] } = await seats("ann");
    const stroke = ann.stroke(Array.from({ length: 21 }, (_, i) => [1000 + 100 * i, 2000] as const));
    const eraser = ann.doc.startErasing();
    eraser.erase(stroke, [{ from: 5 * 256, to: 15 * 256 }]);
    eraser.end();
    ann.site.picked.set([stroke]);
    ann.do("duplicate");
    assert.deepEqual(ann.picked.map((k) => ann.site.get(k)?.visible()), [undefined, undefined]);
  });

  test("plain text becomes a text in the middle of the view, cleaned of what may not stand in one", async () => {
    const { at: [ann] } = await seats("ann");
    await ann.commands.paste(data({ "text/plain": "one\r\ntwo\u0007" }));
    const [k] = ann.picked;
    assert.equal(k && ann.site.get(k)?.text, "one\ntwo");
    await ann.commands.paste(data({ "text/plain": "  " }));
    assert.deepEqual(ann.picked, [k]);
  });

  test("a clipboard from elsewhere is believed in nothing", async () => {
    const { at: [ann] } = await seats("ann");
    const good = { kind: ElementKind.Rectangle, settings: [[1, "0000c80164c801"]] };
    const bad: unknown[] = [
      { ...good, kind: 99 }, { ...good, settings: [[1, "zz"]] }, { ...good, settings: [[99, "00"]] }, { ...good, settings: [] },
      { kind: ElementKind.Ink, settings: [], points: [1, 2, 3] }, { kind: ElementKind.Ink, settings: [], points: [0, 0, 256, 0] },
      { kind: ElementKind.Ink, settings: [] }, { ...good, points: [0, 0, 0, 0] }, null, 7, [good],
      { ...good, settings: [[2, "01"], [1, "0000c80164c801"]] },
    ];
    for (const element of bad) await ann.commands.paste(data({ [MIME]: JSON.stringify({ chalkline: 1, elements: [element] }) }));
    for (const text of ["", "{", "null", "[]", '{"chalkline":2,"elements":[]}', '{"chalkline":1}']) await ann.commands.paste(data({ [MIME]: text }));
    assert.deepEqual(ann.order(), []);
  });
});

describe("drawing", () => {
  test("a shape grows from press to release, is selected then, and is one step of undo", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const tool = new ShapeTool(ann.table, ElementKind.Rectangle);
    ann.press(tool, [1000, 1000], [1010, 1000]);
    assert.deepEqual(ann.order(), [], "a mere press makes none");
    tool.move([ann.at(3000, 2000)]);
    await w.pass(200);
    assert.deepEqual(bob.place(bob.order()[0] as Key), { x: 1000, y: 1000, w: 2000, h: 1000, angle: 0 });
    ann.keys({ shift: true });
    tool.move([ann.at(3000, 1500)]);
    tool.end();
    assert.deepEqual(ann.place(ann.shape), { x: 1000, y: 1000, w: 2000, h: 2000, angle: 0 });
    assert.deepEqual(ann.picked, [ann.made]);
    ann.do("undo");
    assert.deepEqual(ann.order(), []);
    ann.press(tool, [1000, 1000], [3000, 3000]);
    tool.undo();
    assert.deepEqual(ann.order(), []);
  });

  test("a line goes by its ends, with shift straight", async () => {
    const { at: [ann] } = await seats("ann");
    const tool = new ShapeTool(ann.table, ElementKind.Arrow);
    ann.drag(tool, [3000, 1000], [1000, 1100]);
    assert.deepEqual(ann.place(ann.shape), { x: 3000, y: 1000, w: -2000, h: 100, angle: 0 });
    ann.keys({ shift: true });
    ann.drag(tool, [3000, 5000], [1000, 5100]);
    assert.deepEqual(ann.place(ann.shape), { x: 3000, y: 5000, w: -2000, h: 0, angle: 0 });
    ann.drag(ann.select, [1000, 5000], [3000, 3000]);
    assert.deepEqual(ann.place(ann.shape), { x: 3000, y: 5000, w: 0, h: -2000, angle: 0 });
  });

  test("a shape that somebody deletes while it is drawn stays deleted", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const tool = new ShapeTool(ann.table, ElementKind.Ellipse);
    ann.press(tool, [1000, 1000], [2000, 2000]);
    await w.pass(200);
    bob.doc.delete(bob.order());
    await w.pass(200);
    tool.move([ann.at(3000, 3000)]);
    tool.end();
    await w.pass(200);
    assert.deepEqual([ann.made, ann.order(), bob.order()], [undefined, [], []]);
  });

  test("a polygon is closed by its first corner, by a double click or by Enter, and given up by Esc", async () => {
    const { at: [ann] } = await seats("ann");
    const tool = new PolygonTool(ann.table);
    const corners: [number, number][] = [[1000, 1000], [3000, 1000], [3000, 3000]];
    for (const corner of [...corners, [1050, 1050] as [number, number]]) ann.drag(tool, corner);
    assert.deepEqual(ann.site.get(ann.shape)?.vertices, [{ x: 0, y: 0 }, { x: 65_535, y: 0 }, { x: 65_535, y: 65_535 }]);
    ann.made = undefined;
    for (const corner of corners) ann.drag(tool, corner);
    assert.equal(tool.cancel(), true);
    assert.equal(tool.cancel(), false);
    assert.equal(ann.order().length, 1);
    for (const corner of corners) ann.drag(tool, corner);
    tool.finish();
    assert.deepEqual(ann.place(ann.shape), { x: 1000, y: 1000, w: 2000, h: 2000, angle: 0 });
    ann.made = undefined;
    for (const [x, y] of corners.slice(0, 2)) ann.drag(tool, [x, y]);
    ann.doubleClick(tool, 3000, 3000);
    assert.equal(ann.site.get(ann.order().at(-1) ?? "1.1")?.vertices.length, 3);
  });

  test("with snapping a shape comes to rest on the edges of others, and the line is shown", async () => {
    const { at: [ann] } = await seats("ann");
    ann.box(5000, 5000);
    ann.site.snaps = true;
    const tool = new ShapeTool(ann.table, ElementKind.Rectangle);
    ann.press(tool, [1000, 1000], [4960, 3000]);
    assert.deepEqual(ann.marks.guides.map((g) => [g.axis, g.at]), [["x", 5000]]);
    tool.end();
    assert.equal(ann.place(ann.shape).w, 4000);
  });

  test("a step that made something and took it away again leaves nothing on the board, whichever way one goes", async () => {
    const { w, at: [ann] } = await seats("ann");
    const end = ann.site.begin();
    ann.doc.delete([ann.text(1000, 1000, "")]);
    end();
    ann.doc.history.undo();
    await w.pass(100);
    assert.deepEqual(ann.order(), []);
    ann.doc.history.redo();
    await w.pass(100);
    assert.deepEqual(ann.order(), []);
  });

  test("the text tool edits the text that is pressed, else makes one, wrapping where it was dragged to", async () => {
    const { at: [ann] } = await seats("ann");
    const there = ann.text(1000, 1000, "abc");
    const tool = new TextTool(ann.table);
    ann.drag(tool, [1100, 1100]);
    assert.equal(ann.written, there);
    ann.drag(tool, [5000, 5000]);
    const made = ann.written as Key;
    assert.notEqual(made, there);
    assert.equal(ann.place(made).w, 0);
    ann.drag(tool, [5000, 8000], [7000, 8000]);
    assert.equal(ann.place(ann.written as Key).w, 2000);
    ann.now += 5000;
    ann.doubleClick(ann.select, 1100, 1100);
    assert.equal(ann.written, there);
  });
});

describe("writing together", () => {
  /** A text area as far as a session needs one. */
  class Area {
    value = "";
    selectionStart = 0;
    selectionEnd = 0;
    selectionDirection = "forward";

    setSelectionRange(start: number, end: number): void {
      [this.selectionStart, this.selectionEnd] = [start, end];
    }

    put(from: number, to: number, text: string): void {
      this.value = this.value.slice(0, from) + text + this.value.slice(to);
      this.setSelectionRange(from + text.length, from + text.length);
    }
  }

  function write(seat: Seat, k: Key): { area: Area; session: TextSession } {
    const area = new Area();
    const session = new TextSession(area, {
      text: () => seat.site.get(k)?.text,
      edit: (edit) => seat.doc.editText(k, edit),
      watch: (listener) => seat.doc.watchText(k, listener),
      select: (anchor, head) => seat.doc.selectText({ key: k, anchor, head, x: 0, y: 0 }),
    }, () => undefined);
    return { area, session };
  }

  test("two people type in one word, one of them through an input method: no letter lost or doubled", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const k = ann.text(1000, 1000, "今天");
    await w.pass(300);
    const a = write(ann, k), b = write(bob, k);
    a.session.select(1, 1);
    a.session.compositionStart();
    for (const letters of ["m", "mi", "ming"]) {
      a.area.put(1, a.area.value.length - 1, letters);
      a.session.input();
      const at = [...b.area.value].length;
      b.area.put(at, at, "!");
      b.session.input();
      await w.pass(120);
      assert.ok(a.session.shown.text.includes(letters));
    }
    b.area.put(0, 0, "从");
    b.session.input();
    await w.pass(200);
    a.area.put(1, a.area.value.length - 1, "明");
    a.session.compositionEnd();
    a.session.input();
    await w.pass(400);
    assert.equal(ann.site.get(k)?.text, "从今明天!!!");
    assert.deepEqual([a.area.value, b.area.value, bob.site.get(k)?.text], Array(3).fill("从今明天!!!"));
    assert.equal(ann.doc.hash(), bob.doc.hash());
  });

  test("OT15: a text that is made and stays empty leaves nothing to undo or redo", async () => {
    const { at: [ann] } = await seats("ann");
    const there = ann.text(1000, 1000, "ab");
    const end = ann.site.begin();
    const made = ann.doc.create(ElementKind.Text, [{ register: Register.Place, value: placeValue({ x: 0, y: 0, w: 0, h: 300, angle: 0 }) }]);
    ann.doc.delete([made]);
    end();
    ann.doc.history.undo();
    assert.notEqual(ann.site.get(there)?.text, "ab");
    assert.equal(ann.site.get(made), undefined);
    ann.doc.history.redo();
    assert.equal(ann.site.get(made), undefined);
  });

  test("a turned text begins where it began, however much is typed, and undo puts it back", async () => {
    const { w, at: [ann] } = await seats("ann");
    const k = ann.text(1000, 1000, "ab");
    ann.table.reshape([{ key: k, place: { ...ann.place(k), angle: 3000 }, size: undefined }]);
    await w.pass(1500);
    const corner = (): number[] => {
      const f = ann.site.item(k)?.frame;
      return [Math.round(f?.e ?? 0), Math.round(f?.f ?? 0)];
    };
    const from = corner(), place = ann.place(k);
    const end = ann.site.begin();
    for (let i = 0; i < 20; i++) editInPlace(ann.site, k, [{ kind: "insert", text: "abc" }]);
    end();
    corner().forEach((v, i) => assert.ok(Math.abs(v - (from[i] ?? 0)) <= 10, `${corner().join()} began at ${from.join()}`));
    assert.notDeepEqual(ann.place(k), place);
    ann.doc.history.undo();
    assert.deepEqual([ann.site.get(k)?.text, ann.place(k)], ["ab", place]);
  });

  test("undo takes back what one typed oneself and leaves what the other did, in both fields", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const k = ann.text(1000, 1000, "ab");
    await w.pass(1500);
    const a = write(ann, k), b = write(bob, k);
    a.area.put(2, 2, "cd");
    a.session.input();
    await w.pass(300);
    b.area.put(0, 0, "X");
    b.session.input();
    await w.pass(300);
    ann.doc.history.undo();
    await w.pass(300);
    assert.deepEqual([a.area.value, b.area.value], ["Xab", "Xab"]);
    ann.doc.history.redo();
    await w.pass(300);
    assert.deepEqual([a.area.value, b.area.value], ["Xabcd", "Xabcd"]);
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
    const pen = ann.doc.startStroke([], 0);
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
