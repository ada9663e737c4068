// A turned text lies around its middle, which moves when its letters need more room. Who types means it to begin where it
// began: its upper left corner stays. What stands beyond the board is not drawn: an upright text wraps before it gets there.
import { applyEdit } from "../ot/text.ts";
import { Register } from "../ot/types.ts";
import type { Edit, Key } from "../ot/types.ts";
import { placeValue } from "../ot/value.ts";
import type { Placement } from "../ot/value.ts";
import { frameOf } from "./frame.ts";
import { BOARD } from "./geometry.ts";
import type { Site } from "./site.ts";
import { layoutText } from "./textlayout.ts";

/** So many letters as wide as high have room on a line, however near the edge is at which it wraps. */
const LEAST_LINE = 8;

/** The place of a box with the angle of another, of another size, whose own origin lies where the other's does. */
function keepingOrigin(before: Placement, w: number, h: number): Placement {
  const at = frameOf(before), moved = frameOf({ ...before, w, h });
  return { ...before, w, h, x: before.x + at.e - moved.e, y: before.y + at.f - moved.f };
}

/** Edits a text; one as wide as its lines begins to wrap where it would go beyond an edge, units from the board's left. */
export function editInPlace(site: Site, key: Key, edit: Edit, edge = BOARD.x1): void {
  const before = site.item(key)?.box;
  const edited = (): void => site.document?.editText(key, edit);
  const put = (place: Placement): void => site.set([[key, [{ register: Register.Place, value: placeValue(place) }]]]);
  if (before === undefined) return edited();
  if (before.angle % 36_000 === 0) {
    const place = wrapped(site, key, edit, edge);
    if (place === undefined) return edited();
    return site.inOneStep(() => {
      edited();
      put(place);
    });
  }
  site.inOneStep(() => {
    edited();
    const item = site.item(key), place = item?.facts.place;
    if (item === undefined || place === undefined) return;
    // As far as whole units allow.
    const { x, y } = keepingOrigin(before, item.box.w, item.box.h);
    const to = { ...place, x: Math.round(x), y: Math.round(y) };
    if (to.x !== place.x || to.y !== place.y) put(to);
  });
}

/** Where a text is to be that an edit makes too wide, with the width at which it wraps; undefined: it stays as it is. */
function wrapped(site: Site, key: Key, edit: Edit, edge: number): Placement | undefined {
  const facts = site.item(key)?.facts;
  if (facts?.kind !== "text" || facts.place === undefined || facts.place.w > 0) return undefined;
  const { place, style } = facts;
  const { width } = layoutText(applyEdit(facts.text, edit), style, 0, site.measure);
  if (place.x + width <= edge) return undefined;
  const w = Math.round(Math.max(edge - place.x, LEAST_LINE * style.size));
  return { ...place, x: Math.max(0, Math.min(place.x, BOARD.x1 - w)), w };
}
