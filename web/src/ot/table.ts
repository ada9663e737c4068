// The table of a snapshot and how a board is built from it (docs/format.md, "Snapshot of a board"); the same as table.go
// and loader.go.
import { Board, Element } from "./board.ts";
import type { Stamped } from "./board.ts";
import { DecodeError, Reader, Writer } from "./bytes.ts";
import { readElementKind, readRegister, readSettingsCount, readValue } from "./codec.ts";
import { readSpans } from "./codecparts.ts";
import { appendErasures } from "./element.ts";
import type { Ink } from "./ink.ts";
import { MAX_OPEN_STROKES } from "./sheet.ts";
import { MAX_TEXT, codePoints, isClean } from "./text.ts";
import { ElementKind, key } from "./types.ts";
import type { ID, Key, Point } from "./types.ts";
import { fromUTF8, utf8 } from "./utf8.ts";

/** How much a board takes (OT9). */
export interface Limits {
  readonly elements: number;
  readonly points: number;
  readonly strokePoints: number;
  /** Code points of one text. */
  readonly text: number;
  /** Of one stroke. */
  readonly erasures: number;
  /** Of all erasures of one stroke. */
  readonly spans: number;
}

export const BOARD_LIMITS: Limits = {
  elements: 100_000, points: 4_000_000, strokePoints: 65_536, text: MAX_TEXT, erasures: 256, spans: 4096,
};

const OPEN = 1;
const SAME = 2;
const INK = 4;
const TOUCHED = 8;
const ERASED = 16;
const MIN_ELEMENT = 5;
const MIN_ERASURE = 5;

/** What the elements of a table are coded against. */
class Before {
  created = 0;
  readonly counters = new Map<number, number>();
  ink: readonly Stamped[] = [];

  /** Whether the registers are those of the ink before, all written when the element was created. */
  same(e: Element): boolean {
    return e.sameValues(this.ink) && e.registers.every((r) => r.stamp === e.created);
  }

  follow(e: Element): void {
    this.created = e.created;
    this.counters.set(e.id.replica, e.id.counter);
    if (e.ink) this.ink = e.registers;
  }
}

/** The table of a board. With the points of closedStrokes it is the board's snapshot. */
export function encodeTable(board: Board): Uint8Array {
  const w = new Writer(1024);
  const before = new Before();
  w.uvarint(board.size);
  for (const e of board.created) {
    writeElement(w, e, before);
    before.follow(e);
  }
  return w.take();
}

function writeElement(w: Writer, e: Element, before: Before): void {
  const same = e.ink !== undefined && before.same(e);
  w.uvarint(e.created - before.created);
  w.uvarint(e.id.replica);
  w.zigzag(e.id.counter - (before.counters.get(e.id.replica) ?? 0));
  const erased = e.erasures.length > 0;
  w.byte((e.open ? OPEN : 0) | (same ? SAME : 0) | (e.ink ? INK : 0) | (e.touched ? TOUCHED : 0) | (erased ? ERASED : 0));
  if (!e.ink) w.byte(e.kind);
  if (!same) writeRegisters(w, e);
  if (e.ink) writeInk(w, e.ink);
  if (erased) appendErasures(w, e.erasures);
  if (e.kind === ElementKind.Text) w.bytes(utf8(e.text));
}

function writeInk(w: Writer, ink: Ink): void {
  w.uvarint(ink.count);
  if (!ink.open) return;
  w.uvarint(ink.frames.length);
  for (const f of ink.frames) w.bytes(f);
}

function writeRegisters(w: Writer, e: Element): void {
  w.uvarint(e.registers.length);
  for (const r of e.registers) {
    w.byte(r.register);
    w.uvarint(r.stamp - e.created);
    if (r.stamp !== e.created) w.uvarint(r.writer); // else its replica wrote it: a record has one author
    w.bytes(r.value);
  }
}

/** The strokes that a snapshot keeps in chunks, in the order of the table: closed ink that has points. */
export const closedStrokes = (board: Board): Element[] => board.created.filter((e) => e.ink && !e.open && e.count > 0);

/** A stroke that goes on: its frames decode to count points. */
export interface OpenStroke {
  readonly id: ID;
  readonly count: number;
  readonly frames: readonly Uint8Array[];
}

interface Expected {
  readonly element: Element;
  readonly count: number;
}

/**
 * Builds a board from a snapshot: the table, then the points of the strokes that are open (after decoding their frames)
 * and of those that are closed (as the chunks come), then board(). Everything throws DecodeError.
 */
export class Loader {
  readonly #board = new Board();
  readonly #closed: Expected[] = [];
  readonly #open = new Map<Key, Expected>();
  #next = 0;
  #missing = 0;

  constructor(table: Uint8Array, limits: Limits = BOARD_LIMITS) {
    const reader = new TableReader(table, limits, this.#board);
    for (let n = reader.size(); n > 0; n--) this.#expect(reader.element());
    reader.end();
  }

  #expect(stroke: Expected): void {
    if (stroke.count === 0) return;
    if (stroke.element.open) {
      this.#open.set(stroke.element.key, stroke);
    } else {
      this.#closed.push(stroke);
      this.#missing += stroke.count;
    }
  }

  /** How many points addStrokes is still to bring. */
  get missing(): number {
    return this.#missing;
  }

  /** The strokes that are open and have points, in table order. */
  openStrokes(): OpenStroke[] {
    return [...this.#open.values()].map(({ element, count }) => ({ id: element.id, count, frames: element.ink?.frames ?? [] }));
  }

  setOpen(id: ID, points: readonly Point[]): void {
    const stroke = this.#open.get(key(id));
    if (stroke?.count !== points.length) throw new DecodeError("strokes");
    this.#open.delete(key(id));
    stroke.element.ink?.append(points);
  }

  /** The points of the next closed strokes, in table order. */
  addStrokes(strokes: Iterable<readonly Point[]>): void {
    for (const points of strokes) {
      const stroke = this.#closed[this.#next];
      if (stroke?.count !== points.length) throw new DecodeError("strokes");
      this.#next++;
      this.#missing -= points.length;
      stroke.element.ink?.append(points);
    }
  }

  /** The board, once all strokes have come. */
  board(): Board {
    if (this.#next < this.#closed.length || this.#open.size > 0) throw new DecodeError("strokes");
    return this.#board;
  }
}

class TableReader {
  readonly #r: Reader;
  readonly #limits: Limits;
  readonly #board: Board;
  readonly #before = new Before();
  #points = 0;

  constructor(src: Uint8Array, limits: Limits, board: Board) {
    this.#r = new Reader(src);
    this.#limits = limits;
    this.#board = board;
  }

  size(): number {
    const n = this.#r.atMost(this.#limits.elements, "limit");
    if (n > Math.floor(this.#r.left / MIN_ELEMENT)) throw new DecodeError("truncated");
    return n;
  }

  end(): void {
    this.#r.end();
  }

  element(): Expected {
    const created = this.#revision(this.#before.created);
    const id = this.#id();
    const flags = this.#r.byte();
    const element = new Element(id, this.#kind(flags), created);
    element.touched = (flags & TOUCHED) !== 0;
    this.#registers(element, (flags & SAME) !== 0);
    const count = this.#ink(element, (flags & OPEN) !== 0);
    if (flags & ERASED) this.#erasures(element);
    if (element.kind === ElementKind.Text) element.text = this.#text();
    if (element.open && this.#board.openStrokes(id.replica).length === MAX_OPEN_STROKES) throw new DecodeError("limit");
    this.#before.follow(element);
    this.#board.load(element);
    return { element, count };
  }

  /** A revision as its distance from an earlier one. */
  #revision(before: number): number {
    return before + this.#r.atMost(Number.MAX_SAFE_INTEGER - before, "value");
  }

  #id(): ID {
    const replica = this.#r.uint32();
    const counter = (this.#before.counters.get(replica) ?? 0) + this.#r.zigzag();
    if (replica === 0 || counter < 1 || counter > 0xffffffff) throw new DecodeError("value");
    const id = { replica, counter };
    if (this.#board.get(key(id))) throw new DecodeError("canonical");
    return id;
  }

  #kind(flags: number): ElementKind {
    if (flags > (OPEN | SAME | INK | TOUCHED | ERASED)) throw new DecodeError("canonical");
    if (flags & INK) return ElementKind.Ink;
    const kind = readElementKind(this.#r);
    if (kind === ElementKind.Ink || (flags & ~TOUCHED) !== 0) throw new DecodeError("canonical");
    return kind;
  }

  #registers(e: Element, same: boolean): void {
    if (same) {
      for (const r of this.#before.ink) e.write(r.register, r.value, e.created, e.id.replica);
      return;
    }
    let before = 0;
    for (let n = readSettingsCount(this.#r); n > 0; n--) {
      const register = readRegister(this.#r, before);
      const stamp = this.#revision(e.created);
      const writer = stamp === e.created ? e.id.replica : this.#r.uint32();
      const setting = readValue(this.#r, register);
      e.write(setting.register, setting.value, stamp, writer);
      before = register;
    }
    if (e.ink && this.#before.same(e)) throw new DecodeError("canonical"); // SAME is the shorter form
  }

  /** How many points there are; of an open stroke, the frames. */
  #ink(e: Element, open: boolean): number {
    if (!e.ink) return 0;
    e.ink.open = open;
    const count = this.#r.atMost(this.#limits.strokePoints, "limit");
    this.#points += count;
    if (this.#points > this.#limits.points) throw new DecodeError("limit");
    if (!open) return count;
    const n = this.#r.uvarint();
    if (n > this.#r.left) throw new DecodeError("truncated");
    if (n > count || (n === 0 && count > 0)) throw new DecodeError("value"); // a frame has at least one point
    for (let i = 0; i < n; i++) e.ink.frames.push(this.#r.bytes().slice());
    return count;
  }

  #erasures(e: Element): void {
    let spans = this.#limits.spans; // that may still come
    for (let n = this.#r.count(this.#limits.erasures, MIN_ERASURE); n > 0; n--) {
      const replica = this.#r.uint32();
      const eraser = this.#r.number();
      const off = this.#r.bool();
      if (e.erasure(replica, eraser)) throw new DecodeError("canonical");
      const erasure = { replica, eraser, off, spans: readSpans(this.#r, spans) };
      spans -= erasure.spans.length;
      e.erase(erasure);
    }
  }

  #text(): string {
    const text = fromUTF8(this.#r.bytes());
    if (text !== undefined && codePoints(text) > this.#limits.text) throw new DecodeError("limit");
    if (text === undefined || !isClean(text)) throw new DecodeError("value");
    return text;
  }
}
