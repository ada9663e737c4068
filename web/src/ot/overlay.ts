// What a person sees of a board: the confirmed document with the own ops on it that are not confirmed yet (REC2).
import { Board, drawn } from "./board.ts";
import { equalBytes } from "./bytes.ts";
import { encodeOps } from "./codec.ts";
import { Ink } from "./element.ts";
import type { Element } from "./element.ts";
import { Sheet } from "./sheet.ts";
import { Register, key } from "./types.ts";
import type { ID, Key, Op, Point, Setting } from "./types.ts";
import { boolValue } from "./value.ts";

/** A batch of own ops that is not confirmed; points of its extends are filled in. */
export interface Batch {
  readonly n: number;
  readonly ops: readonly Op[];
}

/** Stands for the revision of what is not confirmed. */
export const PENDING = Number.MAX_SAFE_INTEGER;

const DELETED: readonly Setting[] = [{ register: Register.Deleted, value: boolValue(true) }];

interface Edit {
  readonly seq: number;
  readonly settings: readonly Setting[];
}

interface PendingClear {
  readonly seq: number;
  readonly base: bigint;
}

/**
 * The view is always what the pending batches, applied in order, make of the confirmed board; that does not depend on
 * when which part was confirmed. So a record that confirms the oldest batch as it was sent changes nothing, and a
 * record of somebody else changes registers only: nobody else extends or closes one's own strokes. Whatever is not
 * that simple (a batch refused in part, a resync) is replayed from the confirmed board.
 *
 * Where the view differs from the confirmed board it has elements of its own; the ink of one's own strokes is copied
 * when it is first extended and kept until the stroke is closed and confirmed, so that a frame costs its own points.
 */
export class Overlay extends Sheet {
  readonly replica: number;
  #confirmed: Board;
  #pending: Batch[] = [];
  /** Elements of the view's own. */
  readonly #views = new Map<Key, Element>();
  /** Those that the confirmed board does not have yet, as they were created. */
  readonly #born = new Set<Key>();
  #open: Key[] = [];
  /** How many points at the end of a stroke are in no op yet. */
  readonly #wet = new Map<Key, number>();
  /** How many pending ops name an element. */
  readonly #uses = new Map<Key, number>();
  readonly #sets = new Map<Key, Edit[]>();
  #clears: PendingClear[] = [];
  #seq = 0;

  constructor(confirmed: Board, replica: number, pending: readonly Batch[] = []) {
    super();
    this.#confirmed = confirmed;
    this.replica = replica;
    this.rebase(confirmed, pending);
  }

  get confirmed(): Board {
    return this.#confirmed;
  }

  /** Batches that are not confirmed, oldest first. */
  get pending(): readonly Batch[] {
    return this.#pending;
  }

  get(k: Key): Element | undefined {
    return this.#views.get(k) ?? this.#confirmed.get(k);
  }

  /** Elements to draw, in drawing order, deleted ones left out. */
  elements(): Iterable<Element> {
    return drawn(this.#all());
  }

  /** How many points of a stroke are in ops: where the next extend begins. */
  lengthOf(id: ID): number {
    const e = this.get(key(id));
    return e ? this.firmCount(e) : 0;
  }

  /**
   * Adds a batch of own ops, or more ops to the newest one, which may be added in pieces. Returns the keys that changed
   * in the view.
   */
  add(batch: Batch): Set<Key> {
    const newest = this.#pending.at(-1);
    if (newest?.n === batch.n) this.#pending[this.#pending.length - 1] = { n: batch.n, ops: [...newest.ops, ...batch.ops] };
    else this.#pending.push(batch);
    for (const op of batch.ops) this.#perform(op);
    return this.takeChanged();
  }

  /**
   * Applies a record of the board's stream to the confirmed board; an own one confirms the pending batch n. Returns the
   * keys that changed in the view.
   */
  confirm(revision: number, author: number, n: number, ops: readonly Op[]): Set<Key> {
    const oldest = this.#pending[0];
    const own = author === this.replica;
    const asSent = own && oldest?.n === n && sameOps(oldest.ops, ops);
    const changed = this.#confirmed.apply(revision, author, ops);
    if (asSent) {
      this.#pending.shift();
      ops.forEach((op) => this.#release(op));
      ops.forEach((op) => this.#settleAfter(op));
      changed.forEach((k) => this.#settle(k));
    } else if (own) {
      this.#pending = this.#pending.filter((b) => b.n !== n);
      changed.forEach((k) => this.mark(k));
      this.#replay();
    } else {
      for (const k of changed) this.#refresh(k);
    }
    return this.takeChanged();
  }

  /** Takes a refused batch out; returns the keys that changed in the view. */
  drop(n: number): Set<Key> {
    this.#pending = this.#pending.filter((b) => b.n !== n);
    this.#replay();
    return this.takeChanged();
  }

  /** Puts the pending batches on another confirmed board, after a resync. Everything may have changed. */
  rebase(confirmed: Board, pending: readonly Batch[] = this.#pending): void {
    this.#confirmed = confirmed;
    this.#pending = [...pending];
    this.#replay();
    this.takeChanged();
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
  #all(): readonly Element[] {
    if (this.#views.size === 0) return this.#confirmed.created;
    const all = this.#confirmed.created.map((e) => this.#views.get(e.key) ?? e);
    for (const k of this.#born) all.push(this.#views.get(k) as Element);
    return all;
  }

  /** Applies one pending op to the view and notes what it names. */
  #perform(op: Op): void {
    const seq = ++this.#seq;
    if (op.kind === "clear") {
      this.#clears.push({ seq, base: op.base });
      this.applyOp(PENDING, this.replica, op);
      return;
    }
    const k = key(op.id);
    this.#uses.set(k, (this.#uses.get(k) ?? 0) + 1);
    if (op.kind === "set") this.#setsOf(k).push({ seq, settings: op.settings });
    const end = this.get(k)?.count ?? 0;
    this.applyOp(PENDING, this.replica, op);
    if (op.kind === "extend") this.#wetAgain(k, end);
  }

  #setsOf(k: Key): Edit[] {
    let sets = this.#sets.get(k);
    if (!sets) this.#sets.set(k, (sets = []));
    return sets;
  }

  /** Shows again the wet points, up to end, that an extend has not brought. They still stand behind the ink's count. */
  #wetAgain(k: Key, end: number): void {
    const ink = this.get(k)?.ink;
    if (!ink?.open || this.#wet.has(k) || ink.count >= end) return;
    this.#wet.set(k, end - ink.count);
    ink.count = end;
  }

  /** Forgets a pending op, the oldest: it is in the confirmed board. */
  #release(op: Op): void {
    if (op.kind === "clear") {
      this.#clears.shift();
      return;
    }
    const k = key(op.id);
    const uses = (this.#uses.get(k) ?? 0) - 1;
    if (uses > 0) this.#uses.set(k, uses);
    else this.#uses.delete(k);
    if (op.kind === "set") this.#sets.get(k)?.shift();
    if (op.kind === "create") this.#confirmBirth(k);
  }

  #settleAfter(op: Op): void {
    if (op.kind !== "clear") this.#settle(key(op.id));
    else for (const k of this.#views.keys()) this.#settle(k);
  }

  #confirmBirth(k: Key): void {
    const confirmed = this.#confirmed.get(k);
    if (!confirmed || !this.#born.delete(k)) return;
    const view = this.#views.get(k);
    if (view) view.created = confirmed.created;
  }

  /** Whether the view goes on having an element of its own whatever its registers say. Wet points stand on open strokes only. */
  #needed(k: Key): boolean {
    const confirmed = this.#confirmed.get(k);
    if (!confirmed || this.#uses.has(k)) return true;
    return confirmed.open && confirmed.id.replica === this.replica;
  }

  /** Gives up an element of the view's own once it is as the confirmed one. */
  #settle(k: Key): void {
    if (this.#views.has(k) && !this.#needed(k)) this.#refresh(k);
  }

  /** Brings the registers of an element up to date after its confirmed ones changed. */
  #refresh(k: Key): void {
    this.mark(k);
    const confirmed = this.#confirmed.get(k);
    const edits = this.#editsOf(k);
    if (!confirmed || (edits.length === 0 && !this.#views.has(k))) return;
    const view = this.registersOf(confirmed);
    view.resetRegisters(confirmed);
    let edited = false;
    for (const edit of edits) edited = this.#rewrite(view, edit) || edited;
    if (!edited && !this.#needed(k)) this.#views.delete(k);
  }

  #rewrite(view: Element, edit: Edit | PendingClear): boolean {
    if ("base" in edit && (view.deleted || !this.#covers(view, edit.base))) return false;
    const settings = "base" in edit ? DELETED : edit.settings;
    for (const s of settings) view.write(s.register, s.value, PENDING);
    return true;
  }

  /** Pending sets of an element and all pending clears, in order. */
  #editsOf(k: Key): (Edit | PendingClear)[] {
    const sets = this.#sets.get(k) ?? [];
    if (this.#clears.length === 0) return sets;
    return [...sets, ...this.#clears].sort((a, b) => a.seq - b.seq);
  }

  /** Makes the view anew from the confirmed board and the pending batches. */
  #replay(): void {
    const wet = [...this.#wet.keys()].map((k) => ({ k, points: this.#wetPoints(k) }));
    for (const k of this.#views.keys()) this.mark(k);
    for (const held of [this.#views, this.#born, this.#wet, this.#uses, this.#sets]) held.clear();
    this.#clears = [];
    this.#open = [...this.#confirmed.openStrokes(this.replica)];
    for (const batch of this.#pending) for (const op of batch.ops) this.#perform(op);
    for (const { k, points } of wet) this.wet(k, points);
  }

  #wetPoints(k: Key): Point[] {
    const e = this.get(k);
    if (!e) return [];
    return Array.from({ length: this.#wet.get(k) ?? 0 }, (_, i) => e.point(this.firmCount(e) + i));
  }

  protected override firmCount(e: Element): number {
    return e.count - (this.#wet.get(e.key) ?? 0);
  }

  protected registersOf(e: Element): Element {
    let own = this.#views.get(e.key);
    if (!own) this.#views.set(e.key, (own = e.twin()));
    return own;
  }

  /** The ink without its wet points. */
  protected inkOf(e: Element): Ink {
    const own = this.registersOf(e);
    let ink = own.ink ?? new Ink();
    if (ink === this.#confirmed.get(e.key)?.ink) ink = ink.clone();
    own.ink = ink;
    ink.count = this.firmCount(own);
    this.#wet.delete(e.key);
    return ink;
  }

  protected place(e: Element): void {
    this.#views.set(e.key, e);
    this.#born.add(e.key);
  }

  protected openOf(): Key[] {
    return this.#open;
  }

  protected live(_replica: number, base: bigint): Element[] {
    return this.#all().filter((e) => !e.deleted && this.#covers(e, base));
  }

  #covers(e: Element, base: bigint): boolean {
    return e.id.replica === this.replica || BigInt(e.created) <= base;
  }

  protected touched(): void {
    // The view has no hash.
  }
}

/** Whether a record has the ops of a batch as they were sent. */
function sameOps(sent: readonly Op[], got: readonly Op[]): boolean {
  return sent.length === got.length && equalBytes(encodeOps(sent), encodeOps(got)) && sent.every((op, i) => samePoints(op, got[i]));
}

function samePoints(a: Op, b: Op | undefined): boolean {
  if (a.kind !== "extend" || b?.kind !== "extend") return true;
  return a.points.length === b.points.length && a.points.every((p, i) => samePoint(p, b.points[i]));
}

const samePoint = (a: Point, b: Point | undefined): boolean =>
  b !== undefined && a.x === b.x && a.y === b.y && a.p === b.p && a.t === b.t;
