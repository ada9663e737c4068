// A new text beside an old one: what a person typed on a text that the server no longer has the edits of (SYN7).
import type { Element } from "../ot/board.ts";
import { ElementKind, Register, type ID, type Op, type Setting } from "../ot/types.ts";
import { placeValue } from "../ot/value.ts";

/** Height of a line by the size of its letters (docs/format.md). */
const LINE = 1.4;

/** Creates a text that looks like another, a line below it. */
export function besideText(e: Element, id: ID, text: string): Op[] {
  const settings = e.registers.filter((r) => r.register !== Register.Deleted).map(({ register, value }): Setting => {
    const { place } = e;
    if (register !== Register.Place || place === undefined) return { register, value };
    return { register, value: placeValue({ ...place, y: place.y + Math.round(LINE * e.size) }) };
  });
  return [
    { kind: "create", id, element: ElementKind.Text, settings },
    { kind: "textEdit", id, base: 0n, edit: [{ kind: "insert", text }] },
  ];
}
