// What the pending ops of a view do to each element, so that one element can be brought up to date without all others.
import { HIDE } from "./change.ts";
import type { Change } from "./change.ts";
import { key } from "./types.ts";
import type { Key, Op } from "./types.ts";

/** A change of one element. clear: only if the element is in the reach of a clear with this base. */
export interface PendingChange {
  readonly seq: number;
  readonly change: Change;
  readonly clear: bigint | undefined;
}

/** What the pending ops do to one element. */
interface Pending {
  /** How many of them name it. */
  uses: number;
  /** Of those that can be done again to another state of it, in order. */
  changes: PendingChange[];
}

/** Ops are added in order and released in order. Texts' edits only count as uses: drafts have them. */
export class PendingChanges {
  readonly #of = new Map<Key, Pending>();
  #clears: PendingChange[] = [];
  #seq = 0;

  add(op: Op): void {
    const seq = ++this.#seq;
    if (op.kind === "clear") this.#clears.push({ seq, change: HIDE, clear: op.base });
    eachPart(op, (k, change) => {
      let pending = this.#of.get(k);
      if (!pending) this.#of.set(k, (pending = { uses: 0, changes: [] }));
      pending.uses++;
      if (change) pending.changes.push({ seq, change, clear: undefined });
    });
  }

  /** Forgets the oldest op. */
  release(op: Op): void {
    if (op.kind === "clear") this.#clears.shift();
    eachPart(op, (k, change) => {
      const pending = this.#of.get(k);
      if (!pending) return;
      if (change) pending.changes.shift();
      if (--pending.uses === 0) this.#of.delete(k);
    });
  }

  /** Forgets an op that is no clear and no undo, wherever it stands. */
  drop(op: Op): void {
    eachPart(op, (k, change) => {
      const pending = this.#of.get(k);
      if (!pending) return;
      if (change) pending.changes = pending.changes.filter((c) => c.change !== change);
      if (--pending.uses === 0) this.#of.delete(k);
    });
  }

  clear(): void {
    this.#of.clear();
    this.#clears = [];
  }

  /** Whether an op names an element. Clears name none. */
  names(k: Key): boolean {
    return this.#of.has(k);
  }

  /** Changes of an element and all clears, in order. */
  of(k: Key): readonly PendingChange[] {
    const changes = this.#of.get(k)?.changes ?? NONE;
    if (this.#clears.length === 0) return changes;
    return [...changes, ...this.#clears].sort((a, b) => a.seq - b.seq);
  }
}

const NONE: readonly PendingChange[] = [];

/** The elements that an op names, and what it does to them that can be done again to another state of them. */
function eachPart(op: Op, visit: (k: Key, change: Change | undefined) => void): void {
  switch (op.kind) {
    case "set":
    case "eraseSpans":
      return visit(key(op.id), op);
    case "create":
    case "extend":
    case "end":
    case "textEdit":
      return visit(key(op.id), undefined);
    case "undo":
      for (const item of op.items) visit(key(item.id), item);
      return;
    case "clear":
    case "purge":
  }
}

/** Calls back for each element that an op names; clears and purges name none. */
export const eachNamed = (op: Op, visit: (k: Key) => void): void => eachPart(op, visit);
