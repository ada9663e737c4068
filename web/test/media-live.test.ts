// Live streams as they are opened, fail and are stopped, with players that do nothing, in simulated time.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Player } from "../src/media/api.ts";
import type { LivePlayers } from "../src/media/environment.ts";
import { RoomMedia } from "../src/media/media.ts";
import type { SourcePlaying } from "../src/media/playing.ts";
import { FakeWorld, sourceOf } from "./media-fake.ts";

/** A stream of hls.js or mpegts.js, which stands until it is destroyed. */
class FakeStream {
  static readonly Events = { ERROR: "error" };
  static readonly ErrorTypes = {};
  private readonly listeners = new Map<string, (...told: unknown[]) => void>();

  constructor(private readonly all: Set<FakeStream>) {
    all.add(this);
  }

  on(event: string, listener: (...told: unknown[]) => void): void {
    this.listeners.set(event, listener);
  }

  fail(): void {
    this.listeners.get("error")?.("error", { fatal: true, type: "other", details: "gone" });
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
    const mpegts = { Events: FakeStream.Events, createPlayer: () => new FakeStream(streams) };
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
    const failed = (): void => live.streams.forEach((stream) => stream.fail());
    failed();
    assert.equal(live.streams.size, 0);
    await live.world.clock.pass(600);
    for (const listener of live.world.listeners) listener("online");
    await live.answer();
    assert.equal(live.streams.size, 1);
    failed();
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
