// What others do to a board while one looks on: 10 000 ops a second, on many elements at once, with all of them in view.
import type { Page } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { entered, fill, frameFigures, framesWhile, pause, profiled, report } from "./page.ts";

const OPS = Number(process.env["OPS"] ?? 10_000);
const ELEMENTS = Number(process.env["ELEMENTS"] ?? 5000);
const SECONDS = Number(process.env["SECONDS"] ?? 6);

/** Strokes that grow at once; all other ops move elements. */
const PENS = 10;

/** What the session gathers goes every 33 ms. */
const BEAT_MS = 33;

/** Writes so many ops a second, scattered over the board; resolves with how many there were. Runs in the writer's page. */
function keepWriting(page: Page, ops: number, seconds: number): Promise<number> {
  return page.evaluate(async ({ perBeat, beats, pens, beatMs }) => {
    const { chalkline } = window;
    if (chalkline === undefined) throw new Error("no diagnostics");
    const board = chalkline.session.look(chalkline.page);
    const moved = [...board.elements()].filter((e) => e.place !== undefined);
    const place = new Map(moved.map((e) => [e.key, e.value(1) ?? new Uint8Array()]));
    const strokes = Array.from({ length: pens }, () => board.startStroke([{ register: 2, value: Uint8Array.of(30) }]));
    let written = 0;
    const start = performance.now();
    for (let beat = 0; beat < beats; beat++) {
      const wait = start + beat * beatMs - performance.now();
      if (wait > 0) await new Promise((done) => setTimeout(done, wait));
      strokes.forEach((stroke, i) => {
        for (let k = 0; k < 4; k++) stroke.add(2000 + i * 3600 + 14 * (beat % 200), 12_000 + 900 * Math.sin((4 * beat + k) / 20 + i), 128, performance.now());
      });
      const changes = Array.from({ length: perBeat - pens }, (_, i) => {
        const e = moved[(beat * 7919 + i * 104_729) % moved.length];
        const value = Uint8Array.from(e === undefined ? [] : (place.get(e.key) ?? []));
        value[0] = (value[0] ?? 0) ^ (beat % 2 === 0 ? 32 : 16); // some units to the left or right
        return [e?.key ?? "1.1", [{ register: 1, value }]] as const;
      });
      board.set(changes);
      written += perBeat;
    }
    for (const stroke of strokes) stroke.end();
    return written;
  }, { perBeat: Math.round((ops * BEAT_MS) / 1000), beats: Math.round((seconds * 1000) / BEAT_MS), pens: PENS, beatMs: BEAT_MS });
}

test("others' work, as much as 10 000 ops a second", async ({ lesson }) => {
  // The writer's window shows next to nothing, so that the machine draws one board and not two.
  const writer = await lesson.person("Writer", { viewport: { width: 330, height: 200 } });
  await fill(writer, ELEMENTS);
  const ann = await lesson.person("Ann");
  await entered(ann, ELEMENTS);
  for (const [name, ops] of [["idle", 0], ["remote", OPS]] as const) {
    const before = await ann.page.evaluate(() => Number(window.chalkline?.revision));
    const { times, work, result } = await profiled(ann.page, name, () => framesWhile(ann.page, async () => {
      if (ops === 0) return pause(2000).then(() => 0);
      return keepWriting(writer.page, ops, SECONDS);
    }));
    const after = await ann.page.evaluate(() => Number(window.chalkline?.revision));
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
    report("page-remote", {
      load: name, elements: ELEMENTS, ops_written: result, ops_per_s: Math.round(result / seconds), records: after - before, ...frameFigures(times, work),
    });
  }
});
