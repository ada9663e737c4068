import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomMedia } from "../../media/media.ts";
import { FakeWorld, sourceOf } from "../../../test/media-fake.ts";
import { Av } from "./state.ts";

test("once the lesson is left nothing is played: tiles go after their room, and the lead is still live", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const world = new FakeWorld();
  const av = new Av(world.session, new RoomMedia(world.env, world.session));
  t.after(() => av.media.stop());
  world.sources.set([sourceOf(1), sourceOf(2, { participant: "ben" }), sourceOf(3, { participant: "cid" })]);
  world.stage.set({ page: "", lead: "ann" });
  const gone = [1, 2].map((source) => av.see(source));
  av.see(3)(); // scrolled away just before
  await world.clock.pass(10);
  assert.equal(world.peers.length, 3);
  av.close();
  for (const go of gone) go();
  av.see(1);
  t.mock.timers.tick(60_000);
  await world.clock.pass(60_000);
  assert.deepEqual(av.media.playing.value, []);
  assert.deepEqual(world.peers.map(({ connectionState }) => connectionState), ["closed", "closed", "closed"]);
  assert.deepEqual(world.elements.filter(({ paused }) => !paused), []);
});

test("of several pages of the same person one presents: the one that publishes, else the newest", async (t) => {
  const [one, two] = [1, 2].map((self) => {
    const world = new FakeWorld();
    const person = (replica: number, participant: string) => ({ replica, participant, name: "", role: "", page: "", self: replica === self });
    world.people.set([person(1, "me"), person(2, "me"), person(3, "ann")]);
    const av = new Av(world.session, new RoomMedia(world.env, world.session));
    t.after(() => {
      av.close();
      av.media.stop();
    });
    return { world, av };
  }) as [{ world: FakeWorld; av: Av }, { world: FakeWorld; av: Av }];
  const presents = (): boolean[] => [one, two].map(({ av }) => av.presents);
  assert.deepEqual(presents(), [false, true]);
  await one.av.media.camera.start({ video: true, audio: true });
  for (const { world } of [one, two]) world.sources.set([sourceOf(1, { participant: "me" })]);
  assert.deepEqual(presents(), [true, false]);
});
