import assert from "node:assert/strict";
import { test } from "node:test";
import { luminance } from "../board/index.ts";
import { ElementKind } from "../ot/types.ts";
import type { Connection } from "../sync/api.ts";
import { PEN_COLORS, personColor } from "./colors.ts";
import { wordsFor } from "./connectionwords.ts";
import { KEY_GROUPS, TOOL_KEYS, repeats, shortcutFor } from "./shortcuts.ts";
import type { KeyPress } from "./shortcuts.ts";
import { fieldsOf, initialStyle, isStyle } from "./styles.ts";
import { zh } from "./texts.ts";

const said = (c: Connection): string => zh[wordsFor(c).text];

test("the pill says in words how the connection stands", () => {
  assert.equal(said({ kind: "connecting", unsent: 0, code: 0, parameters: {} }), "正在连接");
  assert.equal(said({ kind: "connecting", unsent: 0, code: 1001, parameters: {} }), "正在连接");
  const synced = { kind: "synced", route: "webtransport", fallback: false, rttMs: 38, unsent: 2, sending: false } as const;
  assert.equal(said(synced), "已同步");
  assert.equal(said({ ...synced, route: "websocket" }), "已同步");
  assert.equal(said({ ...synced, route: "websocket", fallback: true }), "使用备用通道");
  assert.equal(said({ ...synced, sending: true }), "正在发送");
  assert.notEqual(wordsFor({ ...synced, sending: true }).help, wordsFor(synced).help, "not everybody sees everything");
  assert.equal(said({ kind: "reconnecting", unsent: 0, code: 1001, parameters: {} }), "正在重连");
  assert.match(said({ kind: "offline", unsent: 12, begun: true }), /^离线，已保存 \{n\}/);
  assert.equal(said({ kind: "ended", code: 3006, parameters: {}, unsent: 0 }), "已断开");
});

test("work that is kept nowhere is not said to be saved", () => {
  const words = (kept: boolean): string[] =>
    ([{ kind: "reconnecting", unsent: 2, code: 0, parameters: {} }, { kind: "offline", unsent: 2, begun: true }, { kind: "ended", code: 3006, parameters: {}, unsent: 2 }] as const)
      .flatMap((c) => [zh[wordsFor(c, kept).text], zh[wordsFor(c, kept).help]]);
  assert.ok(words(true).some((text) => text.includes("已保存")));
  assert.ok(!words(false).some((text) => /已保存|先存在|不会丢|仍存在/.test(text)));
});

test("before the lesson is there the person is told what it waits for", () => {
  const waits = (code: number, parameters = {}): unknown[] => {
    const words = wordsFor({ kind: "connecting", unsent: 0, code, parameters });
    return [zh[words.text], words.help, words.tone];
  };
  for (const code of [2002, 2003, 2004]) assert.deepEqual(waits(code), ["等待进入", `error.${code}`, "bad"]);
  assert.deepEqual(waits(2003, { limit: "connections", max: "100" }), ["等待进入", "error.2003.connections", "bad"]);
  const help = (begun: boolean): string => wordsFor({ kind: "offline", unsent: 0, begun }).help;
  assert.notEqual(help(false), help(true), "nothing can be written yet");
});

const press = (key: string, more: Partial<KeyPress> = {}) =>
  shortcutFor({ key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

test("every tool has a key, in either case", () => {
  for (const [tool, letter] of Object.entries(TOOL_KEYS)) {
    for (const key of [letter, letter.toLowerCase()]) assert.deepEqual(press(key), { do: "tool", tool });
  }
  assert.equal(new Set(Object.values(TOOL_KEYS)).size, Object.keys(TOOL_KEYS).length);
  assert.deepEqual(press("E", { shiftKey: true }), { do: "tool", tool: "area-eraser" });
});

test("control and command are alike; shift turns a command round", () => {
  for (const held of [{ ctrlKey: true }, { metaKey: true }]) {
    assert.deepEqual(press("z", held), { do: "board", command: "undo" });
    assert.deepEqual(press("Z", { ...held, shiftKey: true }), { do: "board", command: "redo" });
  }
  assert.deepEqual(press("y", { ctrlKey: true }), { do: "board", command: "redo" });
  assert.deepEqual(press("G", { ctrlKey: true, shiftKey: true }), { do: "board", command: "ungroup" });
});

test("brackets order by where they are on the keyboard, whatever shift makes of them", () => {
  assert.deepEqual(press("[", { code: "BracketLeft" }), { do: "board", command: "backward" });
  assert.deepEqual(press("{", { code: "BracketLeft", shiftKey: true }), { do: "board", command: "back" });
  assert.deepEqual(press("｝", { code: "BracketRight", shiftKey: true }), { do: "board", command: "front" });
});

test("arrows move, with shift by much", () => {
  assert.deepEqual(press("ArrowLeft"), { do: "nudge", dx: -1, dy: 0, far: false });
  assert.deepEqual(press("ArrowDown", { shiftKey: true }), { do: "nudge", dx: 0, dy: 1, far: true });
});

test("microphone and camera have keys", () => {
  assert.deepEqual(press("u"), { do: "microphone" });
  assert.deepEqual(press("C"), { do: "camera" });
});

test("a key that is held moves on step after step, and does anything else once", () => {
  const repeated = (key: string, more?: Partial<KeyPress>): boolean | undefined => {
    const shortcut = press(key, more);
    return shortcut && repeats(shortcut);
  };
  for (const key of ["ArrowUp", "PageDown", "+"]) assert.equal(repeated(key), true, key);
  for (const key of ["z", "y"]) assert.equal(repeated(key, { ctrlKey: true }), true, key);
  for (const key of ["u", "c", "i", "?", "Escape", "v", "0"]) assert.equal(repeated(key), false, key);
  for (const key of ["d", "g", "x", "l"]) assert.equal(repeated(key, { ctrlKey: true }), false, key);
});

test("what has no meaning here is left to the browser: other keys with modifiers, and pasting", () => {
  for (const key of ["p", "v", "r", "t"]) assert.equal(press(key, { ctrlKey: true }), undefined, key);
  assert.equal(press("e", { altKey: true }), undefined);
  assert.deepEqual(press("+", { ctrlKey: true }), { do: "zoom", by: 1 });
});

test("the sheet names a key for each tool", () => {
  const keys = KEY_GROUPS.flatMap((group) => group.lines.flatMap((line) => line.keys));
  for (const key of [...Object.values(TOOL_KEYS), "I", "?"]) assert.ok(keys.includes(key), key);
});

test("each tool and each kind of element has the panels that it needs", () => {
  const { Ink, Rectangle, Text, Image, Line } = ElementKind;
  assert.deepEqual(fieldsOf(new Set([Image])), ["opacity"]);
  assert.deepEqual(fieldsOf(new Set([Ink])), ["color", "width", "opacity"]);
  assert.ok(!fieldsOf(new Set([Line])).includes("fill"));
  assert.deepEqual(fieldsOf(new Set([Text, Rectangle])), ["color", "width", "fill", "dash", "size", "align", "face", "opacity"]);
});

test("a style that was stored and is none is not taken", () => {
  const style = initialStyle("shape");
  assert.ok(isStyle(JSON.parse(JSON.stringify(style))));
  for (const wrong of [null, {}, { ...style, color: -1 }, { ...style, dash: "wavy" }, { ...style, size: "4" }, { ...style, bold: 1 }]) {
    assert.ok(!isStyle(wrong));
  }
});

const contrastWithWhite = (css: string): number => 1.05 / (luminance(parseInt(css.slice(1), 16)) + 0.05);

test("white names stand out on everyone's colour, and neighbours differ", () => {
  for (let replica = 1; replica <= 24; replica++) {
    assert.ok(contrastWithWhite(personColor(replica)) >= 4.5, personColor(replica));
    assert.notEqual(personColor(replica), personColor(replica + 1));
  }
});

test("there are eight pens of different colours", () => assert.equal(new Set(PEN_COLORS.map((c) => c.color)).size, 8));
