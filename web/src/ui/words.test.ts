import assert from "node:assert/strict";
import { test } from "node:test";
import { luminance } from "../board/index.ts";
import type { Connection } from "../sync/api.ts";
import { PEN_COLORS, personColor } from "./colors.ts";
import { wordsFor } from "./connectionwords.ts";
import { KEY_LINES, commandFor } from "./shortcuts.ts";
import { zh } from "./texts.ts";

const said = (c: Connection): string => zh[wordsFor(c).text];

test("WB-20 the pill says in words how the connection stands", () => {
  assert.equal(said({ kind: "connecting", unsent: 0 }), "正在连接");
  assert.equal(said({ kind: "synced", route: "webtransport", rttMs: 38, unsent: 2 }), "已同步");
  assert.equal(said({ kind: "synced", route: "websocket", rttMs: 38, unsent: 0 }), "使用备用通道");
  assert.equal(said({ kind: "synced", route: "webtransport", rttMs: 38, unsent: 400 }), "正在发送");
  assert.equal(said({ kind: "reconnecting", unsent: 0, code: 1001 }), "正在重连");
  assert.match(said({ kind: "offline", unsent: 12 }), /^离线，已保存 \{n\}/);
  assert.equal(said({ kind: "ended", code: 3009, parameters: {}, unsent: 0 }), "已断开");
});

const press = (key: string, more: Partial<{ ctrlKey: boolean; altKey: boolean }> = {}) =>
  commandFor({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });

test("every tool has a key, in either case", () => {
  assert.deepEqual(["p", "E", "l", "H", "?", "PageDown", "0"].map((k) => press(k)), ["pen", "eraser", "laser", "hand", "keys", "page-after", "fit"]);
});

test("keys with modifiers belong to the browser, but for its zoom", () => {
  assert.equal(press("p", { ctrlKey: true }), undefined);
  assert.equal(press("e", { altKey: true }), undefined);
  assert.equal(press("+", { ctrlKey: true }), "zoom-in");
});

test("the sheet names a key for each tool", () => {
  const keys = KEY_LINES.flatMap((line) => line.keys);
  for (const key of ["P", "E", "L", "H", "?"]) assert.ok(keys.includes(key));
});

const contrastWithWhite = (css: string): number => 1.05 / (luminance(parseInt(css.slice(1), 16)) + 0.05);

test("white names stand out on everyone's colour, and neighbours differ", () => {
  for (let replica = 1; replica <= 24; replica++) {
    assert.ok(contrastWithWhite(personColor(replica)) >= 4.5, personColor(replica));
    assert.notEqual(personColor(replica), personColor(replica + 1));
  }
});

test("there are eight pens of different colours", () => assert.equal(new Set(PEN_COLORS.map((c) => c.color)).size, 8));
