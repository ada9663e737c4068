import assert from "node:assert/strict";
import { test } from "node:test";
import { delayOf, jumps } from "./calibration.ts";
import type { Bright } from "./calibration.ts";
import { regionOf, stepped } from "./regions.ts";

const FLASHES = [1_500_000, 2_700_000, 4_400_000, 5_900_000, 7_800_000];
const FRAME = 33_333;

/** What a camera sees of the flashes: frames at 30 a second for so long, each with its stamp. */
function film(delay: number, { level = 90, lit = 350_000, seconds = 20, noise = 0 } = {}): Bright[] {
  return Array.from({ length: seconds * 30 }, (_, i) => {
    const at = i * FRAME, bright = FLASHES.some((f) => at >= f + delay && at < f + delay + lit);
    return { at, level: 60 + (bright ? level : 0) + noise * Math.sin(i * 1.7) };
  });
}

test("the delay of a stream is found to half a frame, short and long", () => {
  for (const delay of [0, 120_000, 700_000, 2_300_000, 9_100_000]) {
    const found = delayOf(FLASHES, jumps(film(delay)), 0);
    assert.ok(found !== undefined && Math.abs(found - delay) <= FRAME / 2, `${delay}: ${found}`);
  }
});

test("a stream that is calibrated already is measured as it is: stamps are earlier by its offset", () => {
  for (const offset of [300_000, 700_000, 5_000_000]) {
    const stamps = jumps(film(700_000)).map((at) => at - offset);
    const found = delayOf(FLASHES, stamps, offset);
    assert.ok(found !== undefined && Math.abs(found - 700_000) <= FRAME / 2, `${offset}: ${found}`);
  }
});

test("other lights and a flash that was missed do not mislead it", () => {
  const found = [...jumps(film(700_000)).filter((_, i) => i !== 2), 3_050_000, 9_900_000, 11_000_000].sort((a, b) => a - b);
  const delay = delayOf(FLASHES, found, 0);
  assert.ok(delay !== undefined && Math.abs(delay - 700_000) <= FRAME / 2, String(delay));
});

test("a camera that looks elsewhere finds nothing", () => {
  assert.equal(delayOf(FLASHES, jumps(film(700_000, { level: 0, noise: 4 })), 0), undefined);
  assert.equal(delayOf(FLASHES, [], 0), undefined);
  assert.equal(delayOf(FLASHES, [100, 5_000_000], 0), undefined);
});

test("a flash that comes up over two frames, in noise, is one flash", () => {
  const frames = film(700_000, { noise: 3 }).map((f, i, all) => (f.level - (all[i - 1]?.level ?? f.level) > 40 ? { ...f, level: f.level - 60 } : f));
  assert.equal(jumps(frames).length, FLASHES.length);
});

test("a part of the screen stays within it, however it is dragged or moved", () => {
  assert.deepEqual(regionOf([0.8, 0.6], [0.2, 0.1]), { x: 0.2, y: 0.1, w: 0.6000000000000001, h: 0.5 });
  const { x, y, w, h } = regionOf([0.99, 0.99], [1.4, 1.2]);
  assert.ok(w >= 0.05 && h >= 0.05 && x + w <= 1 && y + h <= 1);
  let region = { x: 0.9, y: 0, w: 0.1, h: 0.5 };
  for (let i = 0; i < 9; i++) region = stepped(region, "ArrowRight", false) ?? region;
  assert.equal(region.x, 0.9);
  assert.equal(stepped(region, "a", false), undefined);
  assert.equal(stepped(region, "ArrowDown", true)?.h, 0.52);
});
