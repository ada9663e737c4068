// What the forms of docs/format.md need beside package ot's reader and writer.
import { Writer } from "../ot/bytes.ts";

/** Joins pieces; the piece itself where there is only one. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
  const w = new Writer(pieces.reduce((n, p) => n + p.length, 0));
  for (const p of pieces) w.raw(p);
  return w.buffer;
}

/** Bytes in a buffer of their own, as browsers want them for sending. */
export function own(w: Writer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(w.take());
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The bytes that hex digits stand for; undefined if they are none. */
export function unhex(digits: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^([0-9a-f]{2})*$/i.test(digits)) return undefined;
  return Uint8Array.from(digits.match(/../g) ?? [], (d) => Number.parseInt(d, 16));
}
