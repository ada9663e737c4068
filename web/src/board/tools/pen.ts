import type { StrokeWriter } from "../../sync/api.ts";
import { BOARD, clamp } from "../geometry.ts";
import type { Pen } from "../wetlayer.ts";
import type { Bench, BoardSample, Tool } from "./tool.ts";

interface Writing {
  readonly pen: Pen;
  writer: StrokeWriter;
  last: BoardSample | undefined;
}

/** Writes ink: one stroke from begin to end, or a new one where the stroke was deleted under the pen. */
export class PenTool implements Tool {
  readonly #bench: Bench;
  #writing: Writing | undefined;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  begin(samples: readonly BoardSample[]): void {
    this.end();
    const first = samples[0];
    if (first === undefined || !onBoard(first)) return;
    const pen = this.#bench.pen;
    const writer = this.#start(pen, first.at);
    if (writer === undefined) return;
    this.#writing = { pen, writer, last: undefined };
    this.move(samples);
  }

  move(samples: readonly BoardSample[]): void {
    const writing = this.#writing;
    if (writing === undefined) return;
    for (const sample of samples) {
      const next = snapped(sample);
      if (writing.last !== undefined && writing.last.x === next.x && writing.last.y === next.y) continue;
      if (!writing.writer.alive && !this.#goOn(writing, next.at)) return;
      this.#add(writing, next);
    }
    if (writing.last !== undefined) this.#bench.point(writing.last, "pen");
  }

  predict(samples: readonly BoardSample[]): void {
    if (this.#writing !== undefined) this.#bench.wetPredict(samples.map(snapped));
  }

  end(): void {
    if (this.#writing === undefined) return;
    this.#writing.writer.end();
    this.#writing = undefined;
    this.#bench.wetEnd();
  }

  undo(): void {
    const key = this.#writing?.writer.key;
    this.end();
    if (key !== undefined) this.#bench.delete([key]);
  }

  /** The stroke is as long as one may be, or was deleted under the pen: another one goes on from where it was. */
  #goOn(writing: Writing, at: number): boolean {
    this.#bench.wetEnd();
    const writer = this.#start(writing.pen, at);
    if (writer === undefined) {
      this.#writing = undefined;
      return false;
    }
    writing.writer = writer;
    if (writing.last !== undefined) this.#add(writing, { ...writing.last, at });
    return true;
  }

  #add(writing: Writing, mark: BoardSample): void {
    writing.last = mark;
    writing.writer.add(mark.x, mark.y, mark.p, mark.at);
    this.#bench.wetAdd(mark);
  }

  /** Undefined while the board takes no ink: wet ink that nobody keeps would be a lie. */
  #start(pen: Pen, at: number): StrokeWriter | undefined {
    const writer = this.#bench.write(pen, at);
    if (!writer.alive) return undefined;
    this.#bench.wetBegin(pen, writer.key);
    return writer;
  }
}

const onBoard = (s: BoardSample): boolean => s.x >= BOARD.x0 && s.y >= BOARD.y0 && s.x <= BOARD.x1 && s.y <= BOARD.y1;

/** The place as it travels: whole units on the board. */
const snapped = (s: BoardSample): BoardSample => ({
  x: Math.round(clamp(s.x, BOARD.x0, BOARD.x1)),
  y: Math.round(clamp(s.y, BOARD.y0, BOARD.y1)),
  p: Math.round(clamp(s.p, 0, 255)),
  at: s.at,
});
