// The decoders of the strokes that are open on one board; the same as Strokes of package protocol/ink in Go.
import type { ID, Op, Point } from "../ot/types.ts";
import { InkError } from "./ink_coder.ts";
import { Decoder } from "./ink_live.ts";

/** How many strokes of one replica are open on a board at a time (OT4). */
export const MAX_OPEN_PER_REPLICA = 16;
/** Most points of one stroke (OT9). */
export const MAX_STROKE = 1 << 16;

interface OpenStroke {
  readonly decoder: Decoder;
  points: number;
}

/**
 * Keeps the decoders of the open strokes of one board. It knows ids and frames, not the board: give it the ops that the
 * board will take, that is those of the element's own replica, on ink that is open (OT3, OT8).
 */
export class Strokes {
  private readonly max: number;
  /** By replica and counter. */
  private readonly open = new Map<number, Map<number, OpenStroke>>();
  private count = 0;

  /** Keeps at most max open strokes, about 6 kB each. */
  constructor(max: number) {
    this.max = max;
  }

  /** The number of open strokes. */
  get size(): number {
    return this.count;
  }

  /**
   * Fills op.points from op.frame of an extend and forgets the stroke when the op ends it; leaves other ops alone. A
   * replica that opens a stroke beyond MAX_OPEN_PER_REPLICA loses its oldest, the one of the lowest counter (OT4).
   *
   * Throws InkError; op.points is then empty and the other strokes go on as they were. "corrupt": the frame is damaged,
   * the stroke forgotten. "not-open": not the next frame of a stroke that is open here, which a board passes over (OT3).
   * "limit": there are max strokes already; or this one has more than MAX_STROKE points and is forgotten.
   */
  decode(op: Op): void {
    if (op.kind === "end") this.forget(op.id);
    if (op.kind !== "extend") return;
    op.points = [];
    let stroke = this.open.get(op.id.replica)?.get(op.id.counter);
    if (stroke === undefined && op.first === 0) stroke = this.start(op.id);
    if (stroke === undefined || stroke.points !== op.first) {
      throw new InkError("not-open", `point ${op.first} of stroke ${op.id.replica}.${op.id.counter} is not its next`);
    }
    op.points = this.next(op.id, stroke, op.frame);
    if (op.ended) this.forget(op.id);
  }

  /**
   * Opens a stroke that is open in a snapshot and returns the points of its frames so far. Without frames there is
   * nothing to open yet. The stroke of that id, if there is one, is replaced. Throws as decode does.
   */
  restore(id: ID, frames: readonly Uint8Array[]): Point[] {
    this.forget(id);
    if (frames.length === 0) return [];
    const stroke = this.start(id);
    return frames.flatMap((frame) => this.next(id, stroke, frame));
  }

  /** Ends a stroke: what its replica sends for it from now on is "not-open". */
  forget(id: ID): void {
    const of = this.open.get(id.replica);
    if (of === undefined || !of.delete(id.counter)) return;
    this.count--;
    if (of.size === 0) this.open.delete(id.replica);
  }

  private start(id: ID): OpenStroke {
    const theirs = this.open.get(id.replica);
    if (theirs !== undefined && theirs.size >= MAX_OPEN_PER_REPLICA) {
      this.forget({ replica: id.replica, counter: Math.min(...theirs.keys()) });
    }
    if (this.count >= this.max) throw new InkError("limit", `${this.count} open strokes`);
    const stroke = { decoder: new Decoder(), points: 0 };
    const of = this.open.get(id.replica) ?? new Map<number, OpenStroke>();
    this.open.set(id.replica, of.set(id.counter, stroke));
    this.count++;
    return stroke;
  }

  /** The points of the stroke's next frame; forgets the stroke if there are none. */
  private next(id: ID, stroke: OpenStroke, frame: Uint8Array): Point[] {
    try {
      const pts = stroke.decoder.frame(frame);
      stroke.points += pts.length;
      if (stroke.points > MAX_STROKE) throw new InkError("limit", `${stroke.points} points of a stroke`);
      return pts;
    } catch (error) {
      this.forget(id);
      throw error;
    }
  }
}
