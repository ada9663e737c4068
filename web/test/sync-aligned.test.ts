// A session whose boards wait for the video (docs/protocol.md, ALN and STG), in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeOps } from "../src/ot/codec.ts";
import { type Op } from "../src/ot/types.ts";
import { Code } from "../src/protocol/codes.ts";
import { leadChanged, pageTurned } from "../src/sync/stagestate.ts";
import { ROOM_START } from "./sync-server.ts";
import { World } from "./sync-world.ts";
import { BOARD, PEN } from "./sync-people.ts";
import { Class } from "./sync-class.ts";

describe("waiting for the shown time", () => {
  test("ALN2: records are shown once their release_at has come, those that wait are counted, and now shows all", async () => {
    const c = await Class.begin();
    c.show(c.now - 500);
    c.line();
    await c.w.pass(100);
    c.line();
    await c.w.pass(100);
    const { held } = c.viewer.session.alignment;
    assert.deepEqual([c.seen, held.value], [0, 2]);
    c.show(c.now - 150);
    assert.deepEqual([c.seen, held.value], [1, 1]);
    c.show(c.now - 150);
    assert.equal(c.seen, 1);
    c.viewer.session.alignment.show("now");
    assert.deepEqual([c.seen, held.value], [2, 0]);
    c.line();
    await c.w.pass(50);
    assert.equal(c.seen, 3);
    await c.atRest();
    assert.equal(c.asked, 0);
  });

  test("ALN2, REC2: one's own strokes are seen at once", async () => {
    const c = await Class.begin();
    c.show(c.now - 1000);
    const stroke = c.board.startStroke(PEN);
    stroke.add(1, 2, 3, c.w.clock.now());
    assert.equal(c.board.get(stroke.key)?.count, 1);
    stroke.end();
    await c.atRest();
  });

  test("ALN4, SYN2: batches are acknowledged when they come, and stay in view until they are reached", async () => {
    const c = await Class.begin();
    await c.play(200, 5000);
    const stroke = c.board.startStroke(PEN);
    for (let i = 0; i < 400; i++) {
      stroke.add(10 + i, 20, 30, c.w.clock.now());
      await c.play(10, 5000);
    }
    stroke.end();
    await c.play(200, 5000);
    const { connection } = c.viewer.session;
    assert.equal(connection.value.unsent, 0, "more than a window is acknowledged");
    assert.equal(c.board.get(stroke.key)?.count, 400);
    assert.equal(c.board.revision, 0n);
    const sent = c.w.server.submitted.length;
    await c.play(8000, 5000);
    assert.equal(c.board.get(stroke.key)?.count, 400);
    assert.equal(c.w.server.submitted.length, sent, "nothing is sent twice");
    await c.atRest();
  });

  test("ALN4, REC3: Markers are compared when they are shown, and HeartTick says what was received and how late the viewer is", async () => {
    const c = await Class.begin();
    await c.play(40, 8000);
    for (let i = 0; i < 400; i++) {
      c.line();
      await c.play(100, 8000);
    }
    assert.ok(c.heard("heartTick") >= 2);
    assert.equal(c.heard("syncState"), 0);
    const tick = c.w.server.ticks.at(-1);
    assert.ok(Math.abs((tick?.mediaDelayMs ?? 0) - 8000) <= 60, `${tick?.mediaDelayMs}`);
    const received = Number(tick?.received.find((r) => r.handle === 3)?.revision ?? 0n);
    assert.ok(received > 290, `${received} records after 30 s, of which 220 are shown`);
    await c.atRest();
  });

  test("REC3: a Marker that differs is noticed in its place among the records that wait", async () => {
    const c = await Class.begin();
    await c.play(100, 3000);
    c.line();
    c.w.server.lose = (message) => message === "records";
    c.line();
    c.w.server.lose = undefined;
    await c.play(16_000, 3000);
    assert.ok(c.heard("syncState") >= 1);
    await c.atRest();
  });

  test("ALN6: a record that comes after its frame is told with its lateness; what is caught up with is not", async () => {
    const c = await Class.begin();
    const late: number[] = [];
    const stop = c.viewer.session.alignment.late((ms) => late.push(Math.round(ms)));
    c.show(c.now - 100);
    c.line();
    await c.w.pass(500);
    assert.deepEqual(late, []);
    c.show(c.now - 100);
    c.line(300);
    await c.w.pass(20);
    assert.equal(late.length, 1);
    assert.ok(Math.abs((late[0] ?? 0) - 200) <= 2, `${late[0]} ms`);
    await c.w.pass(500);
    c.show(c.now - 100);
    c.w.server.kill();
    c.line(300);
    c.w.server.up = true;
    await c.play(3000, 100);
    assert.equal(late.length, 1);
    stop();
    await c.w.pass(500);
    c.show(c.now);
    c.line(300);
    await c.w.pass(20);
    assert.equal(late.length, 1);
    await c.atRest();
  });

  test("ALN2: a page turn and strokes on two boards are shown in the order of their release", async () => {
    const c = await Class.begin();
    c.w.server.addPage("p2");
    await c.w.pass(50);
    const other = c.viewer.session.look("p2");
    await c.w.pass(50);
    c.show(c.now - 100);
    const seen: string[] = [];
    c.line();
    await c.w.pass(10);
    c.stage(pageTurned("p2"));
    await c.w.pass(10);
    c.line(0, "board::p2");
    await c.w.pass(10);
    c.line();
    await c.w.pass(50);
    c.board.subscribe(() => seen.push("p1"));
    other.subscribe(() => seen.push("p2"));
    c.viewer.session.stage.subscribe((s) => seen.push(`turned to ${s.page}`));
    c.show(c.now);
    assert.deepEqual(seen, ["turned to ", "p1", "turned to p2", "p2", "p1"]);
    await c.atRest();
  });

  test("ALN4: more than may wait closes the document until half of it is shown; nothing is lost", async () => {
    const c = await Class.begin();
    c.show(c.now);
    const from = c.now;
    const text = "字".repeat(16_000);
    for (let i = 1; i <= 400; i++) {
      const op: Op = { kind: "textEdit", id: { replica: 9, counter: 9 }, base: 0n, edit: [{ kind: "insert", text }] };
      c.w.server.append(BOARD, 77, i, c.now, encodeOps([op]));
      await c.w.pass(1);
    }
    await c.w.pass(100);
    assert.equal(c.heard("closeDocument"), 1);
    const { held } = c.viewer.session.alignment;
    assert.ok(held.value > 300 && held.value < 400, `${held.value}`);
    for (let t = from; t < c.now; t += 10) {
      c.show(t);
      await c.w.pass(1);
    }
    assert.equal(c.board.revision > 300n, true);
    await c.atRest();
  });
});

describe("the stage", () => {
  test("STG1, ALN2: it is open from the start and held to the shown time", async () => {
    const c = await Class.begin();
    const { stage } = c.viewer.session;
    assert.deepEqual(stage.value, { page: "", lead: "" });
    c.stage(leadChanged("tom"));
    await c.w.pass(50);
    assert.deepEqual(stage.value, { page: "", lead: "tom" });
    c.show(c.now);
    await c.w.pass(1);
    c.stage(pageTurned("p1"));
    await c.w.pass(50);
    assert.equal(stage.value.page, "");
    c.show(c.now);
    assert.deepEqual(stage.value, { page: "p1", lead: "tom" });
    await c.atRest();
  });

  test("STG1, REC2: one's own turn is seen at once, until its record is reached, and rolled back where it is refused", async () => {
    const c = await Class.begin();
    const { stage } = c.viewer.session;
    c.show(c.now);
    c.viewer.session.turn("p1");
    c.viewer.session.lead("ann");
    assert.deepEqual(stage.value, { page: "p1", lead: "ann" });
    await c.w.pass(500);
    assert.equal(c.viewer.session.connection.value.unsent, 0);
    assert.deepEqual(stage.value, { page: "p1", lead: "ann" });
    c.show(c.now);
    assert.deepEqual(stage.value, { page: "p1", lead: "ann" });
    c.w.server.refuseStage = true;
    c.viewer.session.turn("p9");
    assert.equal(stage.value.page, "p9");
    await c.w.pass(500);
    assert.equal(stage.value.page, "p1");
    assert.deepEqual(c.viewer.session.refused.value.map((r) => r.code), [Code.NotPermitted]);
    await c.atRest();
    assert.equal(stage.value.page, "p1");
  });

  /** Tom's media are 100 ms behind, eva's 6 s, and so then are the boards. */
  async function watched(c: Class, ms: number): Promise<void> {
    const { stage } = c.viewer.session;
    for (let passed = 0; passed < ms; passed += 40) {
      await c.w.pass(40);
      if (stage.value.lead === "ben") c.viewer.session.alignment.show("now");
      else c.show(c.now - (stage.value.lead === "eva" ? 6000 : 100));
    }
  }

  test("ALN2: who is the lead does not go back with the shown time, neither to their own media that are further behind nor by a seek", async () => {
    const c = await Class.begin();
    const { stage } = c.viewer.session;
    const seen: string[] = [];
    c.stage(leadChanged("tom"));
    await c.w.pass(1000);
    await watched(c, 2000);
    c.stage(pageTurned("p1"));
    await watched(c, 500);
    stage.subscribe(({ page, lead }) => seen.push(`${lead} ${page}`));
    c.stage(leadChanged("eva"));
    const changed = c.now;
    await watched(c, 12_000);
    assert.deepEqual(seen, ["tom p1", "eva p1", "eva ", "eva p1"], "the page is as of then");
    c.show(changed - 3000);
    await c.w.pass(500);
    assert.deepEqual(stage.value, { page: "", lead: "eva" });
    assert.equal(c.w.server.asked.filter(({ document }) => document === "stage").length, 2);
    c.stage(leadChanged("ben"));
    await watched(c, 4000);
    assert.equal(stage.value.lead, "eva", "until the shown time has come to it");
    await watched(c, 4000);
    assert.equal(stage.value.lead, "ben");
    await c.atRest();
  });

  test("ALN2: in another history the lead is that of its stage", async () => {
    const c = await Class.begin();
    c.stage(leadChanged("tom"));
    const putBack = c.w.server.backup();
    for (const lead of ["eva", "tom", "eva"]) c.stage(leadChanged(lead));
    await c.w.pass(100);
    assert.equal(c.viewer.session.stage.value.lead, "eva");
    c.w.server.kill();
    putBack();
    c.w.server.epoch++;
    c.w.server.up = true;
    await c.w.pass(5000);
    assert.equal(c.viewer.session.stage.value.lead, "tom");
    await c.atRest();
  });

  test("own events that are not durable survive a reload", async () => {
    const c = await Class.begin();
    c.w.server.durable = false;
    c.viewer.session.turn("p1");
    await c.w.pass(100);
    c.viewer.kill();
    c.w.server.durable = true;
    const again = c.w.page("ann");
    await c.w.pass(2000);
    assert.equal(again.session.stage.value.page, "p1");
    assert.equal(c.w.server.doc("stage").stage?.view.value.page, "p1");
  });
});

describe("cursors, sources and the clock", () => {
  test("ALN8: cursors are as late as the media is, up to 1 s; beyond that they are not shown", async () => {
    const c = await Class.begin();
    const [peer] = c.w.server.peers;
    peer?.control({ case: "roster", value: { present: [{ replica: 5 }] } });
    const at = (x: number): void => peer?.cursors({ handle: 3, cursors: [{ replica: 5, x, y: 0, kind: 1, trail: [] }] } as never);
    const x = (): number | undefined => c.board.cursors.value[0]?.x;
    at(1);
    await c.w.pass(10);
    assert.equal(x(), 1);
    c.show(c.now - 400);
    at(2);
    await c.w.pass(300);
    assert.equal(x(), 1);
    await c.w.pass(200);
    assert.equal(x(), 2);
    c.show(c.now - 1200);
    assert.equal(x(), undefined);
    at(3);
    await c.w.pass(2000);
    assert.equal(x(), undefined);
    c.viewer.session.alignment.show("now");
    at(4);
    await c.w.pass(10);
    assert.equal(x(), 4);
  });

  test("MED2: sources come with joining and at each change; participant is one's own", async () => {
    const w = new World();
    w.server.sources = [{ number: 2, participant: "tom", kind: 1, video: true, audio: true, timed: true, webrtc: true }];
    const { session } = w.page("ann");
    assert.deepEqual([session.participant, session.sources.value], ["", []]);
    await w.pass(200);
    assert.equal(session.participant, "ann");
    assert.deepEqual(session.sources.value.map((s) => [s.number, s.participant, s.kind, s.video, s.paused]), [[2, "tom", "camera", true, false]]);
    w.server.publish([{ number: 3, kind: 3 }, { number: 1, kind: 2 }, { number: 4, kind: 9 as never }]);
    await w.pass(50);
    assert.deepEqual(session.sources.value.map((s) => [s.number, s.kind]), [[1, "screen"], [3, "stream"]]);
  });

  test("room time is told in µs, and not before the first joining", async () => {
    const w = new World();
    const { alignment } = w.page("ann").session;
    assert.deepEqual([alignment.now(), alignment.at(1)], [undefined, NaN]);
    await w.pass(10_000);
    const now = alignment.now() ?? 0;
    assert.ok(Math.abs(now / 1000 - ROOM_START - w.clock.now()) < 2);
    assert.ok(Math.abs(now - alignment.at(w.clock.now() - 10) - 10_000) < 600);
  });
});
