// The rules OT1–OT8 over anything that holds elements: the confirmed board and the view with pending ops on it.
import { Element } from "./element.ts";
import type { Ink } from "./element.ts";
import { ElementKind, Register, key } from "./types.ts";
import type { Key, Op, Setting } from "./types.ts";
import { boolValue } from "./value.ts";

/** How many strokes a replica may have open on a board (OT4). */
export const MAX_OPEN_STROKES = 16;

const DELETED = boolValue(true);

type Extend = Extract<Op, { kind: "extend" }>;

export abstract class Sheet {
  #changed = new Set<Key>();

  /** The element with a key, deleted or not. */
  abstract get(key: Key): Element | undefined;

  /** The element whose registers may be written in place of e. */
  protected abstract registersOf(e: Element): Element;
  /** The ink that may be written in place of e's. */
  protected abstract inkOf(e: Element): Ink | undefined;
  /** Puts a new element behind all others. */
  protected abstract place(e: Element): void;
  /** The strokes that a replica has open, oldest first; the array is the sheet's own. */
  protected abstract openOf(replica: number): Key[];
  /** Elements that are not deleted and were created at a revision ≤ base or by the replica. */
  protected abstract live(replica: number, base: bigint): Element[];
  /** Told after every change of an element. */
  protected abstract touched(e: Element): void;

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
        return this.#set(revision, key(op.id), op.settings);
      case "clear":
        for (const e of this.live(author, op.base)) this.#write(e, revision, [{ register: Register.Deleted, value: DELETED }]);
        return;
      case "end":
        if (op.id.replica === author) this.#close(key(op.id));
    }
  }

  /** OT2 and OT4. */
  #create(revision: number, author: number, id: Element["id"], kind: ElementKind, settings: readonly Setting[]): void {
    if (id.replica !== author || id.counter === 0 || this.get(key(id))) return;
    const e = new Element(id, kind, revision);
    for (const s of settings) e.write(s.register, s.value, revision);
    this.place(e);
    this.#note(e);
    if (!e.open) return;
    const open = this.openOf(author);
    const oldest = open[0];
    if (oldest !== undefined && open.length === MAX_OPEN_STROKES) this.#close(oldest);
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

  /** OT5 and OT6. */
  #set(revision: number, k: Key, settings: readonly Setting[]): void {
    const e = this.get(k);
    if (e && settings.length > 0) this.#write(e, revision, settings);
  }

  #write(e: Element, revision: number, settings: readonly Setting[]): void {
    const own = this.registersOf(e);
    for (const s of settings) own.write(s.register, s.value, revision);
    this.#note(own);
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
    this.touched(e);
  }
}
