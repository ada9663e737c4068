// The rules OT1–OT17 over anything that holds elements: the confirmed board and the view with pending ops on it.
import { HIDE, make } from "./change.ts";
import type { Change } from "./change.ts";
import { Element } from "./element.ts";
import type { Ink } from "./ink.ts";
import { key } from "./types.ts";
import type { ElementKind, IDRange, Key, Op, Setting } from "./types.ts";

/** How many strokes a replica may have open on a board (OT4). */
export const MAX_OPEN_STROKES = 16;

/** The replica of the server's own ops (OT8, OT16). */
const SERVER = 0;

type Extend = Extract<Op, { kind: "extend" }>;

export abstract class Sheet {
  #changed = new Set<Key>();

  /** The element with a key, deleted or not. */
  abstract get(key: Key): Element | undefined;

  /** The element of which all but the points may be written in place of e. */
  protected abstract writable(e: Element): Element;
  /** The ink that may be written in place of e's. */
  protected abstract inkOf(e: Element): Ink | undefined;
  /** Puts a new element behind all others. */
  protected abstract place(e: Element): void;
  /** The strokes that a replica has open, oldest first; the array is the sheet's own. */
  protected abstract openOf(replica: number): Key[];
  /** Elements that are not deleted and were created at a revision ≤ base or by the replica. */
  protected abstract live(replica: number, base: bigint): Element[];
  /** Takes deleted elements in ranges off the board. */
  protected abstract remove(ranges: readonly IDRange[]): void;
  /** Told when a stroke is closed because there are too many (OT4). */
  protected crowds(): void {}
  /** Told after every change of an element. */
  protected abstract changed(e: Element): void;

  /** How many points of an element came by ops. */
  protected firmCount(e: Element): number {
    return e.count;
  }

  /** Keys changed since the last call. */
  protected takeChanged(): Set<Key> {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  protected mark(k: Key): void {
    this.#changed.add(k);
  }

  protected applyOp(revision: number, author: number, op: Op): void {
    switch (op.kind) {
      case "create":
        return this.#create(revision, author, op.id, op.element, op.settings);
      case "extend":
        return this.#extend(author, op);
      case "set":
      case "textEdit":
      case "eraseSpans":
        return this.change(revision, author, key(op.id), op);
      case "clear":
        for (const e of this.live(author, op.base)) this.change(revision, author, e.key, HIDE);
        return;
      case "undo":
        for (const item of op.items) this.change(revision, author, key(item.id), item);
        return;
      case "purge":
        if (author === SERVER) this.remove(op.ranges);
        return;
      case "end":
        if (op.id.replica === author || author === SERVER) this.#close(key(op.id));
    }
  }

  /** OT2 and OT4. */
  #create(revision: number, author: number, id: Element["id"], kind: ElementKind, settings: readonly Setting[]): void {
    if (id.replica !== author || author === SERVER || id.counter === 0 || this.get(key(id))) return;
    const e = new Element(id, kind, revision);
    for (const s of settings) e.write(s.register, s.value, revision, author);
    this.place(e);
    this.#note(e);
    if (!e.open) return;
    const open = this.openOf(author);
    const oldest = open[0];
    if (oldest !== undefined && open.length === MAX_OPEN_STROKES) {
      this.crowds();
      this.#close(oldest);
    }
    open.push(e.key);
  }

  /** Whether an extend finds its stroke as it expects it (OT3). Only then may its frame reach the stroke's decoder. */
  extends(author: number, op: Extend): boolean {
    const e = this.get(key(op.id));
    return e !== undefined && this.#goesOn(author, e, op);
  }

  #goesOn(author: number, e: Element, op: Extend): boolean {
    return e.open && e.id.replica === author && this.firmCount(e) === op.first;
  }

  /** OT3. A frame has at least one point. */
  #extend(author: number, op: Extend): void {
    const e = this.get(key(op.id));
    if (!e || op.points.length === 0 || !this.#goesOn(author, e, op)) return;
    const ink = this.inkOf(e);
    ink?.append(op.points);
    if (op.ended) this.#close(e.key);
    else ink?.frames.push(op.frame.slice());
    this.#note(e);
  }

  /** Makes a change to the element with a key, if there is one. */
  protected change(revision: number, author: number, k: Key, change: Change): void {
    const e = this.get(k);
    const own = e && make(change, e, revision, author, (of) => this.writable(of));
    if (own) this.#note(own);
  }

  /** OT8. */
  #close(k: Key): void {
    const e = this.get(k);
    if (!e?.open) return;
    const open = this.openOf(e.id.replica);
    open.splice(open.indexOf(k), 1);
    this.inkOf(e)?.close();
    this.#note(e);
  }

  #note(e: Element): void {
    this.mark(e.key);
    this.changed(e);
  }
}
