// What ops do to one element that is there, whatever else is on the board (OT5, OT7, OT11, OT12, OT15, OT17).
import { equalBytes } from "./bytes.ts";
import type { Element } from "./element.ts";
import { unite } from "./spans.ts";
import { applyEdit } from "./text.ts";
import { ElementKind, Register } from "./types.ts";
import type { Op, UndoItem } from "./types.ts";
import { boolValue } from "./value.ts";

/** The part of an op that is about one element. hide: what clear does to an element that it reaches. */
export type Change = Extract<Op, { kind: "set" | "textEdit" | "eraseSpans" }> | UndoItem | { readonly kind: "hide" };

export const HIDE: Change = { kind: "hide" };

const DELETED = boolValue(true);

/**
 * Makes a change of an author to e. write gives the element that may be written in place of e; it is asked only if
 * there is something to write. Returns that, or undefined if nothing changes.
 */
export function make(change: Change, e: Element, revision: number, author: number, write: (e: Element) => Element): Element | undefined {
  const act = actOf(change, e, revision, author);
  if (!act) return undefined;
  const own = write(e);
  act(own);
  if (author !== own.id.replica) own.touched = true;
  return own;
}

function actOf(change: Change, e: Element, revision: number, author: number): ((own: Element) => void) | undefined {
  const write = (register: Register, value: Uint8Array) => (own: Element) => own.write(register, value, revision, author);
  switch (change.kind) {
    case "set":
      if (change.settings.length === 0) return undefined;
      return (own) => change.settings.forEach((s) => own.write(s.register, s.value, revision, author));
    case "hide":
      return e.deleted ? undefined : write(Register.Deleted, DELETED);
    case "made":
      return e.deleted || e.touched || e.id.replica !== author ? undefined : write(Register.Deleted, DELETED);
    case "value": {
      const last = e.stamped(change.register);
      if (last?.writer !== author || !equalBytes(last.value, change.expected)) return undefined;
      return write(change.register, change.value);
    }
    case "erasure": {
      const erasure = e.erasure(author, change.eraser);
      if (!erasure || erasure.off === change.off) return undefined;
      return (own) => own.erase({ ...erasure, off: change.off });
    }
    case "eraseSpans":
      return erasing(change, e, author);
    case "textEdit":
      return e.kind === ElementKind.Text ? (own) => void (own.text = applyEdit(own.text, change.edit)) : undefined;
  }
}

/** OT11. */
function erasing({ eraser, spans }: Extract<Op, { kind: "eraseSpans" }>, e: Element, author: number): ((own: Element) => void) | undefined {
  if (e.kind !== ElementKind.Ink || eraser === 0 || spans.length === 0) return undefined;
  const before = e.erasure(author, eraser);
  const united = unite(before?.spans ?? [], spans);
  if (united === before?.spans) return undefined;
  return (own) => own.erase({ replica: author, eraser, off: before?.off ?? false, spans: united });
}
