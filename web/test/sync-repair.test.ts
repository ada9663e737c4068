// A session whose messages get lost, and how it finds out and repairs it, in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BoardDocument } from "../src/sync/api.ts";
import { Browser, World } from "./sync-world.ts";
import { BOARD, atRest, draw, enter, points } from "./sync-people.ts";

describe("repair (REC3)", () => {
  const world = async (): Promise<{ w: World; ann: BoardDocument; bob: BoardDocument }> => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    await draw(w, ann.board, 20);
    await w.pass(200);
    return { w, ann: ann.board, bob: bob.board };
  };
  const repairs = (w: World): number => w.server.heard.filter((h) => h === "syncState").length;

  test("a message dropped in the middle is found by the next one and repaired once", async () => {
    const { w, ann, bob } = await world();
    let left = 1;
    const [, victim] = w.server.peers;
    w.server.lose = (message, peer) => message === "records" && peer === victim && left-- > 0;
    await draw(w, ann, 20);
    await w.pass(300);
    assert.equal(repairs(w), 1);
    atRest(w, ann, bob);
  });

  test("the last message dropped is found and repaired by the heartbeat alone, once", async () => {
    const { w, ann, bob } = await world();
    const [, victim] = w.server.peers;
    w.server.lose = (message, peer) => message === "records" && peer === victim;
    await draw(w, ann, 5);
    await w.pass(100);
    w.server.lose = undefined;
    assert.notEqual(bob.hash(), w.server.hash(BOARD));
    await w.pass(16_000);
    assert.equal(repairs(w), 1);
    atRest(w, ann, bob);
    await w.pass(60_000);
    assert.equal(repairs(w), 1);
  });

  test("a stream that went silent is asked for again", async () => {
    const { w, ann, bob } = await world();
    const [, victim] = w.server.peers;
    w.server.lose = (_message, peer) => peer === victim;
    await draw(w, ann, 5);
    await w.pass(31_000);
    w.server.lose = undefined;
    await w.pass(40_000);
    atRest(w, ann, bob);
  });

  test("a busy minute causes no repair", async () => {
    const { w, ann, bob } = await world();
    for (let i = 0; i < 30; i++) {
      await draw(w, ann, 120, i);
      await draw(w, bob, 120, i);
    }
    await w.pass(300);
    assert.equal(repairs(w), 0);
    atRest(w, ann, bob);
  });

  test("a page that stood still from one heart tick to the next asks for no repair, and keeps its connection", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    for (const still of [15_100, 25_000]) {
      const ticks = w.server.ticks.length;
      while (w.server.ticks.length === ticks) await w.pass(1);
      page.freeze(); // the markers are on their way
      await w.pass(still);
      await page.thaw();
      await w.pass(200);
      assert.deepEqual([page.kind, repairs(w), w.server.opened.length], ["synced", 0, 1], `${still} ms`);
    }
    atRest(w, board);
  });

  test("own work that waits during a repair stays visible and is delivered once", async () => {
    const { w, ann, bob } = await world();
    const [annPeer] = w.server.peers;
    let left = 1;
    w.server.lose = (message, peer) => message === "records" && peer === annPeer && left-- > 0;
    await Promise.all([draw(w, ann, 60), draw(w, bob, 50)]);
    await w.pass(400);
    assert.ok(repairs(w) >= 1);
    assert.deepEqual(points(ann).sort(), [20, 50, 60]);
    atRest(w, ann, bob);
  });

  test("a record that cannot be read is repaired by a snapshot", async () => {
    const { w, bob } = await world();
    for (const peer of w.server.peers) for (const v of peer.views.values()) if (v.document === BOARD) peer.document(v.stream, { case: "records", value: Uint8Array.of(Number((bob.revision + 1n) % 256n), 0x80) });
    await w.pass(300);
    assert.equal(repairs(w), 2);
    atRest(w, bob);
  });
});
