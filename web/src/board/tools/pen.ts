import type { StrokeWriter } from "../../sync/api.ts";
import { BOARD, clamp } from "../geometry.ts";
import type { ToolPen } from "../looks.ts";
import { alongEdge, edgeAt } from "../ruler.ts";
import type { Edge, Ruler } from "../ruler.ts";
import type { BoardSample, InkBench, Tool } from "./tool.ts";

interface Writing {
  readonly pen: ToolPen;
  /** The edge of the ruler that the stroke runs along. */
  readonly guide: { readonly ruler: Ruler; readonly edge: Edge } | undefined;
  writer: StrokeWriter;
  last: BoardSample | undefined;
  /** Ends the step of undo: what turns out not to be meant leaves nothing to bring back. */
  readonly step: () => void;
}

/** A stroke that begins this near (CSS px) to an edge of the ruler runs along it. */
const RULED = 12;

/** Writes ink: one stroke from begin to end, or a new one where the stroke was deleted under the pen. */
export class PenTool implements Tool {
  readonly #bench: InkBench;
  #writing: Writing | undefined;

  constructor(bench: InkBench) {
    this.#bench = bench;
  }

  begin(samples: readonly BoardSample[]): void {
    this.end();
    const first = samples[0];
    if (first === undefined || !onBoard(first)) return;
    const pen = this.#bench.pen;
    const writer = this.#start(pen);
    if (writer === undefined) return;
    this.#writing = { pen, guide: this.#guide(first), writer, last: undefined, step: this.#bench.begin() };
    this.move(samples);
  }

  move(samples: readonly BoardSample[]): void {
    const writing = this.#writing;
    if (writing === undefined) return;
    for (const sample of samples) {
      const next = snapped(guided(writing, sample));
      if (writing.last !== undefined && writing.last.x === next.x && writing.last.y === next.y) continue;
      if (!writing.writer.alive && !this.#goOn(writing, next.at)) return;
      this.#add(writing, next);
    }
    if (writing.last !== undefined) this.#bench.point(writing.last, "pen");
  }

  predict(samples: readonly BoardSample[]): void {
    const writing = this.#writing;
    if (writing !== undefined) this.#bench.wetPredict(samples.map((s) => snapped(guided(writing, s))));
  }

  end(): void {
    this.#close()?.step();
  }

  undo(): void {
    const writing = this.#close();
    if (writing === undefined) return;
    this.#bench.delete([writing.writer.key]);
    writing.step();
  }

  #close(): Writing | undefined {
    const writing = this.#writing;
    if (writing === undefined) return undefined;
    this.#writing = undefined;
    writing.writer.end();
    this.#bench.wetEnd();
    return writing;
  }

  #guide(at: BoardSample): Writing["guide"] {
    const { ruler, pixel } = this.#bench;
    const edge = ruler === undefined ? undefined : edgeAt(ruler, at, RULED * pixel);
    return ruler === undefined || edge === undefined ? undefined : { ruler, edge };
  }

  /** The stroke is as long as one may be, or was deleted under the pen: another one goes on from where it was. */
  #goOn(writing: Writing, at: number): boolean {
    this.#bench.wetEnd();
    const writer = this.#start(writing.pen);
    if (writer === undefined) {
      this.#writing = undefined;
      writing.step();
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
  #start(pen: ToolPen): StrokeWriter | undefined {
    const writer = this.#bench.write(pen);
    if (!writer.alive) return undefined;
    this.#bench.wetBegin(pen, writer.key);
    return writer;
  }
}

const guided = ({ guide, pen }: Writing, s: BoardSample): BoardSample =>
  guide === undefined ? s : { ...s, ...alongEdge(guide.ruler, guide.edge, s, pen.width / 2) };

const onBoard = (s: BoardSample): boolean => s.x >= BOARD.x0 && s.y >= BOARD.y0 && s.x <= BOARD.x1 && s.y <= BOARD.y1;

/** The place as it travels: whole units on the board. */
const snapped = (s: BoardSample): BoardSample => ({
  x: Math.round(clamp(s.x, BOARD.x0, BOARD.x1)),
  y: Math.round(clamp(s.y, BOARD.y0, BOARD.y1)),
  p: Math.round(clamp(s.p, 0, 255)),
  at: s.at,
});
