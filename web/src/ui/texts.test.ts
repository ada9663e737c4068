import assert from "node:assert/strict";
import { test } from "node:test";
import { Code } from "../protocol/codes.ts";
import { en, errorKey, format, zh } from "./texts.ts";

const places = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)/g)].map((m) => m[1] ?? ""))].sort();

test("both languages say the same things with the same parameters", () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(zh).sort());
  for (const [key, text] of Object.entries(zh)) assert.deepEqual(places(en[key as keyof typeof zh]), places(text), key);
});

test("no text is empty", () => {
  for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) assert.ok(text.trim() !== "", key);
});

test("a word follows its number", () => {
  assert.equal(format("{n} {n|change|changes}", { n: 1 }), "1 change");
  assert.equal(format("{n} {n|change|changes}", { n: 12 }), "12 changes");
});

test("an unknown place stays as it is", () => assert.equal(format("{a} {b}", { a: "x" }), "x {b}"));

test("a limit has words of its own where others would mislead", () => {
  // Limits of the room, of an element or of the moment: another page is of no use (OT9, PGS1).
  const words: Record<string, readonly [zh: RegExp, en: RegExp]> = {
    pages: [/页数.*删除的页也算/, /pages.*deleted ones included/],
    room_bytes: [/图片/, /images/],
    room_images: [/图片/, /images/],
    strokes: [/同时.*笔画.*稍等/, /strokes.*at once.*in a moment/],
    text: [/文字/, /text/],
    erasures: [/整笔/, /whole/],
    spans: [/整笔/, /whole/],
  };
  for (const [limit, [inChinese, inEnglish]] of Object.entries(words)) {
    const key = errorKey(Code.BoardFull, { limit, max: "500" });
    assert.match(zh[key], inChinese);
    assert.match(en[key], inEnglish);
  }
  for (const limit of ["elements", "points", "bytes"]) assert.equal(errorKey(Code.BoardFull, { limit }), "error.3011");
});

test("every code of the protocol has a text, an unknown one the general text", () => {
  for (const code of Object.values(Code)) assert.equal(errorKey(code), `error.${code}`);
  assert.equal(errorKey(9999), "error.0");
});
