// Canonical numbers and bytes (docs/format.md): a strict reader and a growing writer.
import type { ID } from "./types.ts";

/** Why bytes are refused; the same words as the errors of package ot in Go. */
export type Reason = "truncated" | "canonical" | "kind" | "value" | "limit" | "strokes";

export class DecodeError extends Error {
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(`ot: decode: ${reason}`);
    this.reason = reason;
  }
}

const MAX_VARINT = 10;
const MAX_UINT32 = 0xffffffff;

/** Takes canonical values from the front of bytes. Every method throws DecodeError. */
export class Reader {
  readonly #src: Uint8Array;
  #at = 0;

  constructor(src: Uint8Array) {
    this.#src = src;
  }

  get left(): number {
    return this.#src.length - this.#at;
  }

  byte(): number {
    const b = this.#src[this.#at];
    if (b === undefined) throw new DecodeError("truncated");
    this.#at++;
    return b;
  }

  /** A varint as a number: exact up to 2^53 − 1, above that a number that is at least 2^53. */
  uvarint(): number {
    let v = 0;
    let scale = 1;
    for (let i = 0; ; i++) {
      const b = this.byte();
      if (i >= MAX_VARINT || (i === MAX_VARINT - 1 && b < 0x80 && b > 1)) throw new DecodeError("canonical");
      v += (b & 0x7f) * scale;
      scale *= 128;
      if (b < 0x80) {
        if (b === 0 && i > 0) throw new DecodeError("canonical");
        return v;
      }
    }
  }

  /** A varint of 64 bits. */
  biguvarint(): bigint {
    const from = this.#at;
    this.uvarint();
    let v = 0n;
    for (let i = this.#at - 1; i >= from; i--) v = (v << 7n) | BigInt((this.#src[i] ?? 0) & 0x7f);
    return v;
  }

  atMost(limit: number, reason: Reason): number {
    const v = this.uvarint();
    if (v > limit) throw new DecodeError(reason);
    return v;
  }

  uint32(): number {
    return this.atMost(MAX_UINT32, "value");
  }

  /** A zigzag; beyond ±2^52 it is not exact, only as large. */
  zigzag(): number {
    const u = this.uvarint();
    return u % 2 === 0 ? u / 2 : -(u + 1) / 2;
  }

  /** A length and as many bytes, a part of the source. */
  bytes(): Uint8Array {
    return this.take(this.uvarint());
  }

  /** n bytes, a part of the source. */
  take(n: number): Uint8Array {
    if (n > this.left) throw new DecodeError("truncated");
    this.#at += n;
    return this.#src.subarray(this.#at - n, this.#at);
  }

  /** How many things follow: 1 to limit, each of size bytes at least. */
  count(limit: number, size: number): number {
    const n = this.atMost(limit, "limit");
    if (n === 0) throw new DecodeError("canonical");
    if (n > Math.floor(this.left / size)) throw new DecodeError("truncated");
    return n;
  }

  /** One of 1 … 2^32 − 1. */
  number(): number {
    const n = this.uint32();
    if (n === 0) throw new DecodeError("value");
    return n;
  }

  bool(): boolean {
    const b = this.byte();
    if (b > 1) throw new DecodeError("value");
    return b === 1;
  }

  id(): ID {
    const id = { replica: this.uint32(), counter: this.uint32() };
    if (id.replica === 0 || id.counter === 0) throw new DecodeError("value");
    return id;
  }

  /** Refuses bytes left over. */
  end(): void {
    if (this.left > 0) throw new DecodeError("canonical");
  }
}

/** Bytes that grow. Numbers are safe integers. */
export class Writer {
  buffer: Uint8Array;
  length = 0;

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity);
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** Makes room for so many more bytes. */
  reserve(need: number): void {
    if (this.length + need > this.buffer.length) this.#grow(need);
  }

  byte(b: number): void {
    if (this.length === this.buffer.length) this.#grow(1);
    this.buffer[this.length++] = b;
  }

  uvarint(v: number): void {
    while (v > 0x7fffffff) {
      this.byte((v % 128) | 0x80);
      v = Math.floor(v / 128);
    }
    while (v > 0x7f) {
      this.byte((v & 0x7f) | 0x80);
      v >>>= 7;
    }
    this.byte(v);
  }

  biguvarint(v: bigint): void {
    for (; v > 0x7fn; v >>= 7n) this.byte(Number(v & 0x7fn) | 0x80);
    this.byte(Number(v));
  }

  zigzag(v: number): void {
    this.uvarint(v < 0 ? -2 * v - 1 : 2 * v);
  }

  raw(b: Uint8Array): void {
    this.reserve(b.length);
    this.buffer.set(b, this.length);
    this.length += b.length;
  }

  bytes(b: Uint8Array): void {
    this.uvarint(b.length);
    this.raw(b);
  }

  id(id: ID): void {
    this.uvarint(id.replica);
    this.uvarint(id.counter);
  }

  #grow(need: number): void {
    const grown = new Uint8Array(Math.max(2 * this.buffer.length, this.length + need));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
