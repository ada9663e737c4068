import assert from "node:assert/strict";
import { test } from "node:test";
import { applyEdit } from "../ot/text.ts";
import type { Edit } from "../ot/types.ts";
import { TextSession } from "./textedit.ts";
import type { Field, TextSource } from "./textedit.ts";
import { wordAt } from "./writing.ts";

/** A text area: setting its value puts the caret at the end, as browsers do. */
class Area implements Field {
  #value = "";
  selectionStart = 0;
  selectionEnd = 0;
  selectionDirection = "forward";

  get value(): string {
    return this.#value;
  }

  set value(value: string) {
    this.#value = value;
    this.setSelectionRange(value.length, value.length);
  }

  setSelectionRange(start: number, end: number, direction = "forward"): void {
    [this.selectionStart, this.selectionEnd, this.selectionDirection] = [start, end, direction];
  }

  /** What a keyboard or input method does: replaces the units from … to. */
  replace(from: number, to: number, text: string): void {
    this.#value = this.#value.slice(0, from) + text + this.#value.slice(to);
    this.setSelectionRange(from + text.length, from + text.length);
  }
}

class Source implements TextSource {
  edits: Edit[] = [];
  selected: [number, number] = [0, 0];
  #listener: (edit: Edit) => void = () => undefined;

  constructor(public value: string) {}

  text = (): string => this.value;

  edit(edit: Edit): void {
    this.edits.push(edit);
    this.value = applyEdit(this.value, edit);
  }

  watch(listener: (edit: Edit) => void): () => void {
    this.#listener = listener;
    return () => (this.#listener = () => undefined);
  }

  select(anchor: number, head: number): void {
    this.selected = [anchor, head];
  }

  /** Somebody else edits. */
  others(...edit: Edit): void {
    this.value = applyEdit(this.value, edit);
    this.#listener(edit);
  }
}

function open(text: string): { area: Area; source: Source; session: TextSession } {
  const area = new Area(), source = new Source(text);
  return { area, source, session: new TextSession(area, source, () => undefined) };
}

test("what is typed becomes the smallest edit", () => {
  const { area, source, session } = open("ab");
  area.replace(1, 1, "a");
  session.input();
  assert.deepEqual(source.edits, [[{ kind: "keep", n: 1 }, { kind: "insert", text: "a" }]]);
  assert.equal(source.value, "aab");
  assert.deepEqual(source.selected, [2, 2]);
});

test("edits of others shift the caret and the selection", () => {
  const { area, source, session } = open("one two");
  session.select(4, 7);
  source.others({ kind: "insert", text: "zero " });
  assert.equal(area.value, "zero one two");
  assert.deepEqual([area.selectionStart, area.selectionEnd], [9, 12]);
  assert.deepEqual(source.selected, [9, 12]);
  source.others({ kind: "keep", n: 5 }, { kind: "delete", n: 4 });
  assert.deepEqual([area.selectionStart, area.selectionEnd], [5, 8]);
  assert.equal(source.edits.length, 0, "what others did is not sent again");
});

test("a selection keeps its direction", () => {
  const { area, source, session } = open("abc");
  session.select(3, 1);
  source.others({ kind: "insert", text: "x" });
  assert.equal(area.selectionDirection, "backward");
  assert.deepEqual(source.selected, [4, 2]);
});

test("positions are code points: an emoji counts as one", () => {
  const { area, source, session } = open("😀😀");
  session.select(1, 1);
  assert.equal(area.selectionStart, 2);
  area.replace(2, 2, "👍");
  session.input();
  assert.deepEqual(source.edits, [[{ kind: "keep", n: 1 }, { kind: "insert", text: "👍" }]]);
  assert.deepEqual(source.selected, [2, 2]);
});

test("an input method composes in the field and nothing is sent until it is done", () => {
  const { area, source, session } = open("早,");
  session.select(1, 1);
  session.compositionStart();
  for (const letters of ["s", "sh", "shang", "上"]) {
    area.replace(1, area.value.length - 1, letters);
    session.input();
    assert.equal(source.edits.length, 0);
    assert.deepEqual(session.shown, { text: `早${letters},`, anchor: 1 + letters.length, head: 1 + letters.length, composing: { from: 1, to: 1 + letters.length } });
  }
  session.compositionEnd();
  session.input(); // Firefox tells of the input after the end
  assert.deepEqual(source.edits, [[{ kind: "keep", n: 1 }, { kind: "insert", text: "上" }]]);
  assert.equal(session.shown.composing, undefined);
});

test("edits of others that come while an input method composes wait, then no letter is lost or doubled", () => {
  const { area, source, session } = open("ac");
  session.select(1, 1);
  session.compositionStart();
  area.replace(1, 1, "ni");
  session.input();
  source.others({ kind: "insert", text: "<" });
  source.others({ kind: "keep", n: 3 }, { kind: "insert", text: ">" });
  assert.equal(area.value, "anic", "the field is the input method's");
  assert.equal(session.shown.text, "<anic>");
  assert.deepEqual(session.shown.composing, { from: 2, to: 4 });
  assert.equal(session.shown.head, 4);
  area.replace(1, 3, "你");
  session.compositionEnd();
  assert.equal(source.value, "<a你c>");
  assert.equal(area.value, "<a你c>");
  assert.deepEqual(source.selected, [3, 3]);
  assert.deepEqual(source.edits, [[{ kind: "keep", n: 2 }, { kind: "insert", text: "你" }]]);
});

test("what others insert at the place of the composition stands left of it, and what they delete around it goes", () => {
  const { area, source, session } = open("abcd");
  session.select(2, 2);
  session.compositionStart();
  area.replace(2, 2, "x");
  session.input();
  source.others({ kind: "keep", n: 2 }, { kind: "insert", text: "YY" });
  source.others({ kind: "delete", n: 1 });
  source.others({ kind: "keep", n: 3 }, { kind: "delete", n: 2 });
  assert.equal(session.shown.text, "bYYx");
  session.compositionEnd();
  assert.equal(source.value, "bYYx");
  assert.equal(area.value, source.value);
});

test("a composition that is given up changes nothing", () => {
  const { area, source, session } = open("abc");
  session.select(1, 1);
  session.compositionStart();
  area.replace(1, 1, "ni");
  session.input();
  source.others({ kind: "delete", n: 1 });
  area.replace(1, 3, "");
  session.compositionEnd();
  assert.equal(source.edits.length, 0);
  assert.equal(area.value, "bc");
});

test("leaving in the middle of a composition keeps what stands there", () => {
  const { area, source, session } = open("");
  session.compositionStart();
  area.replace(0, 0, "ni");
  session.input();
  session.close();
  assert.equal(source.value, "ni");
});

test("composition replaces what was selected", () => {
  const { area, source, session } = open("one two");
  session.select(0, 3);
  session.compositionStart();
  area.replace(0, 3, "yi");
  session.input();
  assert.deepEqual(session.shown.composing, { from: 0, to: 2 });
  area.replace(0, 2, "一");
  session.compositionEnd();
  assert.equal(source.value, "一 two");
});

test("what may not stand in a text is taken out of the field too", () => {
  const { area, source, session } = open("ab");
  area.replace(1, 1, "x\u0000\ud800y");
  session.input();
  assert.equal(source.value, "ax\ufffdyb");
  assert.equal(area.value, source.value);
  assert.equal(area.selectionStart, 4);
});

test("where the element ends up with another text the field follows it", () => {
  const { area, source, session } = open("ab");
  source.edit = () => undefined; // refused: the text is full
  area.replace(2, 2, "c");
  session.input();
  assert.equal(area.value, "ab");
});

test("two people, one of them composing, both typing at random: field and element end up equal", () => {
  let seed = 7;
  const random = (n: number): number => (seed = (seed * 48_271) % 0x7fffffff) % n;
  for (let round = 0; round < 300; round++) {
    const { area, source, session } = open("你好 abc 😀");
    for (let i = 0; i < 12; i++) {
      switch (random(4)) {
        case 0: {
          const length = [...source.value].length, at = random(length + 1);
          const edit: Edit[number][] = at === 0 ? [] : [{ kind: "keep", n: at }];
          source.others(...edit, random(2) === 0 || at === length ? { kind: "insert", text: "R" } : { kind: "delete", n: 1 });
          break;
        }
        case 1:
          if (!session.composing) session.compositionStart();
          area.replace(area.selectionStart, area.selectionEnd, "拼");
          session.input();
          break;
        case 2:
          if (session.composing) session.compositionEnd();
          break;
        default:
          if (!session.composing) session.select(random(4), random(4));
      }
      if (!session.composing) assert.equal(area.value, source.value);
      else assert.ok(session.shown.text.includes("拼"));
    }
    session.close();
    assert.equal(area.value, source.value);
  }
});

test("a double click selects the word around it, in code points", () => {
  assert.deepEqual(wordAt("one two", 1), [0, 3]);
  assert.deepEqual(wordAt("😀 two", 3), [2, 5]);
  assert.deepEqual(wordAt("", 0), [0, 0]);
});
