// What was refused of own batches (SYN3). That, and the batch without it, come on two streams, in either order.
import { key, type Key, type Op } from "../ot/types.ts";

/** Batches that came back short and are remembered, until it is told which of their ops were refused. */
const MAX_SHORT = 64;

/** The ops of a batch, and the texts that they edited as the person had them. */
export interface Refusal {
  readonly ops: readonly Op[];
  readonly texts: ReadonlyMap<Key, string>;
}

export function refusalOf(ops: readonly Op[], textOf: (k: Key) => string | undefined): Refusal {
  return { ops, texts: new Map(ops.flatMap((op) => (op.kind === "textEdit" ? [[key(op.id), textOf(key(op.id)) ?? ""] as const] : []))) };
}

export class Refusals {
  private readonly short = new Map<number, Refusal>();

  /** Batch n is about to be confirmed with so many of its ops. */
  confirmed(n: number, sent: readonly Op[], count: number, textOf: (k: Key) => string | undefined): void {
    if (count >= sent.length) return;
    this.short.set(n, refusalOf(sent, textOf));
    const [oldest] = this.short.keys();
    if (this.short.size > MAX_SHORT && oldest !== undefined) this.short.delete(oldest);
  }

  /** What batch n was, if it came back before its refusal did. */
  refused(n: number): Refusal | undefined {
    const refusal = this.short.get(n);
    this.short.delete(n);
    return refusal;
  }

  /** Batches have other numbers now. */
  clear(): void {
    this.short.clear();
  }
}
