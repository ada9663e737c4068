// Text in lines: where it breaks, where each line and each caret stands. Pure: whoever asks brings the measure. Positions
// in a text are code points; all lengths are units, from the top left corner of the text's box.
//
// A line breaks at spaces (those stay at its end and take no room), between any two CJK characters, and at newlines;
// no line begins with a CJK mark that closes or ends with one that opens (GB/T 15834). A word longer than a line breaks
// wherever it is full. A box of width 0 breaks at newlines only. The server's renderer does the same.
import { BASELINE, LINE_HEIGHT } from "./style.ts";
import type { FontStyle } from "./style.ts";
import { clamp } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";

/** Width in units of a string without newlines, in a font of style.size units. */
export type Measure = (text: string, style: FontStyle) => number;

/** One line: its code points are from … to − 1, the newline that ends it not among them. */
export interface Line {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  /** Of its left end, from the left of the box. */
  readonly x: number;
  /** Of its top; baseline likewise. */
  readonly y: number;
  readonly baseline: number;
  /** Without the spaces at its end. */
  readonly width: number;
}

/** Where a caret stands: its top; a line is height high. */
export interface CaretPlace extends Vec {
  readonly height: number;
  readonly line: number;
}

export interface TextLayout {
  readonly lines: readonly Line[];
  /** The box: as wide as it was asked for or, for 0, as its widest line. */
  readonly width: number;
  readonly height: number;
  /** Code point before which a caret at a point would stand; every point has one. */
  caretAt(point: Vec): number;
  /** Of the caret before a code point; beyond the text it is its end. */
  pointOf(codePoint: number): CaretPlace;
  /** What a selection covers, a rectangle per line. */
  selection(from: number, to: number): Rect[];
}

/** A break before width is over: fractions of a unit are the measure's noise. */
const SLACK = 0.5;

/** Breaks a text into lines of at most width units (0: as wide as they are). */
export function layoutText(text: string, style: FontStyle, width: number, measure: Measure): TextLayout {
  const points = Array.from(text);
  const broken: Broken[] = [];
  for (let from = 0; from <= points.length; ) {
    const newline = points.indexOf("\n", from);
    const end = newline < 0 ? points.length : newline;
    breakParagraph(points, from, end, width, (s) => measure(s, style), broken);
    from = end + 1;
  }
  const widest = broken.reduce((most, b) => Math.max(most, b.width), 0);
  return new Layout(points, broken, style, width > 0 ? width : widest, (s) => measure(s, style));
}

interface Broken {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

type Widths = (text: string) => number;

const isSpace = (c: string | undefined): boolean => c === " " || c === "\t";

const CJK = /[\u1100-\u11ff\u2e80-\u303f\u3040-\u30ff\u3100-\u318f\u31a0-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]|[\u{20000}-\u{3ffff}]/u;

/** Ideographs, kana, hangul and their punctuation: lines break between any two of them. */
export const isCJK = (c: string | undefined): boolean => c !== undefined && CJK.test(c);

const CLOSES = "、。，．：；！？）〕］｝〉》」』】〗〙";
const OPENS = "（〔［｛〈《「『【〖〘";

const breaksBetween = (a: string | undefined, b: string | undefined): boolean =>
  isCJK(a) && isCJK(b) && !OPENS.includes(a ?? "") && !CLOSES.includes(b ?? "");

/**
 * Lines of the code points from … end, which hold no newline; at least one line, maybe empty. Widths are added up piece by
 * piece: words come again and again, and so their measures are mostly known.
 */
function breakParagraph(points: readonly string[], from: number, end: number, width: number, measure: Widths, lines: Broken[]): void {
  const line = (a: number, b: number): void => {
    lines.push({ from: a, to: b, width: measure(shown(points, a, b)) });
  };
  let start = from, at = from, used = 0;
  while (width > 0 && at < end) {
    const next = pieceEnd(points, at, end);
    if (used + measure(shown(points, at, next)) <= width + SLACK) {
      used += measure(points.slice(at, next).join(""));
      at = next;
      continue;
    }
    // It does not fit: it begins the next line or, if it is all there is on this one, goes on as far as it can.
    if (at === start) at = fitting(points, start, next, width, measure);
    if (at === next) {
      used = width + 2 * SLACK; // One character wider than the line: nothing comes after it.
      continue;
    }
    line(start, at);
    start = at;
    used = 0;
  }
  line(start, end);
}

/** Text of a line as it is shown: spaces at its end take no room. */
function shown(points: readonly string[], from: number, to: number): string {
  let end = to;
  while (end > from && isSpace(points[end - 1])) end--;
  return points.slice(from, end).join("");
}

/** Where the piece ends that begins at a code point: a word with the spaces after it, or a CJK character with the marks that it keeps. */
function pieceEnd(points: readonly string[], from: number, end: number): number {
  let at = from;
  while (at < end && !isSpace(points[at])) {
    at++;
    if (at < end && breaksBetween(points[at - 1], points[at])) return at;
  }
  while (at < end && isSpace(points[at])) at++;
  return at;
}

/** How far a piece that is wider than a line goes on it: at least one code point. */
function fitting(points: readonly string[], from: number, end: number, width: number, measure: Widths): number {
  let low = from + 1, high = end;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (measure(shown(points, from, middle)) <= width + SLACK) low = middle;
    else high = middle - 1;
  }
  return low;
}

let graphemes: Intl.Segmenter | undefined;

/** Code points of a line before which a caret may stand, and its end: never within a flag, or between a letter and its mark. */
function caretStops(text: string): number[] {
  graphemes ??= new Intl.Segmenter();
  const stops = [0];
  for (const { segment } of graphemes.segment(text)) stops.push((stops.at(-1) ?? 0) + Array.from(segment).length);
  return stops;
}

class Layout implements TextLayout {
  readonly lines: readonly Line[];
  readonly height: number;
  readonly #lineHeight: number;

  constructor(points: readonly string[], broken: readonly Broken[], style: FontStyle, readonly width: number, private readonly measure: Widths) {
    this.#lineHeight = LINE_HEIGHT * style.size;
    this.height = broken.length * this.#lineHeight;
    const part = { left: 0, center: 0.5, right: 1 }[style.align];
    this.lines = broken.map((b, i) => {
      const y = i * this.#lineHeight;
      return { ...b, text: points.slice(b.from, b.to).join(""), x: part * (width - b.width), y, baseline: y + BASELINE * style.size };
    });
  }

  caretAt({ x, y }: Vec): number {
    const index = clamp(Math.floor(y / this.#lineHeight), 0, this.lines.length - 1);
    const line = this.lines[index] as Line;
    const points = Array.from(line.text);
    // A line that was broken ends before its last space: after it stands the caret of the next line.
    const broken = this.lines[index + 1]?.from === line.to;
    const stops = caretStops(line.text);
    let low = 0, high = Math.max(broken ? stops.length - 2 : stops.length - 1, 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const halfway = (this.#offset(points, stops[middle] ?? 0) + this.#offset(points, stops[middle + 1] ?? 0)) / 2;
      if (line.x + halfway < x) low = middle + 1;
      else high = middle;
    }
    return line.from + (stops[low] ?? 0);
  }

  pointOf(codePoint: number): CaretPlace {
    const index = this.#lineOf(codePoint);
    const line = this.lines[index] as Line;
    const points = Array.from(line.text);
    const x = line.x + this.#offset(points, clamp(codePoint - line.from, 0, points.length));
    return { x, y: line.y, height: this.#lineHeight, line: index };
  }

  selection(from: number, to: number): Rect[] {
    const rects: Rect[] = [];
    for (const line of this.lines) {
      const a = Math.max(from, line.from), b = Math.min(to, line.to);
      // A newline that is selected shows as a little room at the end of its line.
      const newline = from <= line.to && to > line.to && this.lines.every((l) => l.from !== line.to || l === line);
      if (b < a || (b === a && !newline)) continue;
      const points = Array.from(line.text);
      const x1 = line.x + this.#offset(points, b - line.from) + (newline ? this.#lineHeight / 5 : 0);
      rects.push({ x0: line.x + this.#offset(points, a - line.from), y0: line.y, x1, y1: line.y + this.#lineHeight });
    }
    return rects;
  }

  /** The last line that begins at or before a code point. */
  #lineOf(codePoint: number): number {
    let low = 0, high = this.lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.lines[middle] as Line).from <= codePoint) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Of the first n code points of a line. */
  #offset(points: readonly string[], n: number): number {
    return n <= 0 ? 0 : this.measure(points.slice(0, n).join(""));
  }
}
