// The shown time goes back (docs/protocol.md, ALN5), in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ElementKind } from "../src/ot/types.ts";
import { Browser } from "./sync-world.ts";
import { BOARD, PEN } from "./sync-people.ts";
import { Class } from "./sync-class.ts";

describe("the shown time goes back", () => {
  /** Three lines, a second from each other; returns the times between. */
  async function lesson(c: Class): Promise<number[]> {
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      c.line();
      await c.w.pass(500);
      times.push(c.now);
      await c.w.pass(500);
    }
    return times;
  }

  test("ALN5: a seek asks for the document as of then, once, and what came after comes back with T", async () => {
    const c = await Class.begin();
    const [first = 0, second = 0, third = 0] = await lesson(c);
    assert.equal(c.seen, 3);
    const { returning } = c.viewer.session.alignment;
    c.show(first);
    assert.deepEqual([c.seen, returning.value], [3, true], "until the snapshot comes");
    await c.w.pass(100);
    assert.deepEqual([c.seen, c.asked, returning.value], [1, 1, false]);
    assert.equal(c.w.server.asked.at(-1)?.at, first);
    c.show(second);
    assert.equal(c.seen, 2);
    c.show(second - 200);
    c.show(third);
    assert.deepEqual([c.seen, c.asked], [3, 1]);
    await c.atRest();
  });

  test("ALN5: boards of a later time are not to be seen, for 3 s at most", async () => {
    const c = await Class.begin();
    const [first = 0] = await lesson(c);
    const { alignment } = c.viewer.session;
    c.w.server.busy = 100;
    c.show(first);
    await c.w.pass(2900);
    assert.equal(alignment.returning.value, true);
    await c.w.pass(200);
    assert.deepEqual([c.seen, alignment.returning.value], [3, false]);
    c.show(first + 1);
    assert.equal(alignment.returning.value, false, "it has waited");
    alignment.show("now");
    assert.equal(alignment.returning.value, false);
    c.w.server.busy = 0;
    await c.w.pass(10_000);
    await c.atRest();
  });

  test("ALN5: up to 250 ms back nothing is asked", async () => {
    const c = await Class.begin();
    c.line();
    await c.w.pass(50);
    c.show(c.now - 240);
    await c.w.pass(500);
    assert.deepEqual([c.seen, c.asked], [1, 0]);
    await c.atRest();
  });

  test("ALN5: while a seek is dragged documents are asked for at most four times a second, and in the end as of where it stopped", async () => {
    const c = await Class.begin();
    for (let i = 0; i < 20; i++) {
      c.line();
      await c.w.pass(500);
    }
    const end = c.now;
    for (let i = 0; i < 100; i++) {
      c.show(end - 300 - 90 * i);
      await c.w.pass(20);
    }
    await c.w.pass(1000);
    const stopped = end - 300 - 90 * 99;
    assert.ok(c.asked >= 4 && c.asked <= 10, `asked ${c.asked} times in 2 s`);
    const board = c.w.server.doc(BOARD);
    assert.ok(c.seen >= board.revisionAt(stopped) && c.seen <= board.revisionAt(stopped + 250), `${c.seen} lines`);
    await c.atRest();
  });

  for (const boards of [2, 8]) {
    test(`ALN5: while a seek is dragged for long, ${boards} boards are asked for no more often than the server answers, and are of one time in the end`, async () => {
      const c = await Class.begin();
      c.w.server.delayUp = c.w.server.delayDown = 60;
      const pages = Array.from({ length: boards - 1 }, (_, i) => `q${i}`);
      for (const page of pages) c.w.server.addPage(page);
      await c.w.pass(200);
      const views = [c.board, ...pages.map((page) => c.viewer.session.look(page))];
      await c.w.pass(200);
      const names = [BOARD, ...pages.map((page) => `board::${page}`)];
      for (let i = 0; i < 60; i++) {
        for (const name of names) c.line(0, name);
        await c.w.pass(500);
      }
      const end = c.now;
      for (let ms = 0; ms < 20_000; ms += 40) {
        c.show(end - 15_000 + 14_000 * Math.cos(ms / 2000));
        await c.w.pass(40);
      }
      const stopped = end - 20_000;
      c.show(stopped);
      await c.w.pass(boards * 1000);
      const counts = views.map((view) => [...view.elements()].length);
      const want = c.w.server.doc(BOARD).revisionAt(stopped);
      assert.equal(c.w.server.overloaded, 0);
      assert.ok(counts.every((n) => n >= want && n <= want + 1), `${counts} of ${want}`);
      await c.atRest();
    });
  }

  test("ALN5: a snapshot that is after T is asked for again, twice; then it is shown and T goes on", async () => {
    const c = await Class.begin();
    const [first = 0, , third = 0] = await lesson(c);
    c.w.server.wrong = 1;
    c.show(first);
    await c.w.pass(100);
    assert.deepEqual([c.seen, c.asked], [1, 2]);
    c.show(third);
    c.w.server.wrong = 1000;
    c.show(first);
    for (let t = first; t < first + 3000; t += 40) {
      c.show(t);
      await c.w.pass(40);
    }
    assert.deepEqual([c.seen, c.asked], [3, 5]);
    c.w.server.wrong = 0;
    await c.atRest();
  });

  test("ALN5: a server that is too busy is asked again later", async () => {
    const c = await Class.begin();
    const [first = 0] = await lesson(c);
    c.w.server.busy = 2;
    c.show(first);
    await c.w.pass(5000);
    assert.equal(c.seen, 1);
    await c.atRest();
  });

  test("ALN5: who joins and who opens a board later gets them as of T; what is held and not after T is resumed", async () => {
    const c = await Class.begin();
    const [first = 0] = await lesson(c);
    const late = c.w.page("bob", new Browser(c.w.clock));
    late.session.alignment.show(first * 1000);
    await c.w.pass(200);
    const board = late.session.look("p1");
    await c.w.pass(100);
    assert.deepEqual([[...board.elements()].length, c.asked], [1, 1]);
    c.w.server.kill();
    c.w.server.up = true;
    await c.w.pass(3000);
    assert.equal(late.kind, "synced");
    assert.deepEqual([[...board.elements()].length, c.asked], [1, 1]);
    late.session.alignment.show("now");
    assert.equal(board.hash(), c.w.server.hash(BOARD));
    await c.atRest();
  });

  test("ALN5, ID4: own work that is durable after T goes and comes back with T; it is not sent again, nor taken for lost", async () => {
    const c = await Class.begin();
    c.board.create(ElementKind.Rectangle, PEN);
    await c.w.pass(1000);
    const between = c.now;
    await c.w.pass(1000);
    c.board.create(ElementKind.Line, PEN);
    await c.w.pass(1000);
    const { replica } = c.w.server.submitted[0] ?? { replica: 0 };
    const sent = c.w.server.submitted.length;
    c.show(between);
    await c.w.pass(100);
    assert.equal(c.seen, 1);
    c.w.server.kill();
    c.w.server.up = true;
    await c.w.pass(3000);
    assert.equal(c.seen, 1);
    const own = c.board.create(ElementKind.Ellipse, PEN);
    await c.w.pass(500);
    assert.equal(c.seen, 2, "what is written now is seen at once");
    c.show(between + 100);
    assert.notEqual(c.board.get(own), undefined, "acknowledged, and not reached");
    c.show(between + 2000);
    assert.equal(c.seen, 3);
    assert.deepEqual(c.w.server.submitted.slice(sent).map((s) => [s.replica, s.n]), [[replica, 3]]);
    await c.atRest();
    assert.equal(c.seen, 3);
  });

  test("ALN5: a stroke under the pen that began after T goes on as one stroke, and comes back with T", async () => {
    const c = await Class.begin();
    const before = c.now;
    await c.w.pass(1000);
    const stroke = c.board.startStroke(PEN);
    const draw = async (points: number): Promise<void> => {
      for (let i = 0; i < points; i++) {
        stroke.add(10 * i, points, 100, c.w.clock.now());
        await c.w.pass(20);
      }
    };
    await draw(20);
    c.show(c.now - 50);
    c.show(before);
    await c.w.pass(100);
    assert.deepEqual([c.seen, c.asked], [0, 1]);
    assert.equal(stroke.alive, true);
    await draw(20);
    stroke.end();
    await c.w.pass(100);
    c.show(c.now);
    assert.deepEqual([...c.board.elements()].map((e) => [e.key, e.count, e.open]), [[stroke.key, 40, false]]);
    await c.atRest();
  });

  test("ALN5: a snapshot of the past keeps what is on its way and what is acknowledged but not reached in view", async () => {
    const c = await Class.begin();
    const [first = 0, second = 0] = await lesson(c);
    c.show(second);
    await c.w.pass(100);
    const own = c.board.create(ElementKind.Ellipse, PEN);
    await c.w.pass(100);
    c.w.server.durable = false;
    const waiting = c.board.create(ElementKind.Line, PEN);
    await c.w.pass(100);
    c.show(first);
    await c.w.pass(100);
    assert.equal(c.seen, 3);
    assert.ok(c.board.get(own) !== undefined && c.board.get(waiting) !== undefined);
    c.w.server.durable = true;
    c.w.server.kill();
    c.w.server.up = true;
    await c.w.pass(3000);
    assert.equal(c.seen, 3);
    await c.atRest();
    assert.equal(c.seen, 5);
  });
});
