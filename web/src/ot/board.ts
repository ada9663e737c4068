// The confirmed state of one board: a pure function of its log (docs/protocol.md, OT1–OT18); the same as package ot in Go.
import { Writer, equalBytes } from "./bytes.ts";
import { Element } from "./element.ts";
import * as fnv from "./fnv.ts";
import type { Ink } from "./ink.ts";
import { Bitmap } from "./live.ts";
import { drawn } from "./order.ts";
import { Sheet } from "./sheet.ts";
import { ElementKind, key } from "./types.ts";
import type { ID, IDRange, Key, Op } from "./types.ts";

export { Element } from "./element.ts";
export type { Erasure, Stamped } from "./element.ts";

/** What the board keeps about an element besides it. */
interface Entry {
  readonly element: Element;
  index: number;
  hash: fnv.Limbs | undefined;
  dirty: boolean;
  /** The register order is not empty. */
  ordered: boolean;
}

/** What the board knows of a replica that created something. */
interface Author {
  readonly elements: number[];
  readonly open: Key[];
}

export class Board extends Sheet {
  readonly #entries = new Map<Key, Entry>();
  #order: Element[] = [];
  readonly #authors = new Map<number, Author>();
  #live = new Bitmap();
  readonly #sum: fnv.Limbs = [0, 0, 0, 0, 0, 0];
  #dirty: Entry[] = [];
  #ordered = 0;
  #lastInk: Element | undefined;

  /**
   * Takes the ops of one record and returns the keys of the elements that changed; of those that were purged too, which
   * get() does not find any more. Revisions never fall. The ops of a record may also come in several calls with the same
   * revision. An extend brings its points; ask extends() before decoding its frame. Never throws (OT1).
   */
  apply(revision: number, author: number, ops: readonly Op[]): Set<Key> {
    for (const op of ops) this.applyOp(revision, author, op);
    return this.takeChanged();
  }

  get(k: Key): Element | undefined {
    return this.#entries.get(k)?.element;
  }

  /** How many points an element has; 0 if there is none. */
  lengthOf(id: ID): number {
    return this.get(key(id))?.count ?? 0;
  }

  /** How many elements there are, deleted ones too. */
  get size(): number {
    return this.#order.length;
  }

  /** How many elements have an order of their own, deleted ones too. */
  get ordered(): number {
    return this.#ordered;
  }

  /** All elements in the order of creation, deleted ones too. */
  get created(): readonly Element[] {
    return this.#order;
  }

  /** Elements in drawing order, deleted ones left out. */
  elements(): Iterable<Element> {
    return drawn(this.#order);
  }

  /** Keys of the strokes that a replica has open, oldest first. */
  openStrokes(replica: number): readonly Key[] {
    return this.#authors.get(replica)?.open ?? [];
  }

  /** State hash, 16 bytes. Costs as much as what changed since the last call. */
  hash(): Uint8Array {
    const scratch = new Writer(1024);
    for (const entry of this.#dirty) {
      const h = entry.element.hash(scratch);
      fnv.replace(this.#sum, entry.hash ?? ZERO, h);
      entry.hash = h;
      entry.dirty = false;
    }
    this.#dirty = [];
    return fnv.bytes(this.#sum);
  }

  /** Puts an element of a snapshot behind all others. For the loader only. */
  load(e: Element): void {
    this.place(e);
    this.changed(e);
    if (e.open) this.openOf(e.id.replica).push(e.key);
  }

  protected writable(e: Element): Element {
    return e;
  }

  protected inkOf(e: Element): Ink | undefined {
    return e.ink;
  }

  protected place(e: Element): void {
    this.#put({ element: e, index: 0, hash: undefined, dirty: false, ordered: false });
    if (e.kind === ElementKind.Ink) this.#share(e);
  }

  /** Puts an entry where the board finds it. */
  #put(entry: Entry): void {
    const e = entry.element;
    entry.index = this.#order.push(e) - 1;
    this.#entries.set(e.key, entry);
    this.#author(e.id.replica).elements.push(entry.index);
    this.#live.put(entry.index, !e.deleted);
  }

  /** OT16. Everything that elements are found by is made anew, so that not even their room stays. */
  protected remove(ranges: readonly IDRange[]): void {
    const entries = this.#order.map((e) => this.#entries.get(e.key) as Entry);
    const gone = new Set(entries.filter(({ element }) => element.deleted && inRanges(ranges, element.id)));
    if (gone.size === 0) return;
    for (const { element, hash, ordered } of gone) {
      this.mark(element.key);
      if (ordered) this.#ordered--;
      if (hash) fnv.replace(this.#sum, hash, ZERO);
      if (element.open) this.openOf(element.id.replica).splice(this.openOf(element.id.replica).indexOf(element.key), 1);
    }
    this.#dirty = this.#dirty.filter((entry) => !gone.has(entry));
    this.#order = [];
    this.#entries.clear();
    this.#live = new Bitmap();
    for (const author of this.#authors.values()) author.elements.length = 0;
    for (const entry of entries) if (!gone.has(entry)) this.#put(entry);
    if (this.#lastInk && !this.get(this.#lastInk.key)) this.#lastInk = undefined;
  }

  /** Strokes of one pen have the same values: one copy of them is enough. */
  #share(e: Element): void {
    const before = this.#lastInk;
    this.#lastInk = e;
    if (!before) return;
    e.registers = e.registers.map((r) => {
      const value = before.value(r.register);
      return value && value !== r.value && equalBytes(value, r.value) ? { ...r, value } : r;
    });
  }

  #author(replica: number): Author {
    let author = this.#authors.get(replica);
    if (!author) this.#authors.set(replica, (author = { elements: [], open: [] }));
    return author;
  }

  protected openOf(replica: number): Key[] {
    return this.#author(replica).open;
  }

  protected live(replica: number, base: bigint): Element[] {
    const end = this.#firstAfter(base);
    const own = (this.#authors.get(replica)?.elements ?? []).filter((i) => i >= end && this.#live.has(i));
    return [...this.#live.below(end), ...own].map((i) => this.#order[i] as Element);
  }

  /** Index of the first element that was created after a revision. */
  #firstAfter(base: bigint): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (BigInt((this.#order[middle] as Element).created) <= base) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected changed(e: Element): void {
    const entry = this.#entries.get(e.key);
    if (!entry) return;
    this.#live.put(entry.index, !e.deleted);
    if (entry.ordered !== (e.order !== "")) {
      entry.ordered = !entry.ordered;
      this.#ordered += entry.ordered ? 1 : -1;
    }
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.push(entry);
  }
}

const ZERO: fnv.Limbs = [0, 0, 0, 0, 0, 0];

/** Whether an id is in ranges, which are rising and apart. */
function inRanges(ranges: readonly IDRange[], id: ID): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { replica, first, count } = ranges[middle] as IDRange;
    if (replica < id.replica || (replica === id.replica && first + count <= id.counter)) low = middle + 1;
    else high = middle;
  }
  const range = ranges[low];
  return range !== undefined && range.replica === id.replica && range.first <= id.counter;
}
