// A session whose boards wait for the video (docs/protocol.md, ALN and STG), in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeOps } from "../src/ot/codec.ts";
import { ElementKind, type Op } from "../src/ot/types.ts";
import { Code } from "../src/protocol/codes.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { leadChanged, pageTurned } from "../src/sync/stagestate.ts";
import { Browser, ROOM_START, World, type Page } from "./sync-fake.ts";
import { BOARD, PEN } from "./sync-people.ts";


/** A viewer, and a world in which somebody with replica 77 draws lines. */
class Class {
  readonly w = new World();
  readonly viewer: Page;
  board!: BoardDocument;
  private n = 0;

  constructor() {
    this.viewer = this.w.page("ann");
  }

  static async begin(): Promise<Class> {
    const c = new Class();
    await c.w.pass(200);
    c.board = c.viewer.session.look("p1");
    await c.w.pass(100);
    assert.equal(c.board.ready.value, true);
    return c;
  }

  /** Room time now, ms. */
  get now(): number {
    return this.w.server.roomTime();
  }

  /** Somebody draws a line; captured ms ago. */
  line(ago = 0, document = BOARD): void {
    const id = { replica: 77, counter: ++this.n };
    const op: Op = { kind: "create", id, element: ElementKind.Line, settings: [...PEN] };
    this.w.server.append(document, 77, this.n, this.now - ago, encodeOps([op]));
  }

  stage(payload: Uint8Array): void {
    this.w.server.append("stage", 77, ++this.n, this.now, payload);
  }

  /** The shown time, ms of room time. */
  show(ms: number): void {
    this.viewer.session.alignment.show(ms * 1000);
  }

  /** Lets time pass, and the shown time with it, so many ms behind. */
  async play(ms: number, behind: number): Promise<void> {
    for (let left = ms; left > 0; left -= 40) {
      await this.w.pass(Math.min(40, left));
      this.show(this.now - behind);
    }
  }

  /** Elements that the viewer sees. */
  get seen(): number {
    return [...this.board.elements()].length;
  }

  get asked(): number {
    return this.w.server.asked.filter((a) => a.document === BOARD).length;
  }

  heard(kind: string): number {
    return this.w.server.heard.filter((k) => k === kind).length;
  }

  /** With everything shown, the viewer has what the server has. */
  async atRest(): Promise<void> {
    this.viewer.session.alignment.show("now");
    await this.w.pass(500);
    assert.equal(this.board.hash(), this.w.server.hash(BOARD));
    assert.equal(this.viewer.session.alignment.held.value, 0);
    assert.equal(this.viewer.kind, "synced");
  }
}

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
    const stroke = c.board.startStroke(PEN, c.w.clock.now());
    stroke.add(1, 2, 3, c.w.clock.now());
    assert.equal(c.board.get(stroke.key)?.count, 1);
    stroke.end();
    await c.atRest();
  });

  test("ALN4, SYN2: batches are acknowledged when they come, and stay in view until they are reached", async () => {
    const c = await Class.begin();
    await c.play(200, 5000);
    const stroke = c.board.startStroke(PEN, c.w.clock.now());
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

describe("losing the connection while records wait", () => {
  test("what waits is shown in its time without a connection, and nothing is early, lost or doubled after it", async () => {
    const c = await Class.begin();
    await c.play(40, 6000);
    for (let i = 0; i < 40; i++) {
      c.line();
      await c.play(200, 6000);
    }
    const before = c.seen;
    c.w.server.kill();
    await c.play(3000, 6000);
    assert.ok(c.seen >= before + 14, `${c.seen - before} lines in 3 s`);
    for (let i = 0; i < 5; i++) c.line();
    c.w.server.up = true;
    for (let i = 0; i < 100; i++) {
      await c.play(40, 6000);
      assert.ok(c.seen <= c.w.server.doc(BOARD).revisionAt(c.now - 6000));
    }
    await c.play(6000, 6000);
    assert.equal(c.seen, 45);
    assert.equal(c.asked, 0);
    await c.atRest();
  });

  test("a connection lost while the answer to a seek is awaited asks again as of T", async () => {
    const c = await Class.begin();
    c.line();
    await c.w.pass(500);
    const then = c.now;
    await c.w.pass(500);
    c.line();
    await c.w.pass(500);
    c.show(then);
    c.w.server.kill();
    c.w.server.up = true;
    await c.w.pass(3000);
    assert.equal(c.seen, 1);
    await c.atRest();
  });

  test("SES10: after the replica was taken over, work is found durable by a snapshot of now, whatever T is", async () => {
    const c = await Class.begin();
    c.board.create(ElementKind.Line, PEN);
    c.board.create(ElementKind.Ellipse, PEN);
    await c.w.pass(500);
    c.w.server.lose = (message) => message === "records";
    c.board.create(ElementKind.Rectangle, PEN); // durable, and it does not know
    await c.w.pass(500);
    c.w.server.lose = undefined;
    c.show(c.now - 10_000);
    const [peer] = c.w.server.peers;
    peer?.control({ case: "error", value: { code: Code.TakenOver } });
    await c.w.pass(20_000);
    await c.atRest();
    assert.equal(c.seen, 3);
  });
});

describe("texts while records wait", () => {
  test("SYN7: one edit of a text is on its way until its record is shown; no letter is lost", async () => {
    const c = await Class.begin();
    const k = c.board.create(ElementKind.Text, [...PEN]);
    await c.play(1200, 0);
    for (const letter of "abcdef") {
      const at = c.board.get(k)?.text.length ?? 0;
      c.board.editText(k, [...(at > 0 ? [{ kind: "keep" as const, n: at }] : []), { kind: "insert", text: letter }]);
      await c.play(200, 800);
    }
    assert.equal(c.board.get(k)?.text, "abcdef");
    await c.play(4000, 800);
    assert.equal(c.board.get(k)?.text, "abcdef");
    assert.equal(c.viewer.session.connection.value.unsent, 0);
    await c.atRest();
    assert.equal(c.w.server.doc(BOARD).board?.get(k)?.text, "abcdef");
  });

  test("ALN5: what is typed on a text survives a seek to before the text was there", async () => {
    const c = await Class.begin();
    await c.w.pass(1000);
    const before = c.now;
    await c.w.pass(1000);
    const k = c.board.create(ElementKind.Text, [...PEN]);
    await c.w.pass(500);
    c.w.server.durable = false;
    c.board.editText(k, [{ kind: "insert", text: "one" }]);
    await c.w.pass(100);
    c.board.editText(k, [{ kind: "keep", n: 3 }, { kind: "insert", text: " two" }]);
    c.show(before);
    await c.w.pass(200);
    assert.equal(c.board.get(k), undefined);
    c.w.server.durable = true;
    c.w.server.kill();
    c.w.server.up = true;
    await c.w.pass(3000);
    await c.atRest();
    await c.w.pass(500);
    assert.equal(c.board.get(k)?.text, "one two");
    await c.atRest();
    assert.equal(c.w.server.doc(BOARD).board?.get(k)?.text, "one two");
  });
});

describe("a reload while records wait", () => {
  for (const behind of [0, 3000]) {
    test(`SYN7: what is typed on a text that is durable and not reached is there after it, ${behind} ms behind`, async () => {
      const c = await Class.begin();
      await c.play(400, 3000);
      const k = c.board.create(ElementKind.Text, [...PEN]);
      await c.play(120, 3000);
      c.board.editText(k, [{ kind: "insert", text: "one" }]);
      await c.play(200, 3000);
      c.board.editText(k, [{ kind: "keep", n: 3 }, { kind: "insert", text: " two" }]);
      c.board.editText(k, [{ kind: "keep", n: 1 }, { kind: "delete", n: 2 }]);
      assert.equal(c.board.get(k)?.text, "o two");
      await c.play(400, 3000);
      c.viewer.kill();
      const page = c.w.page("ann");
      const frame = (): void => page.session.alignment.show(behind === 0 ? "now" : (c.now - behind) * 1000);
      frame();
      await c.w.pass(300);
      const board = page.session.look("p1");
      for (let i = 0; i < 300; i++) {
        await c.w.pass(40);
        frame();
      }
      page.session.alignment.show("now");
      await c.w.pass(500);
      assert.equal(board.get(k)?.text, "o two");
      assert.equal(c.w.server.doc(BOARD).board?.get(k)?.text, "o two");
      assert.equal(board.hash(), c.w.server.hash(BOARD));
    });
  }
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
