// Gathers what happens to the texts of a view within one step, for whoever keeps a place in one of them.
import { applyEdit, compose } from "./text.ts";
import { difference } from "./textdiff.ts";
import type { Edit, Key } from "./types.ts";

/** Told of an edit that changes the text of an element in the view. */
export type TextListener = (key: Key, edit: Edit) => void;

export class TextWatch {
  readonly #listeners = new Set<TextListener>();
  /** Texts before the step and the edits that are known to have come. */
  readonly #steps = new Map<Key, { readonly before: string; edit: Edit }>();

  listen(listener: TextListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get watched(): boolean {
    return this.#listeners.size > 0;
  }

  /** A text is edited, or may change in a way that is not known. */
  note(k: Key, before: string, edit: Edit = []): void {
    if (!this.watched) return;
    const step = this.#steps.get(k);
    if (step) step.edit = compose(step.edit, edit);
    else this.#steps.set(k, { before, edit });
  }

  /** The end of the step: tells what changed. Where the edits do not lead to the text as it is, their difference does. */
  tell(textOf: (k: Key) => string): void {
    const steps = [...this.#steps];
    this.#steps.clear();
    for (const [k, { before, edit }] of steps) {
      const after = textOf(k);
      const whole = applyEdit(before, edit) === after ? edit : difference(before, after);
      if (whole.length > 0) for (const listener of [...this.#listeners]) listener(k, whole);
    }
  }
}
