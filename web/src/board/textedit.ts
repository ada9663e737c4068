// A text being written: keeps a text field and an element's text at one. What is typed becomes edits, what others type
// moves the caret. While an input method composes, the field is its own: edits of others wait until it is done, what
// is composed goes as one edit. Pure: the field is an HTMLTextAreaElement or a test's.
import { applyEdit, cleanText, codePointIndex, compose, movePosition, transform, unitIndex } from "../ot/text.ts";
import { editBetween } from "../ot/textdiff.ts";
import type { Edit } from "../ot/types.ts";

/** A text field; positions are UTF-16 units. */
export interface Field {
  value: string;
  readonly selectionStart: number;
  readonly selectionEnd: number;
  readonly selectionDirection: string;
  setSelectionRange(start: number, end: number, direction?: "forward" | "backward"): void;
}

/** The text that is edited, as the view has it. */
export interface TextSource {
  /** Undefined: it is gone. */
  text(): string | undefined;
  edit(edit: Edit): void;
  /** Tells of every edit but those of edit(). */
  watch(listener: (edit: Edit) => void): () => void;
  /** Where the caret or selection is, in code points of the view. */
  select(anchor: number, head: number): void;
}

/** What is to be shown; positions in code points. */
export interface Shown {
  readonly text: string;
  readonly anchor: number;
  readonly head: number;
  /** What an input method composes at the moment; underlined. */
  readonly composing: { readonly from: number; readonly to: number } | undefined;
}

interface Range {
  readonly anchor: number;
  readonly head: number;
}

export class TextSession {
  readonly #field: Field;
  readonly #source: TextSource;
  readonly #changed: () => void;
  readonly #stop: () => void;
  /** What field and element have in common: the element's text but for edits of others that are held back. */
  #base: string;
  #held: Edit = [];
  /** Code points before and behind what is composed. */
  #composition: { readonly before: number; readonly behind: number } | undefined;

  constructor(field: Field, source: TextSource, changed: () => void) {
    this.#field = field;
    this.#source = source;
    this.#changed = changed;
    this.#base = source.text() ?? "";
    field.value = this.#base;
    this.#stop = source.watch((edit) => this.#others(edit));
  }

  get composing(): boolean {
    return this.#composition !== undefined;
  }

  /** The field's value changed. */
  input(): void {
    if (!this.composing) this.#send();
    this.#changed();
  }

  compositionStart(): void {
    const { value } = this.#field;
    this.#composition = {
      before: codePointIndex(value, this.#field.selectionStart),
      behind: codePointIndex(value, value.length) - codePointIndex(value, this.#field.selectionEnd),
    };
    this.#changed();
  }

  compositionEnd(): void {
    this.#composition = undefined;
    this.#send();
    this.#changed();
  }

  /** The caret was moved in the field. */
  selectionChanged(): void {
    if (!this.composing) this.#tellSelection();
    this.#changed();
  }

  /** Puts the caret, or a selection, in code points. Not while something is composed: the input method would lose its place. */
  select(anchor: number, head: number): void {
    if (this.composing) return;
    this.#setRange({ anchor, head });
    this.selectionChanged();
  }

  get shown(): Shown {
    const range = this.#range();
    const { value } = this.#field;
    if (this.#composition === undefined) return { text: value, ...range, composing: undefined };
    const local = this.#localEdit(value);
    const held = transform(this.#held, local, "earlier");
    const end = codePointIndex(value, value.length);
    const { before, behind } = this.#composition;
    return {
      text: applyEdit(value, held),
      anchor: movePosition(range.anchor, held),
      head: movePosition(range.head, held),
      composing: { from: movePosition(before, held, true), to: movePosition(Math.max(before, end - behind), held) },
    };
  }

  /** Where a position of the element's text is in what is shown: an input method may have put letters before it. */
  fromView(position: number): number {
    if (!this.composing) return position;
    return movePosition(position, transform(this.#localEdit(this.#field.value), this.#held, "later"));
  }

  /** Ends; what is composed is kept as it stands. */
  close(): void {
    this.#composition = undefined;
    this.#send();
    this.#stop();
  }

  /** Takes what changed in the field to the element, and what was held back into the field. */
  #send(): void {
    const value = this.#cleaned();
    const local = this.#localEdit(value);
    const held = transform(this.#held, local, "earlier");
    const edit = transform(local, this.#held, "later");
    const range = this.#range();
    this.#held = [];
    if (edit.length > 0) this.#source.edit(edit);
    this.#settle(applyEdit(value, held), { anchor: movePosition(range.anchor, held), head: movePosition(range.head, held) });
    this.#tellSelection();
  }

  #others(edit: Edit): void {
    if (this.composing) {
      this.#held = compose(this.#held, edit);
    } else {
      const { anchor, head } = this.#range();
      this.#settle(applyEdit(this.#base, edit), { anchor: movePosition(anchor, edit), head: movePosition(head, edit) });
      this.#tellSelection();
    }
    this.#changed();
  }

  /** Field and element have this text. The element has the last word. */
  #settle(text: string, range: Range): void {
    const now = this.#source.text() ?? text;
    const rest = editBetween(text, now);
    this.#base = now;
    if (this.#field.value === now) return;
    this.#field.value = now;
    this.#setRange({ anchor: movePosition(range.anchor, rest), head: movePosition(range.head, rest) });
  }

  #localEdit(value: string): Edit {
    return editBetween(this.#base, value, codePointIndex(value, this.#field.selectionEnd));
  }

  /** What may stand in a text; the field is set right where it has more. */
  #cleaned(): string {
    const { value } = this.#field;
    const clean = cleanText(value);
    if (clean === value) return value;
    const before = cleanText(value.slice(0, this.#field.selectionEnd)).length;
    this.#field.value = clean;
    this.#field.setSelectionRange(before, before);
    return clean;
  }

  #range(): Range {
    const { value, selectionStart, selectionEnd, selectionDirection } = this.#field;
    const start = codePointIndex(value, selectionStart), end = codePointIndex(value, selectionEnd);
    return selectionDirection === "backward" ? { anchor: end, head: start } : { anchor: start, head: end };
  }

  #setRange({ anchor, head }: Range): void {
    const { value } = this.#field;
    const a = unitIndex(value, anchor), b = unitIndex(value, head);
    this.#field.setSelectionRange(Math.min(a, b), Math.max(a, b), b < a ? "backward" : "forward");
  }

  #tellSelection(): void {
    const { anchor, head } = this.#range();
    this.#source.select(anchor, head);
  }
}
