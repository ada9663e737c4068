// What changed between two texts, as an edit: for what a text area or an input method leaves, and for texts whose edits
// were not seen.
import type { Edit } from "./types.ts";
import { EditBuilder, codePoints, splitsPair, unitIndex } from "./text.ts";

/** UTF-16 units that two texts have in common at their ends. */
interface Common {
  readonly prefix: number;
  readonly suffix: number;
}

/**
 * The smallest edit that makes after of before: one place, where something is deleted and something inserted. Where
 * several places would do (an "a" typed beside another), caret says which: what was inserted ends there, what was
 * deleted began there. It is the caret in after, in code points. Both texts are clean.
 */
export function editBetween(before: string, after: string, caret?: number): Edit {
  const behind = caret === undefined ? 0 : after.length - unitIndex(after, caret);
  const { prefix, suffix } = whole(before, after, common(before, after, behind));
  return replacement(before, after, prefix, suffix).edit();
}

/** The longest common prefix and suffix that do not overlap; of several ways the one with a suffix nearest to so long. */
function common(before: string, after: string, behind: number): Common {
  const least = Math.min(before.length, after.length);
  let p = 0;
  while (p < least && before.charCodeAt(p) === after.charCodeAt(p)) p++;
  let s = 0;
  while (s < least && before.charCodeAt(before.length - 1 - s) === after.charCodeAt(after.length - 1 - s)) s++;
  const all = Math.min(p + s, least);
  const prefix = Math.min(p, least - Math.min(s, behind));
  return { prefix, suffix: all - prefix };
}

/** No pair is cut. */
function whole(before: string, after: string, { prefix, suffix }: Common): Common {
  const cutsAt = (i: number, j: number): number => (splitsPair(before, i) || splitsPair(after, j) ? 1 : 0);
  return {
    prefix: prefix - cutsAt(prefix, prefix),
    suffix: suffix - cutsAt(before.length - suffix, after.length - suffix),
  };
}

function replacement(before: string, after: string, prefix: number, suffix: number): EditBuilder {
  return new EditBuilder()
    .keep(codePoints(before, prefix))
    .insert(after.slice(prefix, after.length - suffix))
    .delete(codePoints(before.slice(prefix, before.length - suffix)));
}

/** Differences beyond so many are not looked for: a large part is replaced whole. */
const MAX_DIFFERENCES = 400;

/** An edit that makes after of before and keeps as much as it can find, at several places. */
export function difference(before: string, after: string): Edit {
  if (before === after) return [];
  const { prefix, suffix } = whole(before, after, common(before, after, 0));
  const from = [...before.slice(prefix, before.length - suffix)];
  const to = [...after.slice(prefix, after.length - suffix)];
  const steps = shortest(from, to);
  if (!steps) return replacement(before, after, prefix, suffix).edit();
  const out = new EditBuilder().keep(codePoints(before, prefix));
  let at = 0;
  let next = 0;
  for (const { x, y } of steps) {
    const kept = Math.min(x - at, y - next); // what is kept lies on the diagonal to the next step
    out.keep(kept);
    if (x > at + kept) out.delete(1);
    else out.insert(to[next + kept] ?? "");
    at = x;
    next = y;
  }
  return out.edit();
}

interface Step {
  readonly x: number;
  readonly y: number;
}

/**
 * Myers, "An O(ND) Difference Algorithm" (1986): the ends of the single deletions and insertions on a shortest way from
 * one list to another, in order; undefined if it has more than MAX_DIFFERENCES.
 */
function shortest(from: readonly string[], to: readonly string[]): Step[] | undefined {
  const reached: Int32Array[] = []; // by d: the furthest x on each diagonal k = x − y, at k + d
  for (let d = 0; d <= MAX_DIFFERENCES; d++) {
    const before = reached[d - 1];
    const row = new Int32Array(2 * d + 1);
    reached.push(row);
    for (let k = -d; k <= d; k += 2) {
      let x = before === undefined ? 0 : start(before, d, k);
      while (x < from.length && x - k < to.length && from[x] === to[x - k]) x++;
      row[k + d] = x;
      if (x >= from.length && x - k >= to.length) return steps(reached, d, k);
    }
  }
  return undefined;
}

/** Whether the d-th difference, onto diagonal k, is an insertion, from diagonal k + 1; else it is a deletion, from k − 1. */
const inserts = (before: Int32Array, d: number, k: number): boolean =>
  k === -d || (k !== d && (before[k + d - 2] as number) < (before[k + d] as number));

/** Where the d-th difference ends on diagonal k. */
const start = (before: Int32Array, d: number, k: number): number =>
  inserts(before, d, k) ? (before[k + d] as number) : (before[k + d - 2] as number) + 1;

function steps(reached: readonly Int32Array[], last: number, diagonal: number): Step[] {
  const found: Step[] = [];
  let k = diagonal;
  for (let d = last; d > 0; d--) {
    const before = reached[d - 1] as Int32Array;
    const x = start(before, d, k);
    found.push({ x, y: x - k });
    k += inserts(before, d, k) ? 1 : -1;
  }
  return found.reverse();
}
