// Rigid motions: where an element's own coordinates lie on the board. Its box is (0, 0) – (w, h) there, so that to move or
// turn it is to change the frame alone, and what is cached of its looks stands.
import type { Placement } from "../ot/value.ts";
import { NOWHERE } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";

/** Own (x, y) lies at (e + cos·x − sin·y, f + sin·x + cos·y) on the board. */
export interface Frame {
  readonly e: number;
  readonly f: number;
  readonly cos: number;
  readonly sin: number;
}

export const IDENTITY: Frame = { e: 0, f: 0, cos: 1, sin: 0 };

/** Of a box: its top left corner is the origin, turned clockwise around its middle by angle (1/100°). */
export function frameOf(box: Placement): Frame {
  const turn = box.angle % 36_000;
  if (turn === 0) return { e: box.x, f: box.y, cos: 1, sin: 0 };
  const angle = (turn * Math.PI) / 18_000;
  const cos = Math.cos(angle), sin = Math.sin(angle);
  const mx = box.w / 2, my = box.h / 2;
  return { e: box.x + mx - cos * mx + sin * my, f: box.y + my - sin * mx - cos * my, cos, sin };
}

export const toBoard = (f: Frame, p: Vec): Vec => ({ x: f.e + f.cos * p.x - f.sin * p.y, y: f.f + f.sin * p.x + f.cos * p.y });

export function toOwn(f: Frame, p: Vec): Vec {
  const dx = p.x - f.e, dy = p.y - f.f;
  return { x: f.cos * dx + f.sin * dy, y: f.cos * dy - f.sin * dx };
}

/** The smallest upright rectangle on the board that has a rectangle of own coordinates in it. */
export function boundsOn(f: Frame, r: Rect): Rect {
  if (r.x1 < r.x0 || r.y1 < r.y0) return NOWHERE;
  if (f.sin === 0 && f.cos === 1) return { x0: r.x0 + f.e, y0: r.y0 + f.f, x1: r.x1 + f.e, y1: r.y1 + f.f };
  const [ax, bx] = spread(f.cos * r.x0, f.cos * r.x1), [cx, dx] = spread(-f.sin * r.y0, -f.sin * r.y1);
  const [ay, by] = spread(f.sin * r.x0, f.sin * r.x1), [cy, dy] = spread(f.cos * r.y0, f.cos * r.y1);
  return { x0: f.e + ax + cx, y0: f.f + ay + cy, x1: f.e + bx + dx, y1: f.f + by + dy };
}

const spread = (a: number, b: number): [number, number] => (a < b ? [a, b] : [b, a]);

/** The corners of a box as it lies on the board, clockwise from its own top left. */
export function corners(box: Placement): [Vec, Vec, Vec, Vec] {
  const f = frameOf(box);
  const at = (x: number, y: number): Vec => toBoard(f, { x, y });
  return [at(0, 0), at(box.w, 0), at(box.w, box.h), at(0, box.h)];
}

/** The smallest upright rectangle around a turned box. */
export const boundsOfBox = (box: Placement): Rect =>
  boundsOn(frameOf(box), { x0: Math.min(0, box.w), y0: Math.min(0, box.h), x1: Math.max(0, box.w), y1: Math.max(0, box.h) });
