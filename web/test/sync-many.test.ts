// Work on more pages than may be open at once (REC1), in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { BoardDocument } from "../src/sync/api.ts";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { settle } from "./sync-clock.ts";
import { World, type Page } from "./sync-world.ts";
import { draw, enter, points } from "./sync-people.ts";

/** A room with so many pages more. */
function worldOf(pages: number): { w: World; names: string[] } {
  const w = new World();
  const names = Array.from({ length: pages }, (_, i) => `q${i}`);
  for (const name of names) w.server.addPage(name);
  return { w, names };
}

/** A page of ann that was left with a stroke on each of some pages undelivered. */
async function leave(w: World, pages: readonly string[]): Promise<void> {
  const { page } = await enter(w, "ann");
  w.server.kill();
  for (const name of pages) await draw(w, page.session.look(name), 3);
  await w.pass(100);
  page.kill();
  w.server.up = true;
}

const unsent = ({ session }: Page): number => session.connection.value.unsent;

describe("work on many pages", () => {
  test("REC1 each page that is turned to opens, after work on others was delivered", async () => {
    const { w, names } = worldOf(15);
    await leave(w, names.slice(0, 7));
    const page = w.page("ann");
    await w.pass(2000);
    assert.equal(unsent(page), 0);
    for (const name of names.slice(7)) {
      const board = page.session.look(name);
      await w.pass(100);
      assert.equal(board.ready.value, true, name);
    }
  });

  test("REC1 a page that is turned to opens while more pages than may be open wait to deliver", async () => {
    const { w, names } = worldOf(20);
    await leave(w, names.slice(0, 18));
    w.server.durable = false;
    const page = w.page("ann");
    await w.pass(2000);
    for (const name of names) {
      const board = page.session.look(name);
      await w.pass(100);
      assert.equal(board.ready.value, true, name);
    }
    w.server.durable = true;
    await w.pass(60_000);
    assert.equal(unsent(page), 0);
    assert.deepEqual(names.slice(12, 18).map((name) => points(page.session.look(name))), Array(6).fill([3]));
  });

  test("SYN2 work on more pages than may be open at once is delivered with nobody turning a page", async () => {
    const { w, names } = worldOf(40);
    await leave(w, names);
    const page = w.page("ann");
    const kinds = new Set<string>();
    page.session.connection.subscribe(({ kind }) => kinds.add(kind));
    await w.pass(3000);
    assert.deepEqual([...kinds], ["connecting", "synced"]);
    assert.equal(unsent(page), 0);
    assert.deepEqual(names.map((name) => w.server.doc(`board::${name}`).board?.created.map((e) => e.count)), Array(40).fill([3]));
  });

  test("SYN2 what a closed tab left on more pages than may be open at once, another tab delivers", async () => {
    const { w, names } = worldOf(40);
    const one = await enter(w, "ann");
    await leave(w, names);
    await w.pass(20_000);
    assert.equal(w.browser.rows.size, 1);
    assert.deepEqual(names.filter((name) => w.server.doc(`board::${name}`).records.length === 0), []);
    assert.equal(one.page.kind, "synced");
  });

  test("REC1 boards that were opened to deliver work only are closed again", async () => {
    const { w, names } = worldOf(7);
    await leave(w, names);
    const { board } = await enter(w, "ann");
    await w.pass(2000);
    const open = [...w.server.peers].flatMap(({ views }) => [...views.values()].map((v) => v.document));
    assert.deepEqual(open.sort(), ["authority", "board::p1", "stage"]);
    assert.equal((board satisfies BoardDocument).ready.value, true);
  });
});

/** Looks at pages one after the other. */
async function turn(w: World, page: Page, pages: readonly string[]): Promise<void> {
  for (const name of pages) {
    page.session.look(name);
    await w.pass(50);
  }
}

/** Those of some objects that anything still holds. */
async function held(objects: readonly WeakRef<object>[]): Promise<object[]> {
  setFlagsFromString("--expose-gc");
  await settle();
  (runInNewContext("gc") as () => void)();
  return objects.flatMap((o) => o.deref() ?? []);
}

describe("pages that were turned to long ago", () => {
  test("their boards are held no more, and open again as they are", async () => {
    const { w, names } = worldOf(60);
    const { page, board } = await enter(w, "ann");
    await draw(w, board, 5);
    const boards: WeakRef<object>[] = [];
    for (const name of names) {
      boards.push(new WeakRef(page.session.look(name)));
      await w.pass(50);
    }
    assert.equal((await held(boards)).length, 24);
    await w.pass(31_000);
    const again = page.session.look("q0");
    await w.pass(100);
    assert.equal(again.ready.value, true);
    await draw(w, again, 7);
    await w.pass(200);
    assert.deepEqual(points(again), [7]);
    assert.equal(again.hash(), w.server.hash("board::q0"));
    assert.ok(!w.server.heard.includes("syncState"), "a stream broke");
  });

  test("what was done on them can be undone for as long as anywhere", async () => {
    const { w, names } = worldOf(60);
    const { page, board } = await enter(w, "ann");
    await draw(w, board, 5);
    await turn(w, page, names);
    const again = page.session.look("p1");
    await w.pass(100);
    again.history.undo();
    await w.pass(100);
    assert.deepEqual(points(again), []);
    assert.equal(again, board);
    await w.pass(11 * 60_000);
    await turn(w, page, names);
    assert.notEqual(page.session.look("p1"), board);
  });

  test("a board that somebody watches goes on", async () => {
    const { w, names } = worldOf(60);
    const { page, board } = await enter(w, "ann");
    const stop = board.subscribe(() => {});
    await turn(w, page, names);
    assert.equal(page.session.look("p1"), board);
    stop();
    await turn(w, page, names);
    assert.notEqual(page.session.look("p1"), board);
  });
});
