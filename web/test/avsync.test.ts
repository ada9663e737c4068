// How bench/avsync judges: its own arithmetic, which every figure of alignment rests on.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { freePort } from "../e2e/support/ports.ts";
import { CYCLE, picture, WIDTH } from "../../bench/avsync/counter.ts";
import { Link } from "../e2e/support/link.ts";
import type { Tone } from "../../bench/avsync/hearing.ts";
import { ageOfSound, Camera, rateOfSound, score, unwrap, type Drawn, type Shown } from "../../bench/avsync/score.ts";
import { carryStream } from "../e2e/support/streams.ts";

/** A camera of exactly 30 pictures a second from true time 0 on, of which every seventh was not seen. */
const camera = new Camera(Array.from({ length: 600 }, (_, index) => ({ index, at: (index * 1000) / 30 })).filter(({ index }) => index % 7 !== 6));

const strokes = (...times: readonly number[]): Drawn[] => times.map((at) => ({ at, due: camera.at(camera.firstAfter(at)) }));

/** A page that shows pictures 500 ms after they were taken, and each stroke `late` pictures after its own. */
const page = (drawn: readonly Drawn[], late: number): Shown[] =>
  Array.from({ length: 500 }, (_, index) => ({
    media: camera.at(index), at: camera.at(index) + 500, strokes: drawn.filter(({ at }) => camera.firstAfter(at) + late <= index).length, heard: 0,
  }));

const drawn = strokes(1010, 2020, 3030, 4040, 5050);
const all = (): boolean => true;

test("a stroke drawn with the first picture taken after it has no error", () => {
  const result = score(drawn, page(drawn, 0), all);
  assert.deepEqual([result.p95_ms, result.max_ms, result.early_max_ms, result.delay_ms, result.strokes], [0, 0, 0, 500, 5]);
  assert.ok(result.delivery_p99_ms > 500 && result.delivery_p99_ms < 534);
});

test("late and early strokes are counted in pictures", () => {
  assert.equal(score(drawn, page(drawn, 2), all).p50_ms, 66.7);
  const early = score(drawn, page(drawn, -3), all);
  assert.deepEqual([early.p50_ms, early.early_max_ms], [100, 100]);
});

test("a stroke that is never seen is no result, judged or not", () => {
  const lost = [...drawn, ...strokes(19_000)];
  assert.throws(() => score(lost, page(drawn, 0), ({ at }) => at < 19_000), /stroke 6 of 6/);
});

test("strokes that are not judged have no error, but may not be early", () => {
  const some = score(drawn, page(drawn, -3), ({ at }) => at >= 3000);
  assert.deepEqual([some.strokes, some.early_max_ms], [3, 100]);
});

test("a page that goes back shows what stood then, or is early", () => {
  const again = page(drawn, 0).slice(60, 90); // the second stroke comes in these
  assert.equal(score(drawn, [...page(drawn, 0), ...again], all).early_max_ms, 0);
  const whole = again.map((frame) => ({ ...frame, strokes: 5 }));
  assert.ok(score(drawn, [...page(drawn, 0), ...whole], all).early_max_ms > 3000);
});

test("strokes that came with sound alone are not early beside a picture of before", () => {
  const seen = page(drawn, -3);
  const early = (heard: number): number => score(drawn, seen.map((frame) => ({ ...frame, heard })), all).early_max_ms;
  assert.deepEqual([early(4), early(5)], [100, 0]);
});

test("the first picture after a time is found where the camera was slower for a while", () => {
  const uneven = new Camera(Array.from({ length: 3000 }, (_, index) => ({ index, at: (index * 1000) / 30 + Math.min(index, 1000) })));
  for (const index of [1, 500, 999, 1500, 2998]) {
    assert.deepEqual([uneven.firstAfter(uneven.at(index)), uneven.firstAfter(uneven.at(index) + 1)], [index, index + 1]);
  }
});

test("the age of sound is told by the last tone that was heard", () => {
  const tones = (...at: readonly number[]): Tone[] => at.map((t, i) => ({ pitch: i, at: t }));
  const age = ageOfSound(tones(0, 1000, 2000), tones(80, 1090, 2100), 1000);
  assert.deepEqual([50, 500, 1095, 9000].map(age), [80, 80, 90, 100]);
  assert.throws(() => ageOfSound(tones(5000), tones(80), 1000)(90), /no sound/);
});

test("a microphone that loses sound is known by its tones, also where some were not heard", () => {
  const tones = (every: number): Tone[] => Array.from({ length: 300 }, (_, i) => ({ pitch: i % 20, at: i * every })).filter((_, i) => i % 7 !== 3 && (i < 100 || i > 145));
  assert.equal(rateOfSound(tones(100), 100, 20), 1);
  assert.ok(Math.abs(rateOfSound(tones(105), 100, 20) - 1 / 1.05) < 1e-9);
  assert.throws(() => rateOfSound([], 100, 20), /not heard/);
});

test("numbers count on over cycles", () => {
  const long = new Camera([{ index: 0, at: 0 }, { index: 3 * CYCLE, at: 180_000 }]);
  for (const index of [5, CYCLE - 1, CYCLE, 2 * CYCLE + 7]) assert.equal(unwrap(index % CYCLE, CYCLE, long, long.at(index) + 8000), index);
});

test("a picture has its number in 16 cells, and inverted below", () => {
  const grey = picture(0b1010_0000_0000_0101);
  const bits = (y: number): string => Array.from({ length: 16 }, (_, bit) => ((grey[y * WIDTH + bit * 32 + 16] ?? 0) > 128 ? "1" : "0")).join("");
  assert.deepEqual([bits(16), bits(48)], ["1010000000000101", "0101111111111010"]);
});

test("UDP and TCP take the round trip of their link", async (t) => {
  const port = await freePort();
  const echo = createServer((socket) => void socket.pipe(socket)).listen(port, "127.0.0.1");
  const packets = createSocket("udp4", (message, from) => packets.send(message, from.port, from.address)).bind(port, "127.0.0.1");
  await Promise.all([once(echo, "listening"), once(packets, "listening")]);
  const link = await Link.open(port, { up: 30, down: 20 });
  const udp = createSocket("udp4"), tcp = connect(link.port, "127.0.0.1");
  t.after(() => {
    tcp.destroy();
    link.close();
    for (const socket of [udp, packets]) socket.close();
    echo.close();
  });
  const begun = performance.now();
  udp.send("x", link.port, "127.0.0.1");
  await once(udp, "message");
  assert.ok(performance.now() - begun >= 49);
  const asked = performance.now();
  tcp.setEncoding("utf8").write("question");
  assert.deepEqual(await once(tcp, "data"), ["question"]);
  assert.ok(performance.now() - asked >= 49);
});

test("what is in a stream comes in order, and waits for the network", async () => {
  const from = new PassThrough(), to = new PassThrough();
  let asked = 0;
  const late = [20, 0, 0];
  carryStream(from, to, () => late.shift() ?? 0, () => ++asked > 3);
  for (const text of ["one ", "two ", "three"]) from.write(text);
  from.end();
  const seen: string[] = [];
  for await (const chunk of to.setEncoding("utf8")) seen.push(String(chunk));
  assert.deepEqual([seen.join(""), asked > 3], ["one two three", true]);
});
