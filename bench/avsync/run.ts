// One path, run: a teacher who draws before a camera, a pupil who looks on, and how far strokes and media were apart.
import { existsSync } from "node:fs";
import type { Browser, BrowserContext } from "@playwright/test";
import { freePort } from "../../web/e2e/support/ports.ts";
import { Server } from "../../web/e2e/support/server.ts";
import { calibrate } from "./calibrate.ts";
import { Encoder } from "./camera.ts";
import { CYCLE, FPS } from "./counter.ts";
import { EVENTS } from "./events.ts";
import { scale } from "./hearing.ts";
import { Link, Queue, type Weather } from "../../web/e2e/support/link.ts";
import { launch, PUPIL, Someone, TEACHER } from "./pages.ts";
import type { Path } from "./paths.ts";
import { ageOfSound, Camera, rateOfSound, score, unwrap, type Drawn, type Judged, type Score, type Shown, type Taken } from "./score.ts";
import { trace } from "./trace.ts";

/** What is filmed and heard: files. */
export interface Studio {
  readonly film: string;
  readonly sound: string;
}

/** How long a run is. */
export interface Length {
  readonly strokes: number;
  /** Between two, ms. */
  readonly gap: number;
}

/** Pictures come in at this rate, or the run says nothing. */
const RATE_TOLERANCE = 0.02;

/** The part of the frames, at the beginning of each publishing, that the page's worker may leave to the server to stamp. */
const OTHERS_MAX = 0.05;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** True times between which something befell the lesson, ms. */
type Span = readonly [begin: number, end: number];

/** Runs a path; rejects where there is nothing to judge, or a stroke was lost. */
export async function run(path: Path, studio: Studio, length: Length): Promise<Score> {
  const mediaPort = await freePort();
  const server = await Server.start("--rtmp-listen", "127.0.0.1:0", "--media-listen", `127.0.0.1:${mediaPort}`);
  const chrome = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((p) => existsSync(p));
  const browsers: Browser[] = [];
  const links: Link[] = [];
  let encoder: Encoder | undefined;
  try {
    const browser = async (): Promise<BrowserContext> => {
      const { browser: one, tabs } = await launch(chrome, studio.film, studio.sound);
      browsers.push(one);
      return tabs;
    };
    const link = async (port: number, weather: Weather, narrow?: Queue): Promise<Link> => {
      const one = await Link.open(port, weather, narrow);
      links.push(one);
      return one;
    };
    // What a teacher draws and what is filmed leave by the same line: a clock that is wrong by it is wrong for both.
    const teacher = await Someone.open(await browser(), "/", "Teacher", TEACHER, {
      site: await link(server.port, path.teacher), media: await link(mediaPort, path.teacher),
    }, path.from === "plain page");
    const room = await teacher.createRoom();
    await teacher.noteStrokes();
    const heard = path.from === "microphone";
    if (path.from === "encoder") encoder = await push(teacher, (port) => link(port, path.teacher));
    else {
      await teacher.publish({ video: !heard, audio: true });
      await (heard ? teacher.record() : teacher.film());
      if (heard) await teacher.lead();
    }
    const queue = path.rate === undefined ? undefined : new Queue(path.rate);
    const pupil = await Someone.open(await browser(), room, "Pupil", PUPIL, {
      site: await link(server.port, path.site, queue), media: await link(mediaPort, path.media, queue),
    });
    await pupil.synced();
    if (path.rate !== undefined) return await judgeDelivery(teacher, pupil, length);
    await pupil.play(path.player, path.aligned);
    await (heard ? pupil.listen() : pupil.watch());
    if (encoder !== undefined) await calibrate(teacher, pupil, encoder);
    await onTheirLines(path, teacher, pupil);
    const lesson = await teach(path, { teacher, pupil, encoder }, length);
    await pupil.shows(lesson.strokes);
    if (path.aligned) await pupil.isAligned();
    const routes = await onTheirLines(path, teacher, pupil);
    if (path.from === "page") await stampedByThePage(server);
    const refused = await server.metric("chalkline_webrtc_refused_stamps_total");
    if (refused > 0) console.error(`avsync: ${path.name}: ${refused} stamps of the teacher's were not believed`);
    const { from, event } = lesson;
    const judged: Judged = ({ at }, seen) => at >= from && (event === undefined || seen < event[0] || at > event[1]);
    if (heard) return { routes, ...await judgeSound(teacher, pupil, judged) };
    return { routes, ...await judgePictures(encoder === undefined ? await filmed(teacher) : encoder.taken, teacher, pupil, judged) };
  } finally {
    await encoder?.stop();
    for (const one of browsers) await one.close().catch(() => {});
    for (const one of links) one.close();
    await server.close();
  }
}

/** Rejects unless everybody's session and media go through their line. Returns the routes of teacher and pupil. */
async function onTheirLines({ from, player }: Path, teacher: Someone, pupil: Someone): Promise<string> {
  if (from !== "encoder") await teacher.mediaOnItsLine();
  if (player === "webrtc") await pupil.mediaOnItsLine();
  return [await teacher.onItsLine(), await pupil.onItsLine()].join(", ");
}

/** Rejects unless it was the page that said when frames were taken (MED8): else this is what a plain page would give. */
async function stampedByThePage(server: Server): Promise<void> {
  const frames = (label: string): Promise<number> => server.metric("chalkline_webrtc_stamped_frames_total", label);
  const [all, own] = [await frames(""), await frames('origin="publisher"')];
  if (own > (1 - OTHERS_MAX) * all) return;
  throw new Error(`the page stamped ${own} of ${all} frames itself, the server the others: this measures a plain page, not ours`);
}

/** Draws, and lets happen in the middle what is to happen. */
async function teach(path: Path, cast: Parameters<(typeof EVENTS)["dark"]>[0], length: Length): Promise<{ strokes: number; from: number; event: Span | undefined }> {
  let strokes = 0;
  const draw = async (until: () => boolean): Promise<void> => {
    while (!until()) {
      await cast.teacher.draw(strokes++);
      await pause(length.gap);
    }
  };
  const count = (n: number): Promise<void> => draw(((end) => () => strokes >= end)(strokes + n));
  const time = (ms: number): Promise<void> => draw(((end) => () => performance.now() >= end)(performance.now() + ms));

  await time(path.settle * 1000); // the page learns from late strokes: there are some before those that are judged
  const from = Date.now();
  await count(Math.ceil(length.strokes / 2));
  let event: Span | undefined;
  if (path.event !== undefined) {
    const begin = Date.now();
    let over = false;
    const happening = EVENTS[path.event.name](cast).finally(() => (over = true));
    await Promise.all([happening, draw(() => over)]);
    await time(path.event.settle * 1000);
    event = [begin, Date.now()];
  }
  await count(Math.floor(length.strokes / 2));
  return { strokes, from, event };
}

async function judgePictures(taken: readonly Taken[], teacher: Someone, pupil: Someone, judged: Judged): Promise<Score> {
  const camera = new Camera(taken);
  if (Math.abs(camera.rate / FPS - 1) > RATE_TOLERANCE) throw new Error(`the source gives ${camera.rate.toFixed(2)} pictures a second, not ${FPS}`);
  const drawn = (await teacher.page.evaluate(() => window.drew)).map((at) => ({ at, due: camera.at(camera.firstAfter(at)) }));
  const watched = await pupil.page.evaluate(() => window.watched);
  const shown = watched.map(({ number, strokes, heard, at }): Shown => ({ media: camera.at(unwrap(number, CYCLE, camera, at)), strokes, heard, at }));
  if (process.env["TRACE"] !== undefined) trace(drawn, shown, watched.map((w) => w.shown / 1000));
  return score(drawn, shown, judged);
}

async function judgeSound(teacher: Someone, pupil: Someone, judged: Judged): Promise<Score> {
  const [drew, said] = await teacher.page.evaluate(() => [window.drew, window.tones] as const);
  const [watched, heard] = await pupil.page.evaluate(() => [window.watched, window.tones] as const);
  const rate = rateOfSound(said, scale.every, scale.pitches);
  if (Math.abs(rate - 1) > RATE_TOLERANCE) throw new Error(`the microphone gives ${rate.toFixed(3)} s of sound a second`);
  const age = ageOfSound(said, heard, scale.every * scale.pitches);
  const drawn = drew.map((at): Drawn => ({ at, due: at }));
  const shown = watched.map(({ strokes, at }): Shown => ({ media: at - age(at), strokes, heard: 0, at }));
  if (process.env["TRACE"] !== undefined) trace(drawn, shown, watched.map((w) => w.shown / 1000));
  return score(drawn, shown, judged);
}

/** From the pen to the glass on a narrow line: in turns with nothing beside, and with video from its first packet on. */
async function judgeDelivery(teacher: Someone, pupil: Someone, { strokes, gap }: Length): Promise<Score> {
  const turns = 4, each = Math.ceil(strokes / turns);
  const beside: boolean[] = [];
  await pupil.look();
  for (let turn = 0; turn < 2 * turns; turn++) {
    const video = turn % 2 === 1;
    if (video) await pupil.play("webrtc", false);
    else await pupil.stopPlaying();
    for (let i = 0; i < each; i++) {
      await teacher.draw(beside.push(video) - 1);
      await pause(gap);
    }
    if (video) await pupil.mediaOnItsLine();
  }
  await pupil.shows(beside.length);
  const drew = await teacher.page.evaluate(() => window.drew);
  const drawn = drew.map((at): Drawn => ({ at, due: at }));
  const shown = (await pupil.page.evaluate(() => window.watched)).map(({ strokes: n, at }): Shown => ({ media: at, strokes: n, heard: 0, at }));
  const among = (video: boolean): Score => score(drawn, shown, (stroke) => beside[drew.indexOf(stroke.at)] === video);
  return { ...among(true), alone_p99_ms: among(false).delivery_p99_ms };
}

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

/** An encoder that is 700 ms late pushes into the teacher's room. */
async function push(teacher: Someone, through: (port: number) => Promise<Link>): Promise<Encoder> {
  const { rtmp, key } = await teacher.page.evaluate(async () => {
    const response = await window.chalkline?.session.request("stream-key", { method: "POST" });
    return (await response?.json()) as { rtmp: string; key: string };
  });
  const port = /:(\d+)/.exec(rtmp)?.[1];
  if (port === undefined) throw new Error(`no port in ${rtmp}`);
  return new Encoder(`${rtmp.replace(`:${port}`, `:${(await through(Number(port))).port}`)}/${key}`, 700);
}
