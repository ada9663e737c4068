import assert from "node:assert/strict";
import { test } from "node:test";
import type { Alignment } from "../../media/api.ts";
import type { MediaSource } from "../../sync/api.ts";
import { format, zh } from "../texts.ts";
import { inOrder } from "./order.ts";
import { alignmentWords, faultWords, sourceNote } from "./words.ts";

const said = (alignment: Alignment, delay = 0): string => {
  const { text, parameters } = alignmentWords(alignment, delay);
  return format(zh[text], parameters);
};

const aligned = (delay: number, more: Partial<Extract<Alignment, { kind: "aligned" }>> = {}): Alignment =>
  ({ kind: "aligned", by: "video", delay, error: 0, calibrated: true, ...more });

test("the chip says in words how strokes and video go together", () => {
  assert.equal(said(aligned(38.2)), "已对齐，38 毫秒");
  assert.equal(said(aligned(120, { by: "sound" })), "按声音对齐，120 毫秒");
  assert.equal(said(aligned(8100)), "已对齐，晚 8 秒");
  assert.equal(said(aligned(8100, { calibrated: false })), "未校准");
  assert.equal(said({ kind: "no-media" }), "未对齐：没有画面");
  assert.equal(said({ kind: "starting" }), "正在对齐");
});

test("ALN7 who writes is told that the board is ahead, and by how much", () => {
  assert.equal(said({ kind: "off", reason: "writing" }, 8100), "你在写：板面是现在的，画面晚 8 秒");
  assert.equal(said({ kind: "off", reason: "writing" }, 200), "你在写：板面是现在的");
  assert.equal(said({ kind: "off", reason: "chosen" }, 8100), "未对齐：已关闭");
});

test("every fault says what to do; what the server refused says it with its code", () => {
  for (const kind of ["not-allowed", "no-device", "by-system", "in-use", "insecure", "no-h264", "no-route"] as const) {
    assert.equal(faultWords({ kind }).help, `fault.${kind}.do`);
  }
  assert.deepEqual(faultWords({ kind: "refused", code: 3015, parameters: {} }), { text: "fault.refused", help: "error.3015", code: 3015 });
  // MED4: it is the camera that another window has, not the lesson.
  assert.equal(faultWords({ kind: "refused", code: 3009, parameters: {} }).text, "fault.taken-over");
});

test("a screen that is not given is not spoken of as a camera", () => {
  const said = (kind: "by-system" | "in-use" | "no-device"): string[] => [faultWords({ kind }, "screen").text, faultWords({ kind }, "screen").help];
  assert.deepEqual(said("by-system"), ["fault.screen.by-system", "fault.screen.by-system.do"]);
  assert.deepEqual(said("in-use"), ["fault.screen", "fault.screen.do"]);
  assert.deepEqual(said("no-device"), said("in-use"));
});

const source = (number: number, more: Partial<MediaSource> = {}): MediaSource => ({
  number, participant: `p${number}`, kind: "camera", video: true, audio: true, paused: false, wanted: true, timed: true,
  muted: false, hidden: false, webrtc: true, live: false, ...more,
});

test("a tile says what is not as it should be, the weightiest first", () => {
  assert.equal(sourceNote(source(1), "playing"), undefined);
  assert.equal(sourceNote(source(1, { video: false, audio: false, hidden: true }), "starting"), "tile.away");
  assert.equal(sourceNote(source(1, { hidden: true }), "paused"), "tile.hidden");
  assert.equal(sourceNote(source(1, { paused: true }), "playing"), "tile.sending");
  assert.equal(sourceNote(source(1, { paused: true, wanted: false }), "paused"), "tile.paused");
  assert.equal(sourceNote(source(1), "stalled"), "tile.stalled");
});

test("the lead's sources come first, what is pointed at before who points; who is away has no tile but the lead", () => {
  const away = { video: false, audio: false };
  const all = [source(1), source(2, { participant: "t" }), source(3, away), source(4, { participant: "t", kind: "screen" })];
  assert.deepEqual(inOrder(all, "t").map((s) => s.number), [4, 2, 1]);
  assert.deepEqual(inOrder([source(1), source(2, { participant: "t", ...away })], "t").map((s) => s.number), [2, 1]);
  assert.deepEqual(inOrder(all, "").map((s) => s.number), [4, 1, 2]);
});
