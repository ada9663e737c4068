// How late what a pen writes is seen on another page: both real, each with its own line to the server, and where the time goes.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { expect, test } from "../support/fixtures.ts";
import { Link } from "../support/link.ts";
import { somewhere, type Person } from "../support/person.ts";
import { seeded } from "../support/random.ts";
import { quantile, report, round } from "./page.ts";

const SECONDS = Number(process.env["SECONDS"] ?? 10);

/** One way on each line, ms. */
const LINES = [0, 150, 300];

declare global {
  interface Window {
    /** Of each point that the pen put down: when the browser had it from the pen, when the page had it; ms since 1970. */
    penned: (readonly [at: number, added: number])[];
    /** When how many points of others were there, and when a frame that shows them was done; ms since 1970. */
    came: (readonly [at: number, points: number])[];
    framed: (readonly [at: number, points: number])[];
  }
}

/** Notes every point of the own pen. */
const notePen = ({ page }: Person): Promise<void> =>
  page.evaluate(() => {
    const board = window.chalkline?.session.look(window.chalkline.page);
    if (board === undefined) throw new Error("no board");
    window.penned = [];
    const { timeOrigin } = performance;
    const start = board.startStroke.bind(board);
    board.startStroke = (settings) => {
      const writer = start(settings);
      const add = writer.add.bind(writer);
      writer.add = (x, y, p, at) => {
        window.penned.push([timeOrigin + at, timeOrigin + performance.now()]);
        add(x, y, p, at);
      };
      return writer;
    };
  });

/** Notes when points of others come, and frames. */
const noteFrames = ({ page }: Person): Promise<void> =>
  page.evaluate(() => {
    const board = window.chalkline?.session.look(window.chalkline.page);
    if (board === undefined) throw new Error("no board");
    [window.came, window.framed] = [[], []];
    const now = (): number => performance.timeOrigin + performance.now();
    const points = (): number => [...board.elements()].reduce((sum, e) => sum + e.count, 0);
    board.subscribe(() => window.came.push([now(), points()]));
    const frame = (): void => {
      const shown = window.came.at(-1)?.[1] ?? 0;
      // A task of the thread's own comes after all that this frame draws.
      void scheduler.postTask(() => window.framed.push([now(), shown]), { priority: "user-blocking" });
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });

/** When the n-th point was first there, for each of them; Infinity if it never was. */
function firsts(notes: readonly (readonly [number, number])[], n: number): number[] {
  const times: number[] = [];
  for (const [at, points] of notes) while (times.length < Math.min(points, n)) times.push(at);
  while (times.length < n) times.push(Infinity);
  return times;
}

const spread = (name: string, ms: readonly number[]): Readonly<Record<string, number>> =>
  ({ [`${name}_p50_ms`]: quantile(ms, 0.5), [`${name}_p95_ms`]: quantile(ms, 0.95), [`${name}_max_ms`]: quantile(ms, 1) });

for (const oneWay of LINES) {
  test(`pen to another page, ${oneWay} ms each way`, async ({ lesson, server }) => {
    const random = seeded(9);
    const links = [await Link.open(server.port, { up: oneWay, down: oneWay }), await Link.open(server.port, { up: oneWay, down: oneWay })] as const;
    try {
      const ann = await lesson.person("Ann", {}, links[0]);
      const bob = await lesson.person("Bob", {}, links[1]);
      const connections = await Promise.all([ann.connection(), bob.connection()]);
      for (const c of connections) {
        if (c?.kind !== "synced" || c.route !== "webtransport" || c.rttMs < 2 * oneWay) throw new Error(`a page is not on its line: ${JSON.stringify(c)}`);
      }
      await notePen(ann);
      await noteFrames(bob);
      const lines = monitorEventLoopDelay({ resolution: 1 });
      lines.enable();
      for (const until = Date.now() + SECONDS * 1000; Date.now() < until; ) await ann.draw(somewhere(random), 60);
      lines.disable();
      const penned = await ann.page.evaluate(() => window.penned);
      const shows = (): Promise<number> => bob.page.evaluate(() => window.framed.at(-1)?.[1] ?? 0);
      await expect.poll(shows, { message: "points shown" }).toBeGreaterThanOrEqual(penned.length);
      const { came, framed } = await bob.page.evaluate(() => ({ came: window.came, framed: window.framed }));
      const there = firsts(came, penned.length), shown = firsts(framed, penned.length);
      report("page-pen", {
        one_way_ms: oneWay, route: "webtransport", points: penned.length, points_per_s: Math.round(penned.length / SECONDS),
        lines_late_p50_ms: round(lines.percentile(50) / 1e6 - 1), lines_late_p95_ms: round(lines.percentile(95) / 1e6 - 1), lines_late_max_ms: round(lines.max / 1e6 - 1),
        ...spread("late", penned.map(([at], i) => (shown[i] ?? Infinity) - at - 2 * oneWay)),
        ...spread("event", penned.map(([at, added]) => added - at)),
        ...spread("way", penned.map(([, added], i) => (there[i] ?? Infinity) - added - 2 * oneWay)),
        ...spread("frame", there.map((at, i) => (shown[i] ?? Infinity) - at)),
      });
    } finally {
      for (const link of links) link.close();
    }
  });
}
