// Publishing, playing and alignment as a room sees them, in simulated time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, CodeError } from "../src/protocol/codes.ts";
import { RoomMedia } from "../src/media/media.ts";
import { ABS_CAPTURE_TIME, FakeWorld, sourceOf, type FakePeer, SYNCED } from "./media-fake.ts";

const both = { video: true, audio: true };

function begin(): { world: FakeWorld; media: RoomMedia } {
  const world = new FakeWorld();
  return { world, media: new RoomMedia(world.env, world.session) };
}

async function publishing(): Promise<{ world: FakeWorld; media: RoomMedia }> {
  const { world, media } = begin();
  await media.camera.start(both);
  await world.clock.pass(10);
  world.peer.become("connected");
  await world.clock.pass(10);
  return { world, media };
}

const videoOf = (peer: FakePeer) => peer.transceivers[0]!;

test("MED7: a camera is offered with H.264 alone, whole packets first, in two qualities, and stamped", async () => {
  const { world, media } = await publishing();
  assert.equal(media.camera.state.value, "live");
  assert.deepEqual(world.requests.slice(0, 2), ["GET ice", "POST whip?kind=camera"]);
  const video = videoOf(world.peer);
  assert.deepEqual(video.codecs.map(({ mimeType, sdpFmtpLine }) => mimeType + (sdpFmtpLine?.slice(0, 20) ?? "")), [
    "video/H264packetization-mode=1", "video/H264packetization-mode=0", "video/rtx",
  ]);
  assert.deepEqual(video.sender.getParameters().encodings.map(({ rid }) => rid).sort(), ["main", "sub"]);
  assert.deepEqual(world.worker.ports.map(({ role }) => role), ["send"]);
  assert.equal(world.peer.remote, "answer");
  media.stop();
});

test("MED7: without H.264 nothing is offered, and the page is told", async () => {
  const { world, media } = begin();
  world.codecs = world.codecs.slice(0, 1);
  await media.camera.start(both);
  await world.clock.pass(10);
  assert.deepEqual(media.camera.fault.value, { kind: "no-h264" });
  assert.equal(media.camera.state.value, "off");
  assert.ok(!world.requests.some((request) => request.startsWith("POST")));
  media.stop();
});

test("MED5: the picture of a source that nobody plays is not sent 5 s later, and comes back with a key frame", async () => {
  const { world, media } = await publishing();
  const { sender } = videoOf(world.peer);
  world.sources.set([sourceOf(1, { participant: "me", wanted: true })]);
  await world.clock.pass(20_000);
  assert.equal(sender.active, true);
  world.sources.set([sourceOf(1, { participant: "me", wanted: false })]);
  await world.clock.pass(5000);
  assert.equal(sender.active, false);
  assert.equal(world.peer.transceivers[1]?.sender.active, true); // sound goes on
  world.sources.set([sourceOf(1, { participant: "me", wanted: true })]);
  await world.clock.pass(1);
  assert.equal(sender.active, true);
  assert.deepEqual(sender.written.at(-1), { active: true, keyFrame: true });
  media.stop();
});

test("a connection that breaks is made anew with back-off, at once when the network is back", async () => {
  const { world, media } = await publishing();
  world.answer = (path) => (path.startsWith("whip") ? new CodeError(0) : undefined);
  world.peer.become("failed");
  await world.clock.pass(600);
  assert.equal(media.camera.state.value, "reconnecting");
  assert.deepEqual(media.camera.fault.value, { kind: "no-route" });
  await world.clock.pass(30_000);
  const posts = world.requests.filter((request) => request.startsWith("POST")).length;
  assert.ok(posts >= 5 && posts <= 8, `${posts} offers in 30 s`);
  world.answer = undefined;
  for (const listener of world.listeners) listener("online");
  await world.clock.pass(1);
  world.peer.become("connected");
  await world.clock.pass(1);
  assert.equal(media.camera.state.value, "live");
  assert.equal(media.camera.fault.value, undefined);
  media.stop();
});

test("a connection heals by itself, or is given up after 4 s", async () => {
  const { world, media } = await publishing();
  world.peer.become("disconnected");
  await world.clock.pass(3000);
  world.peer.become("connected");
  await world.clock.pass(10_000);
  assert.equal(world.peers.length, 1);
  world.peer.become("disconnected");
  await world.clock.pass(4600);
  assert.equal(world.peers.length, 2);
  media.stop();
});

test("a refusal for good is told, and not tried again", async () => {
  const { world, media } = begin();
  world.answer = (path) => (path.startsWith("whip") ? new CodeError(Code.NotPermitted) : undefined);
  await media.camera.start(both);
  await world.clock.pass(60_000);
  assert.deepEqual(media.camera.fault.value, { kind: "refused", code: Code.NotPermitted, parameters: {} });
  assert.equal(media.camera.state.value, "off");
  assert.equal(world.requests.filter((request) => request.startsWith("POST")).length, 1);
  media.stop();
});

test("MED4: a publisher that another tab took over from does not take it back", async () => {
  const { world, media } = await publishing();
  world.sources.set([sourceOf(1, { participant: "me" })]);
  world.peer.dismiss();
  await world.clock.pass(5000);
  assert.deepEqual(media.camera.fault.value, { kind: "refused", code: Code.TakenOver, parameters: {} });
  assert.equal(world.peers.length, 1);
  media.stop();
});

test("who stops publishing is told of no fault of before", async () => {
  const { world, media } = await publishing();
  world.answer = (path) => (path.startsWith("whip") ? new CodeError(0) : undefined);
  world.peer.become("failed");
  await world.clock.pass(600);
  assert.deepEqual(media.camera.fault.value, { kind: "no-route" });
  media.camera.stop();
  await world.clock.pass(30_000);
  assert.equal(media.camera.fault.value, undefined);
  media.stop();
});

test("a server that was restarted is published to again", async () => {
  const { world, media } = await publishing();
  world.sources.set([sourceOf(1, { participant: "me", video: false, audio: false })]);
  world.peer.dismiss();
  await world.clock.pass(5000);
  assert.equal(world.peers.length, 2);
  media.stop();
});

test("MED4: what was known of one's source before a server stopped is no sign of another tab", async () => {
  const { world, media } = await publishing();
  world.sources.set([sourceOf(1, { participant: "me" })]);
  world.connection.set({ kind: "reconnecting", unsent: 0, code: Code.GoingAway, parameters: {} });
  world.peer.dismiss();
  await world.clock.pass(5000);
  assert.deepEqual([media.camera.state.value, media.camera.fault.value], ["reconnecting", { kind: "no-route" }]);
  assert.equal(world.peers.length, 2);
  media.stop();
});

test("devices change over the same connection; stopping tells the server", async () => {
  const { world, media } = await publishing();
  const before = videoOf(world.peer).sender.track;
  await media.camera.useCamera("other");
  await world.clock.pass(1);
  assert.notEqual(videoOf(world.peer).sender.track, before);
  await media.camera.setVideo(false);
  await world.clock.pass(1);
  assert.equal(videoOf(world.peer).sender.track, null);
  assert.equal(media.camera.video.value, false);
  assert.equal(world.peers.length, 1);
  media.camera.stop();
  await world.clock.pass(1);
  assert.equal(world.requests.at(-1), "DELETE whip/1");
  assert.equal(media.camera.state.value, "off");
  media.stop();
});

test("a page that is left tells the server of what it publishes and plays, in the same task, and connects no more", async (t) => {
  const { world, media } = await publishing();
  t.after(() => media.stop());
  world.sources.set([sourceOf(7)]);
  media.play(7);
  await world.clock.pass(10);
  world.peer.become("connected");
  await world.clock.pass(10);
  const before = world.requests.length;
  for (const leave of [...world.leaves]) leave();
  assert.deepEqual(world.requests.slice(before).sort(), ["DELETE sources/7/whep/2", "DELETE whip/1"]);
  await world.clock.pass(60_000);
  assert.equal(world.peers.length, 2);
});

for (const [message, kind] of [["Permission denied by system", "by-system"], ["Permission denied", "not-allowed"]] as const) {
  test(`a screen that is not given with "${message}" is a fault of its own: ${kind}`, async () => {
    const { world, media } = begin();
    world.refuse = () => new DOMException(message, "NotAllowedError");
    await media.screen.start(both);
    assert.deepEqual([media.screen.fault.value, media.screen.state.value], [{ kind }, "off"]);
    media.stop();
  });
}

/** Cameras of a phone: one is given at a time, and some not at all. */
function onePhone(world: FakeWorld, broken: readonly string[] = []): void {
  world.refuse = ({ video }) => {
    const device = typeof video === "object" && typeof video.deviceId === "object" && "exact" in video.deviceId ? String(video.deviceId.exact) : "";
    const open = world.tracks.some(({ kind, readyState }) => kind === "video" && readyState === "live");
    return open || broken.includes(device) ? new DOMException("Could not start video source", "NotReadableError") : undefined;
  };
}

test("a camera that opens only once the other one is closed is changed to", async () => {
  const { world, media } = await publishing();
  onePhone(world);
  await media.camera.useCamera("back");
  await world.clock.pass(1);
  assert.deepEqual(world.tracks.map(({ kind, readyState }) => `${kind} ${readyState}`), ["video ended", "audio live", "video live"]);
  assert.equal(videoOf(world.peer).sender.track, world.tracks[2]);
  assert.deepEqual([media.camera.camera.value, media.camera.fault.value], ["back", undefined]);
  media.stop();
});

test("a camera that does not open gives way to the one before, and the person is told", async () => {
  const { world, media } = await publishing();
  onePhone(world, ["back"]);
  await media.camera.useCamera("back");
  await world.clock.pass(1);
  assert.equal(videoOf(world.peer).sender.track, world.tracks[2]);
  assert.equal(world.tracks[2]?.readyState, "live");
  assert.deepEqual([media.camera.camera.value, media.camera.fault.value], ["", { kind: "in-use" }]);
  media.stop();
});

test("where the camera before does not open again either the picture is off", async () => {
  const { world, media } = await publishing();
  onePhone(world, ["back", ""]);
  await media.camera.useCamera("back");
  await world.clock.pass(1);
  assert.deepEqual([media.camera.video.value, media.camera.state.value, media.camera.fault.value], [false, "live", { kind: "in-use" }]);
  assert.equal(videoOf(world.peer).sender.track, null);
  media.stop();
});

/** Ann leads and is played over WebRTC; frames come at 30 a second, 100 ms after their stamps. */
class Lesson {
  rtp = 0;
  private port = 0;

  constructor(
    readonly world: FakeWorld,
    readonly media: RoomMedia,
  ) {}

  static async begin(): Promise<Lesson> {
    const { world, media } = begin();
    world.sources.set([sourceOf(1)]);
    world.stage.set({ page: "", lead: "ann" });
    media.play(1);
    await world.clock.pass(10);
    world.peer.become("connected");
    await world.clock.pass(10);
    return new Lesson(world, media);
  }

  get element() {
    return this.world.elements[0]!;
  }

  /** The worker reads stamps of frames that are shown 100 ms after they were taken. */
  async frames(count: number, stamped = true): Promise<void> {
    const { port } = this.world.worker.ports[this.port]!;
    for (let i = 0; i < count; i++) {
      await this.world.clock.pass(33);
      this.rtp += 33 * 90;
      this.element.currentTime += 0.033;
      if (stamped) port.postMessage({ rtp: this.rtp, time: this.world.room - 100_000 });
      await new Promise((resolve) => setImmediate(resolve)); // message ports are the machine's
      await new Promise((resolve) => setImmediate(resolve));
      this.element.frame(this.rtp);
    }
  }

  /** The worker reads for the newest connection. */
  reads(): void {
    this.port = this.world.worker.ports.length - 1;
  }

  /** Time without frames, told by ticks. */
  async ticks(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 50) {
      await this.world.clock.pass(50);
      this.world.worker.say({ kind: "tick" });
    }
  }

  get shown(): number {
    const shown = this.world.shows.at(-1);
    assert.ok(typeof shown === "number", `shown: ${shown}`);
    return shown;
  }

  get behind(): number {
    return (this.world.room - this.shown) / 1000;
  }
}

test("ALN2: T is the stamp of the frame on the glass, told at each frame", async () => {
  const lesson = await Lesson.begin();
  const kinds: string[] = [];
  lesson.media.alignment.subscribe(({ kind }) => kinds.push(kind));
  await lesson.frames(30);
  assert.ok(Math.abs(lesson.behind - 100) < 1, `${lesson.behind} ms`);
  assert.ok(lesson.world.shows.filter((shown) => typeof shown === "number").length >= 29);
  assert.deepEqual([...new Set(kinds)], ["starting", "aligned"]);
  const { value } = lesson.media.alignment;
  assert.ok(value.kind === "aligned" && value.by === "video" && value.calibrated && Math.abs(value.delay - 100) < 40);
  lesson.media.stop();
});

test("ALN3: before the first frame T stands, for 10 s at most", async () => {
  const lesson = await Lesson.begin();
  const began = lesson.shown;
  await lesson.ticks(5000);
  assert.equal(lesson.shown, began);
  await lesson.ticks(5500);
  assert.equal(lesson.world.shows.at(-1), "now");
  await lesson.frames(3);
  assert.ok(Math.abs(lesson.behind - 100) < 1, `${lesson.behind} ms`);
  lesson.media.stop();
});

test("ALN3: frames whose stamps were lost are as exact", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(10);
  await lesson.frames(10, false);
  assert.ok(Math.abs(lesson.behind - 100) < 1, `${lesson.behind} ms`);
  lesson.media.stop();
});

test("ALN3: in a hidden tab T goes on by the media's own clock, and stands where that stands", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(10);
  lesson.world.visible = false;
  const before = lesson.shown;
  for (let i = 0; i < 20; i++) {
    lesson.element.currentTime += 0.05;
    await lesson.ticks(50);
  }
  assert.ok(Math.abs(lesson.shown - before - 1e6) < 1000);
  await lesson.ticks(3000);
  assert.ok(Math.abs(lesson.shown - before - 1e6) < 1000);
  lesson.media.stop();
});

test("ALN2: where frames do not name their packets, T is that of the picture that was played last", async () => {
  const lesson = await Lesson.begin();
  const { receiver } = lesson.world.peer.transceivers[0]!;
  receiver.getSynchronizationSources = () => [{ timestamp: 0, rtpTimestamp: lesson.rtp }];
  const { element } = lesson;
  const told = element.frame.bind(element);
  element.frame = () => told(undefined);
  await lesson.frames(10);
  assert.ok(Math.abs(lesson.world.room - lesson.shown - 100_000) < 1000, `${lesson.world.room - lesson.shown} µs`);
  assert.equal(lesson.media.alignment.value.kind, "aligned");
  lesson.media.stop();
});

test("ALN3: without frames T is that of the last picture that came; without a network none comes, though the element's clock goes on", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(10);
  const { receiver } = lesson.world.peer.transceivers[0]!;
  let rtp = lesson.rtp;
  receiver.getSynchronizationSources = () => [{ timestamp: 0, rtpTimestamp: rtp }];
  lesson.world.visible = false;
  const before = lesson.shown;
  for (let i = 0; i < 20; i++) {
    rtp += 50 * 90;
    lesson.element.currentTime += 0.05;
    await lesson.ticks(50);
  }
  assert.ok(Math.abs(lesson.shown - before - 1e6) < 1000, `${lesson.shown - before} µs`);
  lesson.world.visible = true;
  for (let i = 0; i < 200; i++) {
    lesson.element.currentTime += 0.05;
    await lesson.ticks(50);
  }
  assert.ok(Math.abs(lesson.shown - before - 1e6) < 1000, `${lesson.shown - before} µs`);
  lesson.media.stop();
});

test("ALN3: after a pause T stands until the picture goes on", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(10);
  const { receiver } = lesson.world.peer.transceivers[0]!;
  receiver.getSynchronizationSources = () => [{ timestamp: 0, rtpTimestamp: lesson.rtp }];
  const playing = lesson.media.playing.value[0]!;
  const before = lesson.shown;
  playing.pause();
  lesson.rtp += 5000 * 90;
  await lesson.ticks(5000);
  playing.resume();
  await lesson.ticks(200);
  assert.equal(lesson.shown, before);
  await lesson.frames(3);
  assert.ok(lesson.shown - before > 5_000_000, `${lesson.shown - before} µs`);
  lesson.media.stop();
});

test("ALN2: nobody leads, one leads oneself, or the lead has no media: boards show now", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(3);
  for (const [lead, kind] of [["", "none"], ["me", "none"], ["bob", "no-media"]] as const) {
    lesson.world.stage.set({ page: "", lead });
    assert.equal(lesson.world.shows.at(-1), "now");
    assert.equal(lesson.media.alignment.value.kind, kind);
    lesson.world.stage.set({ page: "", lead: "ann" });
    await lesson.frames(1);
  }
  lesson.world.sources.set([sourceOf(1, { video: false, audio: false })]);
  assert.deepEqual([lesson.world.shows.at(-1), lesson.media.alignment.value.kind], ["now", "no-media"]);
  lesson.media.stop();
});

test("ALN2: while the lead's picture and sound are both switched off boards show now", async () => {
  const lesson = await Lesson.begin();
  const { world, media } = lesson;
  await lesson.frames(3);
  world.sources.set([sourceOf(1, { muted: true })]);
  assert.equal(typeof world.shows.at(-1), "number");
  world.sources.set([sourceOf(1, { muted: true, hidden: true })]);
  assert.deepEqual([world.shows.at(-1), media.alignment.value.kind], ["now", "no-media"]);
  world.sources.set([sourceOf(1, { muted: true })]);
  await lesson.frames(3);
  assert.ok(lesson.behind < 150);
  media.stop();
});

test("a person's choice: boards show now, whatever the video shows", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(3);
  lesson.media.setAligned(false);
  await lesson.frames(3);
  assert.equal(lesson.world.shows.at(-1), "now");
  assert.deepEqual(lesson.media.alignment.value, { kind: "off", reason: "chosen" });
  lesson.media.setAligned(true);
  await lesson.frames(1);
  assert.ok(lesson.behind < 150);
  lesson.media.stop();
});

test("ALN6: late records raise the target of video and sound together", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(10);
  for (let i = 0; i < 20; i++) lesson.world.late?.(80);
  await lesson.frames(90);
  assert.deepEqual(lesson.world.peer.transceivers.map(({ receiver }) => receiver.jitterBufferTarget), [100, 100]);
  const { value } = lesson.media.alignment;
  assert.ok(value.kind === "aligned" && value.error === 80);
  lesson.media.stop();
});

test("ALN7: who writes far behind is shown the board of now for as long as it writes", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(10);
  lesson.media.writes();
  assert.equal(lesson.media.alignment.value.kind, "aligned"); // 100 ms behind is near enough
  await lesson.ticks(2000);
  assert.deepEqual(lesson.media.alignment.value, { kind: "off", reason: "writing" });
  assert.equal(lesson.world.shows.at(-1), "now");
  await lesson.ticks(10_000);
  assert.equal(lesson.media.alignment.value.kind, "aligned");
  lesson.media.stop();
});

test("ALN3: media that fail for 10 s are none; until then T stands", async () => {
  const lesson = await Lesson.begin();
  await lesson.frames(10);
  const before = lesson.shown;
  lesson.world.answer = (path) => (path.includes("whep") ? new CodeError(0) : undefined);
  lesson.world.peer.become("failed");
  await lesson.ticks(8000);
  assert.equal(lesson.shown, before);
  await lesson.ticks(5000);
  assert.equal(lesson.world.shows.at(-1), "now");
  lesson.media.stop();
});

test("ALN3: media that were given up say no time of before, whatever becomes of the session, until they have a frame again", async () => {
  const lesson = await Lesson.begin();
  const { world } = lesson;
  await lesson.frames(10);
  world.answer = (path) => (path.includes("whep") ? new CodeError(0) : undefined);
  world.peer.become("failed");
  await lesson.ticks(12_000);
  const given = world.shows.length;
  world.connection.set({ kind: "reconnecting", unsent: 0, code: 0, parameters: {} });
  await lesson.ticks(3000);
  world.connection.set(SYNCED);
  await lesson.ticks(3000);
  world.answer = undefined;
  for (const listener of world.listeners) listener("online");
  await world.clock.pass(10);
  world.peer.become("connected");
  await lesson.ticks(3000);
  assert.equal(lesson.media.playing.value[0]?.fault.value, undefined);
  assert.deepEqual(new Set(world.shows.slice(given - 1)), new Set(["now"]));
  lesson.element.frame(undefined); // of which nobody knows the time
  await lesson.ticks(100);
  assert.equal(world.shows.at(-1), "now");
  lesson.reads();
  await lesson.frames(3);
  assert.ok(Math.abs(lesson.behind - 100) < 1, `${lesson.behind} ms`);
  lesson.media.stop();
});

test("ALN3: media that do not begin are waited for once, whatever becomes of the session", async () => {
  const lesson = await Lesson.begin();
  const { world } = lesson;
  await lesson.ticks(10_500);
  const given = world.shows.length;
  world.connection.set({ kind: "reconnecting", unsent: 0, code: 0, parameters: {} });
  await lesson.ticks(3000);
  world.connection.set(SYNCED);
  await lesson.ticks(3000);
  assert.deepEqual(world.shows.slice(given - 1), ["now"]);
  lesson.media.stop();
});

test("ALN3: what fails with the whole network is waited for, and tried at once when the session is back", async () => {
  const lesson = await Lesson.begin();
  const { world } = lesson;
  await lesson.frames(10);
  const before = lesson.shown;
  world.answer = (path) => (path.includes("whep") ? new CodeError(0) : undefined);
  world.connection.set({ kind: "reconnecting", unsent: 0, code: 0, parameters: {} });
  world.peer.become("failed");
  await lesson.ticks(30_000);
  assert.equal(lesson.shown, before);
  world.answer = undefined;
  const tries = world.peers.length;
  world.connection.set(SYNCED);
  await world.clock.pass(10);
  assert.equal(world.peers.length, tries + 1);
  lesson.media.stop();
});

test("a source is played once; its reader is attached in the task that made the receiver", async () => {
  const lesson = await Lesson.begin();
  assert.equal(lesson.media.play(1), lesson.media.play(1));
  assert.deepEqual(lesson.world.worker.ports.map(({ role }) => role), ["receive"]);
  assert.equal(lesson.world.peers.length, 1);
  assert.deepEqual(lesson.world.requests.slice(0, 2), ["GET ice", "POST sources/1/whep?quality=auto"]);
  lesson.media.play(1, { quality: "sub" });
  assert.equal(lesson.world.requests.at(-1), "PATCH sources/1/whep/1");
  lesson.media.stop();
  await lesson.world.clock.pass(1);
  assert.equal(lesson.world.requests.at(-1), "DELETE sources/1/whep/1");
});

test("the time of a sound that is muted at the server is asked for seldom, and at once when it is heard again", async () => {
  const { world, media } = begin();
  world.sources.set([sourceOf(1, { muted: true })]);
  media.play(1);
  await world.clock.pass(10);
  world.peer.become("connected");
  await world.clock.pass(10);
  const asked = (): number => world.requests.filter((request) => request === "GET sources/1/whep/1").length;
  await world.clock.pass(60_000);
  assert.ok(asked() <= 15, `asked ${asked()} times in a minute`);
  const before = asked();
  world.sources.set([sourceOf(1)]);
  await world.clock.pass(1);
  assert.equal(asked(), before + 1);
  world.answer = (path, { method }) => (path === "sources/1/whep/1" && method === undefined ? Response.json({ audio: { rtp: 1, time_us: 1 } }) : undefined);
  await world.clock.pass(1000);
  await world.clock.pass(60_000);
  assert.ok(asked() <= before + 17, `asked ${asked() - before} times in the minute after`);
  media.stop();
});

test("WebRTC that does not work is left for HTTP, and the source's news are followed", async () => {
  const { world, media } = begin();
  world.sources.set([sourceOf(1, { live: true })]);
  world.answer = (path) => (path.includes("whep") ? new CodeError(0) : undefined);
  const playing = media.play(1);
  await world.clock.pass(1000);
  assert.equal(playing.player.value, "webrtc");
  await world.clock.pass(1000);
  assert.equal(playing.player.value, "httpts");
  world.sources.set([sourceOf(1, { video: false, audio: false, webrtc: false })]);
  assert.equal(playing.state.value, "away");
  media.stop();
});

for (const [what, code, kind] of [
  ["without the session", 0, "reconnecting"],
  ["of a source that is not there", Code.NoSuchSource, "synced"],
] as const) {
  test(`what fails ${what} says nothing of WebRTC: it is played so again`, async () => {
    const { world, media } = begin();
    world.sources.set([sourceOf(1, { live: true })]);
    const playing = media.play(1);
    await world.clock.pass(10);
    world.peer.become("connected");
    world.answer = (path) => (path.includes("whep") ? new CodeError(code) : undefined);
    world.connection.set(kind === "synced" ? SYNCED : { kind, unsent: 0, code: 0, parameters: {} });
    world.peer.become("failed");
    await world.clock.pass(30_000);
    assert.equal(playing.player.value, "webrtc");
    world.answer = undefined;
    world.connection.set(SYNCED);
    await world.clock.pass(5000);
    world.peer.become("connected");
    await world.clock.pass(10);
    assert.deepEqual([playing.player.value, playing.fault.value], ["webrtc", undefined]);
    media.stop();
  });
}

test("sound that the browser keeps back is let out by the next click", async () => {
  const { world, media } = begin();
  world.sources.set([sourceOf(1)]);
  world.strict = true;
  const playing = media.play(1);
  await world.clock.pass(10);
  world.peer.become("connected");
  await world.clock.pass(10);
  assert.deepEqual([playing.blocked.value, world.elements[0]?.muted, world.elements[0]?.paused], [true, true, false]);
  world.elements[0]!.strict = false;
  world.gesture?.();
  assert.deepEqual([playing.blocked.value, world.elements[0]?.muted], [false, false]);
  media.stop();
});

test("ALN2: where there is sound only, T is what is heard", async () => {
  const { world, media } = begin();
  world.sources.set([sourceOf(1, { video: false })]);
  world.stage.set({ page: "", lead: "ann" });
  world.answer = (path, { method }) => (path.includes("whep/") && method === undefined ? Response.json({ audio: { rtp: 0, time_us: world.room - 200_000 } }) : undefined);
  media.play(1);
  await world.clock.pass(10);
  const { receiver } = world.peer.transceivers[1]!;
  receiver.getSynchronizationSources = () => [{ timestamp: world.clock.now() - 5, rtpTimestamp: Math.round((world.clock.now() - 5) * 48) }];
  const start = world.clock.now();
  world.answer = (path, { method }) => (path.includes("whep/") && method === undefined ? Response.json({ audio: { rtp: Math.round(start * 48), time_us: (start + 3_600_000 - 200) * 1000 } }) : undefined);
  world.peer.become("connected");
  await world.clock.pass(10);
  for (let i = 0; i < 20; i++) {
    await world.clock.pass(50);
    world.worker.say({ kind: "tick" });
  }
  const shown = world.shows.at(-1);
  assert.ok(typeof shown === "number" && Math.abs((world.room - shown) / 1000 - 235) < 2, `${typeof shown === "number" ? (world.room - shown) / 1000 : shown} ms`);
  assert.ok(media.alignment.value.kind === "aligned" && media.alignment.value.by === "sound");
  media.stop();
});

test("MED8: sound is offered with times of capture, and where packets say them T needs nobody's answer", async () => {
  const published = await publishing();
  const { world, media } = begin();
  world.sources.set([sourceOf(1, { video: false })]);
  world.stage.set({ page: "", lead: "ann" });
  media.play(1);
  await world.clock.pass(10);
  for (const { peer } of [published.world, world]) {
    const [picture, sound] = peer.transceivers.map(({ extensions }) => extensions.find(({ uri }) => uri === ABS_CAPTURE_TIME)?.direction);
    assert.deepEqual([picture, sound], ["stopped", "sendrecv"]);
  }
  published.media.stop();
  const { receiver } = world.peer.transceivers[1]!;
  // The microphone falls behind by a fifth: what comes is ever older than its RTP timestamps say.
  receiver.getSynchronizationSources = () => {
    const timestamp = world.clock.now() - 5, rtpTimestamp = Math.round(timestamp * 40);
    return [{ timestamp, rtpTimestamp, captureTimestamp: world.room / 1000 - 205 + 2_208_988_800_000 }];
  };
  world.peer.become("connected");
  await world.clock.pass(10);
  for (let i = 0; i < 100; i++) {
    await world.clock.pass(50);
    world.worker.say({ kind: "tick" });
  }
  const shown = world.shows.at(-1);
  assert.ok(typeof shown === "number" && Math.abs((world.room - shown) / 1000 - 235) < 2, `${typeof shown === "number" ? (world.room - shown) / 1000 : shown} ms`);
  media.stop();
});
