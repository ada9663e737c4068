// Edits, spans, undo items and ranges in bytes and back (docs/format.md, "Ops"); the same as codecparts.go.
import { DecodeError } from "./bytes.ts";
import type { Reader, Writer } from "./bytes.ts";
import { MAX_COMPONENTS, MAX_RUN, isCanonical, isClean } from "./text.ts";
import type { Component, Edit, ID, IDRange, Span, UndoItem } from "./types.ts";
import { fromUTF8, utf8 } from "./utf8.ts";
import { checkSetting } from "./value.ts";

/** The most parts that one op may have. */
export const MAX_SPANS = 4096;
const MAX_UNDO_ITEMS = 1024;
const MAX_RANGES = 65_536;

const KEEP = 0;
const DELETE = 1;
const INSERT = 2;

const times = <T>(n: number, read: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => read(i));

export function appendEdit(w: Writer, edit: Edit): void {
  w.uvarint(edit.length);
  for (const c of edit) {
    if (c.kind === "insert") {
      const bytes = utf8(c.text);
      w.uvarint(bytes.length * 4 + INSERT);
      w.raw(bytes);
    } else {
      w.uvarint(c.n * 4 + (c.kind === "keep" ? KEEP : DELETE));
    }
  }
}

export function readEdit(r: Reader): Edit {
  let wellFormed = true;
  const edit = times(r.count(MAX_COMPONENTS, 1), () => {
    const c = readComponent(r);
    if (c) return c;
    wellFormed = false;
    return NOT_UTF8;
  });
  if (!isCanonical(edit)) throw new DecodeError("canonical");
  if (!wellFormed || edit.some((c) => c.kind === "insert" && !isClean(c.text))) throw new DecodeError("value");
  return edit;
}

const NOT_UTF8: Component = { kind: "insert", text: "\ufffd" };

/** Undefined: what is inserted is not UTF-8. */
function readComponent(r: Reader): Component | undefined {
  const head = r.biguvarint();
  const kind = Number(head & 3n);
  const n = Number(head >> 2n);
  if (kind > INSERT) throw new DecodeError("kind");
  if (n === 0) throw new DecodeError("canonical");
  if (kind === INSERT) {
    const text = fromUTF8(r.take(n));
    return text === undefined ? undefined : { kind: "insert", text };
  }
  if (n > MAX_RUN) throw new DecodeError("value");
  return { kind: kind === KEEP ? "keep" : "delete", n };
}

export function appendSpans(w: Writer, spans: readonly Span[]): void {
  w.uvarint(spans.length);
  let end = 0;
  for (const s of spans) {
    w.uvarint(s.from - end);
    w.uvarint(s.to - s.from);
    end = s.to;
  }
}

/** 1 to limit spans, which end below 2^32. */
export function readSpans(r: Reader, limit: number): Span[] {
  let end = 0;
  return times(r.count(limit, 2), (i) => {
    const from = end + r.atMost(MAX_RUN - end, "value");
    const to = from + r.atMost(MAX_RUN - from, "value");
    if (to === from || (i > 0 && from === end)) throw new DecodeError("canonical");
    end = to;
    return { from, to };
  });
}

const VALUE = 1;
const MADE = 2;
const ERASURE = 3;

export function appendUndo(w: Writer, items: readonly UndoItem[]): void {
  w.uvarint(items.length);
  for (const item of items) {
    w.byte({ value: VALUE, made: MADE, erasure: ERASURE }[item.kind]);
    w.id(item.id);
    if (item.kind === "value") {
      w.byte(item.register);
      w.bytes(item.expected);
      w.bytes(item.value);
    } else if (item.kind === "erasure") {
      w.uvarint(item.eraser);
      w.byte(item.off ? 1 : 0);
    }
  }
}

export const readUndo = (r: Reader): UndoItem[] => times(r.count(MAX_UNDO_ITEMS, 3), () => readItem(r));

function readItem(r: Reader): UndoItem {
  const kind = r.byte();
  if (kind < VALUE || kind > ERASURE) throw new DecodeError("kind");
  const id = r.id();
  if (kind === VALUE) return readValueItem(r, id);
  return kind === MADE ? { kind: "made", id } : { kind: "erasure", id, eraser: r.number(), off: r.bool() };
}

function readValueItem(r: Reader, id: ID): UndoItem {
  const register: number = r.byte();
  const expected = r.bytes().slice();
  checkSetting(register, expected);
  const value = r.bytes().slice();
  checkSetting(register, value);
  return { kind: "value", id, register, expected, value };
}

export function appendRanges(w: Writer, ranges: readonly IDRange[]): void {
  w.uvarint(ranges.length);
  for (const { replica, first, count } of ranges) {
    w.uvarint(replica);
    w.uvarint(first);
    w.uvarint(count);
  }
}

/** Ranges of ids, rising and apart: two that touch are one. */
export function readRanges(r: Reader): IDRange[] {
  let before: IDRange = { replica: 0, first: 0, count: 0 };
  return times(r.count(MAX_RANGES, 3), () => {
    const range = { replica: r.number(), first: r.number(), count: r.number() };
    if (range.first + range.count > 2 ** 32) throw new DecodeError("value");
    const behind = range.replica > before.replica || (range.replica === before.replica && range.first > before.first + before.count);
    if (!behind) throw new DecodeError("canonical");
    before = range;
    return range;
  });
}
