// The elements of a view: those of the confirmed board, and in the place of some of them elements of its own.
import type { Board } from "./board.ts";
import type { Element } from "./element.ts";
import { Ink } from "./ink.ts";
import { drawn } from "./order.ts";
import { Sheet } from "./sheet.ts";
import { key } from "./types.ts";
import type { ID, Key, Point } from "./types.ts";

/** Points of a stroke that are in no op yet. */
interface Wet {
  readonly k: Key;
  readonly points: readonly Point[];
}

/**
 * Where a view differs from the confirmed board it has elements of its own; the ink of one's own strokes is copied when
 * it is first extended and kept until the stroke is closed and confirmed, so that a frame costs its own points.
 */
export abstract class View extends Sheet {
  readonly replica: number;
  #confirmed: Board;
  /** Elements of the view's own. */
  protected readonly views = new Map<Key, Element>();
  /** Those that the confirmed board does not have yet, as they were created. */
  protected readonly born = new Set<Key>();
  #open: Key[] = [];
  /** How many points at the end of a stroke are in no op yet. */
  readonly #wet = new Map<Key, number>();
  /** A stroke was closed because there were too many (OT4). */
  protected crowded = false;

  constructor(confirmed: Board, replica: number) {
    super();
    this.#confirmed = confirmed;
    this.replica = replica;
  }

  get confirmed(): Board {
    return this.#confirmed;
  }

  protected set confirmed(board: Board) {
    this.#confirmed = board;
  }

  get(k: Key): Element | undefined {
    return this.views.get(k) ?? this.#confirmed.get(k);
  }

  /** Elements to draw, in drawing order, deleted ones left out. */
  elements(): Iterable<Element> {
    return drawn(this.all());
  }

  /** How many points of a stroke are in ops: where the next extend begins. */
  lengthOf(id: ID): number {
    const e = this.get(key(id));
    return e ? this.firmCount(e) : 0;
  }

  /**
   * Shows points of an own open stroke before they are in an op. The extend that brings them takes their place, with
   * its own values. Returns the keys that changed: none if the stroke is not open.
   */
  wet(k: Key, points: readonly Point[]): Set<Key> {
    const e = this.get(k);
    if (!e?.open || e.id.replica !== this.replica) return new Set();
    const before = this.#wet.get(k) ?? 0;
    const ink = this.inkOf(e);
    ink.count += before;
    ink.append(points);
    this.#wet.set(k, before + points.length);
    return new Set([k]);
  }

  /** All elements, deleted ones too: the confirmed ones in their order, then those to come. */
  protected all(): readonly Element[] {
    if (this.views.size === 0) return this.#confirmed.created;
    const all = this.#confirmed.created.map((e) => this.views.get(e.key) ?? e);
    for (const k of this.born) all.push(this.views.get(k) as Element);
    return all;
  }

  /** Gives up everything of its own and stands as the confirmed board does. Returns the points that are in no op. */
  protected renew(): readonly Wet[] {
    const wet = [...this.#wet.keys()].map((k) => ({ k, points: this.#wetPoints(k) }));
    for (const k of this.views.keys()) this.mark(k);
    for (const held of [this.views, this.born, this.#wet]) held.clear();
    this.#open = [...this.#confirmed.openStrokes(this.replica)];
    this.crowded = false;
    return wet;
  }

  /** Gives up an element that the confirmed board does not have. */
  protected unmake(k: Key): void {
    this.mark(k);
    this.views.delete(k);
    this.born.delete(k);
    this.#wet.delete(k);
    this.#open = this.#open.filter((o) => o !== k);
  }

  /** Shows again the wet points, up to end, that an extend has not brought. They still stand behind the ink's count. */
  protected wetAgain(k: Key, end: number): void {
    const ink = this.get(k)?.ink;
    if (!ink?.open || this.#wet.has(k) || ink.count >= end) return;
    this.#wet.set(k, end - ink.count);
    ink.count = end;
  }

  /** The confirmed board has an element that was created here. */
  protected confirmBirth(k: Key): void {
    const confirmed = this.#confirmed.get(k);
    if (!confirmed || !this.born.delete(k)) return;
    const view = this.views.get(k);
    if (view) view.created = confirmed.created;
    // A stroke that goes on is not told of for its revision alone; where some have an order, its place may be another (OT10).
    if (this.#confirmed.ordered > 0 || view?.open === false) this.mark(k);
  }

  #wetPoints(k: Key): Point[] {
    const e = this.get(k);
    if (!e) return [];
    return Array.from({ length: this.#wet.get(k) ?? 0 }, (_, i) => e.point(this.firmCount(e) + i));
  }

  protected override firmCount(e: Element): number {
    return e.count - (this.#wet.get(e.key) ?? 0);
  }

  protected writable(e: Element): Element {
    let own = this.views.get(e.key);
    if (!own) this.views.set(e.key, (own = e.twin()));
    return own;
  }

  /** The ink without its wet points. */
  protected inkOf(e: Element): Ink {
    const own = this.writable(e);
    let ink = own.ink ?? new Ink();
    if (ink === this.#confirmed.get(e.key)?.ink) ink = ink.clone();
    own.ink = ink;
    ink.count = this.firmCount(own);
    this.#wet.delete(e.key);
    return ink;
  }

  protected override crowds(): void {
    this.crowded = true;
  }

  protected place(e: Element): void {
    this.views.set(e.key, e);
    this.born.add(e.key);
  }

  protected openOf(): Key[] {
    return this.#open;
  }

  protected live(_replica: number, base: bigint): Element[] {
    return this.all().filter((e) => !e.deleted && this.covers(e, base));
  }

  /** Whether a pending clear with a base reaches an element that is not deleted (OT7). */
  protected covers(e: Element, base: bigint): boolean {
    return e.id.replica === this.replica || BigInt(e.created) <= base;
  }

  protected remove(): void {
    // Only the server purges (OT16).
  }

  protected changed(): void {
    // The view has no hash.
  }
}
