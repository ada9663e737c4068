// Brings an edit over to another form of the text that it was made on.
import { EditBuilder, codePoints } from "./text.ts";
import type { Edit } from "./types.ts";

/**
 * An edit of the text that from makes, for the text that to makes of the same one; to is from at another place, or
 * nothing of it. Every character that the edit deletes is deleted where to has it, and what is inserted comes behind the
 * character that it was behind, or the nearest before it that to has. length: code points of the text.
 */
export function relocate(edit: Edit, from: Edit, to: Edit, length: number): Edit {
  const before = names(from, length);
  const after = names(to, length);
  const places = new Map(after.map((name, i) => [name, i]));
  const deleted = new Set<number>();
  const inserted = new Map<number, string>();
  let at = 0;
  for (const c of edit) {
    if (c.kind === "insert") {
      const place = placeBehind(before, at, places);
      inserted.set(place, (inserted.get(place) ?? "") + c.text);
      continue;
    }
    const end = Math.min(before.length, at + c.n);
    for (; at < end; at++) if (c.kind === "delete") deleted.add(places.get(before[at] as number) ?? -1);
  }
  const out = new EditBuilder();
  for (let i = 0; i <= after.length; i++) {
    out.insert(inserted.get(i) ?? "");
    if (i < after.length) out[deleted.has(i) ? "delete" : "keep"](1);
  }
  return out.edit();
}

/** What each character of a text is after an edit: its index in the text before, or −1, −2 … for those inserted. */
function names(edit: Edit, length: number): number[] {
  const out: number[] = [];
  let at = 0;
  let inserted = 0;
  for (const c of edit) {
    if (c.kind === "insert") {
      for (let n = codePoints(c.text); n > 0; n--) out.push(--inserted);
      continue;
    }
    const end = Math.min(length, at + c.n);
    for (; at < end; at++) if (c.kind === "keep") out.push(at);
  }
  for (; at < length; at++) out.push(at);
  return out;
}

function placeBehind(before: readonly number[], at: number, places: ReadonlyMap<number, number>): number {
  for (let i = at - 1; i >= 0; i--) {
    const place = places.get(before[i] as number);
    if (place !== undefined) return place + 1;
  }
  return 0;
}
