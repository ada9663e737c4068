import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { RoomMedia } from "../../media/media.ts";
import { FakeWorld, sourceOf } from "../../../test/media-fake.ts";
import { Av } from "./state.ts";

const PATH = "sources/1/switches";

/** One's own page, and what the server is asked to switch. */
class Page {
  readonly world = new FakeWorld();
  readonly av = new Av(this.world.session, new RoomMedia(this.world.env, this.world.session));
  readonly asked: object[] = [];
  /** Answers are waited for. */
  slow = false;
  readonly #answers: (() => void)[] = [];

  constructor(t: TestContext) {
    t.after(() => this.av.close());
    const { session } = this.world;
    const request = session.request.bind(session);
    session.request = async (path, init = {}) => {
      if (path === PATH) {
        this.asked.push(JSON.parse(String(init.body)) as object);
        if (this.slow) await new Promise<void>((resolve) => this.#answers.push(resolve));
      }
      return request(path, init);
    };
  }

  get camera() {
    return this.av.media.camera;
  }

  /** The room tells of one's source. */
  async tell(more: { readonly hidden?: boolean; readonly muted?: boolean; readonly wanted?: boolean } = {}): Promise<void> {
    this.world.sources.set([sourceOf(1, { participant: "me", ...more })]);
    await this.world.clock.pass(1);
  }

  async connect(): Promise<void> {
    await this.world.clock.pass(10);
    this.world.peer.become("connected");
    await this.world.clock.pass(10);
  }

  /** Live for a while, with camera and microphone. */
  static async live(t: TestContext): Promise<Page> {
    const page = new Page(t);
    await page.camera.start({ video: true, audio: true });
    await page.connect();
    await page.tell();
    page.asked.length = 0;
    return page;
  }

  async answer(): Promise<void> {
    this.#answers.shift()?.();
    await this.world.clock.pass(1);
  }

  async unplug(kind: "video" | "audio"): Promise<void> {
    this.world.tracks.find((track) => track.kind === kind)?.unplug();
    await this.world.clock.pass(1);
  }
}

test("MED6: a camera that is pulled out is hidden at the server, a microphone muted", async (t) => {
  const page = await Page.live(t);
  await page.unplug("video");
  assert.deepEqual(page.asked, [{ hidden: true }]);
  await page.tell({ hidden: true });
  await page.unplug("audio");
  assert.deepEqual(page.asked, [{ hidden: true }, { muted: true }]);
  assert.equal(page.camera.state.value, "live");
});

test("MED6: what is off here and is put back at the server by somebody else is taken off again", async (t) => {
  const page = await Page.live(t);
  await page.av.own.setVideo(false);
  await page.tell({ hidden: true });
  await page.tell({ hidden: false });
  assert.deepEqual(page.asked, [{ hidden: true }, { hidden: true }]);
});

test("MED6: what was pulled out while the connection was being made anew is told once it stands", async (t) => {
  const page = await Page.live(t);
  page.world.sources.set([]);
  page.world.peer.become("failed");
  await page.world.clock.pass(10);
  await page.unplug("video");
  assert.deepEqual(page.asked, []);
  await page.world.clock.pass(1000);
  await page.connect();
  await page.tell();
  assert.deepEqual(page.asked, [{ hidden: true }]);
});

test("MED6: a camera that was turned on while the connection was being made anew is shown once it stands", async (t) => {
  const page = await Page.live(t);
  await page.av.own.setVideo(false);
  await page.tell({ hidden: true });
  page.world.sources.set([]);
  page.world.peer.become("failed");
  await page.world.clock.pass(10);
  await page.av.own.setVideo(true);
  await page.world.clock.pass(1000);
  await page.connect();
  await page.tell({ hidden: true });
  assert.deepEqual(page.asked, [{ hidden: true }, { hidden: false }]);
  await page.tell({ hidden: true });
  assert.equal(page.asked.length, 2, "what others hide stays hidden");
});

test("stopping switches nothing off for the next time", async (t) => {
  const page = await Page.live(t);
  page.camera.stop();
  await page.tell();
  assert.deepEqual(page.asked, []);
});

test("MED6: who goes live while an older source of theirs is listed is seen and heard", async (t) => {
  const page = new Page(t);
  await page.tell({ hidden: true });
  const started = page.camera.start({ video: true, audio: true });
  await page.tell({ hidden: true, wanted: false });
  await started;
  await page.tell({ hidden: true });
  assert.deepEqual(page.asked, []);
  await page.connect();
  assert.deepEqual(page.asked, [{ hidden: false, muted: false }]);
});

test("MED6: who goes live without a microphone is muted at the server", async (t) => {
  const page = new Page(t);
  await page.camera.start({ video: true, audio: false });
  await page.connect();
  await page.tell();
  assert.deepEqual(page.asked, [{ hidden: false, muted: true }]);
});

test("camera off, then microphone off within a round trip: each is asked alone, one after the other", async (t) => {
  const page = await Page.live(t);
  page.slow = true;
  void page.av.own.setVideo(false);
  void page.av.own.setAudio(false);
  await page.world.clock.pass(1);
  assert.deepEqual(page.asked, [{ hidden: true }]);
  await page.answer();
  assert.deepEqual(page.asked, [{ hidden: true }, { muted: true }]);
  await page.answer();
  assert.equal(page.asked.length, 2);
});

test("a microphone that is turned off and on within a round trip is on, and is shown so all the time", async (t) => {
  const page = await Page.live(t);
  page.slow = true;
  void page.av.own.setAudio(false);
  await page.world.clock.pass(1);
  void page.av.own.setAudio(true);
  await page.world.clock.pass(1);
  await page.answer();
  await page.tell({ muted: true });
  assert.equal(page.av.own.on.audio, true);
  await page.answer();
  await page.tell({ muted: false });
  assert.deepEqual(page.asked, [{ muted: true }, { muted: false }]);
  assert.equal(page.av.own.on.audio, true);
});

test("the menu of one's own tile turns on the microphone that it takes muted off", async (t) => {
  const page = await Page.live(t);
  await page.av.own.setAudio(false);
  await page.tell({ muted: true });
  await page.av.setSwitches(page.av.own.source!, { muted: false });
  assert.equal(page.camera.audio.value, true);
  await page.av.own.setVideo(false);
  await page.tell({ hidden: true });
  await page.av.setSwitches(page.av.own.source!, { hidden: false });
  assert.equal(page.camera.video.value, true);
  assert.deepEqual(page.asked, [{ muted: true }, { muted: false }, { hidden: true }, { hidden: false }]);
});

test("MED6: a source of somebody else, or of another page, is switched at the server alone, by what changes", async (t) => {
  const page = new Page(t);
  await page.tell({ hidden: true });
  await page.av.setSwitches(page.av.own.source!, { muted: true });
  assert.deepEqual(page.asked, [{ muted: true }]);
  assert.equal(page.world.tracks.length, 0);
});
