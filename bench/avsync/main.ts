// avsync measures how far strokes and pictures are apart when a pupil sees them, on every path that media can take. It
// prints one line of JSON for each: docs/performance.md says how to read them.
//
//   make avsync                       all paths
//   make avsync AVSYNC="webrtc hls"   some
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "@playwright/test";
import { Server } from "../../web/e2e/support/server.ts";
import { Encoder, film } from "./camera.ts";
import { CYCLE, FPS } from "./counter.ts";
import { Link } from "./link.ts";
import { launch, PUPIL, Someone, TEACHER } from "./pages.ts";
import { EARLY_MAX, PATHS, type Path } from "./paths.ts";
import { Camera, score, unwrap, type Score, type Shown, type Taken } from "./score.ts";

/** Strokes that are judged on each path, and ms between them: not a multiple of a frame. */
const STROKES = Number(process.env["STROKES"] ?? 40);
const GAP_MS = 617;
/** Pictures come in at this rate, or the run says nothing. */
const RATE_TOLERANCE = 0.02;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const paths = PATHS.filter((p) => wanted.length === 0 || wanted.includes(p.name));
  if (paths.length === 0) throw new Error(`no such path; there are ${PATHS.map((p) => p.name).join(", ")}`);
  const folder = mkdtempSync(join(tmpdir(), "avsync-"));
  let failed = false;
  try {
    const reel = join(folder, "film.mjpeg");
    await film(reel);
    for (const path of paths) {
      const result = await run(path, reel).catch((error: unknown) => String(error));
      if (typeof result === "string") console.error(`avsync: ${path.name}: ${result}`);
      else console.log(JSON.stringify({ path: path.name, ...result, goal_p95_ms: path.goal ?? null, ok: holds(path, result) }));
      failed ||= typeof result === "string" || !holds(path, result);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = failed ? 1 : 0;
}

/** Goals are whole frames of 33.3 ms, and cameras do not keep time to the millisecond. */
const SLACK_MS = 1.5;

const holds = (path: Path, result: Score): boolean =>
  path.goal === undefined || (result.p95_ms <= path.goal + SLACK_MS && result.early_max_ms <= EARLY_MAX);

async function run(path: Path, reel: string): Promise<Score> {
  const server = await Server.start("--rtmp-listen", "127.0.0.1:0");
  const chrome = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((p) => existsSync(p));
  const browsers: Browser[] = [];
  const links: Link[] = [];
  let encoder: Encoder | undefined;
  try {
    const browser = async (): Promise<Browser> => {
      const one = await launch(chrome, reel);
      browsers.push(one);
      return one;
    };
    const link = async (port: number, weather: Link["weather"] | undefined): Promise<Link | undefined> => {
      if (weather === undefined) return undefined;
      const one = await Link.open(port, weather);
      links.push(one);
      return one;
    };
    // The teacher's way to the server is long in one direction only: the worst case for estimating a clock.
    const teacherLink = await link(server.port, { up: 180, down: 20 });
    const teacher = await Someone.open(await browser(), server.url, "Teacher", TEACHER, { signalling: teacherLink, plain: path.from === "plain page" });
    const room = await teacher.createRoom();
    await teacher.noteStrokes();
    if (path.from === "encoder") encoder = await push(teacher);
    else {
      await teacher.publish();
      await teacher.film();
    }
    const pupil = await Someone.open(await browser(), server.url + room, "Pupil", PUPIL, {
      signalling: await link(server.port, path.signalling), media: await link(mediaPort(server), path.media),
    });
    await pupil.synced();
    await pupil.watch(path.player, path.aligned);
    if (encoder !== undefined) {
      await calibrate(teacher, pupil, encoder);
    }
    // The page learns from late strokes, so there are some before those that are judged.
    const first = Math.ceil((path.settle * 1000) / GAP_MS);
    let from = 0;
    for (let i = 0; i < first + STROKES; i++) {
      if (i === first) from = Date.now();
      await teacher.draw(i);
      await pause(GAP_MS);
      if (path.discontinuity === true && i === first + Math.floor(STROKES / 2)) await restartCamera(teacher);
    }
    return await judge(teacher, pupil, encoder, from);
  } finally {
    await encoder?.stop();
    for (const one of browsers) await one.close().catch(() => {});
    for (const one of links) one.close();
    await server.close();
  }
}

/** The port of the server's media, which is the one after that of its pages. */
const mediaPort = (server: Server): number => server.port + 1;

/** Waits until the pupil has seen every stroke, then judges. */
async function judge(teacher: Someone, pupil: Someone, encoder: Encoder | undefined, from: number): Promise<Score> {
  const drew = await teacher.page.evaluate(() => window.drew);
  await pupil.page.waitForFunction((n) => (window.watched.at(-1)?.strokes ?? 0) >= n, drew.length, { timeout: 60_000 }).catch(() => {});
  await pause(500);
  const camera = cameraOf(encoder === undefined ? await filmed(teacher) : encoder.taken);
  if (Math.abs(camera.rate / FPS - 1) > RATE_TOLERANCE) throw new Error(`the source gives ${camera.rate.toFixed(2)} pictures a second, not ${FPS}`);
  const watched = await pupil.page.evaluate(() => window.watched);
  const shown: Shown[] = watched.map(({ number, strokes, at }) => ({ index: unwrap(number, CYCLE, camera, at), strokes, at }));
  if (process.env["TRACE"] !== undefined) trace(drew, camera, shown, watched.map((w) => w.shown / 1000));
  return score(drew, camera, shown, from);
}

/** With TRACE set: of each stroke that is off, the frames around it, with how far the page's shown time was from the truth, ms. */
function trace(drew: readonly number[], camera: Camera, shown: readonly Shown[], times: readonly number[]): void {
  drew.forEach((time, i) => {
    const first = shown.findIndex((frame) => frame.strokes > i), due = camera.firstAfter(time);
    const off = (shown[first]?.index ?? 0) - due;
    if (first < 0 || Math.abs(off) < 2) return;
    const around = shown.slice(Math.max(0, first - 4), first + 5).map((frame, k) => {
      const at = Math.max(0, first - 4) + k;
      return `${frame.index - due}:${frame.strokes}:${Math.round((times[at] ?? 0) - camera.at(frame.index))}:${Math.round(frame.at - (shown[at - 1]?.at ?? 0))}`;
    });
    console.error(`stroke ${i} off by ${off}, drawn ${Math.round(camera.at(due) - time)} ms before its picture; picture:strokes:T-truth:gap ${around.join("  ")}`);
  });
}

const cameraOf = (taken: readonly Taken[]): Camera => new Camera(taken);

/** What the teacher's preview showed, numbers counted on over cycles. */
async function filmed(teacher: Someone): Promise<Taken[]> {
  const seen = await teacher.page.evaluate(() => window.filmed);
  const taken: Taken[] = [];
  for (const { number, at } of seen) {
    const last = taken.at(-1);
    if (last === undefined) {
      taken.push({ index: number, at });
      continue;
    }
    const step = (((number - last.index) % CYCLE) + CYCLE) % CYCLE;
    if (step > 0 && step < CYCLE / 2) taken.push({ index: last.index + step, at });
  }
  return taken;
}

/** The camera is away for a moment, and comes back as a new publisher. */
async function restartCamera(teacher: Someone): Promise<void> {
  await teacher.page.evaluate(() => window.chalkline?.media.camera.stop());
  await pause(1500);
  await teacher.publish();
}

/** An encoder that is 700 ms late pushes into the teacher's room. */
async function push(teacher: Someone): Promise<Encoder> {
  const { rtmp, key } = await teacher.page.evaluate(async () => {
    const response = await window.chalkline?.session.request("stream-key", { method: "POST" });
    return (await response?.json()) as { rtmp: string; key: string };
  });
  return new Encoder(`${rtmp}/${key}`, 700);
}

/** What the calibration of the page measures: how much younger the stamps are than the pictures. */
async function calibrate(teacher: Someone, pupil: Someone, encoder: Encoder): Promise<void> {
  await pause(4000);
  const camera = cameraOf(encoder.taken);
  const watched = (await pupil.page.evaluate(() => window.watched)).filter((w) => w.shown > 0).slice(-60);
  const offsets = watched.map((w) => w.shown / 1000 - camera.at(unwrap(w.number, CYCLE, camera, w.at))).sort((a, b) => a - b);
  const offset = offsets[offsets.length >> 1];
  if (offset === undefined) throw new Error("nothing to calibrate by");
  await teacher.page.evaluate(async (us) => {
    const number = window.chalkline?.session.sources.value.find((s) => s.kind === "stream")?.number ?? 0;
    await window.chalkline?.session.request(`sources/${number}/offset`, { method: "PUT", body: JSON.stringify({ offset_us: us }) });
  }, Math.round(offset * 1000));
}

await main();
