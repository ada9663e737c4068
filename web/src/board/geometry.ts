// Points and rectangles in board units: 1/10 px of the board, x to the right, y down.

export interface Vec {
  readonly x: number;
  readonly y: number;
}

/** A rectangle by its edges; empty when x1 <= x0 or y1 <= y0. */
export interface Rect {
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
}

/** Units per board px. */
export const UNITS = 10;

/** The whole board, 4096 × 17 065 px. */
export const BOARD: Rect = { x0: 0, y0: 0, x1: 40_960, y1: 170_650 };

export const NOWHERE: Rect = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };

export const isEmpty = (r: Rect): boolean => r.x1 <= r.x0 || r.y1 <= r.y0;

export const intersects = (a: Rect, b: Rect): boolean =>
  a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;

export const contains = (outer: Rect, inner: Rect): boolean =>
  outer.x0 <= inner.x0 && outer.y0 <= inner.y0 && outer.x1 >= inner.x1 && outer.y1 >= inner.y1;

export const union = (a: Rect, b: Rect): Rect => ({
  x0: Math.min(a.x0, b.x0),
  y0: Math.min(a.y0, b.y0),
  x1: Math.max(a.x1, b.x1),
  y1: Math.max(a.y1, b.y1),
});

export const intersection = (a: Rect, b: Rect): Rect => ({
  x0: Math.max(a.x0, b.x0),
  y0: Math.max(a.y0, b.y0),
  x1: Math.min(a.x1, b.x1),
  y1: Math.min(a.y1, b.y1),
});

export const grow = (r: Rect, by: number): Rect => ({ x0: r.x0 - by, y0: r.y0 - by, x1: r.x1 + by, y1: r.y1 + by });

export const around = (x: number, y: number, radius: number): Rect => ({
  x0: x - radius,
  y0: y - radius,
  x1: x + radius,
  y1: y + radius,
});

export const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Squared distance between the segments a–b and c–d; 0 when they cross. */
export function segmentDistance2(a: Vec, b: Vec, c: Vec, d: Vec): number {
  if (cross(a, b, c, d)) return 0;
  return Math.min(pointDistance2(a, c, d), pointDistance2(b, c, d), pointDistance2(c, a, b), pointDistance2(d, a, b));
}

/** Squared distance of p from the segment a–b. */
export function pointDistance2(p: Vec, a: Vec, b: Vec): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length2 = dx * dx + dy * dy;
  const t = length2 === 0 ? 0 : clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0, 1);
  const ex = a.x + t * dx - p.x;
  const ey = a.y + t * dy - p.y;
  return ex * ex + ey * ey;
}

const side = (a: Vec, b: Vec, p: Vec): number => Math.sign((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x));

/** Proper crossings only: touching ends have distance 0 by the point distances already. */
const cross = (a: Vec, b: Vec, c: Vec, d: Vec): boolean =>
  side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
