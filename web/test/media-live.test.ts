// Live streams as they are opened, fail and are stopped, with players that do nothing, in simulated time.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Player } from "../src/media/api.ts";
import type { LivePlayers } from "../src/media/environment.ts";
import { RoomMedia } from "../src/media/media.ts";
import type { SourcePlaying } from "../src/media/playing.ts";
import { timeUnit } from "../src/media/stamp.ts";
import type { MediaSource } from "../src/sync/api.ts";
import { FakeWorld, sourceOf } from "./media-fake.ts";

/** A stream of hls.js or mpegts.js, which stands until it is destroyed. */
class FakeStream {
  static readonly Events = { ERROR: "error" };
  static readonly ErrorTypes = {};
  private readonly listeners = new Map<string, (...told: unknown[]) => void>();

  /** busy: it is at work when it tells an error, and needs itself afterwards. */
  constructor(private readonly all: Set<FakeStream>, private readonly busy = false) {
    all.add(this);
  }

  on(event: string, listener: (...told: unknown[]) => void): void {
    this.listeners.set(event, listener);
  }

  say(event: string, ...told: unknown[]): void {
    this.listeners.get(event)?.(...told);
  }

  fail(): void {
    this.say("error", "error", { fatal: true, type: "other", details: "gone" });
    assert.ok(!this.busy || this.all.has(this), "destroyed at work");
  }

  loadSource(): void {}
  attachMedia(): void {}
  attachMediaElement(): void {}
  load(): void {}

  destroy(): void {
    this.all.delete(this);
  }
}

class Live {
  readonly world = new FakeWorld();
  /** Those that are not destroyed. */
  readonly streams = new Set<FakeStream>();
  readonly media: RoomMedia;
  readonly playing: SourcePlaying;
  private held: (() => void)[] = [];

  /** Requests for URLs wait until they are let go. */
  constructor(readonly player: Player) {
    const { world, streams } = this;
    const Hls = class extends FakeStream {
      constructor() {
        super(streams);
      }
    };
    const mpegts = { Events: FakeStream.Events, createPlayer: () => new FakeStream(streams, true) };
    const live = { hls: async () => Hls, mpegts: async () => mpegts } as unknown as LivePlayers;
    const request = world.session.request.bind(world.session);
    const session = {
      ...world.session,
      request: async (path: string, init?: RequestInit): Promise<Response> => {
        if (!path.endsWith("/live")) return request(path, init);
        await new Promise<void>((go) => this.held.push(go));
        return Response.json({ hls: "/live/t/index.m3u8", httpts: "/live/t/live.ts" });
      },
    };
    world.sources.set([sourceOf(1, { webrtc: false, live: true })]);
    this.media = new RoomMedia({ ...world.env, live }, session);
    this.playing = this.media.play(1, { player });
  }

  async answer(): Promise<void> {
    await this.world.clock.pass(1);
    for (const go of this.held.splice(0)) go();
    await this.world.clock.pass(1);
  }
}

for (const player of ["hls", "httpts"] as const) {
  test(`${player}: a stream that is stopped while it is being opened is not opened`, async () => {
    const live = new Live(player);
    live.playing.stop();
    await live.answer();
    assert.equal(live.streams.size, 0);
    live.media.stop();
  });

  test(`${player}: of a stream that is begun anew while it is being opened, the last is played, and opened again when it fails`, async () => {
    const live = new Live(player);
    await live.answer();
    const failed = async (): Promise<void> => {
      live.streams.forEach((stream) => stream.fail());
      await live.world.clock.pass(1);
    };
    await failed();
    assert.equal(live.streams.size, 0);
    await live.world.clock.pass(600);
    for (const listener of live.world.listeners) listener("online");
    await live.answer();
    assert.equal(live.streams.size, 1);
    await failed();
    assert.equal(live.streams.size, 0);
    await live.world.clock.pass(2000);
    await live.answer();
    assert.equal(live.streams.size, 1);
    live.media.stop();
    assert.equal(live.streams.size, 0);
  });
}

test("who is taken off the page plays on, behind another tab too", async () => {
  const world = new FakeWorld();
  const media = new RoomMedia(world.env, world.session);
  world.sources.set([sourceOf(1)]);
  media.play(1);
  const element = world.elements[0]!;
  for (const visible of [true, false]) {
    world.visible = visible;
    element.leave();
    await world.clock.pass(10);
    assert.equal(element.paused, false, `visible: ${visible}`);
  }
  media.stop();
});

test("who is stopped listens to nothing and plays nothing, though its tile lets go of it later", async () => {
  const world = new FakeWorld();
  const media = new RoomMedia(world.env, world.session);
  world.sources.set([sourceOf(1)]);
  const before = world.listeners.size;
  for (let i = 0; i < 3; i++) {
    const playing = media.play(1);
    await world.clock.pass(10);
    playing.stop();
    world.elements.at(-1)!.leave();
    playing.resume();
    await world.clock.pass(10);
  }
  assert.equal(world.listeners.size, before);
  assert.deepEqual(world.elements.filter(({ paused }) => !paused), []);
  assert.equal(world.closed, false);
  media.stop();
  assert.equal(world.closed, true);
});

/** Ann leads and is played by HTTP-TS: what she says and shows has come `way` ms later, and is on the glass 400 ms after that. */
class Broadcast {
  /** Room time of media time 0, µs. */
  private origin = 0;

  private constructor(
    readonly live: Live,
    private readonly way: number,
  ) {}

  static async begin(way: number, source: Partial<MediaSource> = {}): Promise<Broadcast> {
    const live = new Live("httpts");
    live.world.stage.set({ page: "", lead: "ann" });
    const broadcast = new Broadcast(live, way);
    await broadcast.become(source);
    return broadcast;
  }

  get media(): RoomMedia {
    return this.live.media;
  }

  /** The room tells of the source, and its stream, begun anew, brings a new timeline. */
  async become(source: Partial<MediaSource>): Promise<void> {
    const { world } = this.live;
    world.sources.set([sourceOf(1, { webrtc: false, live: true, ...source })]);
    await this.live.answer();
    this.element.loaded = 0;
    await this.time(500);
    this.origin = world.room - (1000 + this.way) * 1000;
  }

  /** Media come and go on; with a picture every 40 ms, which has a stamp and is told of, or not; or with none. */
  async goOn(ms: number, { pictures = false, unseen = false, come = true } = {}): Promise<void> {
    const { element } = this;
    for (let at = 0; at < ms; at += 20) {
      await this.live.world.clock.pass(20);
      const time = this.live.world.room - this.way * 1000;
      if (come) element.loaded = (time - this.origin) / 1e6;
      element.currentTime = come ? element.loaded - 0.4 : Math.min(element.currentTime + 0.02, element.loaded);
      if (pictures && come && at % 40 === 0) {
        const [stream] = this.live.streams, unit = timeUnit(time);
        stream?.say("sei_arrived", { type: 5, uuid: unit.subarray(7, 23), user_data: unit.subarray(23), pts: element.loaded * 1000 });
        element.frame(undefined);
      } else if (unseen && at % 40 === 0) element.pictures++;
      this.live.world.worker.say({ kind: "tick" });
    }
  }

  /** Time in which the element shows nothing. */
  async time(ms: number): Promise<void> {
    this.element.readyState = 1;
    for (let at = 0; at < ms; at += 20) {
      await this.live.world.clock.pass(20);
      this.live.world.worker.say({ kind: "tick" });
    }
    this.element.readyState = 4;
  }

  /** T less when that was taken which is on the glass, ms. */
  get ahead(): number {
    const shown = this.live.world.shows.at(-1);
    assert.ok(typeof shown === "number", `shown: ${shown}`);
    return (shown - this.origin) / 1000 - this.element.currentTime * 1000;
  }

  private get element() {
    return this.live.world.elements[0]!;
  }
}

const near = (ms: number, wanted: number): void => assert.ok(Math.abs(ms - wanted) <= 25, `${ms} ms ahead, not ${wanted}`);

test("ALN2: HTTP-TS whose picture is switched off shows boards by its sound, and by its picture when that is back", async () => {
  const broadcast = await Broadcast.begin(250);
  const { media } = broadcast;
  await broadcast.goOn(3000, { pictures: true });
  near(broadcast.ahead, 0);
  await broadcast.become({ hidden: true });
  await broadcast.goOn(2000);
  for (let i = 0; i < 15; i++) {
    await broadcast.goOn(1000);
    near(broadcast.ahead, 0);
  }
  const { value } = media.alignment;
  assert.ok(value.kind === "aligned" && value.by === "sound" && value.delay < 700);
  await broadcast.become({});
  await broadcast.goOn(3000, { pictures: true });
  near(broadcast.ahead, 0);
  assert.ok(media.alignment.value.kind === "aligned" && media.alignment.value.by === "video");
  media.stop();
});

test("ALN3: sound alone by HTTP-TS that comes late or not at all takes T no further", async () => {
  const broadcast = await Broadcast.begin(250);
  await broadcast.goOn(3000, { pictures: true });
  await broadcast.become({ hidden: true });
  await broadcast.goOn(5000);
  for (let i = 0; i < 4; i++) {
    await broadcast.goOn(2500, { come: false });
    near(broadcast.ahead, 0);
    await broadcast.goOn(1000);
    near(broadcast.ahead, 0);
  }
  broadcast.media.stop();
});

test("ALN3: a picture that freezes while the sound goes on holds T, for 10 s; one that comes and is not told of does not", async () => {
  const broadcast = await Broadcast.begin(250);
  await broadcast.goOn(3000, { pictures: true });
  await broadcast.goOn(9000);
  near(broadcast.ahead, -9000);
  await broadcast.goOn(500, { pictures: true });
  await broadcast.goOn(1500);
  await broadcast.goOn(40, { unseen: true }); // one more, which is all
  await broadcast.goOn(6500);
  near(broadcast.ahead, -8040);
  await broadcast.goOn(500, { pictures: true });
  await broadcast.goOn(9000);
  await broadcast.goOn(800, { unseen: true }); // the first that come are told of later
  near(broadcast.ahead, -9800);
  await broadcast.goOn(500, { pictures: true });
  near(broadcast.ahead, 0);
  await broadcast.goOn(11_000);
  near(broadcast.ahead, 0);
  await broadcast.goOn(500, { pictures: true });
  await broadcast.goOn(2500, { unseen: true }); // a window before the page's
  near(broadcast.ahead, 0);
  broadcast.media.stop();
});

test("ALN3: a screen on which nothing moves holds T no longer than it takes to see that", async () => {
  const broadcast = await Broadcast.begin(250, { kind: "screen" });
  await broadcast.goOn(3000, { pictures: true });
  await broadcast.goOn(2500);
  near(broadcast.ahead, 0);
  broadcast.media.stop();
});

test("ALN2: of a source that is sound alone from the start HTTP-TS says T as if it had come in 100 ms", async () => {
  const broadcast = await Broadcast.begin(130, { video: false });
  await broadcast.goOn(12_000);
  near(broadcast.ahead, 30);
  assert.equal(broadcast.media.alignment.value.kind, "aligned");
  broadcast.media.stop();
});

test("ALN2: HTTP-TS of which nothing goes out any more shows boards by what has come, and then now", async () => {
  const broadcast = await Broadcast.begin(250);
  const { media, live } = broadcast;
  await broadcast.goOn(3000, { pictures: true });
  live.world.sources.set([sourceOf(1, { webrtc: false, live: true, video: false, muted: true })]);
  await broadcast.goOn(300, { come: false });
  assert.deepEqual([typeof live.world.shows.at(-1), media.alignment.value.kind], ["number", "aligned"]);
  await broadcast.time(300);
  assert.deepEqual([live.world.shows.at(-1), media.alignment.value.kind], ["now", "no-media"]);
  media.stop();
});
