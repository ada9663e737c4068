// Moving, scaling and turning boxes: pure geometry of placements (docs/format.md: place). Angles in 1/100°, clockwise.
import type { Key } from "../ot/types.ts";
import { ElementKind } from "../ot/types.ts";
import { MAX_SIZE, MIN_SIZE } from "../ot/value.ts";
import type { Placement } from "../ot/value.ts";
import { boundsOfBox, corners } from "./frame.ts";
import { NOWHERE, clamp, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import { isLine } from "./thing.ts";
import type { Thing } from "./thing.ts";

/** What an element is to be: its place and, of a text, its font size. */
export interface Shape {
  readonly key: Key;
  readonly place: Placement;
  readonly size: number | undefined;
}

/** A handle of a frame: which side it pulls, -1, 0 or 1 along the frame's own axes. */
export interface Side {
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

/** The eight sides and corners, clockwise from the top left. */
export const SIDES: readonly Side[] = [
  { x: -1, y: -1 }, { x: 0, y: -1 }, { x: 1, y: -1 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }, { x: -1, y: 1 }, { x: -1, y: 0 },
];

/** No side is made shorter than this, in units. */
const LEAST = 10;

export const FULL_TURN = 36_000;

const radians = (angle: number): number => (angle * Math.PI) / (FULL_TURN / 2);

const hundredths = (rad: number): number => (rad * (FULL_TURN / 2)) / Math.PI;

/** An angle in 0 … 35 999. */
export const turn = (angle: number): number => ((Math.round(angle) % FULL_TURN) + FULL_TURN) % FULL_TURN;

export const middle = (b: Placement): Vec => ({ x: b.x + b.w / 2, y: b.y + b.h / 2 });

/** p turned around a centre. */
export function turned(p: Vec, centre: Vec, angle: number): Vec {
  const cos = Math.cos(radians(angle)), sin = Math.sin(radians(angle));
  const dx = p.x - centre.x, dy = p.y - centre.y;
  return { x: centre.x + dx * cos - dy * sin, y: centre.y + dx * sin + dy * cos };
}

/** The ends of a line on the board. */
export function ends(b: Placement): [Vec, Vec] {
  const [start, , end] = corners(b);
  return [start, end];
}

/** The frame around a selection: a single one's own box, an upright box around several. */
export function selectionFrame(things: readonly Thing[]): Placement | undefined {
  const [first] = things;
  if (first === undefined) return undefined;
  if (things.length === 1 && !isLine(first.kind)) return first.box;
  const r = boundsOfAll(things);
  return { x: r.x0, y: r.y0, w: r.x1 - r.x0, h: r.y1 - r.y0, angle: 0 };
}

/** The smallest upright rectangle around all boxes. */
export function boundsOfAll(things: readonly Thing[]): Rect {
  let { x0, y0, x1, y1 } = NOWHERE, others = NOWHERE;
  for (const { box } of things) {
    const { x, y, w, h } = box;
    // Hardly anything is turned, and there may be thousands.
    if (box.angle !== 0 || w < 0 || h < 0) {
      others = union(others, boundsOfBox(box));
      continue;
    }
    if (x < x0) x0 = x;
    if (y < y0) y0 = y;
    if (x + w > x1) x1 = x + w;
    if (y + h > y1) y1 = y + h;
  }
  return union({ x0, y0, x1, y1 }, others);
}

/** Where a handle is on the board. */
export function handleAt(frame: Placement, side: Side): Vec {
  const c = middle(frame);
  return turned({ x: c.x + (side.x * frame.w) / 2, y: c.y + (side.y * frame.h) / 2 }, c, frame.angle);
}

const whole = (p: Placement): Placement => ({
  x: Math.round(p.x), y: Math.round(p.y), w: Math.round(p.w), h: Math.round(p.h), angle: turn(p.angle),
});

/** What travels: whole units, a text's width only where it wraps. */
function shape(t: Thing, box: Placement, size?: number, wraps = t.text !== undefined && t.text.wrap > 0): Shape {
  const place = whole(box);
  return { key: t.key, place: t.text === undefined || wraps ? place : { ...place, w: 0 }, size: size === undefined ? undefined : Math.round(size) };
}

/** Without a box in between: thousands are moved in a frame. */
export function moved({ key, box, text }: Thing, dx: number, dy: number): Shape {
  const w = text === undefined || text.wrap > 0 ? Math.round(box.w) : 0;
  return { key, place: { x: Math.round(box.x + dx), y: Math.round(box.y + dy), w, h: Math.round(box.h), angle: turn(box.angle) }, size: undefined };
}

const line = (t: Thing, a: Vec, b: Vec): Shape => shape(t, { x: a.x, y: a.y, w: b.x - a.x, h: b.y - a.y, angle: 0 });

/** A line with one of its ends elsewhere. */
export function withEnd(t: Thing, end: "start" | "end", at: Vec): Shape {
  const [a, b] = ends(t.box);
  return end === "start" ? line(t, at, b) : line(t, a, at);
}

export function rotated(t: Thing, centre: Vec, by: number): Shape {
  if (isLine(t.kind)) {
    const [a, b] = ends(t.box);
    return line(t, turned(a, centre, by), turned(b, centre, by));
  }
  const c = turned(middle(t.box), centre, by);
  return shape(t, { ...t.box, x: c.x - t.box.w / 2, y: c.y - t.box.h / 2, angle: t.box.angle + by });
}

/** How a frame is scaled: factors along its axes, and what stays where it is, in them from its middle. */
export interface Scaling {
  readonly frame: Placement;
  readonly side: Side;
  readonly sx: number;
  readonly sy: number;
  readonly anchor: Vec;
}

export interface ResizeKeys {
  /** Keep the proportions. */
  readonly keep: boolean;
  /** Scale from the middle. */
  readonly middle: boolean;
}

/** How the frame is scaled when a handle is pulled to a place on the board. */
export function pulled(frame: Placement, side: Side, to: Vec, keys: ResizeKeys): Scaling {
  const c = middle(frame);
  const q = turned(to, c, -frame.angle);
  const along = (s: number, length: number, at: number): number => {
    if (s === 0 || length === 0) return 1;
    const pulledTo = keys.middle ? 2 * s * at : s * at + length / 2;
    return Math.max(pulledTo, Math.min(LEAST, length)) / length;
  };
  let sx = along(side.x, frame.w, q.x - c.x), sy = along(side.y, frame.h, q.y - c.y);
  if (keys.keep) sx = sy = side.x === 0 ? sy : side.y === 0 ? sx : Math.max(frame.w === 0 ? 0 : sx, frame.h === 0 ? 0 : sy);
  const anchor = keys.middle ? { x: 0, y: 0 } : { x: (-side.x * frame.w) / 2, y: (-side.y * frame.h) / 2 };
  return { frame, side, sx, sy, anchor };
}

/** Where a point of the frame goes. */
function scaledPoint(s: Scaling, p: Vec): Vec {
  const c = middle(s.frame);
  const q = turned(p, c, -s.frame.angle);
  const x = s.anchor.x + (q.x - c.x - s.anchor.x) * s.sx, y = s.anchor.y + (q.y - c.y - s.anchor.y) * s.sy;
  return turned({ x: c.x + x, y: c.y + y }, c, s.frame.angle);
}

export function scaled(t: Thing, s: Scaling): Shape {
  if (isLine(t.kind)) {
    const [a, b] = ends(t.box);
    return line(t, scaledPoint(s, a), scaledPoint(s, b));
  }
  if (t.text !== undefined) return scaledText(t, t.text, s);
  const a = radians(t.box.angle - s.frame.angle);
  const ux = { x: Math.cos(a) * s.sx, y: Math.sin(a) * s.sy };
  const w = t.box.w * Math.hypot(ux.x, ux.y);
  const h = t.box.h * Math.hypot(Math.sin(a) * s.sx, Math.cos(a) * s.sy);
  const c = scaledPoint(s, middle(t.box));
  const angle = s.sx === s.sy ? t.box.angle : s.frame.angle + hundredths(Math.atan2(ux.y, ux.x));
  return shape(t, { x: c.x - w / 2, y: c.y - h / 2, w, h, angle });
}

/** A text is never squeezed: a corner changes its size, a side where it wraps if it is alone, else only where it lies. */
function scaledText(t: Thing, text: TextOf, s: Scaling): Shape {
  if (s.side.x !== 0 && s.side.y !== 0) return textLarger(t, text, s);
  if (s.frame === t.box && s.side.x !== 0) return textWider(t, text, s);
  const c = scaledPoint(s, middle(t.box));
  return shape(t, { ...t.box, x: c.x - t.box.w / 2, y: c.y - t.box.h / 2 });
}

type TextOf = NonNullable<Thing["text"]>;

function textLarger(t: Thing, text: TextOf, s: Scaling): Shape {
  const size = Math.round(clamp(text.size * Math.max(s.sx, s.sy), MIN_SIZE, MAX_SIZE));
  const by = size / text.size;
  const c = scaledPoint({ ...s, sx: by, sy: by }, middle(t.box));
  const w = t.box.w * by, h = t.box.h * by;
  return shape(t, { ...t.box, x: c.x - w / 2, y: c.y - h / 2, w, h }, size);
}

/** The top of its first line and the side that was not pulled stay where they are. */
function textWider(t: Thing, text: TextOf, s: Scaling): Shape {
  const w = Math.max(t.box.w * s.sx, text.size);
  const h = text.height(Math.round(w), text.size);
  const old = middle(t.box);
  const left = s.anchor.x === 0 ? -w / 2 : s.side.x > 0 ? -t.box.w / 2 : t.box.w / 2 - w;
  const c = turned({ x: old.x + left + w / 2, y: t.box.y + h / 2 }, old, t.box.angle);
  return shape(t, { ...t.box, x: c.x - w / 2, y: c.y - h / 2, w, h }, undefined, true);
}

/** Whether a frame with these things can only grow evenly: letters are not squeezed, and turned boxes would not stay boxes. */
export const growsEvenly = (things: readonly Thing[]): boolean => things.some((t) => t.text !== undefined);

/** The handles that a selection has: of a single text not the upper and lower sides, of a single line none but its ends. */
export function sidesOf(things: readonly Thing[]): readonly Side[] {
  const [only] = things;
  if (things.length !== 1 || only === undefined) return SIDES;
  if (isLine(only.kind)) return [];
  return only.kind === ElementKind.Text ? SIDES.filter((s) => s.x !== 0) : SIDES;
}

/** The angle of p seen from a centre: 0 above it, clockwise. */
export const bearing = (centre: Vec, p: Vec): number => turn(hundredths(Math.atan2(p.y - centre.y, p.x - centre.x)) + FULL_TURN / 4);

/** b on the nearest of the lines through a that go straight or at 45°. */
export function straight(a: Vec, b: Vec): Vec {
  const step = Math.PI / 4;
  const angle = Math.round(Math.atan2(b.y - a.y, b.x - a.x) / step) * step;
  const along = (b.x - a.x) * Math.cos(angle) + (b.y - a.y) * Math.sin(angle);
  return { x: a.x + along * Math.cos(angle), y: a.y + along * Math.sin(angle) };
}

/** The box with corners a and b; square: as wide as high; from the middle: a is its middle. */
export function boxFrom(a: Vec, b: Vec, square: boolean, fromMiddle: boolean): Placement {
  let dx = b.x - a.x, dy = b.y - a.y;
  if (square) {
    const side = Math.max(Math.abs(dx), Math.abs(dy));
    dx = dx < 0 ? -side : side;
    dy = dy < 0 ? -side : side;
  }
  const x0 = fromMiddle ? a.x - Math.abs(dx) : Math.min(a.x, a.x + dx), y0 = fromMiddle ? a.y - Math.abs(dy) : Math.min(a.y, a.y + dy);
  const times = fromMiddle ? 2 : 1;
  return whole({ x: x0, y: y0, w: Math.abs(dx) * times, h: Math.abs(dy) * times, angle: 0 });
}

/** Whether p lies in a turned box, or this near to it. */
export function inBox(b: Placement, p: Vec, margin = 0): boolean {
  const q = turned(p, middle(b), -b.angle);
  const x0 = Math.min(b.x, b.x + b.w), y0 = Math.min(b.y, b.y + b.h);
  return q.x >= x0 - margin && q.y >= y0 - margin && q.x <= x0 + Math.abs(b.w) + margin && q.y <= y0 + Math.abs(b.h) + margin;
}
