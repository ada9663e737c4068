// Keys of the drawing order (OT10): strings between strings, and what must be written so that elements change places.
import { MAX_ORDER } from "../ot/value.ts";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Keys of as many characters are what elements without a key count as; what is made here is longer, so none is met. */
const IMPLICIT = 10;

/** An element in drawing order, as the planner sees it. */
export interface Ranked<K> {
  readonly key: K;
  /** What it is drawn by (drawingKey). */
  readonly at: string;
}

/**
 * A key between a and b, byte by byte, at most 24 characters; undefined bounds are open. Undefined if there is none.
 * Towards an open end keys go up in small steps, since most of them are of elements brought to the front again and again.
 */
export function keyBetween(a: string | undefined, b: string | undefined): string | undefined {
  if (a !== undefined && b !== undefined && a >= b) return undefined;
  const low = a ?? "";
  let made = "";
  let bounded = b !== undefined;
  for (let i = 0; i <= MAX_ORDER; i++) {
    const from = i < low.length ? value(low, i) : -1;
    const to = bounded && b !== undefined ? (i < b.length ? value(b, i) : -1) : 62;
    if (to < 0) return undefined;
    const next = between(from, to, bounded);
    if (next !== undefined && made.length >= Math.min(low.length, IMPLICIT)) return fit(made + digit(next));
    // No room at this place, or the key would be as short as an implicit one: on along the lower bound.
    const along = Math.max(from, 0);
    made += digit(along);
    if (along < to) bounded = false;
  }
  return undefined;
}

/** A digit strictly between from and to, never 0: below a key that ends in 0 there may be no room. */
function between(from: number, to: number, bounded: boolean): number | undefined {
  const least = Math.max(from + 1, 1);
  if (least >= to) return undefined;
  return bounded || from < 0 ? (least + to - 1) >> 1 : least;
}

const fit = (key: string): string | undefined => (key.length > MAX_ORDER ? undefined : key);

const digit = (n: number): string => DIGITS.charAt(n);

const value = (key: string, i: number): number => DIGITS.indexOf(key.charAt(i));

/** n keys between a and b in rising order, or undefined if they do not fit. */
export function keysBetween(a: string | undefined, b: string | undefined, n: number): string[] | undefined {
  if (n === 0) return [];
  const half = n >> 1;
  const middle = keyBetween(a, b);
  if (middle === undefined) return undefined;
  const below = keysBetween(a, middle, half);
  const above = keysBetween(middle, b, n - half - 1);
  return below === undefined || above === undefined ? undefined : [...below, middle, ...above];
}

/**
 * What to write so that moved, in this order, lie between the elements below and above, both lowest first and without
 * those moved. Where no key is left the nearest neighbours get new ones as well. floor: lower bound where nothing is below.
 */
export function placed<K>(below: readonly Ranked<K>[], moved: readonly K[], above: readonly Ranked<K>[], floor?: string): [K, string][] {
  for (let around = 0; ; around = around * 2 + 1) {
    const down = below.slice(Math.max(0, below.length - around)), up = above.slice(0, around);
    const keys = keysBetween(below[below.length - around - 1]?.at ?? floor, above[around]?.at, down.length + moved.length + up.length);
    if (keys !== undefined) {
      const all = [...down.map((e) => e.key), ...moved, ...up.map((e) => e.key)];
      return all.map((key, i) => [key, keys[i] ?? ""]);
    }
    if (around > below.length && around > above.length) return [];
  }
}
