// One thing on a board: registers and, for ink, points and erasures, for text its string.
import { equalBytes } from "./bytes.ts";
import type { Writer } from "./bytes.ts";
import { appendSpans } from "./codecparts.ts";
import * as fnv from "./fnv.ts";
import { COORDINATES, Ink } from "./ink.ts";
import { merge, visibleParts } from "./spans.ts";
import { ElementKind, Register, key } from "./types.ts";
import type { ID, Key, Point, Span } from "./types.ts";
import { utf8 } from "./utf8.ts";
import * as value from "./value.ts";

/** A register with its last write: the record's revision and its author. */
export interface Stamped {
  readonly register: Register;
  readonly value: Uint8Array;
  readonly stamp: number;
  readonly writer: number;
  /** What the value means, once somebody asked; for the element only. Views share it. */
  decoded?: unknown;
}

/** What an element counts as whose register was never written. */
const DEFAULT_COLOR = 0x000000;
export const DEFAULT_WIDTH = 20;
const DEFAULT_OPACITY = 255;
export const DEFAULT_SIZE = 240;

/** What one gesture of an eraser took from a stroke (OT11). eraser: the author's number of it. off: taken back. */
export interface Erasure {
  readonly replica: number;
  readonly eraser: number;
  readonly off: boolean;
  /** Rising and apart, in 1/256 of a point's index. */
  readonly spans: readonly Span[];
}

const NO_POINTS = new Int32Array(0);
const NO_VERTICES: readonly value.Vertex[] = [];
const NO_ERASURES: readonly Erasure[] = [];

/** An element of a board. It belongs to its board or view and changes with it; readers only read. */
export class Element {
  readonly id: ID;
  readonly key: Key;
  readonly kind: ElementKind;
  /** Revision that created it; PENDING in a view while it is not confirmed. */
  created: number;
  /** By rising register. */
  registers: Stamped[] = [];
  /** Hidden (OT6). */
  deleted = false;
  /** Fractional key, "" for the order of creation. */
  order = "";
  /** A replica other than its own has written to it (OT17). */
  touched = false;
  ink: Ink | undefined;
  /** Of ink, in the order of their first op; the list is replaced when it changes. */
  erasures: readonly Erasure[] = NO_ERASURES;
  /** The string of a text, "" of all others. */
  text = "";
  #parts: { readonly of: readonly Erasure[]; readonly count: number; readonly parts: readonly Span[] | undefined } | undefined;

  /** ink: that of another element, which this one is a view of. */
  constructor(id: ID, kind: ElementKind, created: number, ink?: Ink, k: Key = key(id)) {
    this.id = id;
    this.key = k;
    this.kind = kind;
    this.created = created;
    this.ink = kind === ElementKind.Ink ? (ink ?? new Ink()) : undefined;
  }

  /** A stroke that goes on. */
  get open(): boolean {
    return this.ink?.open ?? false;
  }

  /** How many points there are. */
  get count(): number {
    return this.ink?.count ?? 0;
  }

  /** x, y, p, t of each point one after the other; only the first 4 × count numbers mean anything. */
  get points(): Int32Array {
    return this.ink?.data ?? NO_POINTS;
  }

  /** Point i, 0 ≤ i < count. */
  point(i: number): Point {
    const [x = 0, y = 0, p = 0, t = 0] = this.points.subarray(i * COORDINATES, (i + 1) * COORDINATES);
    return { x, y, p, t };
  }

  /** A register with its last write, undefined if it was never written. */
  stamped(register: Register): Stamped | undefined {
    for (const r of this.registers) if (r.register === register) return r;
    return undefined;
  }

  /** The value of a register, undefined if it was never written. */
  value(register: Register): Uint8Array | undefined {
    return this.stamped(register)?.value;
  }

  /**
   * The parts of ink that are to be seen (OT11), rising and apart, in 1/256 of a point's index; undefined: nothing is
   * erased. A part that has the last point ends at 256 × count.
   */
  visible(): readonly Span[] | undefined {
    if (this.erasures.length === 0) return undefined;
    if (this.#parts?.of !== this.erasures || this.#parts.count !== this.count) {
      const spans = this.erasures.flatMap((e) => (e.off ? [] : e.spans));
      this.#parts = { of: this.erasures, count: this.count, parts: visibleParts(merge(spans), this.count) };
    }
    return this.#parts.parts;
  }

  /** Where it was put; undefined: where its points are. */
  get place(): value.Placement | undefined {
    return this.#decoded(Register.Place, value.decodePlace);
  }

  /** 0xRRGGBB. */
  get color(): number {
    return this.#decoded(Register.Color, value.decodeColor) ?? DEFAULT_COLOR;
  }

  /** 1/10 px. */
  get width(): number {
    return this.#decoded(Register.Width, value.decodeWidth) ?? DEFAULT_WIDTH;
  }

  /** 0 … 255. */
  get opacity(): number {
    return this.#decoded(Register.Opacity, value.decodeByte) ?? DEFAULT_OPACITY;
  }

  /** 0xRRGGBB, undefined for none. */
  get fill(): number | undefined {
    return this.#decoded(Register.Fill, value.decodeFill);
  }

  /** 0 solid, 1 dashed, 2 dotted: the index in DASHES. */
  get dash(): number {
    return this.#decoded(Register.Dash, value.decodeDash) ?? 0;
  }

  /** Font size of a text in 1/10 px. */
  get size(): number {
    return this.#decoded(Register.Size, value.decodeSize) ?? DEFAULT_SIZE;
  }

  /** 0 left, 1 centre, 2 right: the index in ALIGNS. */
  get align(): number {
    return this.#decoded(Register.Align, value.decodeAlign) ?? 0;
  }

  get bold(): boolean {
    return this.#decoded(Register.Style, value.decodeStyle)?.bold ?? false;
  }

  get italic(): boolean {
    return this.#decoded(Register.Style, value.decodeStyle)?.italic ?? false;
  }

  /** Corners of a polygon, none if they were never written. */
  get vertices(): readonly value.Vertex[] {
    return this.#decoded(Register.Vertices, value.decodeVertices) ?? NO_VERTICES;
  }

  get locked(): boolean {
    return this.#decoded(Register.Locked, value.decodeBool) ?? false;
  }

  /** 1 pen, 2 highlighter; 0 if it was never written. */
  get pen(): number {
    return this.#decoded(Register.Pen, value.decodeByte) ?? 0;
  }

  /** The group that it is in, if any (OT18). */
  get group(): ID | undefined {
    return this.#decoded(Register.Group, value.decodeGroup);
  }

  /** Content id of an image, "" if it has none. */
  get content(): string {
    return this.#decoded(Register.Content, value.decodeText) ?? "";
  }

  #decoded<T>(register: Register, decode: (value: Uint8Array) => T): T | undefined {
    const last = this.stamped(register);
    return last && ((last.decoded ??= decode(last.value)) as T);
  }

  /** Writes one register; the later write stands (OT5). For boards and views only. */
  write(register: Register, bytes: Uint8Array, stamp: number, writer: number): void {
    let i = 0;
    while (i < this.registers.length && (this.registers[i] as Stamped).register < register) i++;
    const written: Stamped = { register, value: bytes, stamp, writer, decoded: undefined };
    if (this.registers[i]?.register === register) this.registers[i] = written;
    else this.registers.splice(i, 0, written);
    if (register === Register.Deleted) this.deleted = value.decodeBool(bytes);
    if (register === Register.Order) this.order = value.decodeText(bytes);
  }

  /** The erasure with its author's number, undefined if there is none. */
  erasure(replica: number, eraser: number): Erasure | undefined {
    return this.erasures.find((e) => e.replica === replica && e.eraser === eraser);
  }

  /** Puts an erasure in the place of the one with its number, or behind all. For boards and views only. */
  erase(erasure: Erasure): void {
    const before = this.erasure(erasure.replica, erasure.eraser);
    this.erasures = before ? this.erasures.map((e) => (e === before ? erasure : e)) : [...this.erasures, erasure];
  }

  /** Another element with the same id and ink and all else of its own. For views only. */
  twin(): Element {
    const e = new Element(this.id, this.kind, this.created, this.ink, this.key);
    e.reset(this);
    return e;
  }

  /** Takes over from another element all but the points. For views only. */
  reset(from: Element): void {
    this.registers = from.registers.slice();
    this.deleted = from.deleted;
    this.order = from.order;
    this.touched = from.touched;
    this.erasures = from.erasures;
    this.text = from.text;
  }

  /** Whether the registers hold the same values, whatever their stamps. */
  sameValues(registers: readonly Stamped[]): boolean {
    return (
      registers.length === this.registers.length &&
      registers.every((r, i) => {
        const own = this.registers[i];
        return own !== undefined && own.register === r.register && equalBytes(own.value, r.value);
      })
    );
  }

  /** FNV-1a/128 of the canonical bytes. */
  hash(scratch: Writer): fnv.Limbs {
    const digest = this.ink && fnv.bytes(this.ink.digest(scratch));
    scratch.length = 0;
    scratch.id(this.id);
    scratch.byte(this.kind);
    scratch.byte(this.touched ? 1 : 0);
    scratch.uvarint(this.created);
    scratch.uvarint(this.registers.length);
    for (const r of this.registers) {
      scratch.byte(r.register);
      scratch.uvarint(r.stamp);
      scratch.uvarint(r.writer);
      scratch.bytes(r.value);
    }
    if (digest) {
      scratch.byte(this.open ? 1 : 0);
      scratch.uvarint(this.count);
      scratch.raw(digest);
      appendErasures(scratch, this.erasures);
    }
    if (this.kind === ElementKind.Text) scratch.bytes(utf8(this.text));
    const h = fnv.start();
    fnv.update(h, scratch.buffer, scratch.length);
    return h;
  }
}

/** Erasures as they are hashed and kept. */
export function appendErasures(w: Writer, erasures: readonly Erasure[]): void {
  w.uvarint(erasures.length);
  for (const e of erasures) {
    w.uvarint(e.replica);
    w.uvarint(e.eraser);
    w.byte(e.off ? 1 : 0);
    appendSpans(w, e.spans);
  }
}

