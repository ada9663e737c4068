// What can be taken back, and how: the parts of a step of undo (OT15).
import { compose, invert, transform } from "../ot/text.ts";
import { key, Register, type Edit, type ID, type Key, type UndoItem } from "../ot/types.ts";
import { equalBytes } from "../ot/bytes.ts";
import { boolValue } from "../ot/value.ts";

/** Something that was done to an element. */
export type Change =
  | { readonly kind: "value"; readonly id: ID; readonly register: Register; readonly before: Uint8Array; readonly after: Uint8Array }
  /** It was made; hidden: an undo of that was taken back. */
  | { readonly kind: "made" | "hidden"; readonly id: ID }
  /** off: as it is now. */
  | { readonly kind: "erasure"; readonly id: ID; readonly eraser: number; readonly off: boolean };

const LIVE = boolValue(false);
const DELETED = boolValue(true);

/** What a person does and undoes at once. */
export class Step {
  /** By element, of each in the order done; what was done again stands where it was done first. */
  private readonly changes = new Map<Key, Change[]>();
  /** What takes a text back to what it was, as it stands after the step. */
  private readonly texts = new Map<Key, Edit>();
  /** The text that is typed, while the step may go on with it. */
  typing: Key | undefined;

  /** at: when the newest part was done, local ms. */
  constructor(public at: number) {}

  get empty(): boolean {
    return this.changes.size === 0 && this.texts.size === 0;
  }

  /** Undoing it would do nothing. */
  get idle(): boolean {
    return this.texts.size === 0 && this.items().length === 0;
  }

  /** Adds what was done after everything else in it. What is made and deleted in one step leaves nothing of itself. */
  add(change: Change, k = key(change.id)): void {
    const done = this.changes.get(k);
    if (done === undefined) return void this.changes.set(k, [change]);
    if (change.kind === "value" && change.register === Register.Deleted && equalBytes(change.after, DELETED) && done.some((c) => c.kind === "made")) {
      this.changes.delete(k);
      this.texts.delete(k);
      return;
    }
    const at = done.findIndex((c) => sameSubject(c, change));
    const before = done[at];
    if (before === undefined) done.push(change);
    else if (before.kind === "value" && change.kind === "value") done[at] = { ...change, before: before.before };
  }

  /** Adds an edit of a text, given by what takes it back. */
  addText(k: Key, inverse: Edit): void {
    const before = this.texts.get(k);
    this.setText(k, before === undefined ? inverse : compose(inverse, before));
  }

  /** What changes nothing, since what was typed was deleted again, is no part of it. */
  private setText(k: Key, edit: Edit): void {
    if (edit.length > 0) this.texts.set(k, edit);
    else this.texts.delete(k);
  }

  /** The items that take it back, the newest first. */
  items(): UndoItem[] {
    return this.newestFirst().flatMap(itemOf);
  }

  private newestFirst(): Change[] {
    return [...this.changes.values()].flat().reverse();
  }

  /** What takes the texts back. */
  get edits(): Iterable<readonly [Key, Edit]> {
    return this.texts;
  }

  /** The step that takes back what undoing this one does; text: what an element's text is before. */
  inverse(at: number, text: (k: Key) => string | undefined): Step {
    const step = new Step(at);
    for (const change of this.newestFirst()) step.add(inverseOf(change));
    for (const [k, edit] of this.texts) {
      const now = text(k);
      if (now !== undefined) step.addText(k, invert(edit, now));
    }
    return step;
  }

  /**
   * Somebody else edited a text after this step: what takes it back speaks of the text after that now. Returns the
   * edit as it would have been before this step.
   */
  rebase(k: Key, edit: Edit): Edit {
    const own = this.texts.get(k);
    if (own === undefined) return edit;
    this.setText(k, transform(own, edit, "later"));
    return transform(edit, own, "earlier");
  }
}

/** Whether two changes of one element speak of the same: then the later one goes on with the earlier. */
function sameSubject(a: Change, b: Change): boolean {
  switch (a.kind) {
    case "value":
      return b.kind === "value" && a.register === b.register;
    case "made":
    case "hidden":
      return b.kind === "made" || b.kind === "hidden";
    case "erasure":
      return b.kind === "erasure" && a.eraser === b.eraser;
  }
}

function itemOf(change: Change): UndoItem[] {
  const { id } = change;
  switch (change.kind) {
    case "value": {
      const { register, before, after } = change;
      return equalBytes(before, after) ? [] : [{ kind: "value", id, register, expected: after, value: before }];
    }
    case "made":
      return [{ kind: "made", id }];
    case "hidden":
      return [{ kind: "value", id, register: Register.Deleted, expected: DELETED, value: LIVE }];
    case "erasure":
      return [{ kind: "erasure", id, eraser: change.eraser, off: !change.off }];
  }
}

function inverseOf(change: Change): Change {
  switch (change.kind) {
    case "value":
      return { ...change, before: change.after, after: change.before };
    case "made":
      return { kind: "hidden", id: change.id };
    case "hidden":
      return { kind: "made", id: change.id };
    case "erasure":
      return { ...change, off: !change.off };
  }
}
