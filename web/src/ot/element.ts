// One thing on a board: registers and, for ink, points.
import { Writer, equalBytes } from "./bytes.ts";
import * as fnv from "./fnv.ts";
import { ElementKind, Register, key } from "./types.ts";
import type { ID, Key, Point } from "./types.ts";
import { decodeBool, decodeByte, decodeColor, decodeDash, decodeFill, decodeGroup, decodePlace, decodeText, decodeWidth } from "./value.ts";
import type { Placement } from "./value.ts";

/** A register with the revision that last wrote it. */
export interface Stamped {
  readonly register: Register;
  readonly value: Uint8Array;
  readonly stamp: number;
}

/** What an element counts as whose register was never written. */
export const DEFAULT_COLOR = 0x000000;
export const DEFAULT_WIDTH = 20;
export const DEFAULT_OPACITY = 255;

const COORDINATES = 4;

/** The points of a stroke: a growing array, and the digest of those that were hashed. */
export class Ink {
  /** x, y, p, t of point 0, then of point 1 …; what is beyond count means nothing. */
  data = new Int32Array(0);
  count = 0;
  open = true;
  /** The points as they travelled, while open. */
  frames: Uint8Array[] = [];
  #digest = fnv.start();
  #digested = 0;

  clone(): Ink {
    const ink = new Ink();
    ink.data = this.data.slice(0, this.count * COORDINATES);
    ink.count = this.count;
    ink.open = this.open;
    ink.frames = this.frames.slice();
    return ink;
  }

  append(points: readonly Point[]): void {
    this.#reserve(this.count + points.length);
    let at = this.count * COORDINATES;
    for (const point of points) {
      this.data[at] = point.x;
      this.data[at + 1] = point.y;
      this.data[at + 2] = point.p;
      this.data[at + 3] = point.t;
      at += COORDINATES;
    }
    this.count += points.length;
  }

  /** The frames are not needed any more and the points do not grow. */
  close(): void {
    this.open = false;
    this.frames = [];
    if (this.data.length > 1.125 * this.count * COORDINATES) this.data = this.data.slice(0, this.count * COORDINATES);
  }

  #reserve(count: number): void {
    const need = count * COORDINATES;
    if (need <= this.data.length) return;
    const data = new Int32Array(Math.max(need, Math.ceil(1.5 * this.data.length)));
    data.set(this.data);
    this.data = data;
  }

  /** FNV-1a/128 of the points; reads only those that are new since the last time. */
  digest(scratch: Writer): fnv.Limbs {
    const end = this.count * COORDINATES;
    for (let from = this.#digested * COORDINATES; from < end; from += PIECE) {
      scratch.length = 0;
      scratch.reserve(PIECE * 5);
      writeDifferences(scratch, this.data, from, Math.min(end, from + PIECE));
      fnv.update(this.#digest, scratch.buffer, scratch.length);
    }
    this.#digested = this.count;
    return this.#digest;
  }
}

/** Coordinates that are hashed at a time. */
const PIECE = 4096;

/** Writes each of data[from, end) as the zigzag of its difference from that of the point before; there is room for 5 bytes each. */
function writeDifferences(w: Writer, data: Int32Array, from: number, end: number): void {
  const out = w.buffer;
  let at = w.length;
  for (let i = from; i < end; i++) {
    const before = i < COORDINATES ? 0 : (data[i - COORDINATES] as number);
    const d = ((data[i] as number) - before) | 0;
    let z = ((d << 1) ^ (d >> 31)) >>> 0;
    for (; z > 0x7f; z >>>= 7) out[at++] = (z & 0x7f) | 0x80;
    out[at++] = z;
  }
  w.length = at;
}

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
  ink: Ink | undefined;

  constructor(id: ID, kind: ElementKind, created: number) {
    this.id = id;
    this.key = key(id);
    this.kind = kind;
    this.created = created;
    this.ink = kind === ElementKind.Ink ? new Ink() : undefined;
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

  /** The value of a register, undefined if it was never written. */
  value(register: Register): Uint8Array | undefined {
    for (const r of this.registers) if (r.register === register) return r.value;
    return undefined;
  }

  /** Where it was put; undefined: where its points are. */
  get place(): Placement | undefined {
    return this.#decoded(Register.Place, decodePlace);
  }

  /** 0xRRGGBB. */
  get color(): number {
    return this.#decoded(Register.Color, decodeColor) ?? DEFAULT_COLOR;
  }

  /** 1/10 px. */
  get width(): number {
    return this.#decoded(Register.Width, decodeWidth) ?? DEFAULT_WIDTH;
  }

  /** 0 … 255. */
  get opacity(): number {
    return this.#decoded(Register.Opacity, decodeByte) ?? DEFAULT_OPACITY;
  }

  /** 0xRRGGBB, undefined for none. */
  get fill(): number | undefined {
    return this.#decoded(Register.Fill, decodeFill);
  }

  /** 0 solid, 1 dashed, 2 dotted. */
  get dash(): number {
    return this.#decoded(Register.Dash, decodeDash) ?? 0;
  }

  get locked(): boolean {
    return this.#decoded(Register.Locked, decodeBool) ?? false;
  }

  get pen(): number {
    return this.#decoded(Register.Pen, decodeByte) ?? 0;
  }

  get group(): ID | undefined {
    return this.#decoded(Register.Group, decodeGroup);
  }

  /** Content id of an image, "" if it has none. */
  get content(): string {
    return this.#decoded(Register.Content, decodeText) ?? "";
  }

  #decoded<T>(register: Register, decode: (value: Uint8Array) => T): T | undefined {
    const value = this.value(register);
    return value && decode(value);
  }

  /** Writes one register; the later write stands (OT5). For boards and views only. */
  write(register: Register, value: Uint8Array, stamp: number): void {
    let i = 0;
    while (i < this.registers.length && (this.registers[i] as Stamped).register < register) i++;
    const found = this.registers[i]?.register === register ? 1 : 0;
    this.registers.splice(i, found, { register, value, stamp });
    if (register === Register.Deleted) this.deleted = decodeBool(value);
    if (register === Register.Order) this.order = decodeText(value);
  }

  /** Another element with the same id and ink and registers of its own. For views only. */
  twin(): Element {
    const e = new Element(this.id, this.kind, this.created);
    e.ink = this.ink;
    e.resetRegisters(this);
    return e;
  }

  /** Takes the registers of another element over. For views only. */
  resetRegisters(from: Element): void {
    this.registers = from.registers.slice();
    this.deleted = from.deleted;
    this.order = from.order;
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
    scratch.uvarint(this.created);
    scratch.uvarint(this.registers.length);
    for (const r of this.registers) {
      scratch.byte(r.register);
      scratch.uvarint(r.stamp);
      scratch.bytes(r.value);
    }
    if (digest) {
      scratch.byte(this.open ? 1 : 0);
      scratch.uvarint(this.count);
      scratch.raw(digest);
    }
    const h = fnv.start();
    fnv.update(h, scratch.buffer, scratch.length);
    return h;
  }
}

const NO_POINTS = new Int32Array(0);
