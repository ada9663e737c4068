// The visible pieces of an erased stroke as strokes of their own.
import type { Element } from "../ot/board.ts";
import { SPAN_UNIT } from "../ot/spans.ts";
import { Register, type Point, type Setting, type Span } from "../ot/types.ts";
import { placeValue, textValue } from "../ot/value.ts";
import { naturalBox, placeOfPart } from "./inkplace.ts";

/** A stroke to create. */
export interface Piece {
  readonly settings: readonly Setting[];
  readonly points: readonly Point[];
}

/** One piece for each span of the line that is visible, looking as it does now. order: the key that the stroke is drawn at. */
export function piecesOf(e: Element, visible: readonly Span[], order: string): Piece[] {
  return visible.map((span) => {
    const points = pointsOf(e, span);
    return { settings: settingsOf(e, points, order), points };
  });
}

/** The points of a span: whole ones, and where it begins and ends between two of them. */
function pointsOf(e: Element, { from, to }: Span): Point[] {
  const last = e.count - 1;
  const points = [pointAt(e, from)];
  for (let i = Math.floor(from / SPAN_UNIT) + 1; i <= last && i * SPAN_UNIT < to; i++) points.push(e.point(i));
  if (to <= last * SPAN_UNIT) points.push(pointAt(e, to));
  const start = points[0]?.t ?? 0;
  return points.map((p) => ({ ...p, t: p.t - start }));
}

/** The place on the line, in parts of a point's index. */
function pointAt(e: Element, at: number): Point {
  const i = Math.min(Math.floor(at / SPAN_UNIT), e.count - 1);
  const a = e.point(i);
  const part = (at - i * SPAN_UNIT) / SPAN_UNIT;
  if (part === 0 || i === e.count - 1) return a;
  const b = e.point(i + 1);
  const mix = (u: number, v: number): number => Math.round(u + (v - u) * part);
  return { x: mix(a.x, b.x), y: mix(a.y, b.y), p: mix(a.p, b.p), t: mix(a.t, b.t) };
}

function settingsOf(e: Element, points: readonly Point[], order: string): Setting[] {
  const kept = e.registers.filter((r) => r.register !== Register.Deleted && r.register !== Register.Place && r.register !== Register.Order);
  const settings: Setting[] = kept.map(({ register, value }) => ({ register, value }));
  if (order !== "") settings.push({ register: Register.Order, value: textValue(order) });
  const { place } = e;
  const whole = naturalBox(e.points, e.count);
  const part = naturalBox(points.flatMap(({ x, y, p, t }) => [x, y, p, t]), points.length);
  if (place !== undefined && whole !== undefined && part !== undefined) {
    settings.push({ register: Register.Place, value: placeValue(placeOfPart(part, whole, place)) });
  }
  return settings.sort((a, b) => a.register - b.register);
}
