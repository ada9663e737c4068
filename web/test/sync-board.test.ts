// Boards through the fake server: what tools write, other replicas, the server's own ops, traces and images.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Board } from "../src/ot/board.ts";
import { decodeOps } from "../src/ot/codec.ts";
import { ElementKind, key, Register, type Op } from "../src/ot/types.ts";
import { groupValue } from "../src/ot/value.ts";
import { Code, CodeError } from "../src/protocol/codes.ts";
import { Encoder, Strokes } from "../src/protocol/ink.ts";
import { decodeInk } from "../src/sync/boardstate.ts";
import { rekey } from "../src/sync/rekey.ts";
import { BOARD, atRest, color, enter, enterAlone, insert, place, submitted, texts } from "./sync-people.ts";
import { Browser, World } from "./sync-world.ts";

describe("tools' writing", () => {
  test("a drag at 120 Hz leaves as at most 30 batches a second, seen at once, undone as one step", async () => {
    const w = new World();
    const { board } = await enterAlone(w, "ann");
    const k = board.create(ElementKind.Rectangle, [place(0)]);
    await w.pass(100);
    const before = submitted(w).length;
    const end = board.history.begin();
    for (let i = 1; i <= 120; i++) {
      board.set([[k, [place(i)]], [k, [color(i)]]]);
      assert.equal(board.get(k)?.place?.x, i);
      await w.pass(1000 / 120);
    }
    end();
    await w.pass(100);
    const batches = submitted(w).slice(before);
    assert.ok(batches.length <= 32, `${batches.length} batches`);
    for (const ops of batches) assert.equal(ops.length, 1);
    atRest(w, board);
    board.history.undo();
    assert.equal(board.get(k)?.place?.x, 0);
    await w.pass(100);
    assert.equal(board.get(k)?.color, 0);
    atRest(w, board);
    board.history.redo();
    assert.equal(board.get(k)?.place?.x, 120);
  });

  test("a pasted stroke is there at once and whole; undo takes it, redo brings it back, for all", async () => {
    const w = new World();
    const [ann, bob] = [await enterAlone(w, "ann"), await enterAlone(w, "bob")];
    const points = Array.from({ length: 700 }, (_, i) => ({ x: 100 + i, y: 300, p: 100, t: 8 * i }));
    const k = ann.board.createInk([color(3)], points);
    assert.equal(ann.board.get(k)?.count, 700);
    await w.pass(200);
    assert.equal(bob.board.get(k)?.count, 700);
    assert.equal(bob.board.get(k)?.open, false);
    ann.board.history.undo();
    await w.pass(200);
    assert.equal([...bob.board.elements()].length, 0);
    ann.board.history.redo();
    await w.pass(200);
    assert.deepEqual([...bob.board.elements()].map((e) => e.key), [k]);
    atRest(w, ann.board, bob.board);
  });

  test("OT11: a gesture of the eraser has a number of its own, over a reload too; its spans are gathered", async () => {
    const w = new World();
    const browser = new Browser(w.clock);
    let { page, board } = await enter(w, "ann", browser);
    const k = board.createInk([], Array.from({ length: 100 }, (_, i) => ({ x: 10 * i, y: 0, p: 9, t: i })));
    await w.pass(100);
    const wipe = async (from: number): Promise<void> => {
      const eraser = board.startErasing();
      for (let i = 0; i < 8; i++) {
        eraser.erase(k, [{ from: from + 100 * i, to: from + 100 * i + 120 }]);
        await w.pass(8);
      }
      eraser.end();
      await w.pass(100);
    };
    await wipe(0);
    await wipe(5000);
    assert.deepEqual(board.get(k)?.visible()?.map((s) => [s.from, s.to]), [[820, 5000], [5820, 25600]]);
    page.kill();
    ({ page, board } = await enter(w, "ann", browser));
    await wipe(9000);
    const erasers = submitted(w).flat().flatMap((op) => (op.kind === "eraseSpans" ? [op.eraser] : []));
    assert.deepEqual([...new Set(erasers)], [1, 2, 3]);
    assert.ok(erasers.length < 14, `${erasers.length} ops`);
    const before = submitted(w).length;
    const again = board.startErasing();
    again.erase(k, [{ from: 0, to: 500 }]);
    again.end();
    await w.pass(100);
    assert.equal(submitted(w).length, before);
    board.history.undo();
    await w.pass(100);
    assert.equal(board.get(k)?.visible()?.length, 2);
    atRest(w, board);
  });

  test("OT15: the visible pieces of an erased stroke become strokes in one batch, drawn where the old one was", async () => {
    const w = new World();
    const { board } = await enterAlone(w, "ann");
    const k = board.createInk([color(9)], Array.from({ length: 50 }, (_, i) => ({ x: 10 * i, y: 0, p: 9, t: i })));
    await w.pass(100);
    const above = board.create(ElementKind.Rectangle, [place(0)]);
    await w.pass(100);
    const eraser = board.startErasing();
    eraser.erase(k, [{ from: 2560, to: 5120 }]);
    eraser.end();
    await w.pass(100);
    const before = submitted(w).length;
    const pieces = board.split(k);
    assert.equal(pieces.length, 2);
    assert.deepEqual([...board.elements()].map((e) => e.key), [...pieces, above]);
    await w.pass(100);
    assert.equal(submitted(w).length, before + 1);
    assert.deepEqual(pieces.map((p) => [board.get(p)?.count, board.get(p)?.color]), [[11, 9], [30, 9]]);
    board.history.undo();
    await w.pass(100);
    assert.deepEqual([...board.elements()].map((e) => e.key), [k, above]);
    atRest(w, board);
  });

  test("OT15: of two who split one stroke at once the pieces of both stand, and the earlier takes back its own", async () => {
    const w = new World();
    const [ann, bob] = [await enterAlone(w, "ann"), await enterAlone(w, "bob")];
    const k = ann.board.createInk([color(1)], Array.from({ length: 30 }, (_, i) => ({ x: 100 * i, y: 500, p: 100, t: 8 * i })));
    const eraser = ann.board.startErasing();
    eraser.erase(k, [{ from: 2560, to: 3840 }]);
    eraser.end();
    await w.pass(100);
    const anns = ann.board.split(k);
    await w.pass(10); // hers are first in the log, and not with him yet
    const bobs = bob.board.split(k);
    assert.deepEqual([anns.length, bobs.length], [2, 2]);
    await w.pass(300);
    for (const { board } of [ann, bob]) assert.deepEqual(new Set([...board.elements()].map((e) => e.key)), new Set([...anns, ...bobs]));
    ann.board.history.undo();
    await w.pass(300);
    assert.deepEqual([...bob.board.elements()].map((e) => e.key), bobs);
    atRest(w, ann.board, bob.board);
  });

  for (const kind of ["create", "extend"] as const) {
    test(`the pieces of a stroke that a full board has no room for (${kind}) do not cost the stroke`, async () => {
      const w = new World();
      const [ann, bob] = [await enterAlone(w, "ann"), await enterAlone(w, "bob")];
      const k = ann.board.createInk([color(1)], Array.from({ length: 30 }, (_, i) => ({ x: 100 * i, y: 500, p: 100, t: 8 * i })));
      const eraser = ann.board.startErasing();
      eraser.erase(k, [{ from: 2560, to: 3840 }]);
      eraser.end();
      await w.pass(100);
      w.server.judge = (ops) => {
        const creates = ops.flatMap((op, i) => (op.kind === kind ? [i] : []));
        return creates.length > 1 ? creates.slice(1) : undefined;
      };
      assert.equal(ann.board.split(k).length, 2);
      await w.pass(300);
      for (const { board } of [ann, bob]) assert.deepEqual([...board.elements()].map((e) => e.key), [k]);
      assert.deepEqual(ann.page.session.refused.value.map((r) => r.code), [Code.BoardFull]);
      atRest(w, ann.board, bob.board);
    });
  }

  test("OT7, OT15: a cleared page comes back by undo, with what others made and nobody touched since", async () => {
    const w = new World();
    const [ann, bob] = [await enterAlone(w, "ann"), await enterAlone(w, "bob")];
    for (const { board } of [ann, bob]) for (let i = 0; i < 300; i++) board.create(ElementKind.Rectangle, [place(i)]);
    await w.pass(300);
    ann.board.clear();
    assert.equal([...ann.board.elements()].length, 0);
    await w.pass(200);
    ann.board.history.undo();
    await w.pass(500);
    assert.equal([...bob.board.elements()].length, 600);
    atRest(w, ann.board, bob.board);
  });
});

describe("ID4 under another replica", () => {
  test("texts, erasures, undo and groups go over to the new names; what can be undone is forgotten", async () => {
    const w = new World();
    const [ann, bob] = [await enterAlone(w, "ann"), await enterAlone(w, "bob")];
    w.server.durable = false;
    const k = ann.board.create(ElementKind.Text, [place(0)]);
    ann.board.editText(k, insert(0, "kept"));
    await w.pass(100);
    ann.board.editText(k, insert(4, " and waiting"));
    await w.pass(100);
    w.server.durable = true;
    for (const peer of [...w.server.peers]) if (peer.replica === 1) peer.control({ case: "error", value: { code: Code.TakenOver } });
    await w.pass(5000);
    assert.deepEqual(texts(bob.board), ["kept and waiting"]);
    assert.equal(ann.board.history.canUndo.value, false);
    atRest(w, ann.board, bob.board);
  });

  test("every kind of op is brought over", () => {
    const id = { replica: 1, counter: 7 };
    const other = { replica: 9, counter: 9 };
    const group = { register: Register.Group, value: groupValue(id) };
    const ops: Op[] = [
      { kind: "create", id, element: ElementKind.Rectangle, settings: [group] },
      { kind: "textEdit", id, base: 90n, edit: insert(0, "x") },
      { kind: "eraseSpans", id: other, eraser: 4, spans: [{ from: 0, to: 9 }] },
      { kind: "undo", items: [{ kind: "made", id }, { kind: "value", id: other, register: Register.Group, expected: groupValue(undefined), value: groupValue(id) }] },
      { kind: "clear", base: 3n },
    ];
    const batch = { n: 5, payload: new Uint8Array(), capturedAt: 1, authority: 1 };
    const to = rekey({ batches: [{ batch, ops }], board: true, from: 1, acked: 0, to: 2, drawing: new Set() });
    const renamed = { replica: 2, counter: 1 };
    assert.deepEqual(decodeOps(to.batches[0]?.payload ?? new Uint8Array()), [
      { kind: "create", id: renamed, element: ElementKind.Rectangle, settings: [{ register: Register.Group, value: groupValue(renamed) }] },
      { kind: "textEdit", id: renamed, base: 90n, edit: insert(0, "x") },
      { kind: "eraseSpans", id: other, eraser: 4, spans: [{ from: 0, to: 9 }] },
      { kind: "undo", items: [{ kind: "made", id: renamed }, { kind: "value", id: other, register: Register.Group, expected: groupValue(undefined), value: groupValue(renamed) }] },
      { kind: "clear", base: 3n },
    ]);
  });
});

describe("the server's own ops", () => {
  test("OT16, OT8: what replica 0 purges and ends is gone or closed for all, and so are its decoders", async () => {
    const w = new World();
    const [ann, bob] = [await enterAlone(w, "ann"), await enterAlone(w, "bob")];
    const k = ann.board.create(ElementKind.Text, []);
    ann.board.editText(k, insert(0, "away"));
    await w.pass(200);
    bob.board.delete([k]);
    await w.pass(200);
    ann.board.editText(k, insert(0, "still "));
    w.server.purge(BOARD);
    await w.pass(300);
    for (const { board } of [ann, bob]) assert.equal(board.get(k), undefined);
    assert.equal(ann.page.session.connection.value.unsent, 0);
    ann.board.history.undo();
    await w.pass(300);
    atRest(w, ann.board, bob.board);
  });

  test("OT16: the decoder of an open stroke goes with its element", () => {
    const board = new Board();
    const strokes = new Strokes(100);
    let revision = 0;
    const apply = (author: number, ops: Op[]): void => {
      decodeInk(ops, author, board, strokes);
      board.apply(++revision, author, ops);
    };
    const open = (counter: number): Op => ({ kind: "create", id: { replica: 1, counter }, element: ElementKind.Ink, settings: [] });
    const draw = (counter: number): Op => ({ kind: "extend", id: { replica: 1, counter }, first: 0, ended: false, frame: new Encoder().frame([{ x: 1, y: 2, p: 3, t: 0 }]), points: [] });
    for (const counter of [1, 2, 3]) apply(1, [open(counter), draw(counter)]);
    assert.equal(strokes.size, 3);
    assert.equal(board.openStrokes(1).length, 3);
    apply(0, [{ kind: "end", id: { replica: 1, counter: 3 } }]);
    assert.equal(board.get(key({ replica: 1, counter: 3 }))?.open, false);
    apply(2, [{ kind: "set", id: { replica: 1, counter: 1 }, settings: [{ register: Register.Deleted, value: Uint8Array.of(1) }] }]);
    apply(0, [{ kind: "purge", ranges: [{ replica: 1, first: 1, count: 2 }] }]);
    assert.equal(board.get(key({ replica: 1, counter: 1 })), undefined);
    assert.equal(board.get(key({ replica: 1, counter: 2 }))?.open, true);
    assert.equal(strokes.size, 1);
  });
});

describe("SYN8 traces", () => {
  test("the laser's path leaves in pieces of at most 500 ms and 128 points, when it is on", async () => {
    const w = new World();
    const { board } = await enterAlone(w, "ann");
    for (let i = 0; i < 150; i++) {
      board.pointAt(10 * i, 20, "laser");
      await w.pass(8);
    }
    board.pointAt(0, 0, "gone");
    await w.pass(100);
    const counts = w.server.traces.map((t) => {
      const op: Op = { kind: "extend", id: { replica: 1, counter: 1 }, first: 0, ended: true, frame: t.ink, points: [] };
      new Strokes(1).decode(op);
      assert.ok((op.points.at(-1)?.t ?? 0) <= 500);
      return op.points.length;
    });
    assert.equal(counts.reduce((a, b) => a + b), 150);
    assert.equal(counts.length, 3);
    board.pointAt(0, 0, "pointer");
    await w.pass(1000);
    assert.equal(w.server.traces.length, 3);
  });
});

describe("HTTP about the room", () => {
  test("images are uploaded with progress and loaded once, with the token; a refusal is a coded error", async () => {
    const w = new World();
    const { page } = await enterAlone(w, "ann");
    const { images } = page.session;
    w.server.answer = () => Response.json({ content: "c1", type: "image/png", width: 30, height: 20 }, { status: 201 });
    const progress: number[] = [];
    assert.deepEqual(await images.upload(new Blob(["x"], { type: "image/png" }), (p) => progress.push(p)), { content: "c1", width: 30, height: 20 });
    assert.deepEqual(progress, [1]);
    const { path, init } = w.server.requests[0] ?? {};
    assert.equal(path, "/api/rooms/00000-0001A/images");
    assert.equal(new Headers(init?.headers).get("Authorization"), "Bearer ann");
    w.server.answer = () => new Response("pixels");
    const [one, two] = await Promise.all([images.load("c1"), images.load("c1")]);
    assert.equal(await one?.text(), "pixels");
    assert.equal(one, two);
    assert.equal(w.server.requests.length, 2);
    w.server.answer = () => Response.json({ code: 3014, parameters: { limit: "pixels", max: 50 } }, { status: 422 });
    await assert.rejects(images.upload(new Blob(["x"])), (e) => e instanceof CodeError && e.code === Code.UnusableImage && e.parameters["max"] === "50");
    await assert.rejects(page.session.request("export.pdf"), (e) => e instanceof CodeError && e.code === 3014);
    w.server.up = false;
    await assert.rejects(images.load("c2"), (e) => e instanceof CodeError && e.code === 0);
  });

  test("an upload that was given up is an AbortError", async () => {
    const w = new World();
    const { page } = await enterAlone(w, "ann");
    w.server.answer = (_, { signal }) => {
      signal?.throwIfAborted();
      return new Response();
    };
    await assert.rejects(page.session.images.upload(new Blob(["x"]), undefined, AbortSignal.abort()), { name: "AbortError" });
  });
});
