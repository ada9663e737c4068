// The confirmed state of one board: a pure function of its log (docs/protocol.md, OT1–OT9); the same as package ot in Go.
import { Writer, equalBytes } from "./bytes.ts";
import { Element } from "./element.ts";
import type { Ink } from "./element.ts";
import * as fnv from "./fnv.ts";
import { Bitmap } from "./live.ts";
import { Sheet } from "./sheet.ts";
import { ElementKind, key } from "./types.ts";
import type { ID, Key, Op } from "./types.ts";

export { Element } from "./element.ts";
export type { Stamped } from "./element.ts";

/** What the board keeps about an element besides it. */
interface Entry {
  readonly element: Element;
  readonly index: number;
  hash: fnv.Limbs | undefined;
  dirty: boolean;
}

/** What the board knows of a replica that created something. */
interface Author {
  readonly elements: number[];
  readonly open: Key[];
}

export class Board extends Sheet {
  readonly #entries = new Map<Key, Entry>();
  readonly #order: Element[] = [];
  readonly #authors = new Map<number, Author>();
  readonly #live = new Bitmap();
  readonly #sum: fnv.Limbs = [0, 0, 0, 0, 0, 0];
  #dirty: Entry[] = [];
  #lastInk: Element | undefined;

  /**
   * Takes the ops of one record and returns the keys of the elements that changed. Revisions never fall. The ops of a
   * record may also come in several calls with the same revision. An extend brings its points; ask extends() before
   * decoding its frame. Never throws (OT1).
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
    this.touched(e);
    if (e.open) this.openOf(e.id.replica).push(e.key);
  }

  protected registersOf(e: Element): Element {
    return e;
  }

  protected inkOf(e: Element): Ink | undefined {
    return e.ink;
  }

  protected place(e: Element): void {
    const index = this.#order.push(e) - 1;
    this.#entries.set(e.key, { element: e, index, hash: undefined, dirty: false });
    this.#author(e.id.replica).elements.push(index);
    if (e.kind === ElementKind.Ink) this.#share(e);
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

  protected touched(e: Element): void {
    const entry = this.#entries.get(e.key);
    if (!entry) return;
    this.#live.put(entry.index, !e.deleted);
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.push(entry);
  }
}

const ZERO: fnv.Limbs = [0, 0, 0, 0, 0, 0];

/**
 * Elements in drawing order, deleted ones left out: first those without an order key as they were created, above them
 * those with one, by key and id.
 */
export function drawn(elements: readonly Element[]): Iterable<Element> {
  const plain: Element[] = [];
  const keyed: Element[] = [];
  for (const e of elements) if (!e.deleted) (e.order === "" ? plain : keyed).push(e);
  keyed.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : compareIds(a.id, b.id)));
  return keyed.length === 0 ? plain : plain.concat(keyed);
}

const compareIds = (a: ID, b: ID): number => a.replica - b.replica || a.counter - b.counter;
