// Speed of the ink codec on handwriting, in ns a point, the best of 25 runs. From web/:
//   npx esbuild test/ink.bench.ts --bundle --platform=node --format=esm --log-level=warning | node --input-type=module -
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Point } from "../src/ot/types.ts";
import { decodeChunk, Decoder, encodeChunk, Encoder } from "../src/protocol/ink.ts";

const raw = gunzipSync(readFileSync("../protocol/ink/inktest/testdata/marzinotto-b.json.gz")).toString();
const recorded = (JSON.parse(raw) as { strokes: { x: number[]; y: number[]; p: number[] }[] }).strokes;
const strokes = recorded.map(({ x, y, p }) =>
  x.map((_, i): Point => ({ x: Math.round(x[i]! * 10), y: Math.round(y[i]! * 10), p: Math.round(p[i]! * 255), t: Math.floor(i * 7.5) })));
const points = strokes.flat().length;

const frames = strokes.map((stroke) => {
  const out: Point[][] = [];
  for (let i = 0; i < stroke.length; i += 8) out.push(stroke.slice(i, i + 8));
  return out;
});

const encoder = new Encoder();
const decoder = new Decoder();
const encodeFrames = (): Uint8Array[][] =>
  frames.map((stroke) => {
    encoder.reset();
    return stroke.map((frame) => encoder.frame(frame));
  });
const coded = encodeFrames();
const chunk = encodeChunk(strokes);

const runs: Record<string, () => unknown> = {
  "encode frames of 8": encodeFrames,
  "decode frames of 8": () => {
    for (const stroke of coded) {
      decoder.reset();
      for (const frame of stroke) decoder.frame(frame);
    }
  },
  "encode chunk": () => encodeChunk(strokes),
  "decode chunk": () => decodeChunk(chunk, points),
};

for (const [name, run] of Object.entries(runs)) {
  let best = Infinity;
  for (let i = 0; i < 25; i++) {
    const from = performance.now();
    run();
    best = Math.min(best, performance.now() - from);
  }
  console.log(`${name}: ${((best * 1e6) / points).toFixed(0)} ns a point`);
}
