// Ops in bytes and back (docs/format.md, "Ops"); the same as codec.go.
import { DecodeError, Reader, Writer } from "./bytes.ts";
import { MAX_SPANS, appendEdit, appendRanges, appendSpans, appendUndo, readEdit, readRanges, readSpans, readUndo } from "./codecparts.ts";
import { ElementKind } from "./types.ts";
import type { Op, Register, Setting } from "./types.ts";
import { checkSetting } from "./value.ts";

/** The most ops that a batch may have. */
export const MAX_BATCH = 256;
/** The most registers that one op or element may name. */
const MAX_SETTINGS = 16;

const kinds = { create: 1, extend: 2, set: 3, clear: 4, textEdit: 5, eraseSpans: 6, undo: 7, purge: 8, end: 9 } as const;

/** The bytes of a batch. It checks nothing: decodeOps refuses settings out of order or range. */
export function encodeOps(ops: readonly Op[]): Uint8Array {
  const w = new Writer();
  for (const op of ops) appendOp(w, op);
  return w.take();
}

function appendOp(w: Writer, op: Op): void {
  w.byte(kinds[op.kind]);
  switch (op.kind) {
    case "create":
      w.id(op.id);
      w.byte(op.element);
      appendSettings(w, op.settings);
      return;
    case "extend":
      w.id(op.id);
      w.uvarint(op.first * 2 + (op.ended ? 1 : 0));
      w.bytes(op.frame);
      return;
    case "set":
      w.id(op.id);
      appendSettings(w, op.settings);
      return;
    case "clear":
      w.biguvarint(op.base);
      return;
    case "textEdit":
      w.id(op.id);
      w.biguvarint(op.base);
      appendEdit(w, op.edit);
      return;
    case "eraseSpans":
      w.uvarint(op.eraser);
      w.id(op.id);
      appendSpans(w, op.spans);
      return;
    case "undo":
      appendUndo(w, op.items);
      return;
    case "purge":
      appendRanges(w, op.ranges);
      return;
    case "end":
      w.id(op.id);
  }
}

function appendSettings(w: Writer, settings: readonly Setting[]): void {
  w.uvarint(settings.length);
  for (const s of settings) {
    w.byte(s.register);
    w.bytes(s.value);
  }
}

/**
 * The ops of a batch, 1 to limit of them, exactly src. Only the canonical bytes are taken. Frames are parts of src and
 * points are empty: whoever has the stroke's decoder fills them in. Throws DecodeError.
 */
export function decodeOps(src: Uint8Array, limit = MAX_BATCH): Op[] {
  const r = new Reader(src);
  const ops: Op[] = [];
  do {
    if (ops.length === limit) throw new DecodeError("limit");
    ops.push(readOp(r));
  } while (r.left > 0);
  return ops;
}

function readOp(r: Reader): Op {
  const kind = r.byte();
  switch (kind) {
    case kinds.create:
      return { kind: "create", id: r.id(), element: readElementKind(r), settings: readSettings(r) };
    case kinds.extend: {
      const id = r.id();
      const v = r.atMost(2 ** 33 - 1, "value");
      return { kind: "extend", id, first: Math.floor(v / 2), ended: v % 2 === 1, frame: r.bytes(), points: [] };
    }
    case kinds.set: {
      const op: Op = { kind: "set", id: r.id(), settings: readSettings(r) };
      if (op.settings.length === 0) throw new DecodeError("canonical");
      return op;
    }
    case kinds.clear:
      return { kind: "clear", base: r.biguvarint() };
    case kinds.textEdit:
      return { kind: "textEdit", id: r.id(), base: r.biguvarint(), edit: readEdit(r) };
    case kinds.eraseSpans:
      return { kind: "eraseSpans", eraser: r.number(), id: r.id(), spans: readSpans(r, MAX_SPANS) };
    case kinds.undo:
      return { kind: "undo", items: readUndo(r) };
    case kinds.purge:
      return { kind: "purge", ranges: readRanges(r) };
    case kinds.end:
      return { kind: "end", id: r.id() };
    default:
      throw new DecodeError("kind");
  }
}

export function readElementKind(r: Reader): ElementKind {
  const k = r.byte();
  if (k < ElementKind.Ink || k > ElementKind.Image) throw new DecodeError("kind");
  return k as ElementKind;
}

/** How many registers follow; each takes at least two bytes. */
export function readSettingsCount(r: Reader): number {
  const n = r.atMost(MAX_SETTINGS, "limit");
  if (n > Math.floor(r.left / 2)) throw new DecodeError("truncated");
  return n;
}

function readSettings(r: Reader): Setting[] {
  const settings: Setting[] = [];
  let before = 0;
  for (let n = readSettingsCount(r); n > 0; n--) {
    const register = readRegister(r, before);
    settings.push(readValue(r, register));
    before = register;
  }
  return settings;
}

/** The number of a register, which comes after another one. */
export function readRegister(r: Reader, before: number): number {
  const register = r.byte();
  if (register <= before) throw new DecodeError("canonical");
  return register;
}

/** A register's value, copied. */
export function readValue(r: Reader, register: number): { register: Register; value: Uint8Array } {
  const value = r.bytes().slice();
  checkSetting(register, value);
  return { register, value };
}
