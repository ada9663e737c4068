import assert from "node:assert/strict";
import { test } from "node:test";
import { Board } from "../src/ot/board.ts";
import { ElementKind, key, type Op, type Point } from "../src/ot/types.ts";
import { Encoder, Strokes } from "../src/protocol/ink.ts";
import { decodeInk } from "../src/sync/boardstate.ts";

const author = 1;

/** A replica's strokes as they would travel, each with its own encoder. */
class Pen {
  private readonly encoders = new Map<number, Encoder>();
  private readonly counts = new Map<number, number>();

  begin(counter: number): Op[] {
    this.encoders.set(counter, new Encoder());
    return [{ kind: "create", id: { replica: author, counter }, element: ElementKind.Ink, settings: [] }, this.draw(counter)];
  }

  draw(counter: number): Op {
    const first = this.counts.get(counter) ?? 0;
    const points: Point[] = [0, 1].map((i) => ({ x: 100 + first + i, y: 200, p: 9, t: (first + i) * 8 }));
    this.counts.set(counter, first + points.length);
    const frame = this.encoders.get(counter)?.frame(points);
    assert.ok(frame !== undefined);
    return { kind: "extend", id: { replica: author, counter }, first, ended: false, frame, points: [] };
  }
}

/** A board, and how records come to it. */
function desk(): { readonly board: Board; readonly apply: (ops: Op[]) => void } {
  const board = new Board();
  const strokes = new Strokes(100);
  let revision = 0;
  const apply = (ops: Op[]): void => {
    decodeInk(ops, author, board, strokes);
    board.apply(++revision, author, ops);
  };
  return { board, apply };
}

test("OT4 the stroke that the board closes is the one whose decoder goes, whatever the counters", () => {
  const pen = new Pen();
  const { board, apply } = desk();
  for (let counter = 40; counter > 24; counter--) apply(pen.begin(counter)); // 16 open, the oldest has the highest counter
  apply([...pen.begin(50), pen.draw(25)]); // the 17th closes 40; 25 goes on in the same batch
  apply([pen.draw(25), pen.draw(40)]);
  assert.equal(board.get(key({ replica: author, counter: 40 }))?.open, false);
  assert.equal(board.get(key({ replica: author, counter: 40 }))?.count, 2);
  assert.equal(board.get(key({ replica: author, counter: 25 }))?.count, 6);
  assert.equal(board.get(key({ replica: author, counter: 50 }))?.open, true);
});

test("OT3 a batch goes on with strokes of earlier batches, in turn, as often as it likes", () => {
  const pen = new Pen();
  const { board, apply } = desk();
  apply([...pen.begin(1), ...pen.begin(2)]);
  apply([pen.draw(1), pen.draw(2), pen.draw(1), pen.draw(2), pen.draw(1)]);
  apply([pen.draw(1), pen.draw(2)]); // each leans on all frames before
  assert.deepEqual([1, 2].map((counter) => board.get(key({ replica: author, counter }))?.count), [10, 8]);
});
