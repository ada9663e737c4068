// How bench/avsync judges: its own arithmetic, which every figure of alignment rests on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CYCLE, picture, WIDTH } from "../../bench/avsync/counter.ts";
import { Camera, score, unwrap, type Shown } from "../../bench/avsync/score.ts";

/** A camera of exactly 30 pictures a second from true time 0 on, of which every seventh was not seen. */
const camera = new Camera(Array.from({ length: 600 }, (_, index) => ({ index, at: (index * 1000) / 30 })).filter(({ index }) => index % 7 !== 6));

/** A page that shows pictures 500 ms after they were taken, and each stroke `late` pictures after its own. */
const page = (drawn: readonly number[], late: number): Shown[] =>
  Array.from({ length: 500 }, (_, index) => ({
    index, at: camera.at(index) + 500, strokes: drawn.filter((time) => camera.firstAfter(time) + late <= index).length,
  }));

const drawn = [1010, 2020, 3030, 4040, 5050];

test("a stroke drawn with the first picture taken after it has no error", () => {
  const { p95_ms, max_ms, early_max_ms, delay_ms, strokes } = score(drawn, camera, page(drawn, 0));
  assert.deepEqual([p95_ms, max_ms, early_max_ms, delay_ms, strokes], [0, 0, 0, 500, 5]);
});

test("late and early strokes are counted in pictures", () => {
  assert.equal(score(drawn, camera, page(drawn, 2)).p50_ms, 66.7);
  const early = score(drawn, camera, page(drawn, -3));
  assert.deepEqual([early.p50_ms, early.early_max_ms], [100, 100]);
});

test("a stroke that is never seen is no result", () => {
  assert.throws(() => score([...drawn, 19_000], camera, page(drawn, 0)), /stroke 6 of 6/);
});

test("strokes before the time asked for are not judged", () => {
  assert.equal(score(drawn, camera, page(drawn, 0), 3000).strokes, 3);
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
