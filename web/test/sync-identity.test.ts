// Replicas of a person, over tabs, reloads, lost storage and restored servers, in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ElementKind } from "../src/ot/types.ts";
import { Code } from "../src/protocol/codes.ts";
import { Browser, holdReading, World } from "./sync-world.ts";
import { PEN, atRest, draw, enter, insert, noNumberReused, place, points, textOf } from "./sync-people.ts";

describe("identity", () => {
  test("two tabs of one person have replicas of their own and no id collides", async () => {
    const w = new World();
    const [one, two] = [await enter(w, "ann"), await enter(w, "ann")];
    await Promise.all([draw(w, one.board, 10), draw(w, two.board, 12)]);
    await w.pass(300);
    assert.deepEqual(new Set(w.server.submitted.map((s) => s.replica)), new Set([1, 2]));
    assert.deepEqual(points(one.board).sort(), [10, 12]);
    atRest(w, one.board, two.board);
    assert.equal(w.browser.rows.size, 2);
  });

  test("a reload with unsent work keeps the replica and delivers it once, the open stroke ended", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    await draw(w, board, 10);
    await w.pass(100);
    w.server.kill();
    await draw(w, board, 15);
    const open = board.startStroke(PEN);
    for (let i = 0; i < 20; i++) {
      open.add(i, i, 9, w.clock.now());
      await w.pass(8);
    }
    await w.pass(60);
    page.kill();
    w.server.up = true;
    const again = await enter(w, "ann");
    await w.pass(300);
    assert.deepEqual(points(again.board), [10, 15, 20]);
    assert.ok([...again.board.elements()].every((e) => !e.open));
    assert.deepEqual(new Set(w.server.submitted.map((s) => s.replica)), new Set([1]));
    await draw(w, again.board, 5);
    await w.pass(200);
    assert.deepEqual(points(again.board), [10, 15, 20, 5]);
    atRest(w, again.board);
    noNumberReused(w);
  });

  test("a reload after a crash in the middle of a batch: what was durable is recognised by n", async () => {
    for (const after of [0, 3, 8, 20, 34, 40, 45, 60, 90]) {
      const w = new World();
      const { page, board } = await enter(w, "ann");
      const stroke = board.startStroke(PEN);
      for (let i = 0; i < 10; i++) {
        stroke.add(i, i, 9, w.clock.now());
        await w.pass(6);
      }
      await w.pass(after);
      page.kill();
      const again = await enter(w, "ann");
      await draw(w, again.board, 4);
      await w.pass(300);
      atRest(w, again.board);
      noNumberReused(w);
      const counts = points(again.board);
      assert.equal(counts.at(-1), 4, `killed ${after} ms after`);
    }
  });

  test("storage cleared, or the same token on another device: a new replica", async () => {
    const w = new World();
    const one = await enter(w, "ann");
    await draw(w, one.board, 5);
    await w.pass(100);
    one.page.kill();
    w.browser.rows.clear();
    const two = await enter(w, "ann");
    const three = await enter(w, "ann", new Browser(w.clock));
    await draw(w, two.board, 6);
    await draw(w, three.board, 7);
    await w.pass(300);
    assert.deepEqual(points(three.board), [5, 6, 7]);
    assert.equal(new Set(w.server.submitted.map((s) => s.replica)).size, 3);
    noNumberReused(w);
  });

  test("work that a closed tab left behind is delivered by the other tab, under the replica that made it", async () => {
    const w = new World();
    const [one, two] = [await enter(w, "ann"), await enter(w, "ann")];
    w.server.kill();
    await draw(w, two.board, 9);
    await w.pass(100);
    two.page.kill();
    w.server.up = true;
    await w.pass(20_000);
    assert.deepEqual(points(one.board), [9]);
    assert.equal(w.server.submitted.at(-1)?.replica, 2);
    assert.equal(w.browser.rows.size, 1);
    assert.deepEqual(one.page.session.people.value.map((p) => p.self), [true]);
    atRest(w, one.board);
  });

  test("a place that cannot be read is let go of, and taken again once it can be", async () => {
    const w = new World();
    const one = await enter(w, "ann");
    w.server.kill();
    await draw(w, one.board, 9);
    await w.pass(100);
    one.page.kill();
    w.server.up = true;
    w.browser.unreadable = true;
    const two = w.page("ann");
    await w.pass(3000);
    const [row] = w.browser.rows.values();
    assert.deepEqual([two.kind, row?.holder, w.browser.rows.size], ["connecting", undefined, 1]);
    w.browser.unreadable = false;
    await w.pass(20_000);
    assert.equal(two.kind, "synced");
    const board = two.session.look("p1");
    await w.pass(200);
    assert.deepEqual([points(board), w.browser.rows.size], [[9], 1]);
  });

  test("work of a closed tab that cannot be read is delivered once it can be", async () => {
    const w = new World();
    const [one, two] = [await enter(w, "ann"), await enter(w, "ann")];
    w.server.kill();
    await draw(w, two.board, 9);
    await w.pass(100);
    two.page.kill();
    w.browser.unreadable = true;
    w.server.up = true;
    await w.pass(20_000);
    const left = [...w.browser.rows.values()].filter((row) => row.holder !== one.page);
    assert.equal(left.length, 1, "the other tab's place is let go of between two attempts");
    w.browser.unreadable = false;
    await w.pass(40_000);
    assert.deepEqual([points(one.board), w.browser.rows.size], [[9], 1]);
    atRest(w, one.board);
  });

  test("a place that fails to be read by an attempt of before takes nothing from the one that is in the room", async () => {
    const w = new World();
    const fail = holdReading(w.browser);
    const page = w.page("ann");
    await w.pass(200);
    w.server.kill();
    w.server.up = true;
    await w.pass(3000);
    assert.deepEqual([page.kind, w.server.opened.length], ["synced", 2]);
    fail();
    await w.pass(20_000);
    assert.deepEqual([page.kind, w.server.opened.length], ["synced", 2]);
    assert.deepEqual([...w.browser.rows.values()].map((row) => row.holder === page), [false, true]);
  });

  test("work of a closed tab stays with who delivers it, though an attempt of before fails to read it", async () => {
    const w = new World();
    const [one, two] = [await enter(w, "ann"), await enter(w, "ann")];
    w.server.kill();
    await draw(w, two.board, 9);
    await w.pass(100);
    two.page.kill();
    const fail = holdReading(w.browser);
    w.server.durable = false;
    w.server.up = true;
    await w.pass(3000);
    for (const peer of w.server.peers) if (peer.replica === 0) peer.close(0); // waits for the reading
    await w.pass(3000);
    const left = [...w.browser.rows.values()].filter((row) => row.holder === one.page);
    assert.equal(left.length, 2);
    fail();
    await w.pass(1000);
    assert.deepEqual(left.map((row) => row.holder === one.page), [true, true]);
    w.server.durable = true;
    await w.pass(40_000);
    assert.deepEqual([points(one.board), w.browser.rows.size], [[9], 1]);
    atRest(w, one.board);
  });

  test("work of one person is never delivered as another's", async () => {
    const w = new World();
    const ann = await enter(w, "ann");
    w.server.kill();
    await draw(w, ann.board, 9);
    await w.pass(100);
    ann.page.kill();
    w.server.up = true;
    const bob = await enter(w, "bob");
    await w.pass(20_000);
    assert.deepEqual(points(bob.board), []);
    const again = await enter(w, "ann");
    await w.pass(200);
    assert.deepEqual(points(again.board), [9]);
  });

  test("SES10: taken over, a client takes a new replica; nothing is lost or doubled, the stroke under the pen included", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    await draw(w, board, 12);
    const stroke = board.startStroke(PEN);
    const add = async (n: number): Promise<void> => {
      for (let i = 0; i < n; i++) {
        stroke.add(i, 50, 9, w.clock.now());
        await w.pass(8);
      }
    };
    await add(10);
    w.server.lose = (message) => message === "records"; // durable, but the client does not learn it
    await add(10);
    await w.pass(50);
    w.server.lose = undefined;
    for (const peer of [...w.server.peers]) {
      peer.control({ case: "error", value: { code: Code.TakenOver } });
    }
    await add(10);
    await w.pass(1000);
    await add(10);
    stroke.end();
    await w.pass(1000);
    assert.equal(page.kind, "synced");
    atRest(w, board);
    assert.deepEqual(points(board), [12, 40]);
    assert.equal(page.session.connection.value.unsent, 0);
    assert.equal(stroke.key.split(".")[0], "2");
    noNumberReused(w);
  });

  test("ID4: an older copy of the store was put back: noticed, what is unacknowledged is sent under a new replica", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    await draw(w, ann.board, 5);
    await draw(w, bob.board, 6);
    await w.pass(200);
    const restore = w.server.backup();
    await draw(w, ann.board, 7);
    await w.pass(200);
    w.server.kill();
    await draw(w, ann.board, 8);
    await draw(w, bob.board, 9);
    restore();
    w.server.up = true;
    await w.pass(3500);
    assert.deepEqual([ann.page.kind, bob.page.kind], ["synced", "synced"]);
    assert.deepEqual(points(bob.board).sort(), [5, 6, 8, 9]); // 7 was durable and is lost with the store
    atRest(w, ann.board, bob.board);
    await draw(w, ann.board, 3);
    await w.pass(200);
    atRest(w, ann.board, bob.board);
  });

  test("ID2: another epoch is another history: new replica, undelivered work follows", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    await draw(w, board, 5);
    await w.pass(100);
    w.server.kill();
    await draw(w, board, 8);
    w.server.epoch = 99n; // the same log, but another history
    w.server.up = true;
    await w.pass(3000);
    assert.equal(page.kind, "synced");
    assert.equal(page.session.connection.value.unsent, 0);
    assert.deepEqual(points(board), [5, 8]);
    atRest(w, board);
  });

  test("ID4: an edit of a text that a reload left stands where it was made, whichever history its base is of", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const k = bob.board.create(ElementKind.Text, [place(0)]);
    bob.board.editText(k, insert(0, "word"));
    await w.pass(200);
    w.server.kill();
    ann.board.editText(k, [...insert(1, "X"), { kind: "delete", n: 1 }]);
    await w.pass(100);
    ann.page.kill();
    w.server.epoch = 99n;
    w.server.up = true;
    const { board } = await enter(w, "ann");
    await w.pass(300);
    assert.equal(textOf(board, k), "wXrd");
    atRest(w, board, bob.board);
  });

  test("a storage older than what was sent (a restored profile) takes a new replica", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    await draw(w, board, 5);
    await w.pass(1500);
    const rows = new Map([...w.browser.rows].map(([id, r]) => [id, { ...r, documents: new Map(r.documents), batches: new Map() }]));
    await draw(w, board, 6);
    await w.pass(1500);
    page.kill();
    w.browser.rows.clear();
    for (const [id, row] of rows) w.browser.rows.set(id, { ...row, holder: undefined });
    const again = await enter(w, "ann");
    await draw(w, again.board, 7);
    await w.pass(300);
    assert.deepEqual(points(again.board), [5, 6, 7]);
    noNumberReused(w);
  });
});
