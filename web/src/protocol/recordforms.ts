// The forms of a coded record's body and what a record teaches of its author; the same as protocol/recordforms.go.
import { equalBytes, Reader, Writer } from "../ot/bytes.ts";
import { ElementKind, type ID } from "../ot/types.ts";
import { own } from "./bytes.ts";

/** Bytes that are no record or no context. */
export class RecordError extends Error {
  override name = "RecordError";
}

/** How many points an ink element has, 0 if it is not there. Absent for documents that are not boards. */
export type Lengths = ((id: ID) => number) | undefined;

/** What a context knows of one replica. */
export interface Author {
  n: number;
  /** ms of its last record. */
  captured: number;
  /** Its last element, 0: none. */
  counter: number;
  /** Registers of its last ink element, as in ops; empty: none. */
  registers: Uint8Array;
}

export const NO_REGISTERS = new Uint8Array(0);

/** Forms: START and CONTINUE have one more that also ends the stroke. */
const WHOLE = 0;
const CONTINUE = 1;
const START = 3;
export const LAST_FORM = 4;

/** Op numbers of docs/format.md. */
const CREATE = 1;
const EXTEND = 2;
const SET = 3;
const CLEAR = 4;
const TEXT_EDIT = 5;
const ERASE_SPANS = 6;
const UNDO = 7;
const PURGE = 8;
const END = 9;

/** Components of a text edit and items of an undo that have more behind them. */
const INSERT = 2;
const UNDO_VALUE = 1;
const UNDO_ERASURE = 3;

/** The batch of a replica that a form and its body stand for. Throws RecordError. */
export function expand(form: number, replica: number, author: Author, body: Uint8Array, lengths: Lengths): Uint8Array {
  if (form === WHOLE) return body.slice();
  const start = form >= START;
  if (lengths === undefined || (start ? author.registers.length === 0 : author.counter === 0)) {
    throw new RecordError("a record leans on nothing");
  }
  const id = { replica, counter: author.counter + (start ? 1 : 0) };
  const w = new Writer(body.length + author.registers.length + 32);
  if (start) {
    w.byte(CREATE);
    w.id(id);
    w.byte(ElementKind.Ink);
    w.raw(author.registers);
  }
  w.byte(EXTEND);
  w.id(id);
  w.uvarint((start ? 0 : lengths(id)) * 2 + ((form - CONTINUE) % 2));
  w.bytes(body);
  return own(w);
}

/** The tightest form of a batch, with its body. */
export function tightest(replica: number, payload: Uint8Array, author: Author, lengths: Lengths): [form: number, body: Uint8Array] {
  const whole: [number, Uint8Array] = [WHOLE, payload];
  const ink = lengths === undefined ? undefined : readInkBatch(payload);
  if (ink === undefined || lengths === undefined || ink.id.replica !== replica) return whole;
  const { counter } = ink.id;
  if (ink.registers !== undefined) {
    const known = author.registers.length > 0 && equalBytes(ink.registers, author.registers);
    return known && counter === author.counter + 1 && ink.first === 0 ? [START + ink.ended, ink.frame] : whole;
  }
  const continues = author.counter !== 0 && counter === author.counter && ink.first === lengths(ink.id);
  return continues ? [CONTINUE + ink.ended, ink.frame] : whole;
}

interface InkBatch {
  readonly id: ID;
  /** Of the create before the extend, if there is one. */
  readonly registers: Uint8Array | undefined;
  readonly first: number;
  readonly ended: 0 | 1;
  readonly frame: Uint8Array;
}

/** A batch that is one pen frame, with or without the create of its element, and nothing else. */
function readInkBatch(payload: Uint8Array): InkBatch | undefined {
  try {
    const r = new Reader(payload);
    let kind = r.byte();
    let created: ID | undefined;
    let regs: Uint8Array | undefined;
    if (kind === CREATE) {
      created = readID(r);
      if (r.byte() !== ElementKind.Ink) return undefined;
      regs = readRegisters(r, payload);
      kind = r.byte();
    }
    if (kind !== EXTEND) return undefined;
    const id = readID(r);
    if (created !== undefined && (created.replica !== id.replica || created.counter !== id.counter)) return undefined;
    const v = r.uvarint();
    const frame = r.bytes();
    return r.left > 0 || v >= 2 ** 33 ? undefined : { id, registers: regs, first: Math.floor(v / 2), ended: v % 2 ? 1 : 0, frame };
  } catch {
    return undefined;
  }
}

/** Takes what a batch says of its replica's last element. */
export function learn(author: Author, replica: number, payload: Uint8Array): void {
  const r = new Reader(payload);
  try {
    while (r.left > 0) learnOp(author, replica, r, payload);
  } catch {
    // What cannot be read teaches nothing; whoever applies the batch will complain.
  }
}

function learnOp(author: Author, replica: number, r: Reader, payload: Uint8Array): void {
  const kind = r.byte();
  switch (kind) {
    case CREATE: {
      const id = readID(r);
      const element = r.byte();
      const regs = readRegisters(r, payload);
      if (id.replica !== replica) return;
      author.counter = id.counter;
      if (element === ElementKind.Ink) author.registers = registersOrNone(regs).slice();
      return;
    }
    case EXTEND: {
      const id = readID(r);
      r.uvarint();
      r.bytes();
      if (id.replica === replica) author.counter = id.counter;
      return;
    }
    case SET:
      readID(r);
      readRegisters(r, payload);
      return;
    case CLEAR:
      r.uvarint();
      return;
    case END:
      readID(r);
      return;
    default:
      return skipOp(kind, r);
  }
}

/** Passes over an op that says nothing of its replica's last element. */
function skipOp(kind: number, r: Reader): void {
  switch (kind) {
    case TEXT_EDIT:
      readID(r);
      r.biguvarint();
      return repeat(r, skipComponent);
    case ERASE_SPANS:
      r.uvarint();
      readID(r);
      return repeat(r, () => skipNumbers(r, 2));
    case UNDO:
      return repeat(r, skipUndoItem);
    case PURGE:
      return repeat(r, () => skipNumbers(r, 3));
    default:
      throw new RecordError("unknown op");
  }
}

/** Passes over as many items as a count says; each takes a byte at least. */
function repeat(r: Reader, item: (r: Reader) => void): void {
  for (let n = r.uvarint(); n > 0; n--) item(r);
}

function skipNumbers(r: Reader, n: number): void {
  for (; n > 0; n--) r.uvarint();
}

function skipComponent(r: Reader): void {
  const v = r.uvarint();
  if (v % 4 !== INSERT) return;
  const n = Math.floor(v / 4);
  if (n > r.left) throw new RecordError("a text ends early");
  for (let i = 0; i < n; i++) r.byte();
}

function skipUndoItem(r: Reader): void {
  const kind = r.byte();
  readID(r);
  if (kind === UNDO_VALUE) {
    r.byte();
    r.bytes();
    r.bytes();
  } else if (kind === UNDO_ERASURE) {
    r.uvarint();
    r.byte();
  }
}

function readID(r: Reader): ID {
  return { replica: r.uint32(), counter: r.uint32() };
}

/** The bytes of a list of registers; r reads src. */
export function readRegisters(r: Reader, src: Uint8Array): Uint8Array {
  const from = src.length - r.left;
  for (let left = r.atMost(16, "limit"); left > 0; left--) {
    r.byte();
    r.bytes();
  }
  return src.subarray(from, src.length - r.left);
}

/** Registers, or nothing where their count is 0. */
export function registersOrNone(regs: Uint8Array): Uint8Array {
  return regs[0] === 0 ? NO_REGISTERS : regs;
}
