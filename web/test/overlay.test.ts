import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Board } from "../src/ot/board.ts";
import type { Element } from "../src/ot/board.ts";
import { Overlay, PENDING } from "../src/ot/overlay.ts";
import type { Batch } from "../src/ot/overlay.ts";
import { ElementKind, Register, key } from "../src/ot/types.ts";
import type { ID, Key, Op, Point, Setting, UndoItem } from "../src/ot/types.ts";
import { boolValue, colorValue, textValue } from "../src/ot/value.ts";

const OWN = 1;
const id = (replica: number, counter: number): ID => ({ replica, counter });
const color = (rgb: number): Setting => ({ register: Register.Color, value: colorValue(rgb) });
const deleted = (v: boolean): Setting => ({ register: Register.Deleted, value: boolValue(v) });
const create = (i: ID, ...settings: Setting[]): Op => ({ kind: "create", id: i, element: ElementKind.Ink, settings });
const set = (i: ID, ...settings: Setting[]): Op => ({ kind: "set", id: i, settings });
const at = (x: number): Point => ({ x, y: 2 * x, p: 100, t: x });
const extend = (i: ID, first: number, ended: boolean, ...xs: number[]): Op => {
  return { kind: "extend", id: i, first, ended, frame: Uint8Array.from(xs, (x) => x & 255), points: xs.map(at) };
};
const xs = (e: Element | undefined): number[] => Array.from({ length: e?.count ?? 0 }, (_, i) => e?.point(i).x ?? -1);

describe("overlay", () => {
  test("REC2: the view has what is not confirmed, the confirmed board has not", () => {
    const overlay = new Overlay(new Board(), OWN);
    assert.deepEqual(overlay.add({ n: 1, ops: [create(id(1, 1), color(7)), extend(id(1, 1), 0, false, 1, 2)] }), new Set(["1.1"]));
    assert.equal(overlay.get("1.1")?.color, 7);
    assert.deepEqual(xs(overlay.get("1.1")), [1, 2]);
    assert.equal(overlay.confirmed.get("1.1"), undefined);
  });

  test("confirming a batch as it was sent changes nothing in the view", () => {
    const overlay = new Overlay(new Board(), OWN);
    const first: Batch = { n: 1, ops: [create(id(1, 1)), extend(id(1, 1), 0, false, 1, 2)] };
    overlay.add(first);
    overlay.add({ n: 2, ops: [extend(id(1, 1), 2, false, 3)] });
    const view = overlay.get("1.1");
    assert.equal(overlay.confirm(1, OWN, 1, first.ops).size, 0);
    assert.equal(overlay.get("1.1"), view);
    assert.equal(view?.created, 1);
    assert.deepEqual(xs(overlay.get("1.1")), [1, 2, 3]);
    assert.deepEqual(overlay.pending.map((b) => b.n), [2]);
  });

  test("a batch may be added in pieces", () => {
    const overlay = new Overlay(new Board(), OWN);
    const ops = [create(id(1, 1)), extend(id(1, 1), 0, false, 1)];
    for (const op of ops) overlay.add({ n: 1, ops: [op] });
    assert.deepEqual(overlay.pending, [{ n: 1, ops }]);
    assert.equal(overlay.confirm(1, OWN, 1, ops).size, 0);
    assert.equal(overlay.pending.length, 0);
  });

  test("a batch that is merged or cut into others changes nothing in the view, and each of them is confirmed by itself", () => {
    const overlay = new Overlay(new Board(), OWN);
    const made = [create(id(1, 1), color(1)), create(id(1, 2), color(1))];
    overlay.add({ n: 1, ops: made });
    for (const c of [2, 3]) overlay.add({ n: 2, ops: [set(id(1, 1), color(c)), set(id(1, 2), color(c))] });
    const batches = [[set(id(1, 1), color(3))], [set(id(1, 2), color(3))]];
    overlay.rewrite(2, batches);
    assert.deepEqual(overlay.pending, [{ n: 1, ops: made }, { n: 2, ops: batches[0] }, { n: 3, ops: batches[1] }]);
    overlay.confirm(1, OWN, 1, made);
    overlay.confirm(2, 2, 1, [set(id(1, 2), color(9))]);
    assert.deepEqual([overlay.get("1.1")?.color, overlay.get("1.2")?.color], [3, 3]);
    assert.equal(overlay.confirm(3, OWN, 2, batches[0] ?? []).size, 0);
    assert.deepEqual([overlay.get("1.1")?.color, overlay.confirmed.get("1.1")?.color], [3, 3]);
    assert.equal(overlay.get("1.2")?.color, 3);
    overlay.drop(3);
    assert.equal(overlay.get("1.2")?.color, 9);
  });

  test("what is moved is told of once: not again when that is confirmed", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.confirm(1, 2, 1, [create(id(2, 1), color(1))]);
    const mine = [set(id(2, 1), color(5))];
    assert.deepEqual(overlay.add({ n: 1, ops: mine }), new Set(["2.1"]));
    assert.equal(overlay.confirm(2, OWN, 1, mine).size, 0);
    assert.equal(overlay.get("2.1"), overlay.confirmed.get("2.1"));
  });

  test("a stroke that is closed and confirmed is the confirmed one", () => {
    const overlay = new Overlay(new Board(), OWN);
    const ops = [create(id(1, 1)), extend(id(1, 1), 0, true, 1)];
    overlay.add({ n: 1, ops });
    assert.deepEqual(overlay.confirm(1, OWN, 1, ops), new Set(["1.1"]));
    assert.equal(overlay.get("1.1"), overlay.confirmed.get("1.1"));
  });

  test("a pending write stands over somebody else's earlier one, and a later one stands over it", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.confirm(1, 2, 1, [create(id(2, 1), color(1))]);
    const mine = [set(id(2, 1), color(5))];
    overlay.add({ n: 1, ops: mine });
    overlay.confirm(2, 2, 2, [set(id(2, 1), color(6))]);
    assert.equal(overlay.get("2.1")?.color, 5);
    overlay.confirm(3, OWN, 1, mine);
    assert.equal(overlay.get("2.1")?.color, 5);
    assert.deepEqual(overlay.confirm(4, 2, 3, [set(id(2, 1), color(8))]), new Set(["2.1"]));
    assert.equal(overlay.get("2.1")?.color, 8);
  });

  test("OT6: somebody deletes the stroke under the pen; what is drawn on reaches it", () => {
    const overlay = new Overlay(new Board(), OWN);
    const begin = [create(id(1, 1)), extend(id(1, 1), 0, false, 1)];
    overlay.add({ n: 1, ops: begin });
    overlay.confirm(1, OWN, 1, begin);
    overlay.add({ n: 2, ops: [extend(id(1, 1), 1, false, 2)] });
    overlay.confirm(2, 2, 1, [set(id(1, 1), deleted(true))]);
    assert.equal(overlay.get("1.1")?.deleted, true);
    assert.deepEqual(xs(overlay.get("1.1")), [1, 2]);
  });

  test("a foreign stroke with a pending delete goes on growing behind it", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.confirm(1, 2, 1, [create(id(2, 1))]);
    overlay.add({ n: 1, ops: [set(id(2, 1), deleted(true))] });
    overlay.confirm(2, 2, 2, [extend(id(2, 1), 0, false, 4, 5)]);
    assert.equal(overlay.get("2.1")?.deleted, true);
    assert.equal(overlay.get("2.1")?.count, 2);
    assert.deepEqual(overlay.drop(1), new Set(["2.1"]));
    assert.equal(overlay.get("2.1")?.deleted, false);
  });

  test("OT7: a pending clear spares what others create meanwhile, and takes back what they bring back", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.confirm(1, 2, 1, [create(id(2, 1))]);
    const clear: Op[] = [{ kind: "clear", base: 1n }];
    overlay.add({ n: 1, ops: clear });
    overlay.confirm(2, 2, 2, [create(id(2, 2)), set(id(2, 1), deleted(false))]);
    assert.deepEqual([...overlay.elements()].map((e) => e.key), ["2.2"]);
    overlay.confirm(3, OWN, 1, clear);
    assert.deepEqual([...overlay.elements()].map((e) => e.key), ["2.2"]);
    assert.equal(overlay.get("2.1"), overlay.confirmed.get("2.1"));
  });

  test("a batch refused in part takes what leaned on it out of the view", () => {
    const overlay = new Overlay(new Board(), OWN);
    const sent = [create(id(1, 1)), extend(id(1, 1), 0, false, 1), extend(id(1, 1), 1, false, 2)];
    overlay.add({ n: 1, ops: sent });
    overlay.add({ n: 2, ops: [extend(id(1, 1), 2, false, 3)] });
    overlay.confirm(1, OWN, 1, sent.slice(0, 2));
    assert.deepEqual(xs(overlay.get("1.1")), [1]);
    assert.equal(overlay.lengthOf(id(1, 1)), 1);
  });

  test("work that is refused batch by batch does not make the rest of it anew each time", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.confirm(1, 2, 1, [create(id(2, 1))]);
    for (const i of [1, 2, 3]) {
      overlay.add({ n: 2 * i - 1, ops: [create(id(1, i)), extend(id(1, i), 0, false, i)] });
      overlay.add({ n: 2 * i, ops: [extend(id(1, i), 1, true, i), set(id(2, 1), color(i))] });
    }
    const third = overlay.get("1.3");
    assert.deepEqual(overlay.drop(1), new Set(["1.1"]));
    assert.deepEqual(overlay.confirm(2, OWN, 1, []), new Set());
    assert.deepEqual(overlay.confirm(3, OWN, 2, []), new Set(["2.1"]));
    assert.deepEqual(overlay.drop(2), new Set());
    assert.equal(overlay.get("1.3"), third);
    assert.deepEqual([...overlay.elements()].map((e) => e.key), ["2.1", "1.2", "1.3"]);
  });

  test("wet points are seen at once and give way to the op that brings them", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.add({ n: 1, ops: [create(id(1, 1))] });
    assert.deepEqual(overlay.wet("1.1", [at(1), at(2), at(3)]), new Set(["1.1"]));
    assert.deepEqual([xs(overlay.get("1.1")), overlay.lengthOf(id(1, 1))], [[1, 2, 3], 0]);
    overlay.add({ n: 2, ops: [extend(id(1, 1), 0, false, 1, 20)] });
    assert.deepEqual([xs(overlay.get("1.1")), overlay.lengthOf(id(1, 1))], [[1, 20, 3], 2]);
    overlay.wet("1.1", [at(4)]);
    overlay.add({ n: 3, ops: [extend(id(1, 1), 2, true, 3)] });
    assert.deepEqual([xs(overlay.get("1.1")), overlay.get("1.1")?.open], [[1, 20, 3], false]);
    assert.equal(overlay.wet("1.1", [at(5)]).size, 0);
  });

  test("wet points outlive a refusal and a resync while their stroke is open", () => {
    const overlay = new Overlay(new Board(), OWN);
    const begin = [create(id(1, 1)), extend(id(1, 1), 0, false, 1)];
    overlay.add({ n: 1, ops: begin });
    overlay.add({ n: 2, ops: [set(id(1, 1), color(3))] });
    overlay.wet("1.1", [at(2), at(3)]);
    overlay.drop(2);
    assert.deepEqual([xs(overlay.get("1.1")), overlay.lengthOf(id(1, 1))], [[1, 2, 3], 1]);
    const board = new Board();
    board.apply(5, OWN, begin);
    overlay.rebase(board, []);
    assert.deepEqual([xs(overlay.get("1.1")), overlay.lengthOf(id(1, 1))], [[1, 2, 3], 1]);
    assert.equal(board.get("1.1")?.count, 1);
  });

  test("an extend that finds no place leaves wet points alone", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.add({ n: 1, ops: [create(id(1, 1))] });
    overlay.wet("1.1", [at(1)]);
    overlay.add({ n: 2, ops: [extend(id(1, 1), 7, false, 9)] });
    assert.deepEqual(xs(overlay.get("1.1")), [1]);
  });
});

describe("undo and erasing in the view", () => {
  const drawn = (author: number, counter: number, ...settings: Setting[]): Op[] => [create(id(author, counter), ...settings), extend(id(author, counter), 0, true, 1, 2, 3)];
  const undo = (...items: UndoItem[]): Op[] => [{ kind: "undo", items }];
  const erase = (i: ID, from: number, to: number): Op => ({ kind: "eraseSpans", id: i, eraser: 1, spans: [{ from, to }] });

  test("OT15: an undo that waits is decided anew when somebody else writes first", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.confirm(1, 2, 1, [create(id(2, 1), color(1))]);
    const mine = [set(id(2, 1), color(5))];
    overlay.add({ n: 1, ops: mine });
    const back = undo({ kind: "value", id: id(2, 1), register: Register.Color, expected: colorValue(5), value: colorValue(1) });
    overlay.add({ n: 2, ops: back });
    assert.equal(overlay.get("2.1")?.color, 1);
    overlay.confirm(2, OWN, 1, mine);
    assert.equal(overlay.get("2.1")?.color, 1);
    overlay.confirm(3, 2, 2, [set(id(2, 1), color(7))]);
    assert.equal(overlay.get("2.1")?.color, 7);
    overlay.confirm(4, OWN, 2, back);
    assert.equal(overlay.get("2.1")?.color, 7);
  });

  test("OT15, OT17: somebody writes to what is being taken back: it stays", () => {
    const overlay = new Overlay(new Board(), OWN);
    const ops = drawn(OWN, 1);
    overlay.add({ n: 1, ops });
    overlay.confirm(1, OWN, 1, ops);
    overlay.add({ n: 2, ops: undo({ kind: "made", id: id(1, 1) }) });
    assert.equal(overlay.get("1.1")?.deleted, true);
    overlay.confirm(2, 2, 1, [erase(id(1, 1), 0, 100)]);
    assert.equal(overlay.get("1.1")?.deleted, false);
    assert.deepEqual(overlay.get("1.1")?.visible(), [{ from: 100, to: 768 }]);
  });

  test("OT11: an own stroke that others erase while it is drawn goes on", () => {
    const overlay = new Overlay(new Board(), OWN);
    const begin = [create(id(1, 1)), extend(id(1, 1), 0, false, 1, 2)];
    overlay.add({ n: 1, ops: begin });
    overlay.confirm(1, OWN, 1, begin);
    overlay.wet("1.1", [at(3)]);
    overlay.add({ n: 2, ops: [erase(id(1, 1), 300, 310)] });
    overlay.confirm(2, 2, 1, [erase(id(1, 1), 0, 256)]);
    assert.deepEqual(overlay.get("1.1")?.visible(), [{ from: 256, to: 300 }, { from: 310, to: 768 }]);
    assert.deepEqual(xs(overlay.get("1.1")), [1, 2, 3]);
  });

  test("OT16: what is purged while own ops on it wait is gone from the view, an own stroke too", () => {
    const overlay = new Overlay(new Board(), OWN);
    const begin = [create(id(1, 1)), extend(id(1, 1), 0, false, 1)];
    overlay.add({ n: 1, ops: begin });
    overlay.confirm(1, OWN, 1, begin);
    overlay.confirm(2, 2, 1, [create(id(2, 1)), set(id(2, 1), deleted(true)), set(id(1, 1), deleted(true))]);
    overlay.add({ n: 2, ops: [set(id(2, 1), color(4)), extend(id(1, 1), 1, false, 2)] });
    overlay.wet("1.1", [at(3)]);
    const changed = overlay.confirm(3, 0, 0, [{ kind: "purge", ranges: [{ replica: 1, first: 1, count: 9 }, { replica: 2, first: 1, count: 1 }] }]);
    assert.deepEqual(changed, new Set(["1.1", "2.1"]));
    assert.deepEqual([overlay.get("1.1"), overlay.get("2.1"), [...overlay.elements()]], [undefined, undefined, []]);
  });

  test("OT10: what was made under something with an order of its own is seen to get its place", () => {
    const overlay = new Overlay(new Board(), OWN);
    overlay.confirm(1, 2, 1, [create(id(2, 1), { register: Register.Order, value: textValue("U000000005") })]);
    const ops = [create(id(1, 1))];
    overlay.add({ n: 1, ops });
    assert.deepEqual([...overlay.elements()].map((e) => e.key), ["2.1", "1.1"]);
    assert.deepEqual(overlay.confirm(2, OWN, 1, ops), new Set(["1.1"]));
    assert.deepEqual([...overlay.elements()].map((e) => e.key), ["1.1", "2.1"]);
  });
});

/** Park and Miller's random numbers, so that a seed says all. */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(n: number): number {
    this.#state = (this.#state * 48271) % 2147483647;
    return this.#state % n;
  }
}

/** What the view must be: a board of the whole log, and the pending ops applied to it. */
class Naive {
  readonly log: { revision: number; author: number; ops: readonly Op[] }[] = [];

  view(pending: readonly Batch[]): Board {
    const board = new Board();
    for (const r of this.log) board.apply(r.revision, r.author, r.ops);
    for (const b of pending) board.apply(PENDING, OWN, b.ops);
    return board;
  }
}

const described = (e: Element | undefined, count?: number): unknown =>
  e && {
    key: e.key, open: e.open, deleted: e.deleted, touched: e.touched, xs: xs(e).slice(0, count), text: e.text, erasures: e.erasures,
    registers: e.registers.map((r) => [r.register, r.writer, ...r.value]),
  };

function assertSame(overlay: Overlay, naive: Naive, hint: string): void {
  const view = naive.view(overlay.pending);
  const confirmed = naive.view([]);
  assert.deepEqual(overlay.confirmed.hash(), confirmed.hash(), hint);
  for (const e of view.created) assert.deepEqual(described(overlay.get(e.key), overlay.lengthOf(e.id)), described(e), hint);
  assert.deepEqual([...overlay.elements()].map((e) => e.key), [...view.elements()].map((e) => e.key), hint);
}

class Simulation {
  readonly rng: Random;
  readonly naive = new Naive();
  readonly overlay = new Overlay(new Board(), OWN);
  /** What the page shows, kept up to date by the keys that the overlay names. */
  readonly shown = new Map<Key, unknown>();
  n = 0;
  counters = [0, 0, 0];

  constructor(seed: number) {
    this.rng = new Random(seed);
  }

  step(): void {
    const what = this.rng.below(25);
    const oldest = this.overlay.pending[0];
    if (what < 7) this.add();
    else if (what < 11) this.record(2, 0, this.batch(2));
    else if (what < 17 && oldest) this.record(OWN, oldest.n, oldest.ops);
    else if (what === 17 && oldest) this.record(OWN, oldest.n, oldest.ops.slice(this.rng.below(2)));
    else if (what === 18 && oldest) this.redraw(this.overlay.drop(this.overlay.pending[this.rng.below(this.overlay.pending.length)]?.n ?? 0));
    else if (what === 24) this.record(0, 0, this.rng.below(2) === 0 ? [this.purge()] : [{ kind: "end", id: this.target() }]);
    else if (what >= 20) this.redraw(this.overlay.wet(key(id(OWN, Math.max(1, (this.counters[OWN] ?? 0) - this.rng.below(3)))), [at(this.rng.below(999))]));
    else if (this.rng.below(4) === 0) this.resync();
  }

  /** Adds a batch, now and then in two pieces. */
  add(): void {
    this.n++;
    const pieces = 1 + (this.rng.below(4) === 0 ? 1 : 0);
    for (let i = 0; i < pieces; i++) this.redraw(this.overlay.add({ n: this.n, ops: this.batch(OWN) }));
  }

  record(author: number, n: number, ops: readonly Op[]): void {
    const revision = this.naive.log.length + 1;
    this.naive.log.push({ revision, author, ops });
    this.redraw(this.overlay.confirm(revision, author, n, ops));
  }

  resync(): void {
    this.overlay.rebase(this.naive.view([]));
    this.shown.clear();
    this.redraw(new Set([...this.overlay.elements()].map((e) => e.key)));
  }

  redraw(keys: ReadonlySet<Key>): void {
    for (const k of keys) this.shown.set(k, described(this.overlay.get(k)));
  }

  batch(author: number): Op[] {
    if (this.rng.below(60) === 0) return Array.from({ length: 17 }, () => this.create(author));
    return Array.from({ length: 1 + this.rng.below(3) }, () => this.op(author));
  }

  create(author: number): Op {
    this.counters[author] = (this.counters[author] ?? 0) + 1;
    const made = create(id(author, this.counters[author]), color(this.rng.below(3)));
    return this.rng.below(6) === 0 ? { ...made, element: ElementKind.Text } as Op : made;
  }

  target(): ID {
    return id(1 + this.rng.below(2), 1 + this.rng.below(Math.max(1, ...this.counters) + 1));
  }

  /** Takes deleted elements out of the older half. */
  purge(): Op {
    const count = 1 + this.rng.below(Math.max(1, ...this.counters));
    return { kind: "purge", ranges: [1, 2].map((replica) => ({ replica, first: 1, count })) };
  }

  undo(author: number): Op {
    const items = Array.from({ length: 1 + this.rng.below(3) }, (): UndoItem => {
      const target = this.target();
      const before = (author === OWN ? this.overlay : this.overlay.confirmed).get(key(target))?.value(Register.Color);
      const expected = before && this.rng.below(4) > 0 ? before : colorValue(this.rng.below(3));
      if (this.rng.below(3) === 0) return { kind: "made", id: target };
      if (this.rng.below(2) === 0) return { kind: "erasure", id: target, eraser: 1 + this.rng.below(2), off: this.rng.below(2) === 0 };
      return { kind: "value", id: target, register: Register.Color, expected, value: colorValue(this.rng.below(3)) };
    });
    return { kind: "undo", items };
  }

  erase(): Op {
    const from = this.rng.below(900);
    return { kind: "eraseSpans", id: this.target(), eraser: 1 + this.rng.below(2), spans: [{ from, to: from + 1 + this.rng.below(500) }] };
  }

  op(author: number): Op {
    const target = this.target();
    const own = id(author, Math.max(1, (this.counters[author] ?? 0) - this.rng.below(3)));
    switch (this.rng.below(13)) {
      case 9:
      case 10:
        return this.undo(author);
      case 11:
        return this.erase();
      case 12:
        if (author === OWN) return this.undo(author); // own edits of texts: drafts.test.ts
        return { kind: "textEdit", id: target, base: 0n, edit: [{ kind: "insert", text: "汉😀" }, { kind: "delete", n: 1 }] };
      case 0:
        return this.create(author);
      case 1:
        return create(target, color(9));
      case 2:
        return set(target, color(this.rng.below(0xffffff)));
      case 3:
        return set(target, deleted(this.rng.below(2) === 0));
      case 4:
        return this.rng.below(5) > 0 ? set(target, { register: Register.Order, value: textValue("abc".slice(this.rng.below(4))) }) : this.clear();
      case 5:
        return { kind: "end", id: this.rng.below(3) > 0 ? target : own };
      default:
        return this.extend(author, own);
    }
  }

  clear(): Op {
    return { kind: "clear", base: BigInt(this.rng.below(this.naive.log.length + 3)) };
  }

  extend(author: number, stroke: ID): Op {
    const first = (author === OWN ? this.overlay : this.overlay.confirmed).lengthOf(stroke) + (this.rng.below(10) === 0 ? 1 : 0);
    return extend(stroke, first, this.rng.below(9) === 0, ...Array.from({ length: 1 + this.rng.below(4) }, () => this.rng.below(1000)));
  }
}

for (let seed = 1; seed <= 60; seed++) {
  test(`REC2: random work and confirmations, refusals, resyncs: the view is pending over confirmed (seed ${seed})`, () => {
    const s = new Simulation(seed * 7919);
    for (let step = 0; step < 150; step++) {
      s.step();
      if (step % 3 === 0) assertSame(s.overlay, s.naive, `seed ${seed}, step ${step}`);
      if (step % 15 === 0) {
        for (const e of s.overlay.elements()) assert.ok(s.shown.has(e.key), `seed ${seed}, step ${step}: ${e.key} came unnoticed`);
        for (const [k, shown] of s.shown) assert.deepEqual(shown, described(s.overlay.get(k)), `seed ${seed}, step ${step}: ${k} changed unnoticed`);
      }
    }
  });
}
