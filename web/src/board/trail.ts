// Points that fade: a laser's trail. Pure; the overlay draws it.
import type { Vec } from "./geometry.ts";

/** How long a laser's trail is seen, in ms. */
export const TRAIL_MS = 1500;

export interface TrailPoint extends Vec {
  readonly at: number;
  /** False where the laser was switched on anew: no line leads here. */
  readonly joined: boolean;
}

export class Trail {
  #points: TrailPoint[] = [];

  get points(): readonly TrailPoint[] {
    return this.#points;
  }

  add(point: Vec, at: number, joined: boolean): void {
    this.#points.push({ x: point.x, y: point.y, at, joined: joined && this.#points.length > 0 });
  }

  /** Forgets what has faded; false when nothing is left. */
  fade(now: number): boolean {
    const alive = this.#points.findIndex((p) => now - p.at < TRAIL_MS);
    this.#points = alive < 0 ? [] : this.#points.slice(alive);
    return this.#points.length > 0;
  }
}

/** How strong a point is seen at this age, 1 to 0. */
export const strength = (age: number, life: number): number => Math.min(1, Math.max(0, 1 - age / life));

/** A cursor is plain for most of its life and fades at the end: 1 to 0. */
export function cursorStrength(age: number): number {
  return strength(age - CURSOR_PLAIN_MS, CURSOR_FADE_MS);
}

/** Others' cursors: how long they stay as they are, then how long they fade, in ms. */
export const CURSOR_PLAIN_MS = 2600;
export const CURSOR_FADE_MS = 400;
