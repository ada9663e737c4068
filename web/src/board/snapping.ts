// Coming to rest: a move of a box, or a point, is brought to the grid or to lines that others' edges and middles lie on.
// Pure; units.
import type { Rect, Vec } from "./geometry.ts";
import type { SnapLine } from "./snap.ts";

/** A line to show, where something came to rest: on which axis, where, and from where to where along it. */
export type Guide = SnapLine;

export interface Snapping {
  readonly lines: readonly SnapLine[];
  /** Step of the grid, 0: none. */
  readonly grid: number;
  /** How near something must be. */
  readonly within: number;
}

export const NO_SNAPPING: Snapping = { lines: [], grid: 0, within: 0 };

export interface Snapped {
  readonly dx: number;
  readonly dy: number;
  readonly guides: readonly Guide[];
}

/** A move of a box by (dx, dy), changed so that its edges or its middle meet a line. */
export function snapMove(box: Rect, dx: number, dy: number, s: Snapping): Snapped {
  const x = nearest("x", [box.x0, (box.x0 + box.x1) / 2, box.x1].map((v) => v + dx), s);
  const y = nearest("y", [box.y0, (box.y0 + box.y1) / 2, box.y1].map((v) => v + dy), s);
  const left = box.x0 + dx + x.by, top = box.y0 + dy + y.by;
  return {
    dx: dx + x.by, dy: dy + y.by,
    guides: [...guides(x, top, top + box.y1 - box.y0), ...guides(y, left, left + box.x1 - box.x0)],
  };
}

/** A point, brought to the lines that it is near; axes: those that count. */
export function snapPoint(p: Vec, s: Snapping, axes: { readonly x: boolean; readonly y: boolean } = { x: true, y: true }): Vec & { readonly guides: readonly Guide[] } {
  const x = axes.x ? nearest("x", [p.x], s) : STAY;
  const y = axes.y ? nearest("y", [p.y], s) : STAY;
  const at = { x: p.x + x.by, y: p.y + y.by };
  return { ...at, guides: [...guides(x, at.y, at.y), ...guides(y, at.x, at.x)] };
}

interface Step {
  readonly by: number;
  /** The line that was met; none of the grid, which is seen anyway. */
  readonly line: SnapLine | undefined;
}

const STAY: Step = { by: 0, line: undefined };

/** The line as far as what moved and what it met reach. */
const guides = ({ line }: Step, from: number, to: number): Guide[] =>
  line === undefined ? [] : [{ ...line, from: Math.min(line.from, from), to: Math.max(line.to, to) }];

/** Lines of others go before the grid, which holds the first value only. */
function nearest(axis: "x" | "y", values: readonly number[], s: Snapping): Step {
  let best = STAY, distance = s.within;
  for (const line of s.lines) {
    if (line.axis !== axis) continue;
    for (const value of values) {
      const by = line.at - value;
      if (Math.abs(by) > distance || (Math.abs(by) === distance && best.line !== undefined)) continue;
      distance = Math.abs(by);
      best = { by, line };
    }
  }
  const [first] = values;
  if (best.line !== undefined || s.grid <= 0 || first === undefined) return best;
  const by = Math.round(first / s.grid) * s.grid - first;
  return Math.abs(by) <= s.within ? { by, line: undefined } : STAY;
}
