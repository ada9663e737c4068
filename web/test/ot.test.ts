import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Board, Element } from "../src/ot/board.ts";
import { DecodeError } from "../src/ot/bytes.ts";
import { MAX_BATCH, decodeOps, encodeOps } from "../src/ot/codec.ts";
import * as fnv from "../src/ot/fnv.ts";
import { drawingKey, drawn } from "../src/ot/order.ts";
import { Loader, closedStrokes, encodeTable } from "../src/ot/table.ts";
import { ElementKind, Register } from "../src/ot/types.ts";
import type { ID, Op, Point } from "../src/ot/types.ts";
import * as value from "../src/ot/value.ts";

interface BoardVector {
  readonly seed: number;
  readonly records: readonly {
    readonly revision: number;
    readonly author: number;
    readonly ops: string;
    readonly points?: readonly number[][];
    readonly changed: number;
    readonly hash: string;
  }[];
  readonly table: string;
  readonly drawn: readonly string[];
}

interface BytesVector {
  readonly name: string;
  readonly bytes: string;
  readonly error: string;
}

const vectors = <T>(name: string): T[] => JSON.parse(readFileSync(`../ot/testdata/${name}.json`, "utf8")) as T[];
const unhex = (s: string): Uint8Array => Uint8Array.from(Buffer.from(s, "hex"));
const hex = (b: Uint8Array): string => Buffer.from(b).toString("hex");

/** Points as numbers one after the other, x, y, p, t. */
function unflat(numbers: readonly number[]): Point[] {
  return Array.from({ length: numbers.length / 4 }, (_, i) => {
    const [x = 0, y = 0, p = 0, t = 0] = numbers.slice(4 * i, 4 * i + 4);
    return { x, y, p, t };
  });
}

/** The ops of a vector's record with their points. */
function opsOf(record: BoardVector["records"][number]): Op[] {
  const ops = decodeOps(unhex(record.ops));
  let at = 0;
  for (const op of ops) if (op.kind === "extend") op.points = unflat(record.points?.[at++] ?? []);
  return ops;
}

const pointsOf = (board: Board, id: ID): Point[] => {
  const e = board.get(`${id.replica}.${id.counter}`);
  return Array.from({ length: e?.count ?? 0 }, (_, i) => e?.point(i) ?? { x: 0, y: 0, p: 0, t: 0 });
};

/** A board read back from the snapshot of another. */
function copyOf(board: Board): Board {
  const loader = new Loader(encodeTable(board));
  for (const { id } of loader.openStrokes()) loader.setOpen(id, pointsOf(board, id));
  loader.addStrokes(closedStrokes(board).map((e) => pointsOf(board, e.id)));
  return loader.board();
}

function reasonOf(run: () => unknown): string {
  try {
    run();
    return "";
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return error.reason;
  }
}

describe("vectors shared with Go", () => {
  for (const v of vectors<BoardVector>("boards")) {
    test(`board ${v.seed}: the same hash after every record and the same table`, () => {
      const board = new Board();
      for (const record of v.records) {
        const ops = opsOf(record);
        assert.equal(hex(encodeOps(ops)), record.ops);
        assert.equal(board.apply(record.revision, record.author, ops).size, record.changed);
        assert.equal(hex(board.hash()), record.hash, `revision ${record.revision}`);
      }
      assert.equal(hex(encodeTable(board)), v.table);
      assert.deepEqual([...board.elements()].map((e) => e.key), v.drawn);
      assert.equal(hex(copyOf(board).hash()), hex(board.hash()));
    });

    test(`board ${v.seed}: snapshot and tail equal full replay, op by op and hashed once`, () => {
      const middle = v.records.length >> 1;
      let board = new Board();
      v.records.forEach((record, i) => {
        if (i === middle) board = copyOf(board);
        for (const op of opsOf(record)) board.apply(record.revision, record.author, [op]);
      });
      assert.equal(hex(board.hash()), v.records.at(-1)?.hash);
    });
  }

  test("ops: only canonical bytes are taken", () => {
    for (const v of vectors<BytesVector>("ops")) {
      assert.equal(reasonOf(() => decodeOps(unhex(v.bytes), MAX_BATCH)), v.error, v.name);
      if (v.error === "") assert.equal(hex(encodeOps(decodeOps(unhex(v.bytes), MAX_BATCH))), v.bytes, v.name);
    }
  });

  test("whatever comes, ops are refused with a reason or come back as they were", () => {
    let state = 7;
    const below = (n: number): number => (state = (state * 48271) % 2147483647) % n;
    const good = vectors<BytesVector>("ops").filter((v) => v.error === "" && v.bytes.length < 2000);
    for (const v of good) {
      for (let i = 0; i < 40; i++) {
        const bytes = unhex(v.bytes).slice(0, 1 + below(v.bytes.length / 2));
        for (let n = below(3); n >= 0; n--) bytes[below(bytes.length)] = below(256);
        if (reasonOf(() => decodeOps(bytes)) === "") assert.equal(hex(encodeOps(decodeOps(bytes))), hex(bytes), v.name);
      }
    }
  });

  test("whatever comes, a table is refused with a reason", () => {
    let state = 11;
    const below = (n: number): number => (state = (state * 48271) % 2147483647) % n;
    for (const v of vectors<BytesVector>("tables").filter((t) => t.error === "" && t.bytes.length < 4000)) {
      for (let i = 0; i < 60; i++) {
        const bytes = unhex(v.bytes);
        if (bytes.length > 0) bytes[below(bytes.length)] = below(256);
        reasonOf(() => new Loader(bytes));
      }
    }
  });

  test("tables: only canonical bytes are taken", () => {
    const again = (bytes: Uint8Array): string => {
      const loader = new Loader(bytes);
      for (const s of loader.openStrokes()) loader.setOpen(s.id, unflat(new Array<number>(4 * s.count).fill(0)));
      return hex(encodeTable(loader.board()));
    };
    for (const v of vectors<BytesVector>("tables")) {
      assert.equal(reasonOf(() => new Loader(unhex(v.bytes))), v.error, v.name);
      if (v.error === "") assert.equal(again(unhex(v.bytes)), v.bytes, v.name);
    }
  });

  test("OT11: what is visible of erased strokes", () => {
    interface Vector {
      readonly points: number;
      readonly erasures: readonly { readonly off: boolean; readonly spans: readonly [number, number][] }[];
      readonly visible: readonly [number, number][];
      readonly whole: boolean;
    }
    for (const v of vectors<Vector>("visible")) {
      const e = new Element({ replica: 1, counter: 1 }, ElementKind.Ink, 1);
      e.ink?.append(Array.from({ length: v.points }, (_, x) => ({ x, y: 0, p: 0, t: 0 })));
      v.erasures.forEach(({ off, spans }, i) => e.erase({ replica: 2, eraser: i + 1, off, spans: spans.map(([from, to]) => ({ from, to })) }));
      const want = v.whole ? undefined : v.visible.map(([from, to]) => ({ from, to }));
      assert.deepEqual(e.visible(), want, JSON.stringify(v));
    }
  });

  test("OT10: keys and drawing order", () => {
    interface Vector {
      readonly created: readonly number[];
      readonly order: readonly string[];
      readonly keys: readonly string[];
      readonly drawn: readonly number[];
    }
    for (const v of vectors<Vector>("order")) {
      const elements = v.created.map((created, i) => new Element({ replica: 1, counter: i + 1 }, ElementKind.Line, created));
      elements.forEach((e, i) => e.write(Register.Order, value.textValue(v.order[i] ?? ""), e.created, 1));
      assert.deepEqual(elements.map(drawingKey), v.keys);
      assert.deepEqual(drawn(elements).map((e) => e.id.counter - 1), v.drawn);
    }
  });

  test("every truncation of a table is refused", () => {
    const table = unhex(vectors<BoardVector>("boards")[0]?.table ?? "");
    for (let n = 0; n < table.length; n++) assert.equal(reasonOf(() => new Loader(table.subarray(0, n))), "truncated");
  });
});

test("FNV-1a/128 is that of its definition", () => {
  let naive = 0x6c62272e07bb014262b821756295c58dn;
  const h = fnv.start();
  assert.equal(hex(fnv.bytes(h)), naive.toString(16).padStart(32, "0"));
  for (let i = 0; i < 2000; i++) {
    const byte = (i * 167 + (i >> 3)) & 0xff;
    naive = ((naive ^ BigInt(byte)) * ((1n << 88n) + 0x13bn)) & ((1n << 128n) - 1n);
    fnv.update(h, Uint8Array.of(byte), 1);
    assert.equal(hex(fnv.bytes(h)), naive.toString(16).padStart(32, "0"));
  }
});

test("sums of hashes are modulo 2^128", () => {
  const zero = (): fnv.Limbs => [0, 0, 0, 0, 0, 0];
  const one: fnv.Limbs = [1, 0, 0, 0, 0, 0];
  const sum = zero();
  fnv.replace(sum, one, zero());
  assert.equal(hex(fnv.bytes(sum)), "f".repeat(32));
  fnv.replace(sum, zero(), one);
  assert.equal(hex(fnv.bytes(sum)), "0".repeat(32));
});

test("values come back as they went", () => {
  const place = { x: -(2 ** 31), y: 2 ** 31 - 1, w: 0, h: -5, angle: 35_999 };
  assert.deepEqual(value.decodePlace(value.placeValue(place)), place);
  assert.equal(value.decodeColor(value.colorValue(0xabc123)), 0xabc123);
  assert.equal(value.decodeWidth(value.widthValue(0)), 1);
  assert.equal(value.decodeWidth(value.widthValue(9_999)), value.MAX_WIDTH);
  assert.equal(value.decodeFill(value.fillValue(0xffffff)), 0xffffff);
  assert.equal(value.decodeFill(value.fillValue(undefined)), undefined);
  assert.equal(value.decodeBool(value.boolValue(true)), true);
  assert.equal(value.decodeByte(value.byteValue(200)), 200);
  assert.deepEqual(value.decodeGroup(value.groupValue({ replica: 7, counter: 4_294_967_295 })), { replica: 7, counter: 4_294_967_295 });
  assert.equal(value.decodeGroup(value.groupValue(undefined)), undefined);
  assert.deepEqual([value.decodeSize(value.sizeValue(1)), value.decodeSize(value.sizeValue(9_999))], [value.MIN_SIZE, value.MAX_SIZE]);
  for (const align of value.ALIGNS) assert.equal(value.ALIGNS[value.decodeAlign(value.alignValue(align))], align);
  for (const dash of value.DASHES) assert.equal(value.DASHES[value.decodeDash(value.dashValue(dash))], dash);
  for (const style of [{ bold: true, italic: false }, { bold: false, italic: true }]) assert.deepEqual(value.decodeStyle(value.styleValue(style)), style);
  const corners = [{ x: 0, y: 65_535 }, { x: 128, y: 127 }, { x: 3, y: 4 }];
  assert.deepEqual(value.decodeVertices(value.verticesValue(corners)), corners);
});

test("OT16: what is purged is gone: by the server only, only what is deleted, hashes and places of the rest as before", () => {
  const board = new Board();
  const id = (counter: number): ID => ({ replica: 1, counter });
  const create = (counter: number): Op => ({ kind: "create", id: id(counter), element: ElementKind.Ink, settings: [] });
  const hide = (counter: number): Op => ({ kind: "set", id: id(counter), settings: [{ register: Register.Deleted, value: value.boolValue(true) }] });
  const rest = new Board();
  rest.apply(1, 1, [create(1), create(4)]);
  board.apply(1, 1, [create(1), create(2), create(3), create(4)]);
  board.apply(2, 2, [hide(2), hide(3)]);
  const before = hex(board.hash());
  const purge: Op[] = [{ kind: "purge", ranges: [{ replica: 1, first: 1, count: 3 }] }];
  assert.equal(board.apply(3, 1, purge).size, 0);
  assert.equal(hex(board.hash()), before);
  assert.deepEqual(board.apply(4, 0, purge), new Set(["1.2", "1.3"]));
  assert.deepEqual([...board.elements()].map((e) => e.key), ["1.1", "1.4"]);
  assert.deepEqual(board.openStrokes(1), ["1.1", "1.4"]);
  assert.equal(hex(board.hash()), hex(rest.hash()));
  assert.equal(board.apply(5, 2, [{ kind: "clear", base: 5n }]).size, 2);
});

test("OT15, OT17: a creation is taken back only while nobody else has written to it", () => {
  const board = new Board();
  const id = { replica: 1, counter: 1 };
  const made: Op[] = [{ kind: "undo", items: [{ kind: "made", id }] }];
  board.apply(1, 1, [{ kind: "create", id, element: ElementKind.Text, settings: [] }]);
  assert.equal(board.apply(2, 2, made).size, 0);
  board.apply(3, 2, [{ kind: "textEdit", id, base: 0n, edit: [{ kind: "insert", text: "hers" }] }]);
  assert.equal(board.get("1.1")?.touched, true);
  assert.equal(board.apply(4, 1, made).size, 0);
  assert.equal(board.get("1.1")?.text, "hers");
});

test("an element without registers counts as an opaque black line of 2 px", () => {
  const board = new Board();
  board.apply(1, 1, [{ kind: "create", id: { replica: 1, counter: 1 }, element: ElementKind.Ink, settings: [] }]);
  const e = board.get("1.1");
  assert.ok(e);
  assert.deepEqual(
    [e.color, e.width, e.opacity, e.fill, e.dash, e.deleted, e.locked, e.place, e.group, e.order, e.size, e.align, e.bold, e.vertices],
    [0, 20, 255, undefined, 0, false, false, undefined, undefined, "", 240, 0, false, []],
  );
});

test("OT10: elements are drawn by key; without an order of their own they lie where they were created", () => {
  const board = new Board();
  const orders = ["", "b", "", "U000000001", "T", "U000000001a"];
  orders.forEach((order, i) => {
    const settings = order === "" ? [] : [{ register: Register.Order, value: value.textValue(order) }];
    board.apply(i + 1, 9 - i, [{ kind: "create", id: { replica: 9 - i, counter: 1 }, element: ElementKind.Line, settings }]);
  });
  board.apply(9, 1, [{ kind: "set", id: { replica: 7, counter: 1 }, settings: [{ register: Register.Deleted, value: value.boolValue(true) }] }]);
  assert.deepEqual([...board.elements()].map((e) => e.key), ["5.1", "9.1", "6.1", "4.1", "8.1"]);
  assert.equal(board.ordered, 4);
});
