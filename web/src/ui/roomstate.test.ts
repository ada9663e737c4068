import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomMedia } from "../media/media.ts";
import { MAX_PAGES } from "../protocol/limits.ts";
import { FakeWorld } from "../../test/media-fake.ts";
import { enter } from "../../test/sync-people.ts";
import { World } from "../../test/sync-world.ts";

Object.defineProperty(globalThis, "navigator", { value: { languages: [] }, configurable: true }); // settings look at it
const { RoomState } = await import("./roomstate.ts");

test("PGS1: where no more pages may be, the page looked at stays", async (t) => {
  const w = new World();
  while (w.server.pages().length < MAX_PAGES) w.server.addPage(`q${w.server.pages().length}`);
  const { page } = await enter(w, "ann");
  const room = new RoomState(page.session, new RoomMedia(new FakeWorld().env, page.session), 42n);
  t.after(() => {
    room.close();
    room.av.media.stop();
  });
  const before = room.board.value?.page;
  room.addPage();
  await w.pass(200);
  assert.deepEqual([room.board.value?.page, page.session.pages.value.length], [before, MAX_PAGES]);
});
