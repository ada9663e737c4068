// The binary arithmetic coder of the ink codec with its adaptive contexts. The same as protocol/ink/coder.go, where comments say why.

/** Why ink could not be coded or decoded. */
export type InkReason =
  /** Damaged data. */
  | "corrupt"
  /** Points that cannot be coded. */
  | "range"
  /** More points or strokes than allowed. */
  | "limit"
  /** Not the next frame of an open stroke. */
  | "not-open";

export class InkError extends Error {
  readonly reason: InkReason;

  constructor(reason: InkReason, text: string) {
    super(`ink: ${text}`);
    this.name = "InkError";
    this.reason = reason;
  }
}

const START_CONFIDENCE = 8;
const MAX_CONFIDENCE = 60;
const EVEN = 1 << 15;

/** Contexts of one signed value, and where its groups begin. */
export const VALUES = 32;
const SIGN = 3;
const MORE = 6;
const TOP = 20;
const NEXT = 28;
const MAX_BITS = 19;

/** What sign a value is expected to have. */
export const NEGATIVE = 0;
export const OPEN = 1;
export const POSITIVE = 2;

const rate = Int32Array.from({ length: MAX_CONFIDENCE + 1 }, (_, n) => Math.floor(655360 / (10 * n + 16)));

// Places in Coder.range.
const LO = 0;
const HI = 1;
const VAL = 2;

/**
 * Codes bits and values. One model drives both directions: the methods take the value to encode and return the value
 * coded, so that a decoder may pass anything.
 */
export class Coder {
  /** lo, hi and, when decoding, the next four bytes: unsigned, which plain fields would keep as floating point. */
  private readonly range = new Uint32Array(3);
  /** Per context: chance of a one in 1/65536, times 256, plus the confidence. */
  private readonly contexts: Int32Array;
  private input: Uint8Array = new Uint8Array(0);
  private at = 0;
  private over = 0;
  private output: Uint8Array = new Uint8Array(256);
  private length = 0;
  decoding = false;

  constructor(contexts: number) {
    this.contexts = new Int32Array(contexts);
  }

  /** Begins with trained chances, in 1/256. */
  reset(trained: Uint8Array): void {
    for (let i = 0; i < trained.length; i++) this.contexts[i] = (((trained[i]! << 8) | 128) << 8) | START_CONFIDENCE;
  }

  encode(): void {
    this.decoding = false;
    this.range[LO] = 0;
    this.range[HI] = 0xffffffff;
    this.length = 0;
  }

  decode(src: Uint8Array): void {
    this.decoding = true;
    this.range[LO] = 0;
    this.range[HI] = 0xffffffff;
    this.input = src;
    this.at = 0;
    this.over = 0;
    for (let i = 0; i < 4; i++) this.read();
  }

  /** Decoding has read more than any encoder leaves out. */
  get exhausted(): boolean {
    return this.over > 4;
  }

  private read(): void {
    let byte = 0;
    if (this.at < this.input.length) byte = this.input[this.at++]!;
    else this.over++;
    this.range[VAL] = (this.range[VAL]! << 8) | byte;
  }

  private write(byte: number): void {
    if (this.length === this.output.length) {
      const longer = new Uint8Array(2 * this.length);
      longer.set(this.output);
      this.output = longer;
    }
    this.output[this.length++] = byte;
  }

  /** Codes one bit whose chance of a one is p / 65536. */
  private code(p: number, b: number): number {
    const u = this.range;
    const lo = u[LO]!;
    const hi = u[HI]!;
    const width = (hi - lo) >>> 0;
    const mid = (lo + Math.imul(width >>> 16, p) + (Math.imul(width & 0xffff, p) >>> 16)) >>> 0;
    if (this.decoding) b = u[VAL]! <= mid ? 1 : 0;
    const newLo = b ? lo : (mid + 1) >>> 0;
    const newHi = b ? mid : hi;
    u[LO] = newLo;
    u[HI] = newHi;
    if ((newLo ^ newHi) >>> 24 === 0) this.settle();
    return b;
  }

  /** Moves on over the bytes that lo and hi agree in. */
  private settle(): void {
    const u = this.range;
    do {
      if (this.decoding) this.read();
      else this.write(u[HI]! >>> 24);
      u[LO] = u[LO]! << 8;
      u[HI] = (u[HI]! << 8) | 255;
    } while ((u[LO]! ^ u[HI]!) >>> 24 === 0);
  }

  /** Codes one bit with context m and adapts it. */
  bit(m: number, b: number): number {
    const state = this.contexts[m]!;
    const p = state >>> 8;
    const n = state & 255;
    b = this.code(p, b);
    const q = b ? p + (Math.imul(65535 - p, rate[n]!) >>> 16) : p - (Math.imul(p - 1, rate[n]!) >>> 16);
    this.contexts[m] = (q << 8) | (n < MAX_CONFIDENCE ? n + 1 : n);
    return b;
  }

  /** Codes the low n bits of v without a context. */
  raw(n: number, v: number): number {
    let r = 0;
    for (let i = n - 1; i >= 0; i--) r = (r << 1) | this.code(EVEN, (v >> i) & 1);
    return r;
  }

  /** Codes v, |v| < 2^20, with the contexts from m on. */
  signed(m: number, expected: number, v: number): number {
    if (!this.bit(m + expected, v === 0 ? 0 : 1)) return 0;
    const minus = this.bit(m + SIGN + expected, v < 0 ? 1 : 0);
    const w = v < 0 ? -v : v;
    let k = 0;
    while (k < MAX_BITS && this.bit(m + MORE + (k < 13 ? k : 13), w >> (k + 1) ? 1 : 0)) k++;
    let r = 1;
    for (let i = k - 1; i >= 0; i--) {
      const b = (w >> i) & 1;
      if (i === k - 1) r = (r << 1) | this.bit(m + TOP + (i < 7 ? i : 7), b);
      else if (i === k - 2 && k <= 3) r = (r << 1) | this.bit(m + NEXT + 2 * (k - 2) + (r & 1), b);
      else r = (r << 1) | this.code(EVEN, b);
    }
    return minus ? -r : r;
  }

  /** The shortest end: the fewest bytes, and those at the top of value, that stay in [lo, hi] whatever zeros follow. */
  private tail(): { value: number; bytes: number } {
    const lo = this.range[LO]!;
    for (let bytes = 0; bytes < 4; bytes++) {
      const unit = 2 ** (32 - 8 * bytes);
      const value = Math.ceil(lo / unit) * unit;
      if (value <= this.range[HI]!) return { value, bytes };
    }
    return { value: lo, bytes: 4 };
  }

  /** Ends encoding and returns its bytes. */
  finish(): Uint8Array {
    const { value, bytes } = this.tail();
    for (let i = 0; i < bytes; i++) this.write((value >>> (24 - 8 * i)) & 255);
    return this.output.slice(0, this.length);
  }

  /** Decoding ended where an encoder would have ended: no byte is left, missing or other than in the shortest tail. */
  get finished(): boolean {
    const { value, bytes } = this.tail();
    return this.at === this.input.length && this.over === 4 - bytes && this.range[VAL] === value;
  }
}
