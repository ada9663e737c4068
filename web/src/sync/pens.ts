// The strokes that are being drawn on one board.
import { key, type Op } from "../ot/types.ts";
import type { Stroke } from "./stroke.ts";

export class Pens {
  private readonly strokes = new Set<Stroke>();

  get size(): number {
    return this.strokes.size;
  }

  /** Counters of their elements. */
  get counters(): ReadonlySet<number> {
    return new Set([...this.strokes].map((s) => s.id.counter));
  }

  add(stroke: Stroke): void {
    this.strokes.add(stroke);
  }

  /** A frame of each stroke that has one, and when the first of their points was drawn; Infinity without. */
  frames(): { at: number; frames: Op[] } {
    let at = Infinity;
    const frames: Op[] = [];
    for (const stroke of this.strokes) {
      const op = stroke.take();
      if (op !== undefined) {
        frames.push(op);
        if (op.kind === "extend") at = Math.min(at, stroke.from);
      }
      if (stroke.done) this.strokes.delete(stroke);
    }
    return { at, frames };
  }

  /** They go on under another replica; renamed: counters, old → new. */
  rekeyed(replica: number, renamed: ReadonlyMap<number, number>): void {
    for (const stroke of this.strokes) {
      const counter = renamed.get(stroke.id.counter);
      if (counter === undefined) stroke.abandon();
      else stroke.id = { replica, counter };
    }
  }

  /** Ops were refused: those whose element is not made do not go on. */
  refused(ops: readonly Op[]): void {
    const keys = new Set(ops.flatMap((op) => (op.kind === "create" ? [key(op.id)] : [])));
    for (const stroke of this.strokes) if (keys.has(stroke.key)) stroke.abandon();
  }
}
