// Values of registers in canonical bytes, both ways; the same as value.go.
import { DecodeError, Reader, Writer } from "./bytes.ts";
import { Register } from "./types.ts";
import type { ID, Setting } from "./types.ts";

/** Position and size in 1/10 px, angle in 1/100° clockwise; 32-bit integers. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly angle: number;
}

/** A corner of a polygon, 0 … 65 535 each, as parts of the width and height of its place. */
export interface Vertex {
  readonly x: number;
  readonly y: number;
}

export interface TextStyle {
  readonly bold: boolean;
  readonly italic: boolean;
}

export const MAX_WIDTH = 2000;
export const MIN_SIZE = 80;
export const MAX_SIZE = 4000;
export const MAX_ORDER = 24;
const MAX_CONTENT = 64;
export const MIN_VERTICES = 3;
export const MAX_VERTICES = 256;
export const MAX_VERTEX = 65_535;
/** Values of dash and of align, by their number. */
export const DASHES = ["solid", "dashed", "dotted"] as const;
export const ALIGNS = ["left", "center", "right"] as const;
export type Dash = (typeof DASHES)[number];
export type Align = (typeof ALIGNS)[number];
const MAX_COLOR = 0xffffff;
const BOLD = 1;
const ITALIC = 2;

const clamp = (v: number, least: number, most: number): number => Math.min(Math.max(Math.round(v), least), most);

/** Values are made by the thousand, one after the other: this has room for each of them. */
const SCRATCH = new Writer(32);

const written = (write: (w: Writer) => void): Uint8Array => {
  SCRATCH.length = 0;
  write(SCRATCH);
  return SCRATCH.take();
};

export function placeValue(p: Placement): Uint8Array {
  SCRATCH.length = 0;
  SCRATCH.zigzag(p.x | 0);
  SCRATCH.zigzag(p.y | 0);
  SCRATCH.zigzag(p.w | 0);
  SCRATCH.zigzag(p.h | 0);
  SCRATCH.zigzag(p.angle | 0);
  return SCRATCH.take();
}

/** 0xRRGGBB; higher bits are dropped. */
export const colorValue = (rgb: number): Uint8Array => written((w) => w.uvarint(rgb & MAX_COLOR));

/** 1/10 px, brought into 1 … MAX_WIDTH. */
export const widthValue = (tenths: number): Uint8Array =>
  written((w) => w.uvarint(clamp(tenths, 1, MAX_WIDTH)));

/** Deleted and locked. */
export const boolValue = (v: boolean): Uint8Array => Uint8Array.of(v ? 1 : 0);

/** Opacity and pen; dash and align as the index in DASHES and ALIGNS. */
export const byteValue = (v: number): Uint8Array => Uint8Array.of(v);

export const dashValue = (dash: Dash): Uint8Array => byteValue(DASHES.indexOf(dash));

export const alignValue = (align: Align): Uint8Array => byteValue(ALIGNS.indexOf(align));

/** Font size in 1/10 px, brought into MIN_SIZE … MAX_SIZE. */
export const sizeValue = (tenths: number): Uint8Array =>
  written((w) => w.uvarint(clamp(tenths, MIN_SIZE, MAX_SIZE)));

export const styleValue = ({ bold, italic }: TextStyle): Uint8Array => byteValue((bold ? BOLD : 0) | (italic ? ITALIC : 0));

/** MIN_VERTICES … MAX_VERTICES corners; numbers are rounded and brought into range. */
export const verticesValue = (vertices: readonly Vertex[]): Uint8Array =>
  written((w) => {
    w.uvarint(vertices.length);
    for (const { x, y } of vertices) {
      w.uvarint(clamp(x, 0, MAX_VERTEX));
      w.uvarint(clamp(y, 0, MAX_VERTEX));
    }
  });

/** 0xRRGGBB, or undefined for none. */
export const fillValue = (rgb: number | undefined): Uint8Array =>
  written((w) => w.uvarint(rgb === undefined ? 0 : (rgb & MAX_COLOR) + 1));

/** Undefined is no group. */
export const groupValue = (group: ID | undefined): Uint8Array => written((w) => w.id(group ?? { replica: 0, counter: 0 }));

/** Order and content: their characters, one byte each. */
export const textValue = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** The settings by rising register, as ops must have them. */
export const settings = (...list: Setting[]): Setting[] => list.sort((a, b) => a.register - b.register);

function read<T>(value: Uint8Array, decode: (r: Reader) => T): T {
  const r = new Reader(value);
  const v = decode(r);
  r.end();
  return v;
}

function int32(r: Reader): number {
  const v = r.zigzag();
  if (v !== (v | 0)) throw new DecodeError("value");
  return v | 0;
}

const upTo = (value: Uint8Array, least: number, most: number): number =>
  read(value, (r) => {
    const v = r.atMost(most, "value");
    if (v < least) throw new DecodeError("value");
    return v;
  });

const byteUpTo = (value: Uint8Array, most: number): number =>
  read(value, (r) => {
    const v = r.byte();
    if (v > most) throw new DecodeError("value");
    return v;
  });

export const decodePlace = (value: Uint8Array): Placement =>
  read(value, (r) => ({ x: int32(r), y: int32(r), w: int32(r), h: int32(r), angle: int32(r) }));

export const decodeColor = (value: Uint8Array): number => upTo(value, 0, MAX_COLOR);

export const decodeWidth = (value: Uint8Array): number => upTo(value, 1, MAX_WIDTH);

export function decodeFill(value: Uint8Array): number | undefined {
  const v = upTo(value, 0, MAX_COLOR + 1);
  return v === 0 ? undefined : v - 1;
}

export const decodeBool = (value: Uint8Array): boolean => byteUpTo(value, 1) === 1;

export const decodeByte = (value: Uint8Array): number => byteUpTo(value, 255);

export const decodeDash = (value: Uint8Array): number => byteUpTo(value, DASHES.length - 1);

export const decodeAlign = (value: Uint8Array): number => byteUpTo(value, ALIGNS.length - 1);

export const decodeSize = (value: Uint8Array): number => upTo(value, MIN_SIZE, MAX_SIZE);

export function decodeStyle(value: Uint8Array): TextStyle {
  const bits = byteUpTo(value, BOLD | ITALIC);
  return { bold: (bits & BOLD) !== 0, italic: (bits & ITALIC) !== 0 };
}

export const decodeVertices = (value: Uint8Array): Vertex[] =>
  read(value, (r) => {
    const n = r.atMost(MAX_VERTICES, "value");
    if (n < MIN_VERTICES) throw new DecodeError("value");
    const coordinate = (): number => r.atMost(MAX_VERTEX, "value");
    return Array.from({ length: n }, () => ({ x: coordinate(), y: coordinate() }));
  });

export const decodeText = (value: Uint8Array): string => String.fromCharCode(...value);

export const decodeGroup = (value: Uint8Array): ID | undefined =>
  read(value, (r) => {
    const id = { replica: r.uint32(), counter: r.uint32() };
    if ((id.replica === 0) !== (id.counter === 0)) throw new DecodeError("value");
    return id.replica === 0 ? undefined : id;
  });

function checkOrder(value: Uint8Array): void {
  if (value.length > MAX_ORDER || !/^[0-9A-Za-z]*$/.test(decodeText(value))) throw new DecodeError("value");
}

function checkContent(value: Uint8Array): void {
  if (value.length < 1 || value.length > MAX_CONTENT) throw new DecodeError("value");
}

const checks: ReadonlyMap<number, (value: Uint8Array) => unknown> = new Map<number, (value: Uint8Array) => unknown>([
  [Register.Place, decodePlace], [Register.Color, decodeColor], [Register.Width, decodeWidth],
  [Register.Deleted, decodeBool], [Register.Order, checkOrder], [Register.Group, decodeGroup],
  [Register.Opacity, decodeByte], [Register.Fill, decodeFill], [Register.Dash, decodeDash],
  [Register.Content, checkContent], [Register.Locked, decodeBool], [Register.Pen, decodeByte],
  [Register.Size, decodeSize], [Register.Align, decodeAlign], [Register.Style, decodeStyle], [Register.Vertices, decodeVertices],
]);

/** Throws DecodeError unless the register exists and the value is one of its canonical values. */
export function checkSetting(register: number, value: Uint8Array): asserts register is Register {
  const check = checks.get(register);
  if (!check) throw new DecodeError("kind");
  check(value);
}
