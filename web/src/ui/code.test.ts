import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_ROOM, roomCode } from "../sync/names.ts";
import { parseCode, parseInvitation, roomPath } from "./code.ts";

test("a code is ten Crockford characters in two groups", () => {
  assert.equal(roomCode(1n), "00000-00001");
  assert.equal(roomCode(MAX_ROOM), "ZZZZZ-ZZZZZ");
  assert.equal(roomCode(1_692_398_069_069n), "01H85-CJ9AD");
});

test("every id comes back from its code", () => {
  for (let id = 1n; id <= MAX_ROOM; id = id * 3n + 7n) assert.equal(parseCode(roomCode(id)), id);
});

test("a code may be typed carelessly", () => {
  for (const typed of ["01h85cj9ad", " 01H85 - CJ9AD ", "o1H85-CJ9AD", "OIH85–CJ9AD", "0LH85－CJ9AD", "０１ｈ８５－ＣＪ９ＡＤ", "01H85——CJ9AD"]) {
    assert.equal(parseCode(typed), 1_692_398_069_069n, typed);
  }
});

test("what is no code names no room", () => {
  for (const typed of ["", "1234", "01H85-CJ9ADX", "01H85-CJ9AU", "00000-00000", "数学课"]) assert.equal(parseCode(typed), undefined, typed);
});

test("ids without a code are refused", () => {
  for (const id of [0n, -1n, MAX_ROOM + 1n]) assert.throws(() => roomCode(id), RangeError);
});

test("a link names the room as its code does", () => {
  const id = 424_242n;
  assert.equal(parseInvitation(`https://class.example.cn:4443${roomPath(id)}?from=chat#x`), id);
  assert.equal(parseInvitation(roomCode(id)), id);
  assert.equal(parseInvitation("https://class.example.cn/r/%zz"), undefined);
});
