// What was refused of own batches (SYN3). That, and the batch without it, come on two streams, in either order.
import { applyEdit, transform } from "../ot/text.ts";
import { difference } from "../ot/textdiff.ts";
import { key, type Edit, type ID, type Key, type Op } from "../ot/types.ts";

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

/** A batch that came back short, and the texts that it edited as the view has them since then. */
interface Short extends Refusal {
  readonly texts: Map<Key, string>;
  readonly seen: Map<Key, string>;
  /** Texts whose letters are not in the record, with them. Letters go with a refusal only, or with the text. */
  readonly missed: ReadonlyMap<Key, string>;
  overdue: boolean;
}

/** What a batch made of a text, if it was not confirmed. */
export interface Missed {
  readonly id: ID;
  readonly text: string;
}

export class Refusals {
  private readonly short = new Map<number, Short>();

  /** Batch n is about to be confirmed as got. sentOf: a text with the edit that is on its way, and none that waits. */
  confirmed(n: number, sent: readonly Op[], got: readonly Op[], textOf: (k: Key) => string | undefined, sentOf: (k: Key) => string): void {
    if (got.length >= sent.length) return;
    const { ops, texts } = refusalOf(sent, textOf);
    const there = new Set(got.flatMap((op) => (op.kind === "textEdit" ? [key(op.id)] : [])));
    const missing = sent.filter((op) => op.kind === "textEdit" && !there.has(key(op.id)) && op.edit.some((c) => c.kind === "insert"));
    const missed = new Map(missing.flatMap((op) => ("id" in op ? [[key(op.id), sentOf(key(op.id))] as const] : [])));
    this.short.set(n, { ops, texts: new Map(texts), seen: new Map(), missed, overdue: false });
    const [oldest] = this.short.keys();
    if (this.short.size > MAX_SHORT && oldest !== undefined) this.short.delete(oldest);
  }

  /** Batch n is confirmed: what is typed from here on, until its refusal comes, is on these texts. */
  settled(n: number, textOf: (k: Key) => string | undefined): void {
    const short = this.short.get(n);
    for (const k of short?.texts.keys() ?? []) short?.seen.set(k, textOf(k) ?? "");
  }

  /** A text is edited in the view: the person has that too, whatever becomes of the batch. */
  edited(k: Key, edit: Edit): void {
    for (const { texts, seen } of this.short.values()) {
      const [text, view] = [texts.get(k), seen.get(k)];
      if (text === undefined || view === undefined) continue;
      texts.set(k, applyEdit(text, transform(edit, difference(view, text), "later")));
      seen.set(k, applyEdit(view, edit));
    }
  }

  /** A heart tick: texts whose refusal has not come since the one before. It was lost with a connection. */
  overdue(): Missed[] {
    const missed: Missed[] = [];
    for (const [n, short] of this.short) {
      if (short.overdue) this.short.delete(n);
      for (const op of short.overdue ? short.ops : []) {
        const text = op.kind === "textEdit" ? short.missed.get(key(op.id)) : undefined;
        if (op.kind === "textEdit" && text !== undefined) missed.push({ id: op.id, text });
      }
      short.overdue = true;
    }
    return missed;
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
