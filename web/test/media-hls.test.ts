// HLS as it is played by the system (Safari), and by hls.js, in simulated time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CodeError } from "../src/protocol/codes.ts";
import { RoomMedia } from "../src/media/media.ts";
import { FakeWorld, sourceOf, type FakeElement } from "./media-fake.ts";

const live = { live: true, webrtc: false };

/** Ann leads and is played as HLS. URLs have a number that rises. */
class Lesson {
  readonly media: RoomMedia;
  private urls = 0;

  constructor(readonly world: FakeWorld) {
    world.sources.set([sourceOf(1, live)]);
    world.stage.set({ page: "", lead: "ann" });
    world.answer = (path) => (path === "sources/1/live" ? Response.json({ hls: `/live/${++this.urls}/index.m3u8`, httpts: "/live/ts" }) : undefined);
    this.media = new RoomMedia(world.env, world.session);
  }

  /** As Safari does on an iPhone. */
  static async native(): Promise<Lesson> {
    const world = new FakeWorld();
    Object.assign(world.support, { webrtc: false, mse: false, nativeHls: true });
    const lesson = new Lesson(world);
    lesson.media.play(1);
    await world.clock.pass(10);
    return lesson;
  }

  static async hlsjs(): Promise<Lesson> {
    const world = new FakeWorld();
    world.hls = async () => FakeHls;
    const lesson = new Lesson(world);
    lesson.media.play(1, { player: "hls" });
    await world.clock.pass(10);
    return lesson;
  }

  get element(): FakeElement {
    return this.world.elements[0]!;
  }

  get playing() {
    return this.media.play(1);
  }

  /** Media time at which T is by the playlist's date, s. */
  get at(): number {
    return ((this.world.shows.at(-1) as number) / 1000 - this.element.startDate.getTime()) / 1000;
  }

  source(more: object): void {
    this.world.sources.set([sourceOf(1, { ...live, ...more })]);
  }

  /** Media go on, and a frame is shown. */
  async frame(seconds = 0.033): Promise<void> {
    await this.world.clock.pass(seconds * 1000);
    this.element.currentTime += seconds;
    this.element.frame(undefined);
  }
}

const near = (at: number, want: number): void => assert.ok(Math.abs(at - want) < 0.001, `T is at ${at} s, not ${want}`);

/** The system plays: it has a minute, and 10 s are buffered. */
async function begun(): Promise<Lesson> {
  const lesson = await Lesson.native();
  await starts(lesson);
  return lesson;
}

async function starts(lesson: Lesson): Promise<void> {
  const { element } = lesson;
  element.startDate = new Date(lesson.world.room / 1000 - 65_000); // so that media time 60 is 5 s ago
  element.range = [0, 62];
  element.currentTime = 60;
  element.dispatchEvent(new Event("playing"));
  await lesson.frame();
}

test("ALN2: where the system plays HLS, T is the playlist's date at the frame's media time", async () => {
  const lesson = await begun();
  assert.equal(lesson.element.src, "/live/1/index.m3u8");
  assert.equal(lesson.playing.player.value, "hls");
  for (let i = 0; i < 30; i++) await lesson.frame();
  near(lesson.at, lesson.element.currentTime);
  assert.equal(lesson.playing.state.value, "playing");
  assert.equal(lesson.media.alignment.value.kind, "aligned");
  lesson.media.stop();
});

test("ALN2: of sound alone by HLS T is the playlist's date at what is heard", async () => {
  const lesson = await begun();
  const { element, world } = lesson;
  lesson.source({ video: false });
  for (let i = 0; i < 100; i++) {
    await world.clock.pass(50);
    element.currentTime += 0.05;
    world.worker.say({ kind: "tick" });
  }
  near(lesson.at, element.currentTime);
  const { value } = lesson.media.alignment;
  assert.ok(value.kind === "aligned" && value.by === "sound");
  lesson.media.stop();
});

test("ALN3: a playlist without dates leaves T where it stands, and then at now", async () => {
  const lesson = await Lesson.native();
  lesson.element.dispatchEvent(new Event("playing"));
  const before = lesson.world.shows.at(-1);
  assert.equal(typeof before, "number");
  for (let i = 0; i < 30; i++) await lesson.frame();
  assert.equal(lesson.world.shows.at(-1), before);
  for (let i = 0; i < 400; i++) {
    await lesson.frame();
    lesson.world.worker.say({ kind: "tick" });
  }
  assert.equal(lesson.world.shows.at(-1), "now");
  lesson.media.stop();
});

test("ALN3: a seek in what the system has moves T, backward too", async () => {
  const lesson = await begun();
  await lesson.frame();
  await lesson.world.clock.pass(1000);
  assert.ok(Math.abs((lesson.playing.window.value?.behind ?? 0) - 2) < 0.1);
  assert.equal(lesson.playing.window.value?.most, 62);
  lesson.playing.seek(32);
  assert.equal(lesson.element.currentTime, 30);
  await lesson.frame(); // the first one after a seek is believed
  near(lesson.at, lesson.element.currentTime);
  lesson.playing.seek(100);
  assert.equal(lesson.element.currentTime, 0);
  lesson.media.stop();
});

for (const back of [30, 0.5]) {
  test(`ALN3: on a seek back by ${back} s T goes back at once, before its first frame, and frames of before it do not move it again`, async () => {
    const lesson = await begun();
    await lesson.frame();
    const { element, playing, world } = lesson;
    const before = element.currentTime, to = before - back;
    await world.clock.pass(1000);
    playing.seek(62 - to);
    element.seeking = true;
    near(lesson.at, to);
    element.frame(undefined, before + 0.033);
    element.dispatchEvent(new Event("seeking"));
    element.frame(undefined, before + 0.066);
    near(lesson.at, to);
    element.seeking = false;
    element.frame(undefined, to - 0.1);
    near(lesson.at, to - 0.1);
    lesson.media.stop();
  });
}

test("ALN3: on a seek to now T waits for the first frame of then", async () => {
  const lesson = await begun();
  const { element, playing, world } = lesson;
  await world.clock.pass(1000);
  playing.seek(32);
  element.frame(undefined);
  element.seeking = true;
  playing.seek(2);
  element.dispatchEvent(new Event("seeking"));
  for (const at of [30.033, 30.066]) {
    element.frame(undefined, at);
    near(lesson.at, at);
  }
  element.frame(undefined, 60);
  near(lesson.at, 60);
  lesson.media.stop();
});

test("HLS of the system that fails is begun again, at URLs of then", async () => {
  const lesson = await begun();
  const { element, playing, world } = lesson;
  element.error = { message: "404" };
  element.dispatchEvent(new Event("error"));
  assert.deepEqual([element.src, playing.state.value, playing.fault.value], ["", "stalled", { kind: "no-route" }]);
  await world.clock.pass(600);
  assert.equal(element.src, "/live/2/index.m3u8");
  element.dispatchEvent(new Event("playing"));
  assert.equal(playing.fault.value, undefined);
  lesson.media.stop();
  assert.equal(element.src, "");
  element.dispatchEvent(new Event("error")); // nobody listens any more
  await world.clock.pass(60_000);
  assert.equal(element.src, "");
});

test("HLS goes on by itself when its publisher is back, and is begun again if it had failed", async () => {
  const lesson = await begun();
  const { element, playing, world } = lesson;
  lesson.source({ video: false, audio: false, live: false });
  await world.clock.pass(20_000); // what came before has been seen
  assert.equal(playing.state.value, "away");
  lesson.source({});
  await world.clock.pass(10);
  assert.equal(element.src, "/live/1/index.m3u8");

  lesson.source({ video: false, audio: false, live: false });
  for (let i = 0; i < 20; i++) {
    element.dispatchEvent(new Event("error"));
    await world.clock.pass(14_000);
  }
  element.dispatchEvent(new Event("error"));
  assert.equal(element.src, "");
  lesson.source({});
  await world.clock.pass(10);
  assert.notEqual(element.src, "");
  lesson.media.stop();
});

/** Ann is played as HLS by the system, 5 s behind; wanted: what the person chose. WebRTC is there, but no connection comes about. */
async function withoutWebRtc(wanted: "auto" | "hls"): Promise<Lesson> {
  const world = new FakeWorld();
  Object.assign(world.support, { mse: false, nativeHls: true });
  const lesson = new Lesson(world);
  const usual = world.answer;
  world.answer = (path, init) => (path.includes("whep") ? new CodeError(0) : usual?.(path, init));
  lesson.source({ webrtc: true });
  lesson.media.play(1, { player: wanted });
  await world.clock.pass(2000);
  await starts(lesson);
  return lesson;
}

const offers = ({ world }: Lesson): number => world.requests.filter((request) => request.includes("whep")).length;

/** The person writes for so long, s. */
async function write({ media, world }: Lesson, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    media.writes();
    await world.clock.pass(1000);
    world.worker.say({ kind: "tick" });
  }
}

test("ALN7: where WebRTC failed a writer keeps what plays, and is shown the board of now", async () => {
  const lesson = await withoutWebRtc("auto");
  const { media, element, playing } = lesson;
  assert.deepEqual([playing.player.value, offers(lesson)], ["hls", 3]);
  const { src } = element;
  await write(lesson, 60);
  assert.deepEqual([playing.player.value, element.src, offers(lesson)], ["hls", src, 3]);
  assert.deepEqual(media.alignment.value, { kind: "off", reason: "writing" });
  media.stop();
});

test("ALN7: WebRTC that fails a writer is given up for what played before", async () => {
  const lesson = await withoutWebRtc("hls");
  const { media, playing } = lesson;
  assert.deepEqual([playing.player.value, offers(lesson)], ["hls", 0]);
  await write(lesson, 60);
  await starts(lesson);
  assert.deepEqual([playing.player.value, offers(lesson)], ["hls", 3]);
  assert.deepEqual(media.alignment.value, { kind: "off", reason: "writing" });
  media.stop();
});

for (const [what, ends] of [
  ["become the lead themselves", ({ world }) => world.stage.set({ page: "", lead: "me" })],
  ["are led by somebody else", ({ world }) => world.stage.set({ page: "", lead: "ben" })],
  ["are led by nobody", ({ world }) => world.stage.set({ page: "", lead: "" })],
  ["turn alignment off", ({ media }) => media.setAligned(false)],
] as readonly (readonly [string, (lesson: Lesson) => void])[]) {
  test(`ALN7: writers who chose HLS and are given WebRTC get HLS again when they ${what}`, async () => {
    const lesson = await withoutWebRtc("hls");
    const { media, world, playing } = lesson;
    const hls = world.answer;
    world.answer = (path, init) => (path.includes("whep") ? undefined : hls?.(path, init));
    media.writes();
    await world.clock.pass(10);
    assert.equal(playing.player.value, "webrtc");
    ends(lesson);
    await world.clock.pass(10);
    assert.equal(playing.player.value, "hls");
    media.stop();
  });
}

interface HlsError {
  readonly fatal: boolean;
  readonly type: string;
  readonly details: string;
}

interface HlsLevel {
  readonly details: { readonly edge: number };
}

/** hls.js as far as it is used. */
class FakeHls {
  static readonly Events = { FRAG_PARSING_USERDATA: "userdata", FRAG_BUFFERED: "buffered", LEVEL_UPDATED: "updated", ERROR: "error" };
  static readonly ErrorTypes = { NETWORK_ERROR: "network", MEDIA_ERROR: "media" };
  static all: FakeHls[] = [];
  readonly calls: string[] = [];
  readonly liveSyncPosition = null;
  readonly playingDate = null;
  readonly bandwidthEstimate = NaN;
  private readonly listeners = new Map<string, (event: string, data?: HlsError | HlsLevel) => void>();

  constructor() {
    FakeHls.all.push(this);
  }

  static get last(): FakeHls {
    return FakeHls.all.at(-1)!;
  }

  on(event: string, listener: (event: string, data?: HlsError | HlsLevel) => void): void {
    this.listeners.set(event, listener);
  }

  say(event: string, data?: HlsError | HlsLevel): void {
    this.listeners.get(event)?.(event, data);
  }

  /** What it makes of a playlist that is answered 404: it stops. */
  gone(details: "levelLoadError" | "manifestLoadError"): void {
    this.say("error", { fatal: true, type: "network", details });
  }

  loadSource(url: string): void {
    this.calls.push(`load ${url}`);
  }

  attachMedia(): void {}

  startLoad(): void {
    this.calls.push("start");
  }

  recoverMediaError(): void {
    this.calls.push("recover");
  }

  destroy(): void {
    this.calls.push("destroy");
  }
}

test("a playlist that is gone is asked for again, and the stream begun again where that does not help", async () => {
  const { world, media, playing } = await Lesson.hlsjs();
  const first = FakeHls.last;
  assert.deepEqual(first.calls, ["load https://school.example/live/1/index.m3u8"]);
  first.say("buffered");
  for (let i = 0; i < 3; i++) {
    first.gone("levelLoadError");
    await world.clock.pass(2000);
  }
  assert.deepEqual(first.calls.slice(1), ["start", "start", "start"]);
  first.gone("levelLoadError");
  assert.equal(first.calls.at(-1), "destroy");
  for (let i = 0; i < 20; i++) { // however long it lasts
    await world.clock.pass(20_000);
    FakeHls.last.gone("manifestLoadError");
  }
  assert.equal(playing.state.value, "stalled");
  await world.clock.pass(20_000);
  const last = FakeHls.last;
  assert.notEqual(last, first);
  last.say("buffered");
  assert.equal(playing.fault.value, undefined);
  assert.equal(last.calls.length, 1);
  media.stop();
});

test("a stream whose playlist goes on while no segment of it comes is begun again once nothing is left to show", async () => {
  const { world, media, element } = await Lesson.hlsjs();
  element.paused = false;
  element.loaded = 20;
  element.currentTime = 5;
  const first = FakeHls.last;
  const playlist = (edge: number): void => FakeHls.last.say("updated", { details: { edge } });
  playlist(20);
  first.say("buffered");
  playlist(22);
  playlist(40); // there is enough to show
  element.currentTime = 19.9;
  first.say("buffered"); // late, but there
  playlist(42);
  playlist(52);
  assert.equal(first.calls.at(-1), "load https://school.example/live/1/index.m3u8");
  element.paused = true;
  playlist(53);
  assert.notEqual(first.calls.at(-1), "destroy");
  element.paused = false;
  playlist(54);
  assert.equal(first.calls.at(-1), "destroy");
  await world.clock.pass(2000);
  assert.notEqual(FakeHls.last, first);
  playlist(60); // of the new one
  playlist(62);
  assert.notEqual(FakeHls.last.calls.at(-1), "destroy");
  media.stop();
});

test("MED6: a live stream is begun anew when its picture is hidden, and when it is shown again", async () => {
  const lesson = await Lesson.hlsjs();
  const { world, media } = lesson;
  const first = FakeHls.last;
  first.say("buffered");
  lesson.source({ hidden: true });
  await world.clock.pass(10);
  const second = FakeHls.last;
  assert.notEqual(second, first);
  assert.equal(first.calls.at(-1), "destroy");
  second.say("buffered");
  lesson.source({ hidden: true, muted: true }); // nothing comes: that is no fault of the player's
  for (let i = 0; i < 5; i++) {
    FakeHls.last.gone("manifestLoadError");
    await world.clock.pass(15_000);
  }
  FakeHls.last.gone("manifestLoadError");
  const before = FakeHls.last;
  lesson.source({ muted: true });
  await world.clock.pass(10); // at once
  assert.notEqual(FakeHls.last, before);
  FakeHls.last.say("buffered");
  const shown = FakeHls.last;
  lesson.source({});
  await world.clock.pass(10);
  assert.equal(FakeHls.last, shown);
  media.stop();
});

test("MED6: while nothing of a source goes out no other player is tried", async () => {
  const world = new FakeWorld();
  const lesson = new Lesson(world);
  world.hls = async () => FakeHls;
  lesson.source({ hidden: true, muted: true });
  const { playing } = lesson;
  await world.clock.pass(60_000); // MPEG-TS fails here
  assert.deepEqual([playing.player.value, playing.state.value], ["httpts", "stalled"]);
  lesson.source({ muted: true });
  await world.clock.pass(10_000);
  assert.equal(playing.player.value, "hls");
  lesson.media.stop();
});

test("of streams that are begun while another is being opened the last one plays, and its failures are heard", async () => {
  const lesson = await Lesson.hlsjs();
  const { world, media } = lesson;
  FakeHls.last.say("buffered");
  const before = FakeHls.all.length;
  lesson.source({ hidden: true });
  lesson.source({});
  await world.clock.pass(10);
  assert.equal(FakeHls.all.length, before + 1);
  FakeHls.last.gone("manifestLoadError"); // it is heard
  await world.clock.pass(1000);
  assert.equal(FakeHls.all.length, before + 2);
  media.stop();
});
