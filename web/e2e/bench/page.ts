// What the benchmarks of the page share: full boards, frames, and how long the page works on what a person does.
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Page } from "@playwright/test";
import { ElementKind, Register } from "../../src/ot/types.ts";
import type { Point } from "../../src/ot/types.ts";
import { colorValue, placeValue, sizeValue, widthValue } from "../../src/ot/value.ts";
import { expect } from "../support/fixtures.ts";
import type { Person } from "../support/person.ts";
import type { Server } from "../support/server.ts";

/** $CHALKLINE_BENCH, else what `make build` made; it fills boards with real handwriting. */
const BENCH = process.env["CHALKLINE_BENCH"] ?? fileURLToPath(new URL("../../../bin/chalkline-bench", import.meta.url));

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export const round = (v: number): number => Math.round(v * 100) / 100;

/** The value that a part q of them is not above; 0 of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0);
}

/** Prints what was measured as a line of JSON. */
export function report(bench: string, measured: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ bench, ...measured, load_average: round(loadavg()[0] ?? 0) }));
}

/** Makes a room with a board of so many points, which the page will tell; resolves with the room's path. */
export async function fullRoom(server: Server, points: number): Promise<string> {
  const args = ["--url", server.url, "--mode", "join", "--points", String(points), "--joins", "1", "--clients", "10", "--writers", "10", "--json"];
  // It goes on to measure joins; what it thinks of those is not asked here.
  await promisify(execFile)(BENCH, args).catch((error: unknown) => console.error(String(error)));
  const room = server.log.findLast((line) => line.includes('msg="room created"'))?.match(/room=(\S+)/)?.[1];
  if (room === undefined) throw new Error("the server logged no room");
  return `/r/${room}`;
}

/** A person who sees everything that is on the board, in tiles of this zoom. */
export async function entered(person: Person, elements: number): Promise<void> {
  await person.synced();
  await expect.poll(() => person.page.evaluate(() => window.chalkline?.strokes ?? 0), { timeout: 60_000 }).toBe(elements);
  await still(person.page);
}

/** Resolves when nothing has been drawn for 300 ms. */
export async function still(page: Page): Promise<void> {
  for (let before = -1, now = 0; before !== now; ) {
    before = now;
    await pause(300);
    now = await page.evaluate(() => window.chalkline?.frames?.frames ?? 0);
  }
}

/** What is put on a board by fill. */
interface Planned {
  readonly kind: ElementKind;
  readonly settings: readonly (readonly [Register, readonly number[]])[];
  readonly points: readonly Point[];
  readonly text: string;
}

const COLUMNS = 95;
/** Between two elements, 1/10 px: so many columns are as wide as the board. */
const STEP = 420;

/** Element i: of ten six are strokes, one is a text, the others are shapes, arrows and lines. */
function planned(i: number): Planned {
  const x = 300 + (i % COLUMNS) * STEP, y = 300 + Math.floor(i / COLUMNS) * STEP;
  const color = [Register.Color, bytes(colorValue((i * 7919) & 0x7f7f7f))] as const, width = [Register.Width, bytes(widthValue(25))] as const;
  const place = (w: number, h: number) => [Register.Place, bytes(placeValue({ x, y, w, h, angle: 0 }))] as const;
  if (i % 10 < 6) {
    const points = Array.from({ length: 20 }, (_, k) => ({ x: x + k * 16, y: y + 150 + Math.round(120 * Math.sin(k / 2 + i)), p: 128, t: k * 8 }));
    return { kind: ElementKind.Ink, settings: [color, width], points, text: "" };
  }
  if (i % 10 === 9) return { kind: ElementKind.Text, settings: [place(0, 0), color, [Register.Size, bytes(sizeValue(140))]], points: [], text: `Text ${i}` };
  const kind = [ElementKind.Arrow, ElementKind.Rectangle, ElementKind.Ellipse][i % 3] ?? ElementKind.Line;
  return { kind, settings: [place(320, 280), color, width], points: [], text: "" };
}

const bytes = (value: Uint8Array): number[] => [...value];

/** Puts n elements of all kinds on a board, as wide as it is. All of them are in view when a page is opened. */
export async function fill(person: Person, n: number): Promise<void> {
  for (let from = 0; from < n; from += 100) {
    const plan = Array.from({ length: Math.min(100, n - from) }, (_, i) => planned(from + i));
    await person.page.evaluate((list) => {
      const { chalkline } = window;
      const board = chalkline?.session.look(chalkline.page);
      for (const { kind, settings, points, text } of list) {
        const values = settings.map(([register, value]) => ({ register, value: Uint8Array.from(value) }));
        if (points.length > 0) board?.createInk(values, points);
        const key = points.length > 0 ? undefined : board?.create(kind, values);
        if (key !== undefined && text !== "") board?.editText(key, [{ kind: "insert", text }]);
      }
    }, plan);
  }
  await expect.poll(async () => (await person.held()).unsent, { timeout: 60_000 }).toBe(0);
}

/** Times of the frames while something is done, ms. */
export async function framesWhile<T>(page: Page, work: () => Promise<T>): Promise<{ readonly result: T; readonly times: readonly number[]; readonly work: readonly number[] }> {
  await page.evaluate(() => {
    const times: number[] = [];
    const tick = (at: number): void => {
      times.push(at);
      if (window.measuring === times) requestAnimationFrame(tick);
    };
    window.measuring = times;
    window.chalkline?.reset();
    requestAnimationFrame(tick);
  });
  const result = await work();
  const seen = await page.evaluate(() => {
    const times = window.measuring ?? [];
    delete window.measuring;
    const f = window.chalkline?.frames;
    return { times, work: [f?.workP50 ?? 0, f?.workP95 ?? 0, f?.workMax ?? 0] };
  });
  return { result, ...seen };
}

/** Frames per second, their gaps and the board's work on each. */
export function frameFigures(times: readonly number[], work: readonly number[]): Readonly<Record<string, number>> {
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at));
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
  const [p50 = 0, p95 = 0, max = 0] = work;
  return {
    fps: round((times.length - 1) / seconds), frame_p50_ms: quantile(gaps, 0.5), frame_p95_ms: quantile(gaps, 0.95), frame_max_ms: quantile(gaps, 1),
    work_p50_ms: round(p50), work_p95_ms: round(p95), work_max_ms: round(max),
  };
}

/** From an event to the frame that shows what came of it, ms. */
export interface Answer {
  /** All of it, with the wait for the frame. */
  readonly shown: number;
  /** Only what the page worked. */
  readonly work: number;
  /** Of that until all listeners had it; the rest tells the page and draws what came of it. */
  readonly heard: number;
}

/** Does something that makes an event of this type, and times the last one of them. */
export async function answer(page: Page, type: "pointerup" | "pointermove" | "keydown", act: () => Promise<void>): Promise<Answer> {
  await page.evaluate((name) => {
    window.answered = new Promise((resolve) => {
      const over = new AbortController();
      let last = 0, heard = 0;
      const listen = (e: Event): void => {
        const turn = ++last;
        let handled = 0;
        after(() => (handled = performance.now()));
        requestAnimationFrame(() => {
          const frame = performance.now();
          after(() => {
            const end = performance.now();
            if (turn !== last || (name === "keydown" && ["Control", "Shift"].includes((e as KeyboardEvent).key))) return;
            over.abort();
            const idle = Math.max(0, frame - Math.max(handled, e.timeStamp));
            resolve({ shown: end - e.timeStamp, work: end - e.timeStamp - idle, heard: heard - e.timeStamp });
          });
        });
      };
      // A task of the thread's own that goes before others; messages of a port may come frames later.
      const after = (call: () => void): void => void scheduler.postTask(call, { priority: "user-blocking" });
      window.addEventListener(name, listen, { capture: true, signal: over.signal });
      window.addEventListener(name, () => (heard = performance.now()), { signal: over.signal });
    });
  }, type);
  await act();
  return page.evaluate(() => window.answered ?? Promise.reject(new Error("nothing was timed")));
}

/** Writes a CPU profile of what is done to $PROFILE.<name>, where that is set. */
export async function profiled<T>(page: Page, name: string, work: () => Promise<T>): Promise<T> {
  const path = process.env["PROFILE"];
  if (path === undefined) return work();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Profiler.enable");
  await cdp.send("Profiler.setSamplingInterval", { interval: 200 });
  await cdp.send("Profiler.start");
  try {
    return await work();
  } finally {
    const { profile } = await cdp.send("Profiler.stop");
    writeFileSync(`${path}.${name}.cpuprofile`, JSON.stringify(profile));
  }
}

declare global {
  interface Window {
    /** Times of the frames while they are counted. */
    measuring?: number[];
    answered?: Promise<Answer>;
  }
}
