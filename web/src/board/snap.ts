// What moving elements snap to: edges and middles of others.
import { boundsOfBox } from "./frame.ts";
import type { Item } from "./items.ts";

/** A line across the board at x or y = at; from … to is where the element that it belongs to lies along it. */
export interface SnapLine {
  readonly axis: "x" | "y";
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Of an element's upright box: its two edges and its middle on each axis. Lines count without their width. */
export function snapLines(item: Item): SnapLine[] {
  const { x0, y0, x1, y1 } = boundsOfBox(item.box);
  if (x1 < x0 || (item.box.w === 0 && item.box.h === 0)) return [];
  const across = (axis: "x" | "y", a: number, b: number, from: number, to: number): SnapLine[] =>
    [a, (a + b) / 2, b].map((at) => ({ axis, at, from, to }));
  return [...across("x", x0, x1, y0, y1), ...across("y", y0, y1, x0, x1)];
}
