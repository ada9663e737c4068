// The texts of a board: what is typed, who watches, and where carets stand (SYN7, PRE3).
import { applyEdit, canonical, codePoints, fit, invert, MAX_TEXT, movePosition } from "../ot/text.ts";
import { key, type Edit, type ID, type Key } from "../ot/types.ts";
import type { TextSelection } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { LiveCursor } from "./api.ts";
import type { BoardState } from "./boardstate.ts";
import type { Steps } from "./history.ts";
import type { Value } from "./observable.ts";
import type { SentSelection } from "./pointer.ts";

/** Confirmed edits of a text that carets of the others are moved over. */
const MAX_RECENT = 64;

/** An edit of a text as it stands in the log. */
export interface Confirmed {
  readonly revision: number;
  readonly author: number;
  readonly edit: Edit;
}

export class Texts {
  private readonly watchers = new Map<Key, Set<(edit: Edit) => void>>();
  private readonly recent = new Map<Key, readonly Confirmed[]>();

  constructor(
    private readonly state: BoardState,
    private readonly steps: Steps,
    private readonly cursors: Value<readonly LiveCursor[]>,
  ) {}

  watch(k: Key, listener: (edit: Edit) => void): () => void {
    const all = this.watchers.get(k) ?? new Set();
    this.watchers.set(k, all.add(listener));
    return () => {
      all.delete(listener);
      if (all.size === 0 && this.watchers.get(k) === all) this.watchers.delete(k);
    };
  }

  /** Texts that somebody watches. */
  get watched(): readonly Key[] {
    return [...this.watchers.keys()];
  }

  /**
   * An edit by the person. One that makes the text too long (OT9), or of a text that another waits for, is not done, and
   * those that watch take it back.
   */
  edit(k: Key, edit: Edit): void {
    const before = this.state.textOf(k);
    if (before === undefined) return;
    const own = fit(canonical(edit), codePoints(before));
    if (own.length === 0) return;
    const after = codePoints(applyEdit(before, own));
    if ((after > MAX_TEXT && after > codePoints(before)) || this.state.leftOf(k)) return this.tell(k, invert(own, before));
    this.state.type(k, own);
    this.steps.noteText(k, invert(own, before));
    this.moveCarets(k, own, 0);
  }

  /** An edit of undo or redo. */
  undo(k: Key, edit: Edit): void {
    const before = this.state.textOf(k);
    const own = before === undefined || this.state.leftOf(k) ? [] : fit(edit, codePoints(before));
    if (own.length === 0) return;
    this.state.type(k, own);
    this.moveCarets(k, own, 0);
    this.tell(k, own);
  }

  /** The view changed, but not by edit or undo. author: whose work it was, 0 if that is not known. */
  changed(k: Key, edit: Edit, author: number): void {
    if (edit.length === 0) return;
    this.steps.rebase(k, edit);
    this.moveCarets(k, edit, author);
    this.tell(k, edit);
  }

  /** An edit stands in the confirmed board. */
  confirmed(k: Key, confirmed: Confirmed): void {
    this.recent.set(k, [...(this.recent.get(k) ?? []).slice(1 - MAX_RECENT), confirmed]);
  }

  /** Another confirmed board: the edits that led to it are not known. */
  resynced(): void {
    this.recent.clear();
  }

  /** One's own caret or selection as it is sent; undefined: there is no such text. */
  sent(id: ID, anchor: number, head: number): SentSelection | undefined {
    const { view } = this.state;
    const k = key(id);
    if (this.state.textOf(k) === undefined) return undefined;
    return { ...id, anchor: view.confirmedPosition(k, anchor), head: view.confirmedPosition(k, head), revision: BigInt(view.revision) };
  }

  /** A caret or selection of another, as it is in the view now. */
  seen(replica: number, sent: TextSelection): LiveCursor["text"] {
    const k = key({ replica: sent.replica, counter: sent.counter });
    const text = this.state.textOf(k);
    if (text === undefined) return undefined;
    const since = (this.recent.get(k) ?? []).filter((c) => BigInt(c.revision) > sent.revision);
    const at = (position: number): number => {
      const now = since.reduce((p, { edit, author }) => movePosition(p, edit, author === replica), position);
      return Math.min(this.state.view.viewPosition(k, now), codePoints(text));
    };
    return { key: k, anchor: at(sent.anchor), head: at(sent.head) };
  }

  /** Who typed stands behind what was typed, everybody else at that place before it. */
  private moveCarets(k: Key, edit: Edit, author: number): void {
    const { value } = this.cursors;
    if (!value.some((c) => c.text?.key === k)) return;
    const move = (position: number, replica: number): number => movePosition(position, edit, author === replica);
    this.cursors.set(
      value.map((c) => (c.text?.key === k ? { ...c, text: { key: k, anchor: move(c.text.anchor, c.replica), head: move(c.text.head, c.replica) } } : c)),
    );
  }

  private tell(k: Key, edit: Edit): void {
    for (const listener of [...(this.watchers.get(k) ?? [])]) listener(edit);
  }
}
