// Texts that several people type in at once, and what of them waits while a page is offline or loads anew (SYN7).
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { difference } from "../src/ot/textdiff.ts";
import { ElementKind, type Edit, type Key } from "../src/ot/types.ts";
import { CursorKind as WireKind } from "../src/protocol/gen/chalkline/v1/chalkline_pb.ts";
import { BOARD, atRest, enter, enterAlone, insert, place, submitted, textOf, texts, type Seat } from "./sync-people.ts";
import { Browser, World } from "./sync-world.ts";

describe("SYN7 texts", () => {
  async function two(): Promise<{ w: World; ann: Seat; bob: Seat; k: Key }> {
    const w = new World();
    const [ann, bob] = [await enterAlone(w, "ann"), await enterAlone(w, "bob")];
    const k = ann.board.create(ElementKind.Text, [place(0)]);
    ann.board.editText(k, insert(0, "word"));
    await w.pass(200);
    assert.equal(textOf(bob.board, k), "word");
    return { w, ann, bob, k };
  }

  test("of a text one edit is on its way, what is typed meanwhile goes as the next", async () => {
    const { w, ann, bob, k } = await two();
    w.server.delayUp = w.server.delayDown = 150;
    const before = submitted(w).length;
    for (let i = 0; i < 20; i++) {
      ann.board.editText(k, insert(4 + i, String.fromCharCode(97 + i)));
      await w.pass(30);
    }
    assert.equal(textOf(ann.board, k), "wordabcdefghijklmnopqrst");
    await w.pass(1500);
    const sent = submitted(w).slice(before).flat();
    assert.ok(sent.length >= 2 && sent.length <= 4, `${sent.length} edits`);
    assert.equal(textOf(bob.board, k), "wordabcdefghijklmnopqrst");
    atRest(w, ann.board, bob.board);
  });

  test("two people type in one word, one of them offline for 10 s: no letter lost or doubled", async () => {
    const { w, ann, bob, k } = await two();
    w.server.routes.webtransport = w.server.routes.websocket = "refuses";
    for (const peer of [...w.server.peers]) if (peer.replica === 1) peer.close(0);
    for (let i = 0; i < 20; i++) {
      ann.board.editText(k, insert(2 + i, String.fromCharCode(65 + i)));
      bob.board.editText(k, insert(2 + i, String.fromCharCode(97 + i)));
      await w.pass(500);
    }
    w.server.routes.webtransport = "works";
    await w.pass(20_000);
    atRest(w, ann.board, bob.board);
    assert.equal(textOf(ann.board, k), textOf(bob.board, k));
    assert.deepEqual([...textOf(ann.board, k)].sort(), [..."wordABCDEFGHIJKLMNOPQRSTabcdefghijklmnopqrst"].sort());
    assert.ok(textOf(ann.board, k).includes("ABCDEFGHIJKLMNOPQRST"));
  });

  test("what waits survives a reload while offline, others having typed meanwhile", async () => {
    const w = new World();
    const browser = new Browser(w.clock);
    const ann = await enter(w, "ann", browser);
    const bob = await enterAlone(w, "bob");
    const k = bob.board.create(ElementKind.Text, [place(0)]);
    bob.board.editText(k, insert(0, "0123456789"));
    await w.pass(200);
    w.server.routes.webtransport = w.server.routes.websocket = "refuses";
    for (const peer of [...w.server.peers]) if (peer.replica === 1) peer.close(0);
    ann.board.editText(k, insert(5, "first"));
    await w.pass(100);
    ann.board.editText(k, [{ kind: "keep", n: 9 }, { kind: "insert", text: " second" }, { kind: "delete", n: 1 }]);
    assert.equal(textOf(ann.board, k), "01234firs second56789");
    await w.pass(100);
    assert.equal(ann.page.session.connection.value.unsent, 2);
    bob.board.editText(k, [{ kind: "insert", text: "bob " }, { kind: "delete", n: 3 }]);
    await w.pass(100);
    ann.page.kill();
    w.server.routes.webtransport = "works";
    const again = await enter(w, "ann", browser);
    assert.equal(textOf(again.board, k), "bob 34firs second56789");
    await w.pass(2000);
    assert.equal(again.page.session.connection.value.unsent, 0);
    assert.equal(textOf(bob.board, k), "bob 34firs second56789");
    atRest(w, again.board, bob.board);
  });

  test("ID4: what waits survives a reload that another replica comes with", async () => {
    const w = new World();
    const browser = new Browser(w.clock);
    const ann = await enter(w, "ann", browser);
    const k = ann.board.create(ElementKind.Text, [place(0)]);
    await w.pass(200);
    const putBack = w.server.backup();
    w.server.kill();
    ann.board.editText(k, insert(0, "one"));
    await w.pass(100);
    ann.board.editText(k, insert(3, " two"));
    await w.pass(100);
    ann.page.kill();
    putBack();
    w.server.epoch++;
    w.server.up = true;
    const again = await enter(w, "ann", browser);
    await w.pass(5000);
    assert.equal(again.page.session.connection.value.unsent, 0);
    assert.equal(textOf(again.board, k), "one two");
    atRest(w, again.board);
  });

  test("what waited when the storage was full and was sent since is not sent again after a reload", async () => {
    const w = new World();
    const browser = new Browser(w.clock);
    const ann = await enter(w, "ann", browser);
    const k = ann.board.create(ElementKind.Text, [place(0)]);
    await w.pass(200);
    w.server.delayDown = 200;
    ann.board.editText(k, insert(0, "one"));
    await w.pass(100);
    ann.board.editText(k, insert(3, " two"));
    await w.pass(100);
    browser.full = true;
    assert.equal(ann.page.session.kept.value, true);
    await w.pass(2000);
    assert.equal(ann.page.session.connection.value.unsent, 0);
    assert.equal(ann.page.session.kept.value, false);
    ann.page.kill();
    browser.full = false;
    w.server.delayDown = 5;
    const again = await enter(w, "ann", browser);
    await w.pass(5000);
    assert.equal(again.page.session.connection.value.unsent, 0);
    assert.equal(textOf(again.board, k), "one two");
    atRest(w, again.board);
  });

  test("what waits is delivered by another page of the browser, once its own is gone", async () => {
    const w = new World();
    const browser = new Browser(w.clock);
    const { page, board } = await enter(w, "ann", browser);
    const k = board.create(ElementKind.Text, [place(0)]);
    await w.pass(200);
    w.server.delayDown = 1000;
    board.editText(k, insert(0, "one"));
    await w.pass(100);
    board.editText(k, insert(3, " two"));
    await w.pass(100);
    page.kill();
    w.server.delayDown = 5;
    const other = await enter(w, "ann", browser); // takes the slot
    other.page.session.look("p1");
    await w.pass(1000);
    assert.deepEqual(texts(other.board), ["one two"]);
    atRest(w, other.board);
  });

  for (const order of ["before", "after"] as const) {
    test(`3013, told ${order} the batch without it: a text with too old a base becomes a new one beside the old, a line below`, async () => {
      const { w, ann, bob, k } = await two();
      w.server.refusalsOvertaken = order === "after";
      w.server.delayUp = 200;
      ann.board.editText(k, insert(4, "s of ann"));
      await w.pass(50);
      ann.board.editText(k, insert(12, " and more"));
      await w.pass(50);
      w.server.keepsFrom = 1000;
      await w.pass(180);
      w.server.keepsFrom = 0;
      await w.pass(1500);
      assert.equal(textOf(ann.board, k), "word");
      assert.deepEqual(texts(bob.board).sort(), ["word", "words of ann and more"]);
      const beside = [...ann.board.elements()].find((e) => e.text !== "word");
      assert.equal(beside?.place?.y, 336);
      assert.equal(ann.page.session.connection.value.unsent, 0);
      atRest(w, ann.board, bob.board);
    });
  }

  test("3013: after a reload, a refusal does not come before the board that the text is put beside on", async () => {
    const w = new World();
    const browser = new Browser(w.clock);
    const [ann, bob] = [await enter(w, "ann", browser), await enterAlone(w, "bob")];
    const k = bob.board.create(ElementKind.Text, [place(0)]);
    bob.board.editText(k, insert(0, "word"));
    await w.pass(200);
    w.server.routes.webtransport = w.server.routes.websocket = "refuses";
    for (const peer of [...w.server.peers]) if (peer.replica === 1) peer.close(0);
    ann.board.editText(k, insert(4, "s of ann"));
    await w.pass(100);
    ann.board.editText(k, insert(12, " and more"));
    await w.pass(100);
    ann.page.kill();
    w.server.routes.webtransport = "works";
    w.server.boardsLate = 1000;
    w.server.keepsFrom = 1000;
    const page = w.page("ann", browser);
    const board = page.session.look("p1");
    const before = w.server.submitted.length;
    await w.pass(200);
    board.create(ElementKind.Line, [place(500)]); // the person goes on while the board loads
    while (w.server.submitted.length === before) await w.pass(5);
    w.server.keepsFrom = 0;
    await w.pass(5000);
    assert.deepEqual(texts(bob.board).sort(), ["word", "words of ann and more"]);
    assert.equal(page.session.connection.value.unsent, 0);
    atRest(w, board, bob.board);
  });

  test("3013: a text whose refusal was lost with the connection is put beside the old one all the same", async () => {
    const { w, ann, bob, k } = await two();
    w.server.delayUp = 200;
    ann.board.editText(k, insert(4, "s of ann"));
    await w.pass(50);
    ann.board.editText(k, insert(12, " and more"));
    await w.pass(50);
    [w.server.keepsFrom, w.server.refusalsLost] = [1000, true];
    await w.pass(180);
    for (const peer of [...w.server.peers]) if (peer.replica === 1) peer.close(0);
    [w.server.keepsFrom, w.server.refusalsLost] = [0, false];
    await w.pass(60_000);
    assert.equal(texts(bob.board).length, 2, texts(bob.board).join(" | "));
    assert.ok(texts(bob.board).includes("words of ann"), texts(bob.board).join(" | "));
    assert.ok(textOf(bob.board, k).includes(" and more"));
    assert.equal(ann.page.session.connection.value.unsent, 0);
    atRest(w, ann.board, bob.board);
  });

  test("3013: what is typed between the batch that came back short and the word of its refusal is not lost", async () => {
    const { w, ann, bob, k } = await two();
    w.server.refusalsOvertaken = true;
    w.server.delayUp = 200;
    ann.board.editText(k, insert(4, "s of ann"));
    await w.pass(100);
    w.server.keepsFrom = 1000;
    const short = ann.board.subscribe(() => {
      if (textOf(ann.board, k) !== "word") return;
      short(); // the record is here, the refusal is not
      ann.board.editText(k, [{ kind: "keep", n: 4 }, { kind: "insert", text: "!" }]);
    });
    await w.pass(180);
    w.server.keepsFrom = 0;
    await w.pass(1500);
    const all = texts(bob.board).sort();
    assert.ok(all.some((t) => t.includes("!") && t.includes("s of ann")), all.join(" | "));
    atRest(w, ann.board, bob.board);
  });

  test("undo takes back one's own typing through that of others; who watches is told of what others and undo do", async () => {
    const { w, ann, bob, k } = await two();
    let seen = textOf(ann.board, k);
    const told: Edit[] = [];
    ann.board.watchText(k, (edit) => told.push(edit));
    await w.pass(2000);
    ann.board.editText(k, insert(4, " mine"));
    seen = textOf(ann.board, k);
    assert.equal(told.length, 0);
    await w.pass(100);
    bob.board.editText(k, insert(2, "XY"));
    await w.pass(100);
    assert.equal(told.length, 1);
    assert.deepEqual(told[0], difference(seen, textOf(ann.board, k)));
    ann.board.history.undo();
    assert.equal(told.length, 2);
    await w.pass(100);
    assert.equal(textOf(bob.board, k), "woXYrd");
    ann.board.history.undo();
    await w.pass(100);
    assert.equal(textOf(bob.board, k), "XY");
    ann.board.history.redo();
    ann.board.history.redo();
    await w.pass(100);
    assert.equal(textOf(bob.board, k), "woXYrd mine");
    bob.board.history.undo();
    await w.pass(100);
    assert.equal(textOf(ann.board, k), "word mine");
    atRest(w, ann.board, bob.board);
  });

  test("OT9: an edit that makes a text too long is taken back at once", async () => {
    const { ann, k } = await two();
    const told: Edit[] = [];
    ann.board.watchText(k, (edit) => told.push(edit));
    ann.board.editText(k, insert(4, "x".repeat(16_384)));
    assert.equal(textOf(ann.board, k), "word");
    assert.deepEqual(told, [[{ kind: "keep", n: 4 }, { kind: "delete", n: 16_384 }]]);
  });

  test("PRE3: a caret is shown where it stands in the view, whatever is typed on either side", async () => {
    const { w, ann, bob, k } = await two();
    bob.board.selectText({ key: k, anchor: 1, head: 3, x: 10, y: 20 });
    await w.pass(150);
    assert.deepEqual(w.server.cursors.at(-1)?.text && [w.server.cursors.at(-1)?.text?.anchor, w.server.cursors.at(-1)?.text?.head], [1, 3]);
    const relay = (): void => {
      const sent = w.server.cursors.at(-1);
      const to = [...w.server.peers].find((p) => p.replica === 1);
      const handle = [...(to?.views ?? [])].find(([, v]) => v.document === BOARD)?.[0] ?? 0;
      if (sent !== undefined) to?.cursors({ handle, cursors: [{ $typeName: "chalkline.v1.ReplicaCursor", replica: 2, x: sent.x, y: sent.y, kind: WireKind.TEXT, trail: [], text: sent.text as NonNullable<typeof sent.text> }] });
    };
    ann.board.editText(k, insert(0, "AA"));
    relay();
    await w.pass(8);
    assert.deepEqual(ann.board.cursors.value[0]?.text, { key: k, anchor: 3, head: 5 });
    ann.board.editText(k, insert(4, "B"));
    assert.deepEqual(ann.board.cursors.value[0]?.text, { key: k, anchor: 3, head: 6 });
    await w.pass(100);
    bob.board.editText(k, insert(6, "ccc"));
    await w.pass(100);
    assert.deepEqual(ann.board.cursors.value[0]?.text, { key: k, anchor: 3, head: 9 }, "the caret goes behind what its own person types");
    relay(); // an old datagram: its revision tells
    await w.pass(20);
    assert.deepEqual(ann.board.cursors.value[0]?.text, { key: k, anchor: 3, head: 9 });
    bob.board.selectText(undefined);
    await w.pass(150);
    assert.equal(w.server.cursors.at(-1)?.kind, WireKind.GONE);
  });

  test("PRE3: a caret stays while the pointer moves about, on the board and off it", async () => {
    const { w, bob, k } = await two();
    bob.board.selectText({ key: k, anchor: 1, head: 1, x: 10, y: 20 });
    await w.pass(150);
    for (const kind of ["pointer", "gone", "pointer", "gone"] as const) {
      bob.board.pointAt(50, 50, kind);
      await w.pass(150);
    }
    assert.deepEqual(w.server.cursors.map(({ kind }) => kind), [WireKind.TEXT]);
    bob.board.selectText(undefined);
    bob.board.pointAt(50, 50, "pointer");
    await w.pass(150);
    assert.equal(w.server.cursors.at(-1)?.kind, WireKind.POINTER);
    bob.board.pointAt(0, 0, "gone");
    await w.pass(150);
    assert.equal(w.server.cursors.at(-1)?.kind, WireKind.GONE);
  });
});
