// Undo and redo of one's own work on one board, as long as it is open (OT15).
import { key, Register, type Edit, type ID, type Key, type Op, type Setting, type UndoItem } from "../ot/types.ts";
import type { Element } from "../ot/board.ts";
import { equalBytes } from "../ot/bytes.ts";
import { boolValue } from "../ot/value.ts";
import type { History } from "./api.ts";
import { valueOrDefault } from "./defaults.ts";
import { sizeOf } from "./gathering.ts";
import { Value } from "./observable.ts";
import { Step } from "./steps.ts";

const MAX_STEPS = 200;
/** As far back as undo reaches, ms: after that the server takes what is deleted off the board (OT16). */
const HORIZON = 10 * 60_000;
/** Typing goes on in one step while it pauses no longer than this, ms. */
const TYPING_MS = 1000;
/** Items and bytes of one undo op. */
const MAX_ITEMS = 1024;
const MAX_BYTES = 48 << 10;

/** What history needs of its board. */
export interface HistoryHost {
  get(k: Key): Element | undefined;
  elements(): Iterable<Element>;
  textOf(k: Key): string | undefined;
  /** Does it, without taking it for a step. */
  submitUndo(ops: readonly Op[]): void;
  /** Edits a text, and tells those that watch it. */
  undoText(k: Key, edit: Edit): void;
  now(): number;
}

export class Steps implements History {
  readonly canUndo = new Value(false);
  readonly canRedo = new Value(false);
  /** Oldest first. */
  private done: Step[] = [];
  private undone: Step[] = [];
  /** The step that a gesture is making, and how many have begun in it. */
  private current: Step | undefined;
  private depth = 0;

  constructor(private readonly host: HistoryHost) {}

  begin(): () => void {
    this.depth++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.depth > 0) return;
      const nothing = this.current?.empty === true;
      this.current = undefined;
      if (nothing) this.drop();
    };
  }

  undo(): void {
    this.move(true);
  }

  redo(): void {
    this.move(false);
  }

  /** Notes ops that are about to be done: one step. */
  note(ops: readonly Op[]): void {
    const end = this.begin();
    const now = this.host.now();
    for (const op of ops) this.noteOp(op, now);
    end();
    this.publish();
  }

  /** Notes an edit of a text that was just done, by what takes it back. */
  noteText(k: Key, inverse: Edit): void {
    if (inverse.length === 0) return;
    const now = this.host.now();
    const last = this.done.at(-1);
    const goesOn = this.depth === 0 && this.undone.length === 0 && last?.typing === k && now - last.at <= TYPING_MS;
    const step = goesOn && last !== undefined ? last : this.step(now);
    step.addText(k, inverse);
    step.at = now;
    step.typing = k;
    this.drop();
  }

  /** Others edited a text in the view. */
  rebase(k: Key, edit: Edit): void {
    for (const stack of [this.done, this.undone]) {
      let before = edit;
      for (const step of [...stack].reverse()) before = step.rebase(k, before);
    }
    this.drop();
  }

  /** Forgets everything: the own elements have other names now. */
  forget(): void {
    this.done = [];
    this.undone = [];
    this.current = undefined;
    this.publish();
  }

  /** Drops what is too old to be taken back. */
  drop(): void {
    const since = this.host.now() - HORIZON;
    const recent = (s: Step): boolean => s === this.current || (s.at >= since && !s.empty);
    this.done = this.done.filter(recent).slice(-MAX_STEPS);
    this.undone = this.undone.filter(recent).slice(-MAX_STEPS);
    this.publish();
  }

  private noteOp(op: Op, now: number): void {
    switch (op.kind) {
      case "create":
        return this.step(now).add({ kind: "made", id: op.id });
      case "set":
        return this.noteValues(op.id, op.settings, now);
      case "clear":
        for (const e of this.host.elements()) this.noteValues(e.id, HIDDEN, now);
        return;
      case "eraseSpans":
        return this.step(now).add({ kind: "erasure", id: op.id, eraser: op.eraser, off: false });
      case "extend":
      case "textEdit":
      case "undo":
      case "purge":
      case "end":
        return;
    }
  }

  private noteValues(id: ID, settings: readonly Setting[], now: number): void {
    const k = key(id);
    const e = this.host.get(k);
    if (e === undefined) return;
    for (const { register, value: after } of settings) {
      const before = valueOrDefault(e, register);
      if (before !== undefined && !equalBytes(before, after)) this.step(now).add({ kind: "value", id, register, before, after }, k);
    }
  }

  /** The step that what is done now belongs to. It cannot be redone over. */
  private step(now: number): Step {
    if (this.undone.length > 0) this.undone = [];
    if (this.depth > 0 && this.current !== undefined) {
      this.current.at = now;
      return this.current;
    }
    const step = new Step(now);
    this.done.push(step);
    if (this.done.length > MAX_STEPS) this.done.shift();
    if (this.depth > 0) this.current = step;
    return step;
  }

  private move(back: boolean): void {
    this.current = undefined;
    this.drop();
    const from = back ? this.done : this.undone;
    let step = from.pop();
    while (step?.idle === true) step = from.pop();
    if (step !== undefined) this.takeBack(step, back ? this.undone : this.done);
    this.publish();
  }

  private takeBack(step: Step, to: Step[]): void {
    to.push(step.inverse(this.host.now(), (k) => this.host.textOf(k)));
    this.host.submitUndo(undoOps(step.items()));
    for (const [k, edit] of step.edits) this.host.undoText(k, edit);
  }

  private publish(): void {
    this.canUndo.set(this.done.length > 0);
    this.canRedo.set(this.undone.length > 0);
  }
}

/** What clear does to an element. */
const HIDDEN: readonly Setting[] = [{ register: Register.Deleted, value: boolValue(true) }];

/** Items in as few ops as take them. */
export function undoOps(items: readonly UndoItem[]): Op[] {
  const ops: Op[] = [];
  let part: UndoItem[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = sizeOf({ kind: "undo", items: [item] });
    if (part.length === MAX_ITEMS || (part.length > 0 && bytes + size > MAX_BYTES)) {
      ops.push({ kind: "undo", items: part });
      [part, bytes] = [[], 0];
    }
    part.push(item);
    bytes += size;
  }
  if (part.length > 0) ops.push({ kind: "undo", items: part });
  return ops;
}
