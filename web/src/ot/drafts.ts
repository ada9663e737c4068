// Own edits of texts that are not confirmed (SYN7): of each text one that is on its way and one that waits.
import { relocate } from "./relocate.ts";
import { MAX_COMPONENTS, applyEdit, codePoints, compose, transform } from "./text.ts";
import { difference } from "./textdiff.ts";
import type { Edit, Key } from "./types.ts";

interface Draft {
  /** On its way in batch n; undefined before it was added. As it is on the confirmed text now. */
  out: { readonly n: number | undefined; readonly edit: Edit } | undefined;
  /** Typed since; on what out makes of the confirmed text. */
  waiting: Edit;
  /** While the confirmed board is an older one: the confirmed text that the edits are on. */
  base: Base | undefined;
}

/** A confirmed text, and the revision that it is of. */
export interface Base {
  readonly text: string;
  readonly revision: number;
}

/** Own edits of one text, each on what the one before makes of the confirmed text. Empty: none. */
export interface PendingText {
  readonly out: Edit;
  readonly waiting: Edit;
}

/**
 * The view of a text is waiting(out(confirmed)). Edits of others come in between: before both in log order, so that both
 * are the later ones (OT13) and the server brings out to the same form that it has here.
 *
 * After a snapshot the edits between are not known. They are taken from the difference of the two texts, which may put
 * out at another place than the server does. That is how it is seen until its own record comes; from there what waits is
 * brought over character by character. What was sent is never changed, what waits was never sent: so no letter is lost
 * and none doubled, whatever was guessed in between.
 *
 * A snapshot may also be older than the text that the edits are on, since the server makes one for many. Then the edits
 * stay on that text until the records up to there have come: a difference back would take letters away that are deleted
 * in out or waiting, and they would come again.
 */
export class Drafts {
  readonly #drafts = new Map<Key, Draft>();

  has(k: Key): boolean {
    return this.#drafts.has(k);
  }

  keys(): Key[] {
    return [...this.#drafts.keys()];
  }

  of(k: Key): PendingText {
    const draft = this.#drafts.get(k);
    return { out: draft?.out?.edit ?? [], waiting: draft?.waiting ?? [] };
  }

  /** What is seen of a confirmed text. */
  show(k: Key, text: string): string {
    const { out, waiting } = this.of(k);
    return applyEdit(applyEdit(this.baseOf(k)?.text ?? text, out), waiting);
  }

  /** The text that the edits are on, where that is not the confirmed one but a newer. */
  baseOf(k: Key): Base | undefined {
    return this.#drafts.get(k)?.base;
  }

  /** The confirmed text is that of a revision now: it is the one that the edits are on, or became another one. */
  reached(k: Key, text: string, revision: number): void {
    const base = this.baseOf(k);
    const draft = this.#drafts.get(k);
    if (!draft || !base || revision < base.revision) return;
    draft.base = undefined;
    if (base.text !== text) this.others(k, difference(base.text, text));
  }

  typed(k: Key, edit: Edit): void {
    const draft = this.#draft(k);
    draft.waiting = compose(draft.waiting, edit);
    this.#sweep(k);
  }

  /** What waits is on its way from here on; undefined if nothing does, or something is on its way already. */
  take(k: Key): Edit | undefined {
    const draft = this.#drafts.get(k);
    if (!draft || draft.out || draft.waiting.length === 0) return undefined;
    const [edit, rest] = split(draft.waiting);
    draft.out = { n: undefined, edit };
    draft.waiting = rest;
    return edit;
  }

  /** An edit is in batch n. The one that was taken, or one that take did not give: of an earlier visit, say. */
  sent(k: Key, n: number, edit: Edit): void {
    const draft = this.#draft(k);
    if (!draft.out) {
      draft.out = { n, edit };
      draft.waiting = transform(draft.waiting, edit, "later");
    } else if (draft.out.n === undefined) {
      draft.out = { n, edit: draft.out.edit };
    }
    // Else it is known already; or it is one too many (SYN7), which is seen once it is confirmed.
  }

  /** Whether a text's edit is on its way in batch n. */
  isOut(k: Key, n: number): boolean {
    return this.#drafts.get(k)?.out?.n === n;
  }

  /** Texts of which something may be taken. */
  takable(): Key[] {
    return this.keys().filter((k) => {
      const draft = this.#drafts.get(k);
      return draft && !draft.out && draft.waiting.length > 0;
    });
  }

  /** Texts of which an edit is in batch n. */
  outIn(n: number): Key[] {
    return this.keys().filter((k) => this.isOut(k, n));
  }

  /** An edit of the confirmed text by somebody else; returns how it changes the view. */
  others(k: Key, edit: Edit): Edit {
    const draft = this.#drafts.get(k);
    if (!draft) return edit;
    let after = edit;
    if (draft.out) {
      after = transform(edit, draft.out.edit, "earlier");
      draft.out = { n: draft.out.n, edit: transform(draft.out.edit, edit, "later") };
    }
    const seen = transform(after, draft.waiting, "earlier");
    draft.waiting = transform(draft.waiting, after, "later");
    return seen;
  }

  /**
   * The edit that is on its way came into the confirmed text as another one: none, if it was refused or nothing was left
   * of it. The confirmed text had length code points before.
   */
  settled(k: Key, edit: Edit, length: number): void {
    const draft = this.#drafts.get(k);
    if (!draft?.out) return;
    if (!sameEdit(draft.out.edit, edit)) draft.waiting = relocate(draft.waiting, draft.out.edit, edit, length);
    draft.out = undefined;
    this.#sweep(k);
  }

  /**
   * The confirmed text became another one by edits that are not known; undefined: it was or is not there. pending: the
   * batches that are not in it.
   */
  replaced(k: Key, before: string | undefined, after: string | undefined, pending: ReadonlySet<number>): void {
    const draft = this.#drafts.get(k);
    if (!draft) return;
    let seen = draft.base?.text ?? before;
    draft.base = undefined;
    if (draft.out?.n !== undefined && !pending.has(draft.out.n)) {
      seen = before === undefined ? undefined : applyEdit(before, draft.out.edit);
      draft.out = undefined;
    }
    if (seen !== undefined && after !== undefined) this.others(k, difference(seen, after));
    this.#sweep(k);
  }

  /** The confirmed text became that of an older revision: the edits stay on the one that they are on. */
  setBack(k: Key, base: Base): void {
    const draft = this.#drafts.get(k);
    if (draft) draft.base ??= base;
  }

  delete(k: Key): void {
    this.#drafts.delete(k);
  }

  #draft(k: Key): Draft {
    let draft = this.#drafts.get(k);
    if (!draft) this.#drafts.set(k, (draft = { out: undefined, waiting: [], base: undefined }));
    return draft;
  }

  #sweep(k: Key): void {
    const draft = this.#drafts.get(k);
    if (draft && !draft.out && draft.waiting.length === 0) this.#drafts.delete(k);
  }
}

/** An edit in two, the first of which is not longer than an op may be. */
function split(edit: Edit): [first: Edit, rest: Edit] {
  if (edit.length <= MAX_COMPONENTS) return [edit, []];
  let end = MAX_COMPONENTS;
  while (edit[end - 1]?.kind === "keep") end--;
  const first = edit.slice(0, end);
  const passed = first.reduce((sum, c) => sum + (c.kind === "keep" ? c.n : c.kind === "insert" ? codePoints(c.text) : 0), 0);
  const [next, ...others] = edit.slice(end);
  if (next?.kind === "keep") return [first, [{ kind: "keep", n: passed + next.n }, ...others]];
  return [first, passed > 0 ? [{ kind: "keep", n: passed }, ...edit.slice(end)] : edit.slice(end)];
}

const sameEdit = (a: Edit, b: Edit): boolean =>
  a.length === b.length &&
  a.every((c, i) => {
    const other = b[i];
    if (c.kind === "insert") return other?.kind === "insert" && other.text === c.text;
    return other?.kind === c.kind && other.n === c.n;
  });
