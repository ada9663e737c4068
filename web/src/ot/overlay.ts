// What a person sees of a board: the confirmed document with the own ops on it that are not confirmed yet (REC2).
import type { Board } from "./board.ts";
import { make } from "./change.ts";
import { Drafts } from "./drafts.ts";
import type { Base, PendingText } from "./drafts.ts";
import { PENDING } from "./order.ts";
import { PendingChanges, eachNamed } from "./pending.ts";
import { sameOps } from "./sameops.ts";
import { applyEdit, canonical, codePoints, fit, invert, movePosition } from "./text.ts";
import { TextWatch } from "./told.ts";
import type { TextListener } from "./told.ts";
import { ElementKind, key } from "./types.ts";
import type { Edit, ID, Key, Op } from "./types.ts";
import { View } from "./view.ts";

export { PENDING } from "./order.ts";
export type { PendingText } from "./drafts.ts";

/** A batch of own ops that is not confirmed; points of its extends are filled in. */
export interface Batch {
  readonly n: number;
  readonly ops: readonly Op[];
}

/** What is known of the confirmed board besides it. */
export interface Standing {
  /** Revision of the confirmed board. */
  readonly revision?: number;
}

/**
 * The view is always what the pending batches, applied in order, make of the confirmed board; that does not depend on
 * when which part was confirmed. So a record that confirms the oldest batch as it was sent changes nothing. A record of
 * somebody else changes all but the points: nobody else extends one's own strokes. The elements that it changes are made
 * anew from the confirmed ones and the pending changes that name them, so that undo is decided on what the view has
 * (OT15). Whatever is not that simple (a batch refused in part, a record of the server, a resync) is replayed from the
 * confirmed board. Texts are in Drafts.
 */
export class Overlay extends View {
  #revision = 0;
  #pending: Batch[] = [];
  readonly #changes = new PendingChanges();
  readonly #drafts = new Drafts();
  readonly #watch = new TextWatch();

  constructor(confirmed: Board, replica: number, pending: readonly Batch[] = [], { revision = 0 }: Standing = {}) {
    super(confirmed, replica);
    this.rebase(confirmed, pending, revision);
  }

  /** Revision of the confirmed board. */
  get revision(): number {
    return this.#revision;
  }

  /** Batches that are not confirmed, oldest first. */
  get pending(): readonly Batch[] {
    return this.#pending;
  }

  /**
   * Adds a batch of own ops, or more ops to the newest one, which may be added in pieces. Returns the keys that changed
   * in the view. A text edit is what takeText gave.
   */
  add(batch: Batch): Set<Key> {
    const newest = this.#pending.at(-1);
    if (newest?.n === batch.n) this.#pending[this.#pending.length - 1] = { n: batch.n, ops: [...newest.ops, ...batch.ops] };
    else this.#pending.push(batch);
    for (const op of batch.ops) this.#perform(batch.n, op);
    return this.#done();
  }

  /**
   * Applies a record of the board's stream to the confirmed board; an own one confirms the pending batch n. Returns the
   * keys that changed in the view.
   */
  confirm(revision: number, author: number, n: number, ops: readonly Op[]): Set<Key> {
    const oldest = this.#pending[0];
    const own = author === this.replica;
    const asSent = own && oldest?.n === n && sameOps(oldest.ops, ops);
    const edited = this.#confirmTexts(revision, own ? n : undefined, ops);
    const changed = this.confirmed.apply(revision, author, ops);
    this.#revision = revision;
    this.#reach();
    if (asSent) {
      this.#pending.shift();
      oldest.ops.forEach((op) => this.#release(op));
      oldest.ops.forEach((op) => this.#settleAfter(op));
      changed.forEach((k) => this.#settle(k));
      edited.forEach((k) => this.#followDraft(k));
    } else if (own && changed.size === 0 && edited.size === 0) {
      this.#without(this.#takeOut(n));
    } else if (own || author === 0) {
      if (own) this.#takeOut(n);
      changed.forEach((k) => this.#forgetPurged(k));
      this.#replay();
    } else {
      for (const k of changed) this.#refresh(k);
    }
    return this.#done();
  }

  /** Takes a refused batch out, or the ops of it that are named by index; returns the keys that changed in the view. */
  drop(n: number, indexes?: readonly number[]): Set<Key> {
    const outs = this.#drafts.outIn(n).length;
    const dropped = this.#takeOut(n, indexes);
    this.#dropTexts(n);
    if (outs > 0) this.#replay();
    else this.#without(dropped);
    return this.#done();
  }

  /** Takes a batch, or the ops of it that are named by index, out of what is pending. Returns them. */
  #takeOut(n: number, indexes?: readonly number[]): readonly Op[] {
    const at = this.#pending.findIndex((b) => b.n === n);
    const ops = this.#pending[at]?.ops ?? [];
    const goes = (i: number): boolean => indexes?.includes(i) !== false;
    const kept = ops.filter((_, i) => !goes(i));
    if (at >= 0) this.#pending.splice(at, 1, ...(kept.length > 0 ? [{ n, ops: kept }] : []));
    return ops.filter((_, i) => goes(i));
  }

  /**
   * Puts the pending batches on another confirmed board, after a resync. pending: those that are not in it. Everything
   * may have changed.
   */
  rebase(confirmed: Board, pending: readonly Batch[] = this.#pending, revision = this.#revision): void {
    if (this.#watch.watched) for (const e of this.all()) if (e.kind === ElementKind.Text) this.#watch.note(e.key, e.text);
    const numbers = new Set(pending.map((b) => b.n));
    for (const k of this.#drafts.keys()) this.#rebaseText(k, confirmed, numbers, revision);
    this.confirmed = confirmed;
    this.#revision = revision;
    this.#pending = [...pending];
    this.#replay();
    this.#done();
  }

  /**
   * Puts other batches in the place of the newest one, n: the same work, merged or cut, numbered from n on. Nothing
   * changes in the view. Not while the batch has edits of texts.
   */
  rewrite(n: number, batches: readonly (readonly Op[])[]): void {
    if (this.#pending.at(-1)?.n === n) this.#pending.pop();
    batches.forEach((ops, i) => this.#pending.push({ n: n + i, ops }));
    this.#changes.clear();
    for (const { ops } of this.#pending) for (const op of ops) this.#changes.add(op);
  }

  // ---- Texts (SYN7).

  /** Edits a text as the view has it; the edit waits to be taken. Returns the keys that changed. */
  typed(k: Key, edit: Edit): Set<Key> {
    const e = this.get(k);
    if (e?.kind !== ElementKind.Text) return new Set();
    this.#drafts.typed(k, fit(canonical(edit), codePoints(e.text)));
    this.#refresh(k);
    return this.takeChanged();
  }

  /** Texts with something that can be taken. */
  textsToTake(): Key[] {
    return this.#drafts.takable().filter((k) => this.get(k)?.kind === ElementKind.Text);
  }

  /**
   * What was typed in a text, to be put in a batch as it is: op textEdit with this base. It is on its way from here on,
   * and nothing more can be taken until it is confirmed or dropped. Undefined: there is nothing to take.
   */
  takeText(k: Key): { readonly edit: Edit; readonly base: bigint } | undefined {
    const edit = this.get(k)?.kind === ElementKind.Text ? this.#drafts.take(k) : undefined;
    return edit && { edit, base: BigInt(this.textBase(k).revision) };
  }

  /** The text that own edits of a text are on: the confirmed one, or a newer one after an older snapshot. */
  textBase(k: Key): Base {
    return this.#drafts.baseOf(k) ?? { text: this.confirmed.get(k)?.text ?? "", revision: this.#revision };
  }

  /** Own edits of a text that are not confirmed, on the confirmed text as it is now. */
  pendingText(k: Key): PendingText {
    return this.#drafts.of(k);
  }

  /** What was typed and not taken, by text: for a view that takes the place of this one. */
  waitingTexts(): Map<Key, Edit> {
    const waiting = new Map<Key, Edit>();
    for (const k of this.#drafts.keys()) if (this.#drafts.of(k).waiting.length > 0) waiting.set(k, this.#drafts.of(k).waiting);
    return waiting;
  }

  /** Calls back after every change of the view's text of an element but those of typed, with the edit that makes it. */
  onText(listener: TextListener): () => void {
    return this.#watch.listen(listener);
  }

  /** Where a position in the confirmed text is in the view. */
  viewPosition(k: Key, position: number): number {
    const { out, waiting } = this.#drafts.of(k);
    return movePosition(movePosition(position, out), waiting);
  }

  /** Where a position in the view's text is in the confirmed one. */
  confirmedPosition(k: Key, position: number): number {
    const { text } = this.textBase(k);
    const { out, waiting } = this.#drafts.of(k);
    return movePosition(movePosition(position, invert(waiting, applyEdit(text, out))), invert(out, text));
  }

  /** Brings drafts over the text edits of a record, before it is applied. n: of an own one. Returns texts with a draft. */
  #confirmTexts(revision: number, n: number | undefined, ops: readonly Op[]): Set<Key> {
    const edited = new Set<Key>();
    const outs = new Set(n === undefined ? [] : this.#drafts.outIn(n));
    for (const op of ops) {
      if (op.kind !== "textEdit") continue;
      const k = key(op.id);
      const before = this.get(k)?.text;
      if (before === undefined) continue;
      if (!this.#drafts.has(k)) {
        this.#watch.note(k, before, op.edit);
      } else if (revision <= (this.#drafts.baseOf(k)?.revision ?? 0)) {
        edited.add(k); // the draft is behind it already
      } else if (outs.delete(k)) {
        this.#settleText(k, op.edit);
        edited.add(k);
      } else {
        this.#watch.note(k, before, this.#drafts.others(k, op.edit));
        edited.add(k);
      }
    }
    for (const k of outs) {
      this.#settleText(k, []);
      edited.add(k);
    }
    return edited;
  }

  /** The edit of a text that was on its way is confirmed as edit; none: it is not there. */
  #settleText(k: Key, edit: Edit): void {
    this.#watch.note(k, this.get(k)?.text ?? "");
    this.#drafts.settled(k, edit, codePoints(this.confirmed.get(k)?.text ?? ""));
  }

  /** Rolls back edits of batch n that are not pending any more. */
  #dropTexts(n: number): void {
    const ops = this.#pending.find((b) => b.n === n)?.ops ?? [];
    for (const k of this.#drafts.outIn(n)) {
      if (!ops.some((op) => op.kind === "textEdit" && key(op.id) === k)) this.#settleText(k, []);
    }
  }

  #rebaseText(k: Key, confirmed: Board, pending: ReadonlySet<number>, revision: number): void {
    const before = this.confirmed.get(k)?.text;
    const base = this.#drafts.baseOf(k) ?? (before === undefined ? undefined : { text: before, revision: this.#revision });
    if (base && revision < base.revision) return this.#drafts.setBack(k, base);
    const after = confirmed.get(k)?.text;
    const born = this.born.has(k);
    if (before !== undefined && after === undefined) this.#drafts.delete(k);
    else this.#drafts.replaced(k, before ?? (born ? "" : undefined), after, pending);
  }

  /** Drafts go on with the confirmed board where it has come to what they are on. */
  #reach(): void {
    for (const k of this.#drafts.keys()) {
      const base = this.#drafts.baseOf(k);
      if (!base || base.revision > this.#revision) continue;
      const text = this.confirmed.get(k)?.text ?? "";
      if (text !== base.text) this.#watch.note(k, this.get(k)?.text ?? "");
      this.#drafts.reached(k, text, this.#revision);
      this.#followDraft(k);
    }
  }

  #showDrafts(): void {
    for (const k of this.#drafts.keys()) this.#showText(k);
  }

  #followDraft(k: Key): void {
    if (this.get(k)?.text !== this.#drafts.show(k, this.confirmed.get(k)?.text ?? "")) this.#refresh(k);
  }

  #showText(k: Key): void {
    const e = this.get(k);
    if (e?.kind !== ElementKind.Text) return;
    this.mark(k);
    this.writable(e).text = this.#drafts.show(k, this.confirmed.get(k)?.text ?? "");
  }

  // ---- The view.

  /** Tells of texts; returns the keys that changed in this step. */
  #done(): Set<Key> {
    this.#watch.tell((k) => this.get(k)?.text ?? "");
    return this.takeChanged();
  }

  /** Applies one pending op to the view and notes what it names. */
  #perform(n: number, op: Op): void {
    this.#changes.add(op);
    if (op.kind === "textEdit") return this.#performEdit(n, op);
    const k = op.kind === "extend" ? key(op.id) : undefined;
    const end = (k && this.get(k)?.count) ?? 0;
    this.applyOp(PENDING, this.replica, op);
    if (k) this.wetAgain(k, end);
  }

  #performEdit(n: number, { id, edit }: Extract<Op, { kind: "textEdit" }>): void {
    const k = key(id);
    const e = this.get(k);
    if (e?.kind === ElementKind.Text) this.#watch.note(k, e.text);
    this.#drafts.sent(k, n, edit);
    this.#showText(k);
  }

  /** Forgets a pending op, the oldest: it is in the confirmed board. */
  #release(op: Op): void {
    this.#changes.release(op);
    if (op.kind === "create") this.confirmBirth(key(op.id));
  }

  #settleAfter(op: Op): void {
    if (op.kind === "clear") for (const k of this.views.keys()) this.#settle(k);
    else eachNamed(op, (k) => this.#settle(k));
  }

  /** Whether the view goes on having an element of its own whatever its changes say. Wet points stand on open strokes only. */
  #needed(k: Key): boolean {
    const confirmed = this.confirmed.get(k);
    if (!confirmed || this.#changes.names(k) || this.#drafts.has(k)) return true;
    return confirmed.open && confirmed.id.replica === this.replica;
  }

  /**
   * Gives up an element of the view's own once it is as the confirmed one: nobody sees that, but for the ink, which may be
   * another copy, and a text of which an edit was refused.
   */
  #settle(k: Key): void {
    const view = this.views.get(k);
    if (!view || this.#needed(k)) return;
    if (this.#changes.of(k).length > 0) return this.#refresh(k); // a clear may reach it
    this.views.delete(k);
    const confirmed = this.confirmed.get(k);
    if (view.ink !== confirmed?.ink || view.text !== confirmed?.text) this.mark(k);
  }

  /** Brings an element up to date after the confirmed one or its draft changed. */
  #refresh(k: Key): void {
    this.mark(k);
    const confirmed = this.confirmed.get(k);
    if (!confirmed) return this.#showText(k);
    const changes = this.#changes.of(k);
    if (changes.length === 0 && !this.views.has(k) && !this.#drafts.has(k)) return;
    const view = this.writable(confirmed);
    view.reset(confirmed);
    let edited = false;
    for (const { change, clear } of changes) {
      if (clear !== undefined && !this.covers(view, clear)) continue;
      if (make(change, view, PENDING, this.replica, (e) => e)) edited = true;
    }
    if (this.#drafts.has(k)) view.text = this.#drafts.show(k, confirmed.text);
    if (!edited && !this.#needed(k)) this.views.delete(k);
  }

  /** The draft of a text that is off the board goes with it. */
  #forgetPurged(k: Key): void {
    this.mark(k);
    if (!this.confirmed.get(k)) this.#drafts.delete(k);
  }

  /**
   * Brings the view to what it is without ops that were pending: work of minutes without network may be refused, batch by
   * batch. Only where something else may lean on them the view is made anew.
   */
  #without(dropped: readonly Op[]): void {
    const gone = new Set<Key>();
    const written = new Set<Key>();
    for (const op of dropped) if (!this.#isApart(op, gone, written)) return this.#replay();
    for (const op of dropped) this.#changes.drop(op);
    for (const k of gone) this.unmake(k);
    for (const k of written) if (!gone.has(k)) this.#refresh(k);
  }

  /** Whether all that an op did is seen in one element: one that goes with it or before it, or one whose registers are made again. */
  #isApart(op: Op, gone: Set<Key>, written: Set<Key>): boolean {
    if (!("id" in op) || op.kind === "textEdit") return false;
    const k = key(op.id);
    const e = this.get(k);
    if (e === undefined || gone.has(k)) return true;
    switch (op.kind) {
      case "create":
        gone.add(k);
        return this.born.has(k) && e.kind !== ElementKind.Text && !this.crowded && !this.#creates(op.id);
      case "set":
      case "eraseSpans":
        written.add(k);
        return !this.born.has(k);
      case "extend":
      case "end":
        return false;
    }
  }

  /** Whether a pending batch creates an element. */
  #creates({ replica, counter }: ID): boolean {
    return this.#pending.some(({ ops }) => ops.some((op) => op.kind === "create" && op.id.replica === replica && op.id.counter === counter));
  }

  /** Makes the view anew from the confirmed board and the pending batches. */
  #replay(): void {
    for (const [k, e] of this.views) if (e.kind === ElementKind.Text) this.#watch.note(k, e.text);
    const wet = this.renew();
    this.#changes.clear();
    for (const batch of this.#pending) for (const op of batch.ops) this.#perform(batch.n, op);
    this.#showDrafts();
    for (const { k, points } of wet) this.wet(k, points);
  }
}
