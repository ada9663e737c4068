// FNV-1a/128 in limbs of 22 bits. The prime is 2^88 + 315 and 88 = 4 × 22, so that a step is five small
// products whose sums stay below 2^31: integer arithmetic throughout, no BigInt.

import type { Writer } from "./bytes.ts";

/** Six limbs, the lowest first; the last has 18 bits. */
export type Limbs = [number, number, number, number, number, number];

const PRIME = 315;
const BITS = 22;
const MASK = 0x3fffff;
const TOP = 0x3ffff;

/** The offset basis 0x6c62272e07bb014262b821756295c58d. */
export const start = (): Limbs => [0x15c58d, 0x05d58a, 0x262b82, 0x2ec050, 0x272e07, 0x1b188];

/** The hash of what was written, 16 bytes. */
export function hashOf(w: Writer): Uint8Array {
  const h = start();
  update(h, w.buffer, w.length);
  return bytes(h);
}

/** Goes on from h over bytes[0, length), in place. */
export function update(h: Limbs, bytes: Uint8Array, length: number): void {
  let [a, b, c, d, e, f] = h;
  for (let i = 0; i < length; i++) {
    const x = a ^ (bytes[i] as number);
    const y = b;
    let t = Math.imul(x, PRIME);
    a = t & MASK;
    t = Math.imul(b, PRIME) + (t >>> BITS);
    b = t & MASK;
    t = Math.imul(c, PRIME) + (t >>> BITS);
    c = t & MASK;
    t = Math.imul(d, PRIME) + (t >>> BITS);
    d = t & MASK;
    t = Math.imul(e, PRIME) + x + (t >>> BITS);
    e = t & MASK;
    t = Math.imul(f, PRIME) + y + (t >>> BITS);
    f = t & TOP;
  }
  h[0] = a;
  h[1] = b;
  h[2] = c;
  h[3] = d;
  h[4] = e;
  h[5] = f;
}

/** sum += plus − minus modulo 2^128, in place. */
export function replace(sum: Limbs, minus: Limbs, plus: Limbs): void {
  let carry = 0;
  for (let i = 0; i < 6; i++) {
    const t = (sum[i] as number) + (plus[i] as number) - (minus[i] as number) + carry;
    sum[i] = t & (i === 5 ? TOP : MASK);
    carry = t >> BITS;
  }
}

/** The 16 bytes, big endian. */
export function bytes(h: Limbs): Uint8Array {
  const out = new Uint8Array(16);
  let bits = 0;
  let held = 0;
  let at = 15;
  for (let i = 0; i < 6; i++) {
    held += (h[i] as number) * 2 ** bits;
    for (bits += i === 5 ? 18 : BITS; bits >= 8; bits -= 8) {
      out[at--] = held & 0xff;
      held = Math.floor(held / 256);
    }
  }
  return out;
}
