// What is typed on a text while an edit of it is on its way, over a reload or under another replica (SYN7, ID4).
import type { Board } from "../ot/board.ts";
import type { Batch, Overlay } from "../ot/overlay.ts";
import { applyEdit, transform } from "../ot/text.ts";
import { difference } from "../ot/textdiff.ts";
import { ElementKind, key, type Edit, type Key, type Op } from "../ot/types.ts";
import type { WaitingText } from "./store.ts";

/** What would be lost with a view if it were not kept: also of texts that an older snapshot does not have yet. */
export function waitingTexts(view: Overlay): WaitingText[] {
  return [...view.waitingTexts()].flatMap(([k, edit]) => {
    const { text, revision } = view.textBase(k);
    if (view.get(k) === undefined && revision <= view.revision) return [];
    const [replica = 0, counter = 0] = k.split(".").map(Number);
    return [{ id: { replica, counter }, confirmed: text, out: view.pendingText(k).out, edit, revision }];
  });
}

/** Whether two lists say the same of the same edits. */
export function sameWaiting(a: readonly WaitingText[], b: readonly WaitingText[]): boolean {
  const same = (t: WaitingText, u: WaitingText | undefined): boolean =>
    u !== undefined && t.edit === u.edit && t.out === u.out && t.confirmed === u.confirmed && key(t.id) === key(u.id);
  return a.length === b.length && a.every((t, i) => same(t, b[i]));
}

/**
 * Batches with the edits of texts that are on their way as a view of a board has them. What came into the texts since is
 * taken from the difference: so it is seen until their own records come.
 */
export function brought(pending: readonly Batch[], left: readonly WaitingText[], board: Board): Batch[] {
  const byKey = new Map(left.map((t) => [key(t.id), t]));
  const edit = (op: Op): Op => {
    const text = op.kind === "textEdit" ? byKey.get(key(op.id)) : undefined;
    if (op.kind !== "textEdit" || text === undefined || text.out.length === 0) return op;
    return { ...op, edit: transform(text.out, difference(text.confirmed, textOf(board, key(op.id))), "later") };
  };
  return pending.map(({ n, ops }) => ({ n, ops: ops.map(edit) }));
}

/** What waits as it is in a view, whether the edit before it is still on its way or in the confirmed text; undefined: there is no such text. */
export function resumed({ id, confirmed, out, edit }: WaitingText, view: Overlay): Edit | undefined {
  const k = key(id);
  if (view.get(k)?.kind !== ElementKind.Text) return undefined;
  const now = textOf(view.confirmed, k);
  const isOut = view.pendingText(k).out.length > 0;
  const since = isOut ? transform(difference(confirmed, now), out, "earlier") : difference(applyEdit(confirmed, out), now);
  return transform(edit, since, "later");
}

const textOf = (board: Board, k: Key): string => board.get(k)?.text ?? "";
