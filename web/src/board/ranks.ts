// Drawing order as numbers, read from the board only when somebody needs it and something may have changed it.
import type { Key } from "../ot/types.ts";
import type { Facts, Source } from "./facts.ts";

/** What has a rank. */
interface Ranked {
  readonly facts: Facts;
  rank: number;
}

export class Ranks {
  readonly #source: Pick<Source, "keys">;
  #sorted = false;
  /** Of the highest. */
  #top = 0;
  /** Latest revision that made one. */
  #newest = -1;
  /** Some element has a key, and may lie anywhere. */
  #keyed = false;

  constructor(source: Pick<Source, "keys">) {
    this.#source = source;
  }

  clear(): void {
    this.#sorted = false;
    this.#top = 0;
    this.#newest = -1;
    this.#keyed = false;
  }

  /** A new element. What is not ordered by a key and newer than all others lies above them: no need to look. */
  add(item: Ranked): void {
    const { order, created } = item.facts;
    if (order === "" && created > this.#newest && this.#sorted && !this.#keyed) {
      this.#newest = created;
      item.rank = ++this.#top;
      return;
    }
    this.#keyed ||= order !== "";
    this.#newest = Math.max(this.#newest, created);
    this.#sorted = false;
  }

  /** Whether an element's change moves it in the order so that it must be drawn anew. */
  moved(before: Facts, after: Facts): boolean {
    if (before.order === after.order && before.created === after.created) return false;
    this.#keyed ||= after.order !== "";
    this.#sorted = false;
    // A confirmation moves an own element under nothing but what has a key: without, it need not be drawn twice.
    return before.order !== after.order || this.#keyed;
  }

  /** Makes the ranks of all items right. */
  sort(items: ReadonlyMap<Key, Ranked>): void {
    if (this.#sorted) return;
    this.#sorted = true;
    let rank = 0;
    this.#newest = -1;
    for (const key of this.#source.keys()) {
      const item = items.get(key);
      if (item === undefined) continue;
      item.rank = ++rank;
      this.#newest = Math.max(this.#newest, item.facts.created);
    }
    this.#top = rank;
  }
}
