// Drawing on a board that is full: how many frames a second the page shows, and how long it works on each.
import { execFile } from "node:child_process";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { roomPath } from "../../src/ui/code.ts";
import { device, Person } from "../support/person.ts";
import { expect, test } from "../support/fixtures.ts";
import type { Server } from "../support/server.ts";

/** $CHALKLINE_BENCH, else what `make build` made; it fills the board with real handwriting. */
const BENCH = process.env["CHALKLINE_BENCH"] ?? fileURLToPath(new URL("../../../bin/chalkline-bench", import.meta.url));
const POINTS = Number(process.env["POINTS"] ?? 100_000);

/** The pen: as long as it draws, and between two of its points, ms. */
const DRAWING_MS = 5000;
const SAMPLE_MS = 8;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Makes a room with a board that should be full, which the page will tell; resolves with the room's path. */
async function fullRoom(server: Server): Promise<string> {
  const args = ["--url", server.url, "--mode", "join", "--points", String(POINTS), "--joins", "1", "--clients", "10", "--writers", "10", "--json"];
  // It goes on to measure joins; what it thinks of those is not asked here.
  await promisify(execFile)(BENCH, args).catch((error: unknown) => console.error(String(error)));
  const room = server.log.findLast((line) => line.includes('msg="room created"'))?.match(/room=(\d+)/)?.[1];
  if (room === undefined) throw new Error("the server logged no room");
  return roomPath(BigInt(room));
}

/** Draws a long winding line; the points come when they are due, whether the page keeps up or not. */
async function drawSteadily({ page }: Person): Promise<number> {
  const cdp = await page.context().newCDPSession(page);
  const mouse = (type: "mousePressed" | "mouseMoved" | "mouseReleased", i: number): Promise<unknown> => {
    const angle = i / 25;
    const [x, y] = [640 + 330 * Math.sin(angle / 3.1), 380 + 190 * Math.sin(angle)];
    return cdp.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: type === "mouseReleased" ? 0 : 1, clickCount: 1 });
  };
  await mouse("mousePressed", 0);
  const start = performance.now();
  const sent: Promise<unknown>[] = [];
  for (let i = 1; i * SAMPLE_MS < DRAWING_MS; i++) {
    const due = start + i * SAMPLE_MS - performance.now();
    if (due > 0) await pause(due);
    sent.push(mouse("mouseMoved", i));
  }
  await Promise.all(sent);
  await mouse("mouseReleased", sent.length);
  return sent.length;
}

test("drawing on a full board", async ({ browser, server }) => {
  const room = await fullRoom(server);
  const context = await device(browser, "Ann");
  const ann = await Person.open(context, `${server.url}${room}`);
  await ann.synced();
  const points = (): Promise<number> => ann.held().then(({ elements }) => elements.reduce((sum, e) => sum + e.points, 0));
  await expect.poll(points).toBeGreaterThanOrEqual(POINTS - 8);
  const strokes = (await ann.held()).elements.length;
  await ann.page.waitForFunction(() => (window.chalkline?.strokes ?? 0) > 0);

  await ann.page.evaluate(() => {
    const times: number[] = [];
    const tick = (at: number): void => {
      times.push(at);
      if (window.measuring === times) requestAnimationFrame(tick);
    };
    window.measuring = times;
    window.chalkline?.reset();
    requestAnimationFrame(tick);
  });
  const samples = await drawSteadily(ann);
  const { times, frames } = await ann.page.evaluate(() => {
    const times = window.measuring ?? [];
    delete window.measuring;
    return { times, frames: window.chalkline?.frames };
  });
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? at)).sort((a, b) => a - b);
  const at = (q: number): number => round(gaps[Math.min(gaps.length - 1, Math.floor(q * gaps.length))] ?? 0);
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000;
  console.log(JSON.stringify({
    bench: "page-draw", points: POINTS, strokes, samples, drawn_points: (await ann.drawn()).points,
    fps: round((times.length - 1) / seconds), frame_p50_ms: at(0.5), frame_p95_ms: at(0.95), frame_max_ms: at(1),
    work_p50_ms: round(frames?.workP50 ?? 0), work_p95_ms: round(frames?.workP95 ?? 0), work_max_ms: round(frames?.workMax ?? 0),
    load_average: round(loadavg()[0] ?? 0),
  }));
  if (process.env["SCREENSHOT"] !== undefined) await ann.page.screenshot({ path: process.env["SCREENSHOT"] });
  await context.close();
});

const round = (v: number): number => Math.round(v * 100) / 100;

declare global {
  interface Window {
    /** Times of the frames while they are counted. */
    measuring?: number[];
  }
}
