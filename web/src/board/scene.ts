// What is to be drawn of one board: each stroke's centre line, and a grid to find strokes by place. It follows a board's
// changes and says what part of the picture each of them spoils. Pure: no canvas here.
import type { Key } from "../ot/types.ts";
import { Centerline, SAMPLE, boundsOf } from "./centerline.ts";
import { NOWHERE, grow, intersects, isEmpty, segmentDistance2, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import { Grid } from "./grid.ts";

/** What the scene needs of an ink element. points: x, y, p, t interleaved, the first `count` of them valid. */
export interface Ink {
  readonly key: Key;
  readonly color: number;
  /** Units. */
  readonly width: number;
  /** 0..255. */
  readonly opacity: number;
  readonly open: boolean;
  /** Revision that made it; changes when an own stroke is confirmed, and its place in the order with it. */
  readonly created: number;
  readonly count: number;
  readonly points: ArrayLike<number>;
}

/** Where ink comes from: a board's view, in drawing order. */
export interface InkSource {
  all(): Iterable<Ink>;
  get(key: Key): Ink | undefined;
  keys(): Iterable<Key>;
}

/** One stroke as it is drawn. path is a cache for whoever draws. */
export interface Stroke {
  readonly key: Key;
  readonly line: Centerline;
  readonly width: number;
  color: number;
  opacity: number;
  created: number;
  /** Points of the element that the line has taken in. */
  taken: number;
  /** Drawing order; valid after Scene.inOrder. */
  rank: number;
  /** Marked by the eraser: shown pale until it is lifted. */
  faded: boolean;
  path: unknown;
}

/** What a change spoils: a part of the picture, or nothing but a stroke's end that is to be added. */
export type Damage =
  | { readonly kind: "redraw"; readonly rect: Rect }
  | { readonly kind: "append"; readonly stroke: Stroke; readonly from: number; readonly rect: Rect };

export type Change = { readonly all: true } | { readonly all: false; readonly keys: ReadonlySet<Key> };

/** Room for antialiasing around what is redrawn, in units. */
const FRINGE = 8;

export class Scene {
  readonly #source: InkSource;
  readonly #strokes = new Map<Key, Stroke>();
  readonly #grid = new Grid<Stroke>();
  #ranked = false;

  constructor(source: InkSource) {
    this.#source = source;
    this.#load();
  }

  get size(): number {
    return this.#strokes.size;
  }

  get(key: Key): Stroke | undefined {
    return this.#strokes.get(key);
  }

  strokes(): Iterable<Stroke> {
    return this.#strokes.values();
  }

  /** Follows a change; undefined means that everything must be drawn anew. */
  apply(change: Change): Damage[] | undefined {
    if (change.all) {
      this.#load();
      return undefined;
    }
    const damages: Damage[] = [];
    for (const key of change.keys) this.#follow(key, damages);
    return damages;
  }

  /** Strokes that touch the rectangle, the lowest first. */
  inOrder(rect: Rect): Stroke[] {
    const found = [...this.#grid.near(rect)].filter((s) => intersects(s.line.bounds, rect));
    if (found.length < 2) return found;
    this.#rank();
    return found.sort((a, b) => a.rank - b.rank);
  }

  /** Whether another stroke that lies above this one touches the rectangle. */
  coveredAbove(stroke: Stroke, rect: Rect): boolean {
    for (const other of this.#grid.near(rect)) {
      if (other === stroke || !intersects(other.line.bounds, rect)) continue;
      this.#rank();
      if (other.rank > stroke.rank && touches(other, rect)) return true;
    }
    return false;
  }

  /** Keys of the strokes that a round eraser of this radius (units) meets on its way from a to b. */
  hit(a: Vec, b: Vec, radius: number): Key[] {
    const path = grow({ x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y) }, radius);
    const keys: Key[] = [];
    for (const stroke of this.#grid.near(path)) if (meets(stroke, a, b, radius, path)) keys.push(stroke.key);
    return keys;
  }

  /** Shows strokes pale, or as they are again. */
  fade(keys: Iterable<Key>, faded: boolean): Damage[] {
    const damages: Damage[] = [];
    for (const key of keys) {
      const stroke = this.#strokes.get(key);
      if (stroke === undefined || stroke.faded === faded) continue;
      stroke.faded = faded;
      damages.push(spoiled(stroke));
    }
    return damages;
  }

  #load(): void {
    this.#strokes.clear();
    this.#grid.clear();
    this.#ranked = false;
    for (const ink of this.#source.all()) this.#add(ink);
  }

  #follow(key: Key, damages: Damage[]): void {
    const ink = this.#source.get(key);
    const stroke = this.#strokes.get(key);
    if (ink === undefined) {
      if (stroke !== undefined) damages.push(this.#drop(stroke));
      return;
    }
    if (stroke === undefined) {
      damages.push(appended(this.#add(ink), 0));
      return;
    }
    if (ink.created !== stroke.created) {
      stroke.created = ink.created;
      this.#ranked = false;
    }
    if (ink.width !== stroke.width || ink.count < stroke.taken || (ink.open && stroke.line.closed)) {
      damages.push(this.#drop(stroke), spoiled(this.#add(ink)));
      return;
    }
    if (ink.color !== stroke.color || ink.opacity !== stroke.opacity) {
      stroke.color = ink.color;
      stroke.opacity = ink.opacity;
      damages.push(spoiled(stroke));
    }
    const from = stroke.line.count;
    this.#take(stroke, ink);
    if (stroke.line.count > from) damages.push(appended(stroke, from));
  }

  #add(ink: Ink): Stroke {
    const { key, width, color, opacity, created } = ink;
    const stroke: Stroke = {
      key, width, color, opacity, created,
      line: new Centerline(width), taken: 0, rank: 0, faded: false, path: undefined,
    };
    this.#strokes.set(key, stroke);
    this.#ranked = false;
    this.#take(stroke, ink);
    return stroke;
  }

  #take(stroke: Stroke, ink: Ink): void {
    const from = Math.max(stroke.line.count - 1, 0);
    stroke.line.extend(ink.points, stroke.taken, ink.count);
    stroke.taken = ink.count;
    if (!ink.open) stroke.line.close();
    if (stroke.line.count - from > 1 || from === 0) stroke.path = undefined;
    this.#index(stroke, from);
  }

  /** Pieces, not the whole: a long stroke's bounds would put it into cells that it never touches. */
  #index(stroke: Stroke, from: number): void {
    const { samples, count } = stroke.line;
    for (let i = from; i < count; i += 8) this.#grid.add(stroke, boundsOf(samples, i, Math.min(i + 9, count)));
  }

  #drop(stroke: Stroke): Damage {
    this.#strokes.delete(stroke.key);
    this.#grid.remove(stroke);
    return spoiled(stroke);
  }

  #rank(): void {
    if (this.#ranked) return;
    this.#ranked = true;
    let rank = 0;
    for (const key of this.#source.keys()) {
      const stroke = this.#strokes.get(key);
      if (stroke !== undefined) stroke.rank = rank++;
    }
  }
}

const spoiled = (stroke: Stroke): Damage => ({ kind: "redraw", rect: grow(stroke.line.bounds, FRINGE) });

function appended(stroke: Stroke, from: number): Damage {
  const first = Math.max(from - 1, 0);
  const rect = grow(boundsOf(stroke.line.samples, first, stroke.line.count), FRINGE);
  // Translucent ink drawn piece by piece would darken where the pieces meet.
  if (stroke.opacity < 255 || stroke.faded) return { kind: "redraw", rect };
  return { kind: "append", stroke, from: first, rect };
}

function touches(stroke: Stroke, rect: Rect): boolean {
  const { samples, count } = stroke.line;
  for (let i = 0; i < count; i += 8) {
    if (intersects(boundsOf(samples, i, Math.min(i + 9, count)), rect)) return true;
  }
  return false;
}

function meets(stroke: Stroke, a: Vec, b: Vec, radius: number, path: Rect): boolean {
  if (!intersects(stroke.line.bounds, path)) return false;
  const { samples, count } = stroke.line;
  let before: Vec | undefined;
  for (let i = 0; i < count * SAMPLE; i += SAMPLE) {
    const at = { x: samples[i] ?? 0, y: samples[i + 1] ?? 0 };
    const reach = radius + (samples[i + 2] ?? 0);
    if (segmentDistance2(a, b, before ?? at, at) <= reach * reach) return true;
    before = at;
  }
  return false;
}

/** The union of what the damages spoil, empty if nothing. */
export const extent = (damages: readonly Damage[]): Rect =>
  damages.reduce<Rect>((all, d) => (isEmpty(d.rect) ? all : union(all, d.rect)), NOWHERE);

