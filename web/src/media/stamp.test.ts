import assert from "node:assert/strict";
import { test } from "node:test";
import { isTime, readTime, timeOf, timeUnit, withTime } from "./stamp.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(hex.replaceAll(" ", "").match(/../g) ?? [], (h) => parseInt(h, 16));
const hex = (b: Uint8Array): string => [...b].map((v) => v.toString(16).padStart(2, "0")).join("");
const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((p) => [...p]));

const UUID = "4d4953506d6963726f73656374696d65";
const SLICE = bytes("00000001 41 9a246c");
const SETS = bytes("00000001 67 42c01f 00000001 68 ce3c80");

// The same as in sei/sei_test.go.
const vectors: readonly (readonly [name: string, time: number, nal: string])[] = [
  ["time", 0x0006_60bb_5981_9240, `06051c ${UUID} 1f 0006 ff 60bb ff 5981 ff 9240 80`],
  ["one", 1, `06051c ${UUID} 1f 0000 ff 0000 ff 0000 ff 0001 80`],
  ["zeros need no emulation prevention", 1 << 16, `06051c ${UUID} 1f 0000 ff 0000 ff 0001 ff 0000 80`],
];

for (const [name, time, nal] of vectors) {
  test(`a stamp has the bytes of ST 0604: ${name}`, () => {
    const unit = timeUnit(time);
    assert.equal(hex(unit), `00000001${hex(bytes(nal))}`);
    assert.equal(readTime(join(unit, SLICE)), time);
  });
}

test("a status that is not in lock is read all the same", () => {
  assert.equal(readTime(join(bytes(`000001 06051c ${UUID} df 0000 ff 0000 ff 0001 ff 0000 80`), SLICE)), 65536);
});

test("a stamp goes behind the parameter sets and before the first slice", () => {
  const out = withTime(join(SETS, bytes("00000001 65 8884"), SLICE), 1_795_233_600_123_456);
  assert.equal(hex(out), hex(join(SETS, timeUnit(1_795_233_600_123_456), bytes("00000001 65 8884"), SLICE)));
  assert.equal(readTime(out), 1_795_233_600_123_456);
});

test("a stamp goes before the prefix of the first slice, and before a start code of three bytes", () => {
  const prefix = bytes("000001 6e 80");
  assert.equal(hex(withTime(join(prefix, SLICE), 5)), hex(join(timeUnit(5), prefix, SLICE)));
  assert.equal(hex(withTime(join(SETS, bytes("000001 41 9a")), 5)), hex(join(SETS, timeUnit(5), bytes("000001 41 9a"))));
});

test("a frame that is stamped, or has no slice, stays as it is", () => {
  const stamped = withTime(SLICE, 5);
  assert.equal(withTime(stamped, 6), stamped);
  assert.equal(withTime(SETS, 6), SETS);
  assert.equal(withTime(SLICE, NaN), SLICE);
  assert.equal(withTime(SLICE, 0), SLICE);
});

test("a stamp is found by its UUID among other messages, in one unit or in several", () => {
  const x264 = `05 12 dc45e9bde6d948b7962cd820d923eeef 4142`;
  const time = `05 1c ${UUID} 1f 0006 ff 60bb ff 5981 ff 9240`;
  assert.equal(readTime(join(bytes(`000001 06 ${x264} ${time} 80`), SLICE)), 0x0006_60bb_5981_9240);
  assert.equal(readTime(join(bytes(`000001 06 ${x264} 80`), bytes(`000001 06 ${time} 80`), SLICE)), 0x0006_60bb_5981_9240);
});

test("emulation prevention of others is taken out before messages are counted", () => {
  const padding = "04 05 b500000300 01"; // four bytes and one of prevention
  assert.equal(readTime(join(bytes(`000001 06 ${padding} 05 1c ${UUID} 1f 0000 ff 0000 ff 0000 ff 0007 80`), SLICE)), 7);
});

test("what is malformed says nothing: separators, zero, cut off, behind the slice", () => {
  const unit = timeUnit(77);
  const broken = Uint8Array.from(unit);
  broken[26] = 0;
  assert.equal(readTime(join(broken, SLICE)), undefined);
  assert.equal(readTime(join(bytes(`000001 06051c ${UUID} 1f 0000 ff 0000 ff 0000 ff 0000 80`), SLICE)), undefined);
  assert.equal(readTime(join(bytes(`000001 06051c ${UUID} 1f 8000 ff 0000 ff 0000 ff 0000 80`), SLICE)), undefined);
  assert.equal(readTime(join(SLICE, unit)), undefined);
  for (let n = 0; n < unit.length - 1; n++) assert.equal(readTime(join(unit.subarray(0, n), SLICE)), undefined, `${n} bytes`);
});

test("a unit that is cut off behind a stamp says nothing, one that ends in zeros what it says", () => {
  const time = `05 1c ${UUID} 1f 0000 ff 0000 ff 0000 ff 0007`;
  assert.equal(readTime(join(bytes(`000001 06 ${time} 047f 80`), SLICE)), undefined);
  assert.equal(readTime(join(bytes(`000001 06 ${time} 80 000000`), SLICE)), 7);
});

test("times of players' events are read from status and time", () => {
  assert.equal(timeOf(bytes("1f 0006 ff 60bb ff 5981 ff 9240")), 0x0006_60bb_5981_9240);
  assert.equal(timeOf(bytes("1f 0006 ff 60bb ff 5981 ff 92")), undefined);
  assert.equal(isTime(bytes(UUID)), true);
  assert.equal(isTime(bytes("dc45e9bde6d948b7962cd820d923eeef")), false);
  assert.equal(isTime(bytes(UUID).subarray(0, 15)), false);
});

/** A generator of numbers that are the same each time (xorshift). */
function random(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

test("the parser takes any bytes: mutated frames, and noise full of start codes", () => {
  const next = random(1);
  const good = join(SETS, bytes(`000001 06 05 12 dc45e9bde6d948b7962cd820d923eeef 4142 80`), timeUnit(0x0006_60bb_5981_9240), SLICE);
  const likely = [0, 0, 0, 1, 3, 5, 6, 0x1c, 0x4d, 0x80, 0xff];
  for (let run = 0; run < 20_000; run++) {
    const mutated = run % 2 === 0 ? Uint8Array.from(good) : Uint8Array.from({ length: Math.floor(next() * 80) }, () => likely[Math.floor(next() * likely.length)] ?? 0);
    for (let i = 0; i < 1 + run % 8; i++) mutated[Math.floor(next() * mutated.length)] = Math.floor(next() * 256);
    const frame = mutated.subarray(0, Math.floor(next() * (mutated.length + 1)));
    const time = readTime(frame);
    assert.ok(time === undefined || (Number.isSafeInteger(time) && time > 0));
    const out = withTime(frame, 12345);
    assert.ok(out === frame || out.length === frame.length + 36);
  }
});
