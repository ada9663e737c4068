import assert from "node:assert/strict";
import { test } from "node:test";
import { isCJK, layoutText } from "./textlayout.ts";
import type { Measure, TextLayout } from "./textlayout.ts";
import type { FontStyle } from "./style.ts";

const style: FontStyle = { size: 100, bold: false, italic: false, align: "left" };

const measure: Measure = (text, { size }) => Array.from(text).reduce((sum, c) => sum + (isCJK(c) ? 1 : 0.5) * size, 0);

/** Latin letters are 50 wide, CJK characters 100, lines 140 high. */
const layout = (text: string, width = 0, more: Partial<FontStyle> = {}): TextLayout => layoutText(text, { ...style, ...more }, width, measure);
const lines = (text: string, width = 0): string[] => layout(text, width).lines.map((l) => l.text);

test("lines break at spaces, which stay at their ends and take no room", () => {
  assert.deepEqual(lines("ab cd ef", 250), ["ab cd ", "ef"]);
  assert.deepEqual(lines("ab cd   ef", 250), ["ab cd   ", "ef"]);
  assert.equal(layout("ab cd   ef", 250).lines[0]?.width, 250);
});

test("lines break between CJK characters, and words of letters stay together", () => {
  assert.deepEqual(lines("三年级数学", 200), ["三年", "级数", "学"]);
  assert.deepEqual(lines("三年 abc 级", 300), ["三年 ", "abc 级"]);
  assert.deepEqual(lines("か゛한국𠀀𠀁", 200), ["か゛", "한국", "𠀀𠀁"]);
});

test("no line begins with a mark that closes, nor ends with one that opens", () => {
  assert.deepEqual(lines("三年级。数学", 300), ["三年", "级。数", "学"]);
  assert.deepEqual(lines("三年（级）", 300), ["三年", "（级）"]);
  assert.deepEqual(lines("。。。。", 200), ["。。", "。。"]);
});

test("a word longer than a line breaks anywhere, and at least one character stands on each", () => {
  assert.deepEqual(lines("abcdefgh ij", 150), ["abc", "def", "gh ", "ij"]);
  assert.deepEqual(lines("三年", 50), ["三", "年"]);
});

test("newlines break, also at the end and one after the other", () => {
  assert.deepEqual(lines("a\n\nb\n"), ["a", "", "b", ""]);
  assert.deepEqual(lines(""), [""]);
});

test("without a width nothing wraps, and the box is as wide as the widest line", () => {
  const all = layout("abc def\nab");
  assert.deepEqual([all.lines.length, all.width, all.height], [2, 350, 280]);
});

test("lines are 1.4 times the size high, the baseline 1.1 below their tops", () => {
  assert.deepEqual(layout("a\nb").lines.map((l) => [l.y, Math.round(l.baseline)]), [[0, 110], [140, 250]]);
});

test("lines stand left, in the middle or right in the box, spaces at their ends left out", () => {
  const x = (align: FontStyle["align"]): number[] => layout("abcd  ef", 220, { align }).lines.map((l) => l.x);
  assert.deepEqual([x("left"), x("center"), x("right")], [[0, 0], [10, 60], [20, 120]]);
});

test("code point ranges cover the text but its newlines, surrogate pairs as one", () => {
  const { lines } = layout("😀b c\nd😀", 120);
  assert.deepEqual(lines.map((l) => [l.from, l.to, l.text]), [[0, 3, "😀b "], [3, 4, "c"], [5, 7, "d😀"]]);
});

test("every caret is found again at its place", () => {
  for (const [text, width] of [["ab cd ef gh", 250], ["三年级 数学abc", 300], ["a\n\n😀b", 0], ["abcdefgh", 150]] as const) {
    const all = layout(text, width);
    for (let i = 0; i <= Array.from(text).length; i++) {
      const { x, y, height } = all.pointOf(i);
      assert.equal(all.caretAt({ x, y: y + height / 2 }), i, `${text}: ${i}`);
    }
  }
});

test("a caret at a break stands at the start of the next line", () => {
  const all = layout("ab cd", 120);
  assert.deepEqual(all.pointOf(3), { x: 0, y: 140, height: 140, line: 1 });
  assert.equal(all.caretAt({ x: 500, y: 10 }), 2);
  assert.deepEqual(all.pointOf(99), { x: 100, y: 140, height: 140, line: 1 });
});

test("points outside have the nearest caret", () => {
  const all = layout("ab\ncd");
  assert.deepEqual([all.caretAt({ x: -50, y: -50 }), all.caretAt({ x: 999, y: 999 }), all.caretAt({ x: 999, y: 0 })], [0, 5, 2]);
});

test("a selection covers its part of each line, and shows the newlines in it", () => {
  const rects = layout("ab cd\nef").selection(1, 7);
  assert.deepEqual(rects, [{ x0: 50, y0: 0, x1: 278, y1: 140 }, { x0: 0, y0: 140, x1: 50, y1: 280 }]);
  assert.deepEqual(layout("abc").selection(1, 1), []);
});

test("the longest text is measured a few times per word and line", () => {
  const text = "word 三年级 ".repeat(2000).slice(0, 16_384);
  let measured = 0;
  layoutText(text, style, 3000, (part, font) => {
    measured += part.length;
    return measure(part, font);
  });
  assert.ok(measured < 5 * text.length, `${measured} characters`);
});

test("a caret stands between what readers see as characters: not in a flag, a family or before a letter's mark", () => {
  for (const text of ["a🇨🇳b", "好👍🏽", "👨‍👩‍👧!", "e\u0301e\u0301", "1️⃣2"]) {
    const all = layout(text);
    const between = new Set([0]);
    for (const { index, segment } of new Intl.Segmenter().segment(text)) between.add(Array.from(text.slice(0, index + segment.length)).length);
    const found = new Set<number>();
    for (let x = -10; x <= all.width + 10; x += 5) found.add(all.caretAt({ x, y: 10 }));
    assert.deepEqual([...found], [...between], text);
  }
});
