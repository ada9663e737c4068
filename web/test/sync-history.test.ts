import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Board, Element } from "../src/ot/board.ts";
import { ElementKind, key, Register, type Edit, type ID, type Key, type Op, type Setting } from "../src/ot/types.ts";
import { boolValue, colorValue, decodePlace, groupValue, placeValue, widthValue } from "../src/ot/value.ts";
import { Strokes } from "../src/protocol/ink.ts";
import { decodeInk } from "../src/sync/boardstate.ts";
import { common } from "../src/sync/eraser.ts";
import { Gathering } from "../src/sync/gathering.ts";
import { Steps, type HistoryHost } from "../src/sync/history.ts";
import { inkOps } from "../src/sync/inkops.ts";
import { placeOfPart } from "../src/sync/inkplace.ts";
import { piecesOf } from "../src/sync/pieces.ts";

const A = 1;
const B = 2;
const color = (rgb: number): Setting => ({ register: Register.Color, value: colorValue(rgb) });
const deleted: Setting = { register: Register.Deleted, value: boolValue(true) };

/** A board where everything is confirmed at once, and the history of replica A. */
class Desk implements HistoryHost {
  readonly board = new Board();
  readonly steps = new Steps(this);
  readonly strokes = new Strokes(100);
  readonly undone: Op[][] = [];
  time = 0;
  private revision = 0;
  private counter = 0;

  apply(author: number, ops: readonly Op[]): void {
    decodeInk(ops, author, this.board, this.strokes);
    this.board.apply(++this.revision, author, ops);
  }

  /** Ops of A, as a step of their own unless one has begun. */
  do(...ops: Op[]): void {
    const end = this.steps.begin();
    this.steps.note(ops);
    this.apply(A, ops);
    end();
  }

  make(element: ElementKind = ElementKind.Rectangle, settings: Setting[] = []): ID {
    const id = { replica: A, counter: ++this.counter };
    this.do({ kind: "create", id, element, settings });
    return id;
  }

  paint(id: ID, rgb: number): void {
    this.do({ kind: "set", id, settings: [color(rgb)] });
  }

  type(k: Key, edit: Edit, inverse: Edit): void {
    this.undoText(k, edit);
    this.steps.noteText(k, inverse);
  }

  at(id: ID): Element {
    const e = this.board.get(key(id));
    assert.ok(e);
    return e;
  }

  get = (k: Key): Element | undefined => this.board.get(k);
  elements = (): Iterable<Element> => this.board.elements();
  textOf = (k: Key): string | undefined => this.board.get(k)?.text;
  now = (): number => this.time;

  submitUndo(ops: readonly Op[]): void {
    this.undone.push([...ops]);
    if (ops.length > 0) this.apply(A, ops);
  }

  undoText(k: Key, edit: Edit): void {
    const [replica = 0, counter = 0] = k.split(".").map(Number);
    this.apply(A, [{ kind: "textEdit", id: { replica, counter }, base: 0n, edit }]);
  }
}

describe("OT15 history", () => {
  test("undo then redo is identity when nobody wrote in between", () => {
    const d = new Desk();
    const id = d.make();
    d.paint(id, 1);
    d.paint(id, 2);
    d.do({ kind: "set", id, settings: [deleted] });
    const looks: string[] = [];
    const look = (): string => `${d.at(id).color} ${d.at(id).deleted}`;
    for (; d.steps.canUndo.value; d.steps.undo()) looks.push(look());
    assert.deepEqual(looks, ["2 true", "2 false", "1 false", "0 false"]);
    assert.equal(d.at(id).deleted, true);
    for (const before of looks.reverse()) {
      d.steps.redo();
      assert.equal(look(), before);
    }
    assert.equal(d.steps.canRedo.value, false);
  });

  test("a step spans what is done between begin and its end, however often a register is written", () => {
    const d = new Desk();
    const id = d.make();
    const end = d.steps.begin();
    for (let rgb = 1; rgb < 50; rgb++) d.paint(id, rgb);
    end();
    end();
    d.steps.undo();
    assert.equal(d.at(id).color, 0);
    assert.equal(d.undone[0]?.length, 1);
    d.steps.redo();
    assert.equal(d.at(id).color, 49);
  });

  test("what another painted, erased or made use of stays", () => {
    const d = new Desk();
    const id = d.make();
    d.paint(id, 1);
    d.apply(B, [{ kind: "set", id, settings: [color(7)] }]);
    d.steps.undo();
    d.steps.undo();
    assert.equal(d.at(id).color, 7);
    assert.equal(d.at(id).deleted, false);
    d.steps.redo();
    d.steps.redo();
    assert.equal(d.at(id).color, 7);

    const stroke = { replica: A, counter: 100 };
    const erase = (eraser: number, from: number, to: number): Op => ({ kind: "eraseSpans", eraser, id: stroke, spans: [{ from, to }] });
    d.do(...inkOps(stroke, [], [0, 1, 2, 3].map((x) => ({ x, y: 0, p: 128, t: 0 }))));
    d.do(erase(1, 0, 512));
    d.apply(B, [erase(1, 256, 1024)]);
    assert.deepEqual(d.at(stroke).visible(), []);
    d.steps.undo();
    assert.deepEqual(d.at(stroke).visible(), [{ from: 0, to: 256 }]);
    d.steps.undo();
    assert.equal(d.at(stroke).deleted, false, "another has erased of it");
    d.steps.redo();
    d.steps.redo();
    assert.deepEqual(d.at(stroke).visible(), []);
  });

  test("a cleared page comes back, what another deleted does not", () => {
    const d = new Desk();
    const [one, two] = [d.make(), d.make()];
    d.apply(B, [{ kind: "set", id: two, settings: [deleted] }]);
    d.do({ kind: "clear", base: 100n });
    assert.equal([...d.elements()].length, 0);
    d.steps.undo();
    assert.deepEqual([...d.elements()].map((e) => e.key), [key(one)]);
  });

  test("more than 1 024 items go in several ops", () => {
    const d = new Desk();
    const end = d.steps.begin();
    for (let i = 0; i < 2500; i++) d.make();
    end();
    d.steps.undo();
    assert.deepEqual(d.undone[0]?.map((op) => op.kind === "undo" && op.items.length), [1024, 1024, 452]);
    assert.equal([...d.elements()].length, 0);
    d.steps.redo();
    assert.equal([...d.elements()].length, 2500);
  });

  test("at most 200 steps, 10 minutes back; a new op clears redo", () => {
    const d = new Desk();
    const id = d.make();
    for (let rgb = 1; rgb <= 250; rgb++) d.paint(id, rgb);
    for (let i = 0; i < 300; i++) d.steps.undo();
    assert.equal(d.at(id).color, 50);
    d.steps.redo();
    assert.equal(d.at(id).color, 51);
    d.paint(id, 900);
    assert.equal(d.steps.canRedo.value, false);
    d.time = 600_001;
    d.steps.undo();
    assert.equal(d.at(id).color, 900);
    assert.equal(d.steps.canUndo.value, false);
  });

  test("typing without a pause of 1 s is one step; undone through what others typed", () => {
    const d = new Desk();
    const k = key(d.make(ElementKind.Text));
    const insert = (text: string, at: number): void => {
      d.type(k, at === 0 ? [{ kind: "insert", text }] : [{ kind: "keep", n: at }, { kind: "insert", text }], at === 0 ? [{ kind: "delete", n: text.length }] : [{ kind: "keep", n: at }, { kind: "delete", n: text.length }]);
    };
    [..."hello"].forEach((c, i) => {
      d.time += 300;
      insert(c, i);
    });
    d.time += 2000;
    insert("!", 5);
    const others: Edit = [{ kind: "keep", n: 2 }, { kind: "insert", text: "XY" }];
    d.undoText(k, others);
    d.steps.rebase(k, others);
    assert.equal(d.textOf(k), "heXYllo!");
    d.steps.undo();
    assert.equal(d.textOf(k), "heXYllo");
    d.steps.undo();
    assert.equal(d.textOf(k), "XY");
    d.steps.redo();
    d.steps.redo();
    assert.equal(d.textOf(k)?.replace("XY", ""), "hello!");
  });
});

describe("OT15 what is typed and deleted again at once", () => {
  test("is no step", () => {
    const d = new Desk();
    const id = { replica: B, counter: 1 }, k = key(id);
    d.apply(B, [{ kind: "create", id, element: ElementKind.Text, settings: [] }]);
    const insert: Edit = [{ kind: "insert", text: "a" }], cut: Edit = [{ kind: "delete", n: 1 }];
    d.type(k, insert, cut);
    assert.equal(d.steps.canUndo.value, true);
    d.type(k, cut, insert);
    assert.equal(d.steps.canUndo.value, false);
    d.type(k, insert, cut);
    d.time += 2000;
    d.type(k, [{ kind: "keep", n: 1 }, ...insert], [{ kind: "keep", n: 1 }, ...cut]);
    d.type(k, [{ kind: "keep", n: 1 }, ...cut], [{ kind: "keep", n: 1 }, ...insert]);
    d.steps.undo();
    assert.equal(d.textOf(k), "", "what was typed before");
  });
});

describe("gathering", () => {
  test("what is written again replaces what was to be written, until something else comes between", () => {
    const g = new Gathering();
    const id = { replica: 1, counter: 1 };
    const set = (...settings: Setting[]): Op => ({ kind: "set", id, settings });
    const width: Setting = { register: Register.Width, value: widthValue(5) };
    g.add([set(color(1))]);
    g.add([set(width), set(color(2))]);
    g.add([{ kind: "clear", base: 1n }, set(color(3))]);
    assert.deepEqual(g.take(), { batches: [[set(color(2), width), { kind: "clear", base: 1n }, set(color(3))]], changed: true });
    assert.deepEqual(g.take(), { batches: [], changed: false });
  });

  test("what was said together is cut into batches only where one is too small for it", () => {
    const g = new Gathering();
    const ends = (n: number): Op[] => Array.from({ length: n }, (_, i) => ({ kind: "end", id: { replica: 1, counter: i + 1 } }));
    for (const n of [100, 100, 50, 400, 1]) g.add(ends(n));
    assert.deepEqual(g.take().batches.map((ops) => ops.length), [100, 150, 170, 170, 61]);
  });

  test("spans of one erasure of one stroke are united", () => {
    const g = new Gathering();
    const erase = (counter: number, from: number, to: number): Op => ({ kind: "eraseSpans", eraser: 1, id: { replica: 1, counter }, spans: [{ from, to }] });
    for (const op of [erase(1, 100, 200), erase(2, 0, 9), erase(1, 150, 300), erase(1, 10, 20)]) g.add([op]);
    const [ops] = g.take().batches;
    assert.equal(ops?.length, 2);
    assert.deepEqual(ops[0]?.kind === "eraseSpans" && ops[0].spans, [{ from: 10, to: 20 }, { from: 100, to: 300 }]);
  });
});

describe("ink made whole", () => {
  const line = Array.from({ length: 600 }, (_, i) => ({ x: 100 + 10 * i, y: 500, p: 128, t: 1000 + 8 * i }));

  test("a stroke is cut into frames, its times brought to begin at 0, and closed", () => {
    const d = new Desk();
    const id = { replica: A, counter: 1 };
    const ops = inkOps(id, [color(5)], [...line, { x: -4, y: 1e9, p: 999, t: 0 }]);
    assert.deepEqual(ops.map((op) => op.kind), ["create", "extend", "extend", "extend"]);
    d.apply(A, ops.map((op) => (op.kind === "extend" ? { ...op, points: [] } : op)));
    assert.equal(d.at(id).count, 601);
    assert.equal(d.at(id).open, false);
    assert.deepEqual(d.at(id).point(599), { x: 6090, y: 500, p: 128, t: 8 * 599 });
    assert.deepEqual(d.at(id).point(600), { x: 0, y: 262_143, p: 255, t: 8 * 599 });
  });

  test("pieces begin and end where the line is erased, keep what the stroke looks like, and stay where its place puts them", () => {
    const d = new Desk();
    const id = { replica: A, counter: 1 };
    const place = placeValue({ x: 1000, y: 2000, w: 2 * 5990, h: 0, angle: 9000 });
    const group = { register: Register.Group, value: groupValue({ replica: 3, counter: 4 }) };
    d.apply(A, inkOps(id, [{ register: Register.Place, value: place }, color(5), group], line));
    d.apply(B, [{ kind: "eraseSpans", eraser: 1, id, spans: [{ from: 128, to: 256 * 300 }] }]);
    const pieces = piecesOf(d.at(id), d.at(id).visible() ?? [], "Uabc");
    assert.deepEqual(pieces.map((p) => p.points.length), [2, 300]);
    assert.deepEqual(pieces[0]?.points.map((p) => p.x), [100, 105]);
    assert.equal(pieces[1]?.points[0]?.t, 0);
    for (const { settings } of pieces) assert.deepEqual(settings.map((s) => s.register), [Register.Place, Register.Color, Register.Order, Register.Group]);
    // Turned by 90° the whole lies upright around (6990, 2000); the first 10 units of it are at its top.
    const first = decodePlace(pieces[0]?.settings[0]?.value ?? new Uint8Array());
    assert.deepEqual([first.x + first.w / 2, first.y], [6990, 2000 - 5990 + 5]);
  });

  test("the place of the whole is that of the part that is all of it", () => {
    const box = { x: 10, y: 20, w: 30, h: 40 };
    const place = { x: -5, y: 7, w: 300, h: 111, angle: 1234 };
    assert.deepEqual(placeOfPart(box, box, place), place);
  });

  test("what two lists of spans have in common", () => {
    const a = [{ from: 0, to: 10 }, { from: 20, to: 30 }];
    const b = [{ from: 5, to: 25 }, { from: 28, to: 40 }];
    assert.deepEqual(common(a, b), [{ from: 5, to: 10 }, { from: 20, to: 25 }, { from: 28, to: 30 }]);
    assert.deepEqual(common(a, []), []);
  });
});

