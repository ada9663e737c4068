import assert from "node:assert/strict";
import { test } from "node:test";
import { PtsStamps, RtpStamps } from "./stampmaps.ts";

test("ALN3: a frame without a stamp has the time of the newest one and the RTP time since", () => {
  const stamps = new RtpStamps();
  assert.equal(stamps.at(1000), undefined);
  stamps.add(1000, 5_000_000);
  assert.deepEqual(stamps.at(1000), { time: 5_000_000, read: true });
  assert.deepEqual(stamps.at(1000 + 9000), { time: 5_100_000, read: false });
  assert.deepEqual(stamps.at(1000 - 900), { time: 4_990_000, read: false });
});

test("ALN3: RTP timestamps wrap", () => {
  const stamps = new RtpStamps();
  stamps.add(2 ** 32 - 3000, 5_000_000);
  const known = stamps.at(6000);
  assert.equal(known?.read, false);
  assert.ok(Math.abs((known?.time ?? 0) - 5_100_000) < 1);
});

test("a timestamp of another clock is not worked out from this one, and few are kept", () => {
  const stamps = new RtpStamps();
  stamps.add(0, 1_000_000);
  assert.equal(stamps.at(90_000 * 60), undefined);
  for (let i = 0; i < 2000; i++) stamps.add(i * 3000, 1_000_000 + i * 33_333);
  assert.equal(stamps.at(0), undefined);
  assert.equal(stamps.at(1999 * 3000)?.read, true);
});

test("a media time has the stamp nearest to it, however both were rounded", () => {
  const stamps = new PtsStamps();
  for (let i = 0; i < 300; i++) stamps.add(Math.floor(i * 33.333) / 1000, 1_000_000 + i * 33_333);
  for (let i = 0; i < 300; i++) assert.deepEqual(stamps.at((i * 33.333) / 1000), { time: 1_000_000 + i * 33_333, read: true });
});

test("ALN3: a media time between stamps is that of the stamp before, and what has passed since", () => {
  const stamps = new PtsStamps();
  stamps.add(10, 1_000_000);
  stamps.add(12, 3_000_000);
  assert.deepEqual(stamps.at(10.5), { time: 1_500_000, read: false });
  assert.deepEqual(stamps.at(13), { time: 4_000_000, read: false });
  assert.deepEqual(stamps.at(9.5), { time: 500_000, read: false });
  assert.equal(stamps.at(40), undefined);
});

test("fragments that are loaded again, or in any order, find their place", () => {
  const stamps = new PtsStamps();
  for (const media of [3, 1, 2, 1, 3, 2.5]) stamps.add(media, media * 1_000_000);
  for (const media of [1, 2, 2.5, 3]) assert.deepEqual(stamps.at(media), { time: media * 1_000_000, read: true });
  for (let i = 0; i < 60_000; i++) stamps.add(10 + i / 30, i);
  assert.equal(stamps.at(10 + 59_999 / 30)?.time, 59_999);
  assert.equal(stamps.at(1), undefined);
});
