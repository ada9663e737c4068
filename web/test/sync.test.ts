import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeOps } from "../src/ot/codec.ts";
import { ElementKind, Register, type Op, type Setting } from "../src/ot/types.ts";
import { colorValue, widthValue } from "../src/ot/value.ts";
import { Code } from "../src/protocol/codes.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { createRoomIn } from "../src/sync/createroom.ts";
import { Browser, Page, ROOM, ROOM_START, World } from "./sync-fake.ts";

const PEN: readonly Setting[] = [
  { register: Register.Color, value: colorValue(0x123456) },
  { register: Register.Width, value: widthValue(30) },
];
const BOARD = "board::p1";

/** Joins and opens the first page. */
async function enter(w: World, name: string, browser = w.browser): Promise<{ page: Page; board: BoardDocument }> {
  const page = w.page(name, browser);
  await w.pass(200);
  assert.equal(page.kind, "synced", name);
  const board = page.session.look("p1");
  await w.pass(100);
  assert.equal(board.ready.value, true);
  return { page, board };
}

/** Draws n points 8 ms apart and lifts the pen. */
async function draw(w: World, board: BoardDocument, n: number, x = 100): Promise<void> {
  const stroke = board.startStroke(PEN, w.clock.now());
  for (let i = 0; i < n; i++) {
    stroke.add(x + 3 * i, 200 + i, 128, w.clock.now());
    await w.pass(8);
  }
  stroke.end();
}

const points = (board: BoardDocument): number[] => [...board.elements()].map((e) => e.count);

/** All pages show what the server has, nothing waits. */
function atRest(w: World, ...boards: BoardDocument[]): void {
  for (const board of boards) assert.equal(board.hash(), w.server.hash(BOARD));
}

/** Every (document, replica, n) was submitted with one content only, however often. */
function noNumberReused(w: World): void {
  const seen = new Map<string, string>();
  for (const { document, replica, n, ops } of w.server.submitted) {
    const at = `${document} ${replica} ${n}`;
    const content = Buffer.from(ops).toString("hex");
    assert.equal(seen.get(at) ?? content, content, at);
    seen.set(at, content);
  }
}

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

  test("SYN4: points leave every 33 ms, the create with the first frame, times evened, captured_at of the last point", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    await draw(w, board, 40);
    await w.pass(100);
    const batches = w.server.submitted.filter((s) => s.document === BOARD).map((s) => ({ at: s.capturedAt, ops: decodeOps(s.ops) }));
    assert.deepEqual(batches[0]?.ops.map((o) => o.kind), ["create", "extend"]);
    assert.ok(batches.slice(1).every((b) => b.ops.length === 1 && b.ops[0]?.kind === "extend"));
    assert.ok(batches.length >= 10 && batches.length <= 11, `${batches.length} batches in 320 ms`);
    const last = batches.at(-1)?.ops[0];
    assert.equal(last?.kind === "extend" && last.ended, true);
    for (const [i, b] of batches.entries()) assert.ok(i === 0 || b.at - (batches[i - 1]?.at ?? 0) <= 40);
    const [stroke] = board.elements();
    assert.equal(stroke?.point(0).t, 0);
    assert.ok(Math.abs((stroke?.point(39).t ?? 0) - 39 * 8) <= 1);
  });

  test("own points are on the screen at once", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    const changes: unknown[] = [];
    board.subscribe((c) => changes.push(c));
    const stroke = board.startStroke(PEN, w.clock.now());
    stroke.add(10, 20, 30, w.clock.now());
    assert.equal(board.get(stroke.key)?.count, 1);
    stroke.add(11, 21, 31, w.clock.now() + 5);
    assert.equal(board.get(stroke.key)?.count, 2);
    assert.ok(changes.length >= 2);
  });

  test("SY-17: an idle session sends heart ticks and asks whether the server is there, nothing else", async () => {
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
    assert.deepEqual(page.session.refused.value.map((r) => [r.page, r.code, r.ops.length]), [["p1", Code.BoardFull, 1]]);
    w.server.judge = () => [];
    const stroke = board.startStroke(PEN, w.clock.now());
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

  test("a stroke whose element is deleted under the pen ends there", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const stroke = ann.board.startStroke(PEN, w.clock.now());
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
    const stroke = board.startStroke(PEN, w.clock.now());
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
});

describe("losing the connection", () => {
  test("what was drawn while the server was away is delivered, and pages are back within 3 s of it", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    for (const outage of [300, 5000, 30_000, 180_000]) {
      const drawing = draw(w, ann.board, 20);
      await w.pass(70);
      w.server.kill();
      await drawing;
      assert.ok(["reconnecting", "connecting"].includes(ann.page.kind), ann.page.kind);
      await w.pass(outage);
      w.server.up = true;
      await w.pass(3000);
      assert.equal(ann.page.kind, "synced", `after ${outage} ms`);
      assert.equal(bob.page.kind, "synced", `after ${outage} ms`);
      await w.pass(500);
      atRest(w, ann.board, bob.board);
      assert.equal(ann.page.session.connection.value.unsent, 0);
    }
    assert.deepEqual(points(bob.board), [20, 20, 20, 20]);
    noNumberReused(w);
  });

  test("the confirmed document is resumed by its position, without a snapshot", async () => {
    const w = new World();
    const { board } = await enter(w, "ann");
    await draw(w, board, 20);
    await w.pass(100);
    const snapshots: string[] = [];
    w.server.lose = (message) => {
      if (message === "snapshotStart") snapshots.push(message);
      return false;
    };
    w.server.kill();
    w.server.up = true;
    await w.pass(2000);
    assert.deepEqual(snapshots, []);
    atRest(w, board);
  });

  test("SYN1: a batch that is durable although its acknowledgement was lost is not doubled", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    w.server.lose = (message) => message === "records";
    await draw(w, board, 20);
    await w.pass(100);
    assert.ok(page.session.connection.value.unsent > 0);
    w.server.lose = undefined;
    w.server.kill();
    w.server.up = true;
    await w.pass(2000);
    assert.deepEqual(points(board), [20]);
    assert.equal(page.session.connection.value.unsent, 0);
    atRest(w, board);
  });

  test("SYN4: a batch that got lost on its way is sent again, though the server answers everything else", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    await draw(w, board, 20);
    w.server.frozen = true; // what arrives now is gone
    await w.pass(60);
    w.server.frozen = false;
    await w.pass(10_000);
    assert.ok(page.session.connection.value.unsent > 0);
    await w.pass(30_000);
    assert.equal(page.session.connection.value.unsent, 0);
    assert.deepEqual(points(board), [20]);
    atRest(w, board);
  });

  test("SYN4: no more than 64 batches are unacknowledged", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    w.server.kill();
    for (let i = 0; i < 8; i++) await draw(w, board, 80, 10 * i);
    const unsent = page.session.connection.value.unsent;
    assert.ok(unsent > 100, `${unsent}`);
    w.server.up = true;
    w.server.durable = false;
    w.server.submitted.length = 0;
    await w.pass(3000);
    assert.equal(w.server.submitted.length, 64);
    w.server.durable = true;
    w.server.kill();
    w.server.up = true;
    await w.pass(8000);
    assert.equal(page.session.connection.value.unsent, 0);
    assert.deepEqual(points(board), Array(8).fill(80));
    atRest(w, board);
  });

  test("a server that goes away says when to come back", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    for (const peer of w.server.peers) peer.control({ case: "goingAway", value: { error: { code: Code.GoingAway }, retryAfterMs: 5000 } });
    await w.pass(4900);
    assert.deepEqual([page.kind, w.server.opened.length], ["reconnecting", 1]);
    await w.pass(2000);
    assert.equal(page.kind, "synced");
  });

  test("offline is said in plain words and the network's return is taken at once", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    w.server.kill();
    page.online = false;
    page.signal("offline");
    await w.pass(60_000);
    assert.equal(page.kind, "offline");
    w.server.up = true;
    page.online = true;
    page.signal("online");
    await w.pass(300);
    assert.equal(page.kind, "synced");
  });

  test("codes that forbid it end the session", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    for (const peer of w.server.peers) peer.control({ case: "error", value: { code: Code.TokenExpired, parameters: { a: "b" } } });
    await w.pass(60_000);
    assert.deepEqual(page.session.connection.value, { kind: "ended", code: Code.TokenExpired, parameters: { a: "b" }, unsent: 0 });
    assert.equal(w.server.opened.length, 1);
    assert.equal(board.startStroke(PEN, 0).alive, false);
  });
});

describe("finding a route (SES4)", () => {
  test("WebTransport first, WebSocket not even tried where it works", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    assert.deepEqual(w.server.opened, ["webtransport"]);
    assert.equal(page.session.connection.value.kind === "synced" && page.session.connection.value.route, "webtransport");
  });

  test("a silent UDP port: on WebSocket 400 ms later, and the choice is remembered for ten minutes", async () => {
    const w = new World();
    w.server.routes.webtransport = "hangs";
    w.page("ann");
    await w.pass(600);
    assert.deepEqual(w.server.opened, ["webtransport", "websocket"]);
    const again = w.page("bob");
    await w.pass(300);
    assert.equal(again.kind, "synced");
    assert.deepEqual(w.server.opened.slice(2), ["websocket"]);
    await w.pass(10 * 60_000);
    w.page("cat");
    await w.pass(100);
    assert.deepEqual(w.server.opened.slice(3), ["webtransport"]);
  });

  test("a refused route does not wait for the head start", async () => {
    const w = new World();
    w.server.routes.webtransport = "refuses";
    const page = w.page("ann");
    await w.pass(150);
    assert.equal(page.kind, "synced");
  });

  test("no route is opened towards a server that is not there", async () => {
    const w = new World();
    w.server.up = false;
    w.page("ann");
    await w.pass(60_000);
    assert.deepEqual(w.server.opened, []);
  });

  test("a server that stops answering while something is asked: the other route within 5 s, no work lost", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    w.server.frozen = true;
    await draw(w, board, 20);
    await w.pass(4500 - 160);
    assert.deepEqual(w.server.opened, ["webtransport", "websocket"]);
    await w.pass(20_000);
    w.server.frozen = false;
    await w.pass(6000);
    assert.equal(page.kind, "synced");
    assert.deepEqual(points(board), [20]);
    atRest(w, board);
    noNumberReused(w);
  });

  test("a silent path is found by the heart tick", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    await w.pass(10_000);
    w.server.frozen = true;
    await w.pass(20_000);
    assert.notEqual(page.kind, "synced");
  });
});

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
    const open = board.startStroke(PEN, w.clock.now());
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
      const stroke = board.startStroke(PEN, w.clock.now());
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
    const stroke = board.startStroke(PEN, w.clock.now());
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

test("a board writes nothing before the session has been in the room", () => {
  const w = new World();
  const board = w.page("ann").session.look("p1");
  const stroke = board.startStroke(PEN, 0);
  stroke.add(1, 1, 1, 0);
  assert.equal(stroke.alive, false);
  board.submit([{ kind: "clear", base: 0n }]);
  assert.equal([...board.elements()].length, 0);
});
