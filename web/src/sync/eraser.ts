// The area eraser: what one gesture erases of strokes (OT11).
import type { Element } from "../ot/board.ts";
import { merge, SPAN_UNIT } from "../ot/spans.ts";
import type { Key, Op, Span } from "../ot/types.ts";
import type { EraserWriter } from "./api.ts";

/** What an eraser needs of its board. */
export interface EraserHost {
  get(k: Key): Element | undefined;
  /** A number that no other gesture of the replica on this board has; undefined while nothing may be written. */
  newEraser(): number | undefined;
  submit(ops: readonly Op[]): void;
}

/** One gesture. It takes a number with the first thing that it erases. */
export class Eraser implements EraserWriter {
  private eraser: number | undefined;
  private over = false;

  /** end: called once, when the gesture ends. */
  constructor(
    private readonly host: EraserHost,
    private readonly ended: () => void,
  ) {}

  erase(key: Key, spans: readonly Span[]): void {
    const e = this.host.get(key);
    if (this.over || e?.ink === undefined || e.deleted) return;
    const fresh = common(merge(spans.map(whole)), e.visible() ?? [{ from: 0, to: SPAN_UNIT * e.count }]);
    if (fresh.length === 0) return;
    this.eraser ??= this.host.newEraser();
    if (this.eraser !== undefined) this.host.submit([{ kind: "eraseSpans", id: e.id, eraser: this.eraser, spans: fresh }]);
  }

  /** Its replica is another one now; what follows is an erasure of that. */
  renumber(): void {
    this.eraser = undefined;
  }

  end(): void {
    if (!this.over) this.ended();
    this.over = true;
  }
}

/** A span that covers at least what was asked, in whole parts. */
const whole = ({ from, to }: Span): Span => ({ from: Math.max(0, Math.floor(from)), to: Math.max(0, Math.ceil(to)) });

/** What is in both lists; each is in canonical order. */
export function common(a: readonly Span[], b: readonly Span[]): Span[] {
  const both: Span[] = [];
  for (let i = 0, j = 0; ; ) {
    const [one, other] = [a[i], b[j]];
    if (one === undefined || other === undefined) return both;
    const span = { from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) };
    if (span.from < span.to) both.push(span);
    if (one.to < other.to) i++;
    else j++;
  }
}
