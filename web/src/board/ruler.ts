// The ruler: a long thin board with two straight edges. Strokes that begin beside an edge run along it. Pure; units.
import type { Vec } from "./geometry.ts";
import { FULL_TURN, turn, turned } from "./transform.ts";

/** Where it lies. angle in 1/100°, clockwise; length and breadth in units. */
export interface Ruler {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
  readonly length: number;
  readonly breadth: number;
}

/** How large it is laid down, CSS px. */
export const RULER_LENGTH = 640;
export const RULER_BREADTH = 64;

/** What a pointer takes hold of. */
export type RulerGrip = "body" | "end";

/** Handles at the ends are as long as this share of the breadth. */
const END = 1;

/** Straight: within this angle of a multiple of 15° it comes to rest there. */
const REST = 150;

const local = (r: Ruler, p: Vec): Vec => {
  const q = turned(p, r, -r.angle);
  return { x: q.x - r.x, y: q.y - r.y };
};

const onBoard = (r: Ruler, p: Vec): Vec => turned({ x: r.x + p.x, y: r.y + p.y }, r, r.angle);

/** What of the ruler lies under p. */
export function gripAt(r: Ruler, p: Vec): RulerGrip | undefined {
  const q = local(r, p);
  if (Math.abs(q.y) > r.breadth / 2 || Math.abs(q.x) > r.length / 2) return undefined;
  return Math.abs(q.x) > r.length / 2 - r.breadth * END ? "end" : "body";
}

/** An edge of the ruler that a stroke runs along: 1 the lower one, -1 the upper. */
export type Edge = 1 | -1;

/** The edge that a stroke follows which begins at p, within this distance of it. */
export function edgeAt(r: Ruler, p: Vec, within: number): Edge | undefined {
  const q = local(r, p);
  if (Math.abs(q.x) > r.length / 2 + within) return undefined;
  const edge: Edge = q.y < 0 ? -1 : 1;
  return Math.abs(q.y - (edge * r.breadth) / 2) <= within ? edge : undefined;
}

/** The point of a line along an edge, half a stroke's width outside, that is nearest to p. */
export function alongEdge(r: Ruler, edge: Edge, p: Vec, halfWidth: number): Vec {
  return onBoard(r, { x: local(r, p).x, y: edge * (r.breadth / 2 + halfWidth) });
}

export const movedRuler = (r: Ruler, dx: number, dy: number): Ruler => ({ ...r, x: r.x + dx, y: r.y + dy });

/** Turned by hand from one place to another; near a multiple of 15° it rests. start: the ruler when it was taken. */
export function turnedRuler(start: Ruler, from: Vec, to: Vec): Ruler {
  const a = Math.atan2(from.y - start.y, from.x - start.x), b = Math.atan2(to.y - start.y, to.x - start.x);
  return { ...start, angle: resting(start.angle + ((b - a) * (FULL_TURN / 2)) / Math.PI) };
}

/** Turned by a wheel, in whole degrees. */
export const wheeledRuler = (r: Ruler, degrees: number): Ruler => ({ ...r, angle: turn(r.angle + degrees * 100) });

function resting(angle: number): number {
  const near = Math.round(angle / 1500) * 1500;
  return turn(Math.abs(angle - near) <= REST ? near : angle);
}
