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

/** Ops are added in order and released in order. Texts' edits only count as uses: drafts have them. */
export class PendingChanges {
  /** How many pending ops name an element. */
  readonly #uses = new Map<Key, number>();
  readonly #changes = new Map<Key, PendingChange[]>();
  #clears: PendingChange[] = [];
  #seq = 0;

  add(op: Op): void {
    const seq = ++this.#seq;
    if (op.kind === "clear") this.#clears.push({ seq, change: HIDE, clear: op.base });
    for (const { k, change } of parts(op)) {
      this.#uses.set(k, (this.#uses.get(k) ?? 0) + 1);
      if (!change) continue;
      const changes = this.#changes.get(k);
      if (changes) changes.push({ seq, change, clear: undefined });
      else this.#changes.set(k, [{ seq, change, clear: undefined }]);
    }
  }

  /** Forgets the oldest op. */
  release(op: Op): void {
    if (op.kind === "clear") this.#clears.shift();
    for (const { k, change } of parts(op)) {
      const uses = (this.#uses.get(k) ?? 0) - 1;
      if (uses > 0) this.#uses.set(k, uses);
      else this.#uses.delete(k);
      if (!change) continue;
      const changes = this.#changes.get(k);
      changes?.shift();
      if (changes?.length === 0) this.#changes.delete(k);
    }
  }

  clear(): void {
    this.#uses.clear();
    this.#changes.clear();
    this.#clears = [];
  }

  /** Whether an op names an element. Clears name none. */
  names(k: Key): boolean {
    return this.#uses.has(k);
  }

  /** Changes of an element and all clears, in order. */
  of(k: Key): readonly PendingChange[] {
    const changes = this.#changes.get(k) ?? NONE;
    if (this.#clears.length === 0) return changes;
    return [...changes, ...this.#clears].sort((a, b) => a.seq - b.seq);
  }
}

const NONE: readonly PendingChange[] = [];

/** The elements that an op names, and what it does to them that can be done again to another state of them. */
function parts(op: Op): { readonly k: Key; readonly change: Change | undefined }[] {
  switch (op.kind) {
    case "set":
    case "eraseSpans":
      return [{ k: key(op.id), change: op }];
    case "create":
    case "extend":
    case "end":
    case "textEdit":
      return [{ k: key(op.id), change: undefined }];
    case "undo":
      return op.items.map((item) => ({ k: key(item.id), change: item }));
    case "clear":
    case "purge":
      return [];
  }
}

/** Elements that an op names; clears and purges name none. */
export const named = (op: Op): Key[] => parts(op).map(({ k }) => k);
