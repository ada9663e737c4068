// Live frames of a stroke; the same as protocol/ink/live.go.
import type { Point } from "../ot/types.ts";
import { InkError } from "./ink_coder.ts";
import { MAX_FRAME, MAX_GAP, MAX_P, MAX_T, MAX_X, MAX_Y, Model } from "./ink_model.ts";

const within = (v: number, max: number): boolean => v >>> 0 === v && v <= max;

/** Refuses points that cannot be coded; before is the time of the point before, undefined at the start of a stroke. */
export function check(pts: readonly Point[], before: number | undefined): void {
  let prev = before ?? 0;
  pts.forEach(({ x, y, p, t }, i) => {
    const first = i === 0 && before === undefined;
    const coded = within(x, MAX_X) && within(y, MAX_Y) && within(p, MAX_P) && within(t, MAX_T);
    if (!coded || t < prev || t - prev > MAX_GAP || (first && t !== 0)) {
      throw new InkError("range", `point ${i} cannot be coded: x ${x}, y ${y}, p ${p}, t ${t} after ${prev}`);
    }
    prev = t;
  });
}

/** Codes the frames of one stroke at a time. */
export class Encoder {
  private readonly model = new Model(false);

  /** Begins another stroke. */
  reset(): void {
    this.model.reset();
  }

  /**
   * The code of the stroke's next 1 to MAX_FRAME points, a byte at least. The first point of a stroke has t = 0 and a
   * frame ends at most MAX_GAP ms after the point before it. Throws InkError "range"; nothing was coded then, and the
   * stroke may go on with other points.
   */
  frame(pts: readonly Point[]): Uint8Array {
    const { model } = this;
    const last = pts.at(-1);
    if (last === undefined || pts.length > MAX_FRAME) throw new InkError("range", `frame of ${pts.length} points`);
    check(pts, model.started ? model.t : undefined);
    if (last.t - model.t > MAX_GAP) throw new InkError("range", `frame of ${last.t - model.t} ms`);
    model.coder.encode();
    model.size(pts.length);
    model.encode(pts, 0, pts.length);
    return model.coder.finish();
  }
}

/** Decodes the frames of one stroke at a time. */
export class Decoder {
  private readonly model = new Model(false);
  private broken = false;

  /** Begins another stroke. */
  reset(): void {
    this.model.reset();
    this.broken = false;
  }

  /**
   * The 1 to MAX_FRAME points of one frame, exactly src. Throws InkError "corrupt"; the stroke cannot go on then: every
   * further frame is corrupt too until reset.
   */
  frame(src: Uint8Array): Point[] {
    if (this.broken) throw new InkError("corrupt", "frame after a damaged one");
    this.broken = true;
    const { model } = this;
    model.coder.decode(src);
    const n = model.size(0);
    if (n < 1 || n > MAX_FRAME) throw new InkError("corrupt", `frame of ${n} points`);
    const pts: Point[] = [];
    model.decode(n, pts);
    if (!model.coder.finished) throw new InkError("corrupt", "end of a frame");
    this.broken = false;
    return pts;
  }
}
