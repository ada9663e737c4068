// Edits of texts (OT12–OT14): applied, transformed, composed, inverted; the same as text.go. All lengths and positions
// are code points; JavaScript's strings are UTF-16, so every walk steps over surrogate pairs whole.
import type { Component, Edit } from "./types.ts";

/** How many components an edit may have on the wire. */
export const MAX_COMPONENTS = 4096;
/** The most code points that one component keeps or deletes. Sums stop there: no text is as long. */
export const MAX_RUN = 2 ** 32 - 1;
/** How many code points a text may have (OT9). */
export const MAX_TEXT = 16_384;

const isHigh = (unit: number): boolean => (unit & 0xfc00) === 0xd800;
const isLow = (unit: number): boolean => (unit & 0xfc00) === 0xdc00;

/** Whether the place between unit i − 1 and unit i is inside a surrogate pair. */
export const splitsPair = (s: string, i: number): boolean => i > 0 && isLow(s.charCodeAt(i)) && isHigh(s.charCodeAt(i - 1));

/** UTF-16 index of the place n code points after index from; the end if there are fewer. */
export function indexAfter(s: string, n: number, from = 0): number {
  let i = from;
  for (; n > 0 && i < s.length; n--) i += isHigh(s.charCodeAt(i)) && isLow(s.charCodeAt(i + 1)) ? 2 : 1;
  return i;
}

/** UTF-16 index of a position in code points. */
export const unitIndex = (s: string, position: number): number => indexAfter(s, position);

/** Position in code points of a UTF-16 index; one inside a pair counts as before it. */
export function codePointIndex(s: string, index: number): number {
  return codePoints(s, splitsPair(s, index) ? index - 1 : index);
}

/** How many code points the first end units have. */
export function codePoints(s: string, end = s.length): number {
  const units = Math.min(end, s.length);
  let n = 0;
  for (let i = 0; i < units; n++) i += isHigh(s.charCodeAt(i)) && isLow(s.charCodeAt(i + 1)) ? 2 : 1;
  return n;
}

/** What may stand in a text: lone surrogates become U+FFFD, line ends \n; control characters but \t and \n are dropped. */
export const cleanText = (s: string): string => s.replace(/\r\n?/g, "\n").replace(/\p{Surrogate}/gu, "\ufffd").replace(CONTROL, "");

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Whether cleanText changes nothing. */
export const isClean = (s: string): boolean => cleanText(s) === s;

/** Builds edits in their canonical form (docs/format.md). Between two keeps there is one insert and, behind it, one delete. */
export class EditBuilder {
  readonly #parts: Component[] = [];
  #kept = 0;
  #inserted = "";
  #deleted = 0;

  keep(n: number): this {
    if (n <= 0) return this;
    if (this.#deleted > 0 || this.#inserted !== "") this.#flush();
    this.#kept = Math.min(this.#kept + n, MAX_RUN);
    return this;
  }

  delete(n: number): this {
    if (n > 0) this.#deleted = Math.min(this.#deleted + n, MAX_RUN);
    return this;
  }

  /** Text is clean. */
  insert(text: string): this {
    this.#inserted += text;
    return this;
  }

  /** The edit. What would be kept last is left out. */
  edit(): Edit {
    if (this.#deleted > 0 || this.#inserted !== "") this.#flush();
    return this.#parts;
  }

  #flush(): void {
    if (this.#kept > 0) this.#parts.push({ kind: "keep", n: this.#kept });
    if (this.#inserted !== "") this.#parts.push({ kind: "insert", text: this.#inserted });
    if (this.#deleted > 0) this.#parts.push({ kind: "delete", n: this.#deleted });
    this.#kept = this.#deleted = 0;
    this.#inserted = "";
  }
}

/** An edit in its canonical form; what it inserts is cleaned. */
export function canonical(edit: Edit): Edit {
  const out = new EditBuilder();
  for (const c of edit) {
    if (c.kind === "insert") out.insert(cleanText(c.text));
    else out[c.kind](c.n);
  }
  return out.edit();
}

/** Whether the components of an edit are canonical, whatever they insert. None are: they change nothing. */
export function isCanonical(edit: Edit): boolean {
  return edit.every((c, i) => {
    const before = edit[i - 1]?.kind;
    if (c.kind === "insert") return c.text !== "" && before !== "insert" && before !== "delete";
    return Number.isInteger(c.n) && c.n > 0 && c.n <= MAX_RUN && before !== c.kind && (c.kind === "delete" || i < edit.length - 1);
  });
}

/** The text after an edit (OT12). */
export function applyEdit(text: string, edit: Edit): string {
  let out = "";
  let at = 0;
  for (const c of edit) {
    if (c.kind === "insert") {
      out += c.text;
      continue;
    }
    const end = indexAfter(text, c.n, at);
    if (c.kind === "keep") out += text.slice(at, end);
    at = end;
  }
  return out + text.slice(at);
}

/** An edit without what it keeps or deletes beyond the end of a text of so many code points: it does the same there. */
export function fit(edit: Edit, length: number): Edit {
  const out = new EditBuilder();
  let left = length;
  for (const c of edit) {
    if (c.kind === "insert") {
      out.insert(c.text);
      continue;
    }
    const n = Math.min(c.n, left);
    out[c.kind](n);
    left -= n;
  }
  return out.edit();
}

/** Takes the components of an edit in parts; past its end it keeps. */
class Walk {
  readonly #edit: Edit;
  #at = 0;
  /** Code points left of the component, while it keeps or deletes, or is inserted. */
  left = 0;
  /** UTF-16 index of what is left of an insert. */
  #from = 0;

  constructor(edit: Edit) {
    this.#edit = edit;
    this.#enter();
  }

  get done(): boolean {
    return this.#at >= this.#edit.length;
  }

  get kind(): Component["kind"] {
    return this.#edit[this.#at]?.kind ?? "keep";
  }

  /** Passes n code points, at most left, and returns them of an insert. */
  take(n: number): string {
    const c = this.#edit[this.#at];
    let text = "";
    if (c?.kind === "insert") {
      const end = n === this.left ? c.text.length : indexAfter(c.text, n, this.#from);
      text = c.text.slice(this.#from, end);
      this.#from = end;
    }
    this.left -= n;
    if (this.left === 0) {
      this.#at++;
      this.#enter();
    }
    return text;
  }

  #enter(): void {
    const c = this.#edit[this.#at];
    this.#from = 0;
    this.left = c === undefined ? Infinity : c.kind === "insert" ? codePoints(c.text) : c.n;
  }
}

/** Which of two edits at the same time is the earlier in log order: what it inserts stands left at one place. */
export type Side = "earlier" | "later";

/**
 * What edit a, made at the same time as b on the same text, is after b (OT13). side: which of them a is. For every text
 * x: apply(transform(a, b, "later"), apply(b, x)) = apply(transform(b, a, "earlier"), apply(a, x)).
 */
export function transform(a: Edit, b: Edit, side: Side): Edit {
  const out = new EditBuilder();
  const own = new Walk(a);
  const other = new Walk(b);
  while (!own.done) {
    const ownInserts = own.kind === "insert";
    if (other.kind === "insert" && !(ownInserts && side === "earlier")) {
      out.keep(other.left);
      other.take(other.left);
    } else if (ownInserts) {
      out.insert(own.take(own.left));
    } else {
      const n = Math.min(own.left, other.left);
      if (other.kind === "keep") out[own.kind === "delete" ? "delete" : "keep"](n);
      own.take(n);
      other.take(n);
    }
  }
  return out.edit();
}

/** The edit that does what a and then b do: apply(compose(a, b), x) = apply(b, apply(a, x)). */
export function compose(a: Edit, b: Edit): Edit {
  const out = new EditBuilder();
  const first = new Walk(a);
  const second = new Walk(b);
  while (!first.done || !second.done) {
    if (first.kind === "delete") {
      out.delete(first.left);
      first.take(first.left);
    } else if (second.kind === "insert") {
      out.insert(second.take(second.left));
    } else {
      const n = Math.min(first.left, second.left);
      const inserted = first.kind === "insert";
      const text = first.take(n);
      if (!inserted) out[second.kind === "keep" ? "keep" : "delete"](n);
      else if (second.kind === "keep") out.insert(text);
      second.take(n);
    }
  }
  return out.edit();
}

/** The edit that takes back what an edit does to a text. */
export function invert(edit: Edit, text: string): Edit {
  const out = new EditBuilder();
  let at = 0;
  for (const c of edit) {
    if (c.kind === "insert") {
      out.delete(codePoints(c.text));
      continue;
    }
    const end = indexAfter(text, c.n, at);
    const part = text.slice(at, end);
    if (c.kind === "keep") out.keep(codePoints(part));
    else out.insert(part);
    at = end;
  }
  return out.edit();
}

/** Where a position is after an edit. It stays before what is inserted right there; with after, it comes after it. */
export function movePosition(position: number, edit: Edit, after = false): number {
  let at = 0; // of the text before
  let moved = position;
  for (const c of edit) {
    if (at > position || (at === position && c.kind !== "insert")) break;
    if (c.kind === "insert") {
      if (at < position || after) moved += codePoints(c.text);
      continue;
    }
    if (c.kind === "delete") moved -= Math.min(c.n, position - at);
    at += c.n;
  }
  return moved;
}
