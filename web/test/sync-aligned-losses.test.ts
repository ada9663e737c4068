// Connections that are lost, and pages that are reloaded, while records wait (docs/protocol.md, ALN and SYN7).
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ElementKind, type Edit } from "../src/ot/types.ts";
import { Code } from "../src/protocol/codes.ts";
import { BOARD, PEN } from "./sync-people.ts";
import { Class } from "./sync-class.ts";

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

  test("SYN7: what a reload left of a text is not mixed with what is typed there before it can be shown", async () => {
    const c = await Class.begin();
    const k = c.board.create(ElementKind.Text, [...PEN]);
    c.board.editText(k, [{ kind: "insert", text: "board" }]);
    await c.play(5000, 3000);
    c.board.editText(k, [{ kind: "keep", n: 5 }, { kind: "insert", text: "one" }]);
    await c.play(200, 3000);
    c.board.editText(k, [{ kind: "keep", n: 8 }, { kind: "insert", text: " two" }]);
    await c.play(400, 3000);
    c.viewer.kill();
    const { session } = c.w.page("ann");
    const board = session.look("p1");
    const play = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 40) {
        session.alignment.show((c.now - 3000) * 1000);
        await c.w.pass(40);
      }
    };
    await play(400);
    assert.equal(board.get(k)?.text, "board", "the record of the first is held, the second leans on it");
    const told: Edit[] = [];
    board.watchText(k, (edit) => told.push(edit));
    board.editText(k, [{ kind: "delete", n: 3 }]);
    assert.deepEqual([board.get(k)?.text, told], ["board", [[{ kind: "insert", text: "boa" }]]]);
    await play(6000);
    board.editText(k, [{ kind: "insert", text: "a " }]);
    await play(6000);
    assert.equal(board.get(k)?.text, "a boardone two");
    assert.equal(c.w.server.doc(BOARD).board?.get(k)?.text, "a boardone two");
  });
});
