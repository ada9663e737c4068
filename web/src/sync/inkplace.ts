// Where ink with a place is drawn (docs/format.md): the smallest upright box of its points fills the place.
import type { Placement } from "../ot/value.ts";

/** An upright box in 1/10 px. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The smallest upright box of count points, given as x, y, p, t of one after the other; undefined without points. */
export function naturalBox(points: ArrayLike<number>, count: number): Box | undefined {
  if (count === 0) return undefined;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < 4 * count; i += 4) {
    const [x = 0, y = 0] = [points[i], points[i + 1]];
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { x: left, y: top, w: right - left, h: bottom - top };
}

/** The place of a part of a stroke, so that it stays where it is seen: part and whole are the boxes of the points. */
export function placeOfPart(part: Box, whole: Box, place: Placement): Placement {
  const sx = whole.w === 0 ? 1 : place.w / whole.w;
  const sy = whole.h === 0 ? 1 : place.h / whole.h;
  const [w, h] = [part.w * sx, part.h * sy];
  const dx = (part.x - whole.x) * sx + (w - place.w) / 2;
  const dy = (part.y - whole.y) * sy + (h - place.h) / 2;
  const turn = (place.angle / 100) * (Math.PI / 180);
  const x = place.x + place.w / 2 + dx * Math.cos(turn) - dy * Math.sin(turn) - w / 2;
  const y = place.y + place.h / 2 + dx * Math.sin(turn) + dy * Math.cos(turn) - h / 2;
  return { x: Math.round(x), y: Math.round(y), w: Math.round(w), h: Math.round(h), angle: place.angle };
}
