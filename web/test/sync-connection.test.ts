// A session that loses its connection, and how it finds a route to the server, in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Code } from "../src/protocol/codes.ts";
import { Browser, World, type Page } from "./sync-world.ts";
import { PEN, atRest, draw, enter, noNumberReused, points } from "./sync-people.ts";

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

  test("SES11 a synced page says so while what it wrote is not delivered for longer than the last strokes take", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    const sending = (): boolean => page.session.connection.value.kind === "synced" && page.session.connection.value.sending;
    const seen: boolean[] = [];
    page.session.connection.subscribe(() => seen.push(sending()));
    for (let i = 0; i < 10; i++) await draw(w, board, 40, 10 * i);
    assert.ok(!seen.includes(true), "said of strokes that are delivered as they are drawn");
    w.server.durable = false;
    await draw(w, board, 3);
    await w.pass(1000);
    assert.deepEqual([page.kind, sending()], ["synced", false]);
    await w.pass(4000);
    assert.deepEqual([page.kind, sending()], ["synced", true]);
    w.server.durable = true;
    await w.pass(40_000);
    assert.deepEqual([page.kind, page.session.connection.value.unsent, sending()], ["synced", 0, false]);
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

  test("a connection that outlives a sleep: the room clock is right again at once, though the clock stood still", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const error = ({ page }: typeof ann): number => Math.abs((page.session.alignment.now() ?? 0) / 1000 - w.server.roomTime());
    await w.pass(30_000);
    w.server.delayDown += 30; // those of before have the shorter round trips
    for (const asleep of [20_000, 500]) {
      w.server.slept += asleep;
      // Where others write nobody asks whether the server is there.
      const drawing = (async () => {
        for (let i = 0; i < 10; i++) await draw(w, bob.board, 20);
      })();
      await w.pass(1500);
      if (asleep > 1000) for (const one of [ann, bob]) assert.ok(error(one) < 50, `${error(one)} ms off`);
      await drawing;
      await w.pass(2000);
      for (const one of [ann, bob]) assert.ok(error(one) < 50, `${error(one)} ms off`);
    }
    assert.equal(w.server.opened.length, 2);
    atRest(w, ann.board, bob.board);
  });

  test("who waits to come in is told at which limit", async () => {
    const w = new World();
    const { session } = w.page("ann");
    while (w.server.peers.size === 0) await w.pass(1);
    const parameters = { limit: "connections", max: "100" };
    for (const peer of w.server.peers) peer.control({ case: "error", value: { code: Code.Full, parameters } });
    await w.pass(300);
    assert.deepEqual(session.connection.value, { kind: "connecting", unsent: 0, code: Code.Full, parameters });
    await w.pass(5000);
    assert.equal(session.connection.value.kind, "synced");
  });

  test("codes that forbid it end the session", async () => {
    const w = new World();
    const { page, board } = await enter(w, "ann");
    for (const peer of w.server.peers) peer.control({ case: "error", value: { code: Code.TokenExpired, parameters: { a: "b" } } });
    await w.pass(60_000);
    assert.deepEqual(page.session.connection.value, { kind: "ended", code: Code.TokenExpired, parameters: { a: "b" }, unsent: 0 });
    assert.equal(w.server.opened.length, 1);
    assert.equal(board.startStroke(PEN).alive, false);
  });
});

describe("finding a route (SES4)", () => {
  const fallback = ({ session: { connection } }: Page): boolean | undefined => (connection.value.kind === "synced" ? connection.value.fallback : undefined);

  test("WebTransport first, WebSocket not even tried where it works", async () => {
    const w = new World();
    const { page } = await enter(w, "ann");
    assert.deepEqual(w.server.opened, ["webtransport"]);
    assert.equal(page.session.connection.value.kind === "synced" && page.session.connection.value.route, "webtransport");
  });

  test("a silent UDP port: on WebSocket 400 ms later, and the choice is remembered for ten minutes", async () => {
    const w = new World();
    w.server.routes.webtransport = "hangs";
    const page = w.page("ann");
    await w.pass(600);
    assert.deepEqual(w.server.opened, ["webtransport", "websocket"]);
    assert.equal(fallback(page), true);
    const again = w.page("bob");
    await w.pass(300);
    assert.equal(again.kind, "synced");
    assert.deepEqual(w.server.opened.slice(2), ["websocket"]);
    assert.equal(fallback(again), true, "it was not tried again, but is known");
    await w.pass(10 * 60_000);
    w.page("cat");
    await w.pass(100);
    assert.deepEqual(w.server.opened.slice(3), ["webtransport"]);
  });

  test("a refused route does not wait for the head start; it is not the network's doing, and neither is what comes of it later", async () => {
    const w = new World();
    w.server.routes.webtransport = "refuses";
    const page = w.page("ann");
    await w.pass(150);
    assert.equal(page.kind, "synced");
    assert.equal(fallback(page), false);
    const again = w.page("bob");
    await w.pass(150);
    assert.deepEqual(w.server.opened.slice(2), ["websocket"]);
    assert.equal(fallback(again), false);
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
