// A tool is a small state machine: begin, move …, end or undo. What it may do to the board stands in Bench.
import type { Key } from "../../ot/types.ts";
import type { CursorKind, StrokeWriter } from "../../sync/api.ts";
import type { Vec } from "../geometry.ts";
import type { Mark, Pen } from "../wetlayer.ts";

/** A sample of the pointer on the board: units, pressure 0..255, at in ms. */
export interface BoardSample extends Mark {
  readonly at: number;
}

/** What tools work on. */
export interface Bench {
  readonly pen: Pen;
  write(pen: Pen, at: number): StrokeWriter;
  /** The wet layer shows this pen's marks until wetEnd. */
  wetBegin(pen: Pen, key: Key): void;
  wetAdd(mark: Mark): void;
  wetPredict(marks: readonly Mark[]): void;
  wetEnd(): void;
  /** Strokes that the eraser meets on its way from a to b. */
  hit(a: Vec, b: Vec): Key[];
  fade(keys: Iterable<Key>, faded: boolean): void;
  delete(keys: readonly Key[]): void;
  laser(at: BoardSample, joined: boolean): void;
  /** Tells the others where the pointer is. */
  point(at: Vec, kind: CursorKind): void;
  ring(at: Vec | undefined): void;
}

export type ToolName = "pen" | "eraser" | "laser" | "hand";

export interface Tool {
  begin(samples: readonly BoardSample[]): void;
  move(samples: readonly BoardSample[]): void;
  /** Where the pointer is expected next, for show only. */
  predict?(samples: readonly BoardSample[]): void;
  end(): void;
  /** Ends it as if it had not been. */
  undo(): void;
}
