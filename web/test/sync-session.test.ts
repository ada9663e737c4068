// A session that has its connection: what it sends, shows and refuses, in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeOps } from "../src/ot/codec.ts";
import { ElementKind, type Op } from "../src/ot/types.ts";
import { Code } from "../src/protocol/codes.ts";
import { MAX_TRAIL } from "../src/protocol/limits.ts";
import { createRoomIn } from "../src/sync/createroom.ts";
import { ROOM, ROOM_START } from "./sync-server.ts";
import { Browser, World } from "./sync-world.ts";
import { BOARD, PEN, atRest, draw, enter, noNumberReused, points } from "./sync-people.ts";

describe("session", () => {
  test("two pages draw at once and show the same picture and state hash; a third that joins later gets it too", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    await Promise.all([draw(w, ann.board, 30), draw(w, bob.board, 40, 900)]);
    await w.pass(200);
    atRest(w, ann.board, bob.board);
    assert.deepEqual(points(ann.board).sort(), [30, 40]);
    const { board } = await enter(w, "cat", new Browser(w.clock));
    atRest(w, board);
    assert.deepEqual(points(board), points(ann.board));
    noNumberReused(w);
  });

  test("SYN4: points leave every 33 ms, the create with the first frame, times evened, captured_at of the first point", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    const began = w.server.roomTime();
    await draw(w, board, 40);
    await w.pass(100);
    const batches = w.server.submitted.filter((s) => s.document === BOARD).map((s) => ({ at: s.capturedAt, ops: decodeOps(s.ops) }));
    assert.deepEqual(batches[0]?.ops.map((o) => o.kind), ["create", "extend"]);
    assert.ok(batches.slice(1).every((b) => b.ops.length === 1 && b.ops[0]?.kind === "extend"));
    assert.ok(batches.length >= 10 && batches.length <= 11, `${batches.length} batches in 320 ms`);
    assert.ok(Math.abs((batches[0]?.at ?? 0) - began) <= 1);
    const last = batches.at(-1)?.ops[0];
    assert.equal(last?.kind === "extend" && last.ended, true);
    for (const [i, b] of batches.entries()) assert.ok(i === 0 || b.at - (batches[i - 1]?.at ?? 0) <= 40);
    const [stroke] = board.elements();
    assert.equal(stroke?.point(0).t, 0);
    assert.ok(Math.abs((stroke?.point(39).t ?? 0) - 39 * 8) <= 1);
  });

  test("150 ms from the server a pen's batches leave every 33 ms, come as evenly, and are late by little more than the way", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    w.server.delayUp = w.server.delayDown = 150;
    const penned: number[] = [], there: number[] = [], left: number[] = [], came: number[] = [];
    w.server.judge = () => {
      left.push(w.clock.now() - w.server.delayUp);
      return undefined;
    };
    bob.board.subscribe(() => {
      const n = points(bob.board)[0] ?? 0;
      if (n > there.length) came.push(w.clock.now());
      while (there.length < n) there.push(w.clock.now());
    });
    const stroke = ann.board.startStroke(PEN);
    for (let i = 0; i < 1250; i++) {
      penned.push(w.clock.now());
      stroke.add(100 + i, 200 + (i % 40), 128, w.clock.now());
      await w.pass(8);
    }
    stroke.end();
    await w.pass(1000);
    const gaps = (times: readonly number[]): number => Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? at)));
    const late = there.map((at, i) => at - (penned[i] ?? 0)).sort((a, b) => a - b);
    assert.equal(there.length, 1250);
    assert.ok(left.length >= 295 && left.length <= 310, `${left.length} batches in 10 s`);
    assert.ok(came.length >= left.length - 1, `${came.length} of ${left.length} came by themselves`); // the last may only end the stroke
    assert.ok(gaps(left) <= 40 && gaps(came) <= 40, `gaps of ${gaps(left)} and ${gaps(came)} ms`);
    assert.ok((late[Math.floor(late.length * 0.95)] ?? Infinity) <= 300 + 60, `${late.at(-1)} ms at most`);
  });

  test("own points are on the screen at once", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    const changes: unknown[] = [];
    board.subscribe((c) => changes.push(c));
    const stroke = board.startStroke(PEN);
    stroke.add(10, 20, 30, w.clock.now());
    assert.equal(board.get(stroke.key)?.count, 1);
    stroke.add(11, 21, 31, w.clock.now() + 5);
    assert.equal(board.get(stroke.key)?.count, 2);
    assert.ok(changes.length >= 2);
  });

  test("an idle session sends heart ticks and asks whether the server is there, nothing else", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    await w.pass(20_000);
    w.server.heard.length = 0;
    await w.pass(150_000);
    assert.deepEqual(new Set(w.server.heard), new Set(["heartTick", "ping"]));
    assert.equal(w.server.heard.filter((kind) => kind === "heartTick").length, 10);
    assert.ok(w.server.heard.length <= 150, `${w.server.heard.length} messages in 150 s`);
    assert.equal(page.kind, "synced");
  });

  test("SES4: a session that looks on asks for a sign of life only where there was none", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    const { board } = await enter(w, "bob", new Browser(w.clock));
    await w.pass(20_000);
    w.server.heard.length = 0;
    await draw(w, board, 300);
    assert.ok(!w.server.heard.includes("ping"), "asked while records came");
    await w.pass(1900);
    assert.ok(w.server.heard.includes("ping"), "did not ask within 2 s of silence");
    assert.equal(page.kind, "synced");
  });

  test("a page that is added is shown at once and open for everybody once it is durable", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const page = ann.page.session.addPage("p1");
    assert.deepEqual(ann.page.session.pages.value, ["p1", page]);
    const board = ann.page.session.look(page);
    await draw(w, board, 10);
    await w.pass(200);
    assert.deepEqual(bob.page.session.pages.value, ["p1", page]);
    const other = bob.page.session.look(page);
    await w.pass(100);
    assert.deepEqual(points(other), [10]);
    assert.equal(other.hash(), w.server.hash(`board::${page}`));
  });

  test("SYN3: refused ops roll back and are offered; the rest of the batch stands", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    w.server.judge = (ops) => (ops.length === 2 ? [1] : undefined);
    const create = (counter: number): Op => ({ kind: "create", id: { replica: 1, counter }, element: ElementKind.Line, settings: [...PEN] });
    board.submit([create(101), create(102)]);
    assert.equal([...board.elements()].length, 2);
    await w.pass(200);
    assert.deepEqual([...board.elements()].map((e) => e.key), ["1.101"]);
    assert.deepEqual(page.session.refused.value.map((r) => [r.page, r.code, r.parameters["limit"], r.ops.length]), [["p1", Code.BoardFull, "elements", 1]]);
    w.server.judge = () => [];
    const stroke = board.startStroke(PEN);
    stroke.add(1, 1, 1, w.clock.now());
    await w.pass(200);
    assert.equal(stroke.alive, false);
    assert.equal(board.get(stroke.key), undefined);
    w.server.judge = undefined;
    await draw(w, board, 5);
    await w.pass(200);
    atRest(w, board);
    assert.equal(page.session.connection.value.unsent, 0);
  });

  test("of what is refused the last 10 000 batches are offered", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    for (let n = 0; n < 10_100; n++) page.session.refuse({ page: "p1", code: n, parameters: {}, ops: [] });
    const { value } = page.session.refused;
    assert.deepEqual([value.length, value.at(-1)?.code], [10_000, 10_099]);
  });

  test("a stroke whose element is deleted under the pen ends there", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const stroke = ann.board.startStroke(PEN);
    for (let i = 0; i < 10; i++) {
      stroke.add(i, i, 100, w.clock.now());
      await w.pass(8);
    }
    await w.pass(100);
    bob.board.delete([stroke.key]);
    await w.pass(100);
    assert.equal(stroke.alive, false);
    stroke.add(50, 50, 100, w.clock.now());
    await w.pass(100);
    atRest(w, ann.board, bob.board);
    assert.equal([...ann.board.elements()].length, 0);
  });

  test("ink frames of a stalled page are cut at 256 points", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    const stroke = board.startStroke(PEN);
    for (let i = 0; i < 700; i++) stroke.add(i, i, 100, w.clock.now() + i / 20);
    stroke.end();
    await w.pass(300);
    assert.deepEqual(points(board), [700]);
    atRest(w, board);
  });

  test("at most eight boards stay open", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    for (let i = 0; i < 12; i++) w.server.addPage(`q${i}`);
    await w.pass(100);
    for (let i = 0; i < 12; i++) {
      page.session.look(`q${i}`);
      await w.pass(50);
    }
    const views = [...(w.server.peers.values().next().value?.views.values() ?? [])];
    assert.equal(views.length, 10); // and the authority, and the stage
    const again = page.session.look("p1");
    await w.pass(100);
    assert.equal(again.ready.value, true);
  });

  test("createRoom resolves with the room or rejects with the code", async () => {
    const w = new World();
    const page = w.page("ann");
    const env = page.environment();
    const made = createRoomIn(env, "ann", "Class");
    const refused = createRoomIn(env, "ann", "").catch((e: { code: number }) => e.code);
    await w.pass(200);
    assert.equal(await made, ROOM);
    assert.equal(await refused, Code.NotPermitted);
  });

  test("SES8: a server that goes away before it makes the room counts as not reached", async () => {
    const w = new World();
    w.server.delayUp = 100;
    const code = createRoomIn(w.page("ann").environment(), "ann", "Class").catch((e: { code: number }) => e.code);
    while (w.server.heard.filter((message) => message === "hello").length < 2) await w.pass(5); // the page's own, and this
    for (const peer of w.server.peers) peer.control({ case: "goingAway", value: { error: { code: Code.GoingAway } } });
    await w.pass(200);
    assert.equal(await code, 0);
  });
});

test("a board writes nothing before the session has been in the room", () => {
  const w = new World();
  const board = w.page("ann").session.look("p1");
  const stroke = board.startStroke(PEN);
  stroke.add(1, 1, 1, 0);
  assert.equal(stroke.alive, false);
  board.submit([{ kind: "clear", base: 0n }]);
  assert.equal([...board.elements()].length, 0);
});

describe("clock and pointers", () => {
  test("room time is found over an asymmetric path within half the difference, and never steps back", async () => {
    const w = new World();
    w.server.delayUp = 20;
    w.server.delayDown = 60;
    const page = w.page("ann");
    await w.pass(9000);
    let before = 0;
    for (let i = 0; i < 50; i++) {
      const now = page.session.alignment.now() ?? 0;
      assert.ok(now >= before);
      before = now;
      await w.pass(3);
    }
    const error = before / 1000 - (ROOM_START + w.clock.now() - 3);
    assert.ok(Math.abs(error) <= 21, `${error} ms`);
  });

  test("PRE1: pointers leave at most ten times a second, the newest wins, and none when it rests", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    for (let i = 0; i < 100; i++) {
      board.pointAt(i, 2 * i, "pointer");
      await w.pass(10);
    }
    await w.pass(1000);
    assert.ok(w.server.cursors.length >= 10 && w.server.cursors.length <= 11, `${w.server.cursors.length}`);
    assert.deepEqual([w.server.cursors.at(-1)?.x, w.server.cursors.at(-1)?.y], [99, 198]);
    const sequence = w.server.cursors.map((c) => c.sequence);
    assert.deepEqual(sequence, sequence.toSorted((a, b) => a - b));
  });

  for (const [moves, everyMs, gap] of [["slowly", 20, 10], ["fast", 8, 40]] as const) {
    test(`PRE1 a laser that moves ${moves} is drawn once, without a hole where one datagram of several is lost`, async () => {
      const w = new World();
      const { board } = await enter(w, "ann");
      const bob = await enter(w, "bob", new Browser(w.clock));
      for (let x = 0; x < 1000; x += 10) {
        board.pointAt(x, 0, "laser");
        await w.pass(everyMs);
      }
      await w.pass(200);
      const sent = w.server.cursors;
      assert.ok(sent.length > 8 && sent.every(({ trail }) => trail.length <= MAX_TRAIL), `${sent.length}`);
      for (const p of w.server.peers) p.control({ case: "roster", value: { present: [{ replica: 1 }, { replica: 2 }] } });
      await w.pass(50);
      for (const lost of [0, 2, 3]) {
        const path: number[] = [];
        const stop = bob.board.cursors.subscribe((all) => {
          const [laser] = all;
          if (laser?.kind === "laser") path.push(...[...laser.trail.map((t) => t.x), laser.x].filter((x) => x !== path.at(-1)));
        });
        for (const [i, { x, y, trail }] of sent.entries()) {
          if (lost > 0 && i % lost === 1) continue;
          [...w.server.peers][1]?.cursors({ handle: 3, cursors: [{ replica: 1, x, y, kind: 4, trail }] } as never);
          await w.pass(50);
        }
        stop();
        // The last may be lost, too; where it is, nothing follows that brings it.
        const steps = path.slice(1).map((x, i) => x - (path[i] ?? 0));
        assert.deepEqual([path[0], Math.min(...steps) > 0, Math.max(...steps) <= gap], [0, true, true], `${lost}: ${path}`);
        [...w.server.peers][1]?.cursors({ handle: 3, cursors: [{ replica: 1, x: 0, y: 0, kind: 5, trail: [] }] } as never);
        await w.pass(50);
      }
    });
  }

  test("a laser leaves its path, which arrives oldest first; pointers go with their people", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    const bob = await enter(w, "bob", new Browser(w.clock));
    for (const x of [10, 20, 40, 80]) {
      board.pointAt(x, 0, "laser");
      await w.pass(20);
    }
    await w.pass(200);
    const last = w.server.cursors.at(-1);
    assert.deepEqual([last?.x, last?.trail], [80, [-40, 0, -20, 0, -10, 0]]);
    const [, peer] = w.server.peers;
    for (const p of w.server.peers) p.control({ case: "roster", value: { present: [{ replica: 1 }, { replica: 2 }] } });
    await w.pass(50);
    peer?.cursors({ handle: 3, cursors: [{ replica: 1, x: 80, y: 0, kind: 4, trail: last?.trail ?? [] }] } as never);
    await w.pass(50);
    assert.deepEqual(bob.board.cursors.value.map((c) => [c.replica, c.kind, c.trail.map((t) => t.x)]), [[1, "laser", [10, 20, 40]]]);
    peer?.control({ case: "roster", value: { gone: [1] } });
    await w.pass(50);
    assert.deepEqual(bob.board.cursors.value, []);
  });
});
