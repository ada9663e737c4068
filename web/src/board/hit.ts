// Whether elements are met: by a pointer, an eraser, a rectangle or a lasso. All work on an item's straight pieces and,
// if it is filled or a box, on the area inside; both in its own coordinates, where distances are those of the board.
import { SAMPLE, boundsOf } from "./centerline.ts";
import type { Run } from "./centerline.ts";
import { boundsOn, toOwn } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { NOWHERE, around, contains, grow, intersects, segmentDistance2, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import type { Item } from "./items.ts";
import type { Ring } from "./ring.ts";

/** Pieces that are looked at one by one once the box around so many of them is near. */
export const STRIDE = 8;

/** Of an element's places, how many a lasso must have caught. */
const CAUGHT = 0.5;

/** Whether a round tip of this radius (units) meets the item on its way from a to b. */
export function meets(item: Item, a: Vec, b: Vec, radius: number): boolean {
  if (!touchesBox(item.bounds, pathBounds(a, b, radius))) return false;
  const p = toOwn(item.frame, a), q = toOwn(item.frame, b);
  if (item.body.area !== undefined && isInside(p, item.body.area)) return true;
  const path = pathBounds(p, q, radius);
  return item.body.runs.some((run) => eachStretch(run, path, (from, to) => pieceMet(run, from, to, p, q, radius)));
}

/** Whether the item has a place in the rectangle. */
export function touches(item: Item, rect: Rect): boolean {
  if (!touchesBox(item.bounds, rect)) return false;
  if (contains(rect, item.bounds)) return true;
  const ring = [{ x: rect.x0, y: rect.y0 }, { x: rect.x1, y: rect.y0 }, { x: rect.x1, y: rect.y1 }, { x: rect.x0, y: rect.y1 }]
    .map((corner) => toOwn(item.frame, corner));
  const { area, runs } = item.body;
  if (area !== undefined && ring.some((corner) => isInside(corner, area))) return true;
  const box = ring.reduce<Rect>((all, p) => union(all, around(p.x, p.y, 0)), NOWHERE);
  return runs.some((run) => eachStretch(run, box, (from, to) => pieceIn(run, from, to, ring)));
}

/** Whether a lasso has caught an item that has bounds: at least half of its places are inside the ring. */
export function isEnclosed({ bounds, frame, body }: Item, ring: Ring): boolean {
  // What the line does not come near is inside as a whole or not at all.
  if (!ring.mayCross(bounds)) return ring.holds(bounds.x0, bounds.y0);
  return areCaught(body.runs, frame, ring);
}

/** Whether a lasso has caught a piece of a stroke of which something was erased. */
export const isPieceEnclosed = ({ frame, body }: Item, ring: Ring): boolean => body.runs.some((run) => areCaught([run], frame, ring));

/** Whether a piece of it lies in the rectangle whole. */
export const isPieceInside = ({ frame, body }: Item, rect: Rect): boolean =>
  body.runs.some((run) => run.count > 0 && contains(grow(rect, 1), boundsOn(frame, boundsOf(run.samples, 0, run.count))));

function areCaught(runs: readonly Run[], frame: Frame, ring: Ring): boolean {
  let inside = 0, all = 0;
  for (const run of runs) {
    for (let i = 0; i < run.count; i++) {
      all++;
      const x = run.samples[i * SAMPLE] ?? 0, y = run.samples[i * SAMPLE + 1] ?? 0;
      if (ring.holds(frame.e + frame.cos * x - frame.sin * y, frame.f + frame.sin * x + frame.cos * y)) inside++;
    }
  }
  return all > 0 && inside >= CAUGHT * all;
}

/** Whether a point is inside a ring of straight edges, by the even-odd rule. */
export function isInside({ x, y }: Vec, ring: readonly Vec[]): boolean {
  let inside = false;
  let b = ring.at(-1);
  for (const a of ring) {
    if (b !== undefined && a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) inside = !inside;
    b = a;
  }
  return inside;
}

const sample = ({ samples }: Run, i: number): Vec => ({ x: samples[i * SAMPLE] ?? 0, y: samples[i * SAMPLE + 1] ?? 0 });

const radiusOf = ({ samples }: Run, i: number): number => samples[i * SAMPLE + 2] ?? 0;

const pathBounds = (a: Vec, b: Vec, radius: number): Rect => grow(union(around(a.x, a.y, 0), around(b.x, b.y, 0)), radius);

/** As intersects, but what has no width or no height counts. */
const touchesBox = (a: Rect, b: Rect): boolean => a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;

/** Calls visit with samples from … to of each stretch that may touch the box, until it says yes. */
function eachStretch(run: Run, box: Rect, visit: (from: number, to: number) => boolean): boolean {
  for (let i = 0; i < run.count; i += STRIDE) {
    const to = Math.min(i + STRIDE, run.count - 1);
    if (touchesBox(boundsOf(run.samples, i, to + 1), box) && visit(i, to)) return true;
  }
  return false;
}

function pieceMet(run: Run, from: number, to: number, a: Vec, b: Vec, radius: number): boolean {
  for (let i = from; i <= to; i++) {
    const reach = radius + radiusOf(run, i);
    if (segmentDistance2(a, b, sample(run, Math.max(i - 1, from)), sample(run, i)) <= reach * reach) return true;
  }
  return false;
}

/** Whether a piece, as thick as it is, has a place in a turned rectangle. */
function pieceIn(run: Run, from: number, to: number, ring: readonly Vec[]): boolean {
  for (let i = from; i <= to; i++) {
    const p = sample(run, i);
    if (isInside(p, ring)) return true;
    const reach = radiusOf(run, i), before = sample(run, Math.max(i - 1, from));
    for (let k = 0; k < ring.length; k++) {
      const c = ring[k] as Vec, d = ring[(k + 1) % ring.length] as Vec;
      if (segmentDistance2(before, p, c, d) <= reach * reach) return true;
    }
  }
  return false;
}

/** Whether ink or an outline of the item, not only its bounds, may lie in the rectangle of the board. */
export function mayCover(item: Item, rect: Rect): boolean {
  if (!intersects(item.bounds, rect)) return false;
  return item.body.area !== undefined || touches(item, rect);
}
