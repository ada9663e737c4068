// A turned text lies around its middle, which moves when its letters need more room. Who types means it to begin where it
// began: its upper left corner stays.
import { Register } from "../ot/types.ts";
import type { Edit, Key } from "../ot/types.ts";
import { placeValue } from "../ot/value.ts";
import type { Placement } from "../ot/value.ts";
import { frameOf } from "./frame.ts";
import type { Site } from "./site.ts";

/** The place of a box with the angle of another, of another size, whose own origin lies where the other's does. */
export function keepingOrigin(before: Placement, w: number, h: number): Placement {
  const at = frameOf(before), moved = frameOf({ ...before, w, h });
  return { ...before, w, h, x: before.x + at.e - moved.e, y: before.y + at.f - moved.f };
}

/** Edits a text; a turned one goes on beginning where it did, as far as whole units allow. */
export function editInPlace(site: Site, key: Key, edit: Edit): void {
  const before = site.item(key)?.box;
  if (before === undefined || before.angle % 36_000 === 0) return site.document?.editText(key, edit);
  site.inOneStep(() => {
    site.document?.editText(key, edit);
    const item = site.item(key), place = item?.facts.place;
    if (item === undefined || place === undefined) return;
    const { x, y } = keepingOrigin(before, item.box.w, item.box.h);
    const to = { ...place, x: Math.round(x), y: Math.round(y) };
    if (to.x !== place.x || to.y !== place.y) site.set([[key, [{ register: Register.Place, value: placeValue(to) }]]]);
  });
}
