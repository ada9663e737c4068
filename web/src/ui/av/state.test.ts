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
