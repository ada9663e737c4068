import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { relocate } from "./relocate.ts";
import * as text from "./text.ts";
import { difference, editBetween } from "./textdiff.ts";
import type { Component, Edit } from "./types.ts";

/** n keeps n code points, −n deletes n, a string is inserted. */
type Plain = readonly (number | string)[];

const component = (p: number | string): Component =>
  typeof p === "string" ? { kind: "insert", text: p } : p > 0 ? { kind: "keep", n: p } : { kind: "delete", n: -p };
const edit = (...plain: Plain): Edit => plain.map(component);
const plain = (e: Edit): Plain => e.map((c) => (c.kind === "insert" ? c.text : c.kind === "keep" ? c.n : -c.n));

interface Vector {
  readonly text: string;
  readonly a: Plain;
  readonly b: Plain;
  readonly after: string;
  readonly a2: Plain;
  readonly b2: Plain;
  readonly both: string;
  readonly compose: Plain;
  readonly invert: Plain;
  readonly fit: Plain;
  readonly moved: readonly number[];
}

test("OT12, OT13: edits do as in Go", () => {
  for (const v of JSON.parse(readFileSync("../ot/testdata/edits.json", "utf8")) as Vector[]) {
    const hint = JSON.stringify(v);
    const [a, b] = [edit(...v.a), edit(...v.b)];
    const a2 = text.transform(a, b, "later");
    const b2 = text.transform(b, a, "earlier");
    assert.equal(text.applyEdit(v.text, a), v.after, hint);
    assert.deepEqual(plain(a2), v.a2, hint);
    assert.deepEqual(plain(b2), v.b2, hint);
    assert.equal(text.applyEdit(text.applyEdit(v.text, b), a2), v.both, hint);
    assert.deepEqual(plain(text.compose(a, b2)), v.compose, hint);
    assert.deepEqual(plain(text.invert(a, v.text)), v.invert, hint);
    assert.deepEqual(plain(text.fit(a, text.codePoints(v.text))), v.fit, hint);
    assert.deepEqual(v.moved.map((_, i) => text.movePosition(i, a)), v.moved, hint);
  }
});

/** All canonical edits of a text of so many code points that insert at one place at most one of these. */
function allEdits(length: number, inserts: readonly string[]): Edit[] {
  const found = new Map<string, Edit>();
  const visit = (at: number, build: Component[]): void => {
    for (const insert of ["", ...inserts]) {
      const here: Component[] = insert === "" ? build : [...build, { kind: "insert", text: insert }];
      if (at === length) {
        const e = text.canonical(here);
        found.set(JSON.stringify(e), e);
        continue;
      }
      visit(at + 1, [...here, { kind: "keep", n: 1 }]);
      visit(at + 1, [...here, { kind: "delete", n: 1 }]);
    }
  };
  visit(0, []);
  return [...found.values()];
}

describe("exhaustive on small texts", () => {
  for (const sample of ["", "a", "😀b", "a汉c"]) {
    test(`OT13: TP1, and inverses, for all pairs of edits of ${JSON.stringify(sample)}`, () => {
      const length = text.codePoints(sample);
      const [as, bs] = [allEdits(length, ["x"]), allEdits(length, ["🙂"])];
      for (const a of as) {
        assert.ok(text.isCanonical(a));
        assert.equal(text.applyEdit(text.applyEdit(sample, a), text.invert(a, sample)), sample);
        for (const b of bs) {
          const left = text.applyEdit(text.applyEdit(sample, b), text.transform(a, b, "later"));
          const right = text.applyEdit(text.applyEdit(sample, a), text.transform(b, a, "earlier"));
          assert.equal(left, right, JSON.stringify({ sample, a, b }));
        }
      }
    });
  }

  test("compose: one edit does what two do one after the other", () => {
    for (const a of allEdits(2, ["x"])) {
      const middle = text.applyEdit("ab", a);
      for (const b of allEdits(text.codePoints(middle), ["y"])) {
        const both = text.compose(a, b);
        assert.ok(text.isCanonical(both));
        assert.equal(text.applyEdit("ab", both), text.applyEdit(middle, b), JSON.stringify({ a, b }));
      }
    }
  });
});

class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(n: number): number {
    this.#state = (this.#state * 48271) % 2147483647;
    return this.#state % n;
  }
  text(most: number): string {
    return Array.from({ length: this.below(most + 1) }, () => ["a", "b", "汉", "😀", "\n"][this.below(5)] ?? "").join("");
  }
  edit(length: number): Edit {
    const out = new text.EditBuilder();
    for (let left = length, i = 0; i < 6; i++) {
      const n = this.below(left + 1);
      if (this.below(3) === 0) out.insert(this.text(3));
      else out[this.below(2) === 0 ? "keep" : "delete"](n);
      left -= n;
    }
    return text.fit(out.edit(), length);
  }
}

const inserted = (e: Edit): string => e.map((c) => (c.kind === "insert" ? c.text : "")).join("");

test("OT13, OT14: random edits: TP1, composition, inverses, and nothing that is inserted is lost", () => {
  for (let seed = 1; seed <= 3000; seed++) {
    const rng = new Random(seed * 7919);
    const sample = rng.text(12);
    const a = rng.edit(text.codePoints(sample));
    const b = rng.edit(text.codePoints(sample));
    const a2 = text.transform(a, b, "later");
    const left = text.applyEdit(text.applyEdit(sample, b), a2);
    assert.equal(left, text.applyEdit(text.applyEdit(sample, a), text.transform(b, a, "earlier")), `seed ${seed}`);
    assert.equal(inserted(a2), inserted(a), `seed ${seed}: what is inserted stays`);
    const c = rng.edit(text.codePoints(text.applyEdit(sample, b)));
    assert.equal(text.applyEdit(sample, text.compose(b, c)), text.applyEdit(text.applyEdit(sample, b), c), `seed ${seed}`);
    assert.equal(text.applyEdit(text.applyEdit(sample, a), text.invert(a, sample)), sample, `seed ${seed}`);
  }
});

test("what may not stand in a text is made well-formed", () => {
  assert.equal(text.cleanText("a\r\nb\rc\u0000\u007f\u009f\td\ud800e\udc00f😀"), "a\nb\nc\td\ufffde\ufffdf😀");
  assert.ok(text.isClean("\t\n汉😀\u00a0"));
  assert.ok(!text.isClean("\ud83d"));
});

test("positions count code points, indexes UTF-16", () => {
  const sample = "a😀b汉😀";
  assert.deepEqual([0, 1, 2, 3, 4, 5, 9].map((n) => text.unitIndex(sample, n)), [0, 1, 3, 4, 5, 7, 7]);
  assert.deepEqual([0, 1, 2, 3, 4, 7, 9].map((i) => text.codePointIndex(sample, i)), [0, 1, 1, 2, 3, 5, 5]);
});

test("a position moves with edits before it and stays before what is inserted at it", () => {
  assert.equal(text.movePosition(2, edit(2, "xy")), 2);
  assert.equal(text.movePosition(2, edit(2, "xy"), true), 4);
  assert.equal(text.movePosition(3, edit(1, "x", -1)), 3);
  assert.equal(text.movePosition(2, edit(1, -5)), 1);
});

describe("editBetween", () => {
  const cases: [name: string, before: string, after: string, caret: number | undefined, want: Plain][] = [
    ["nothing", "abc", "abc", 1, []],
    ["typed", "ac", "abc", 2, [1, "b"]],
    ["typed beside its like: the caret is behind it", "aaa", "aaaa", 1, ["a"]],
    ["typed at the end of its like", "aaa", "aaaa", 4, [3, "a"]],
    ["without a caret", "aaa", "aaaa", undefined, [3, "a"]],
    ["deleted before the caret", "aaa", "aa", 1, [1, -1]],
    ["deleted at the end", "aaa", "aa", 2, [2, -1]],
    ["an input method replaces what was spelled", "我shi人", "我是人", 2, [1, "是", -3]],
    ["a caret elsewhere does not make it longer", "xabc", "yabc", 4, ["y", -1]],
    ["half a pair in common at the start", "😀", "😁", 1, ["😁", -1]],
    ["half a pair in common at the end", "\u{1f600}x", "\u{1fa00}x", 1, ["\u{1fa00}", -1]],
    ["a pair beside its like", "😀😀", "😀😀😀", 1, ["😀"]],
    ["all of it", "", "汉😀", 2, ["汉😀"]],
  ];
  for (const [name, before, after, caret, want] of cases) {
    test(name, () => {
      assert.deepEqual(plain(editBetween(before, after, caret)), want);
      assert.equal(text.applyEdit(before, editBetween(before, after, caret)), after);
    });
  }

  test("random texts: it leads from one to the other, is canonical, and difference does and is too", () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const rng = new Random(seed * 7919);
      const before = rng.text(14);
      const after = rng.below(2) === 0 ? rng.text(14) : text.applyEdit(before, rng.edit(text.codePoints(before)));
      const caret = rng.below(3) === 0 ? undefined : rng.below(text.codePoints(after) + 1);
      for (const e of [editBetween(before, after, caret), difference(before, after)]) {
        assert.ok(text.isCanonical(e), `seed ${seed}`);
        assert.equal(text.applyEdit(before, e), after, `seed ${seed}`);
      }
    }
  });
});

test("difference keeps what two places far apart have between them", () => {
  const middle = "0123456789".repeat(50);
  assert.deepEqual(plain(difference(`a${middle}b`, `x${middle}y`)), ["x", -1, 500, "y", -1]);
});

test("difference of texts that have nothing in common replaces all", () => {
  assert.deepEqual(plain(difference("a".repeat(900), "b".repeat(900))), ["b".repeat(900), -900]);
});

test("an edit relocated keeps to its characters", () => {
  const onABC = edit(2, -1); // deletes the c of abc, of which ab stands elsewhere now
  assert.deepEqual(plain(relocate(onABC, edit("ab"), edit(1, "ab"), 1)), [-1]);
  assert.deepEqual(plain(relocate(edit(1, "x", -1), edit("ab"), edit(1, "ab"), 1)), [2, "x", -1]);
  assert.deepEqual(plain(relocate(edit(1, "x", -1), edit("ab"), [], 1)), ["x"]);
});
