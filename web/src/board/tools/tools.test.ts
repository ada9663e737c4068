import assert from "node:assert/strict";
import { test } from "node:test";
import type { Key } from "../../ot/types.ts";
import { EraserTool } from "./eraser.ts";
import { LaserTool } from "./laser.ts";
import { PenTool } from "./pen.ts";
import { NO_KEYS } from "../gestures.ts";
import { PEN } from "../looks.ts";
import type { Ruler } from "../ruler.ts";
import { AreaEraserTool } from "./areaeraser.ts";
import type { BoardSample, InkBench, Wiper } from "./tool.ts";

/** A bench that writes down what is done on it. */
class Notebook implements InkBench {
  readonly pen = { id: PEN, color: 1, width: 100, opacity: 255 } as const;
  readonly pixel = 10;
  readonly keys = NO_KEYS;
  ruler: Ruler | undefined;
  readonly notes: string[] = [];
  strokes: { alive: boolean }[] = [];
  /** What the eraser meets, by x. */
  there: (x: number) => Key[] = () => [];
  writable = true;

  write(): ReturnType<InkBench["write"]> {
    const n = this.strokes.length + 1;
    const stroke = { alive: this.writable };
    this.strokes.push(stroke);
    this.notes.push(`write ${n}`);
    return {
      key: `1.${n}`,
      add: (x, y, p) => void this.notes.push(`add ${n} ${x},${y},${p}`),
      end: () => void this.notes.push(`end ${n}`),
      get alive() {
        return stroke.alive;
      },
    };
  }

  begin = (): (() => void) => () => void this.notes.push("step");
  wetBegin = (): void => void this.notes.push("wet");
  wetAdd = (): void => undefined;
  wetPredict = (): void => void this.notes.push("predict");
  wetEnd = (): void => void this.notes.push("dry");
  hit = (_: unknown, b: { x: number }): Key[] => this.there(b.x);
  fade = (keys: Iterable<Key>, faded: boolean): void => void this.notes.push(`${faded ? "pale" : "plain"} ${[...keys].join(" ")}`);
  delete = (keys: readonly Key[]): void => void this.notes.push(`delete ${keys.join(" ")}`);
  startErasing(): Wiper {
    this.notes.push("erase");
    return { wipe: (a, b) => void this.notes.push(`wipe ${a.x}-${b.x}`), end: () => void this.notes.push("erased"), takeBack: () => void this.notes.push("taken back") };
  }

  laser = (at: BoardSample, joined: boolean): void => void this.notes.push(`laser ${at.x}${joined ? " joined" : ""}`);
  point = (_: unknown, kind: string): void => void this.notes.push(kind);
  ring = (at: unknown): void => void this.notes.push(at === undefined ? "no ring" : "ring");
}

const at = (x: number, y = 0, p = 128): BoardSample => ({ x, y, p, at: x });

test("the pen writes one stroke from down to up, in whole units", () => {
  const bench = new Notebook();
  const pen = new PenTool(bench);
  pen.begin([at(10.4, 2.6, 127.7)]);
  pen.move([at(20), at(20), at(30)]);
  pen.end();
  assert.deepEqual(bench.notes, ["write 1", "wet", "add 1 10,3,128", "pen", "add 1 20,0,128", "add 1 30,0,128", "pen", "end 1", "dry", "step"]);
});

test("what is predicted is shown and never written", () => {
  const bench = new Notebook();
  const pen = new PenTool(bench);
  pen.predict([at(5)]);
  pen.begin([at(0)]);
  pen.predict([at(50)]);
  assert.deepEqual(bench.notes, ["write 1", "wet", "add 1 0,0,128", "pen", "predict"]);
});

test("a stroke deleted under the pen goes on as a new one from where it was", () => {
  const bench = new Notebook();
  const pen = new PenTool(bench);
  pen.begin([at(10)]);
  const first = bench.strokes[0];
  assert.ok(first !== undefined);
  first.alive = false;
  pen.move([at(20)]);
  assert.deepEqual(bench.notes.slice(4), ["dry", "write 2", "wet", "add 2 10,0,128", "add 2 20,0,128", "pen"]);
});

test("nothing is shown that cannot be kept", () => {
  const bench = new Notebook();
  bench.writable = false;
  const pen = new PenTool(bench);
  pen.begin([at(10)]);
  pen.move([at(20), at(30)]);
  pen.end();
  assert.deepEqual(bench.notes, ["write 1"]);
});

test("a mark that was not meant is deleted", () => {
  const bench = new Notebook();
  const pen = new PenTool(bench);
  pen.begin([at(10)]);
  pen.undo();
  assert.deepEqual(bench.notes.slice(-4), ["end 1", "dry", "delete 1.1", "step"]);
});

test("a stroke that begins beside the board is none; one that leaves it runs along the edge", () => {
  const bench = new Notebook();
  const pen = new PenTool(bench);
  pen.begin([at(-50)]);
  pen.move([at(50)]);
  pen.end();
  assert.equal(bench.notes.length, 0);
  pen.begin([at(50)]);
  pen.move([at(99_999)]);
  assert.ok(bench.notes.includes("add 1 40960,0,128"));
});

test("the eraser turns strokes pale once and deletes them together when lifted", () => {
  const bench = new Notebook();
  bench.there = (x) => (x < 20 ? ["1.1"] : ["1.1", "2.5"]);
  const eraser = new EraserTool(bench);
  eraser.begin([at(10)]);
  eraser.move([at(15)]);
  eraser.move([at(25)]);
  eraser.end();
  assert.deepEqual(bench.notes.filter((n) => /pale|plain|delete/.test(n)), ["pale 1.1", "pale 2.5", "plain 1.1 2.5", "delete 1.1 2.5"]);
  assert.ok(bench.notes.includes("no ring"));
});

test("an eraser taken back deletes nothing", () => {
  const bench = new Notebook();
  bench.there = () => ["1.1"];
  const eraser = new EraserTool(bench);
  eraser.begin([at(10)]);
  eraser.undo();
  eraser.end();
  assert.ok(bench.notes.includes("plain 1.1"));
  assert.ok(!bench.notes.some((n) => n.startsWith("delete")));
});

test("the laser leaves a trail, each press a new one", () => {
  const bench = new Notebook();
  const laser = new LaserTool(bench);
  laser.begin([at(1)]);
  laser.move([at(2)]);
  laser.end();
  laser.begin([at(3)]);
  assert.deepEqual(bench.notes.filter((n) => n.startsWith("laser ")), ["laser 1", "laser 2 joined", "laser 3"]);
});

test("the area eraser wipes from sample to sample, as one gesture", () => {
  const bench = new Notebook();
  const eraser = new AreaEraserTool(bench);
  eraser.begin([at(10)]);
  eraser.move([at(20), at(30)]);
  eraser.end();
  eraser.end();
  assert.deepEqual(bench.notes.filter((n) => /erase|wipe/.test(n) && n !== "eraser"), ["erase", "wipe 10-10", "wipe 10-20", "wipe 20-30", "erased"]);
});

test("the area eraser of a palm or a pinch takes back what it wiped", () => {
  const bench = new Notebook();
  const eraser = new AreaEraserTool(bench);
  eraser.begin([at(10)]);
  eraser.undo();
  eraser.undo();
  eraser.end();
  assert.deepEqual(bench.notes.filter((n) => /erase|taken/.test(n) && n !== "eraser"), ["erase", "taken back"]);
  assert.equal(bench.notes.at(-1), "no ring");
});

test("a stroke begun beside the ruler runs along its edge, one begun elsewhere does not", () => {
  const bench = new Notebook();
  bench.ruler = { x: 5000, y: 1000, angle: 0, length: 8000, breadth: 600 };
  const pen = new PenTool(bench);
  pen.begin([at(2000, 1380)]);
  pen.move([at(3000, 1500), at(4000, 1100)]);
  pen.end();
  assert.deepEqual(bench.notes.filter((n) => n.startsWith("add")), ["add 1 2000,1350,128", "add 1 3000,1350,128", "add 1 4000,1350,128"]);
  pen.begin([at(2000, 2000)]);
  pen.move([at(3000, 1350)]);
  pen.end();
  assert.deepEqual(bench.notes.filter((n) => n.startsWith("add 2")), ["add 2 2000,2000,128", "add 2 3000,1350,128"]);
});
