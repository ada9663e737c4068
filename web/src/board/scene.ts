// What is to be drawn of one board, with a grid to find elements by place. It follows a board's changes, gathered until
// somebody looks, and says what part of the picture they spoil. Pure: no canvas here.
//
// All coordinates are units of the board. Whatever is asked of it answers for the board as it is now.
import type { Key, Span } from "../ot/types.ts";
import { boundsOf } from "./centerline.ts";
import { spansUnder } from "./erased.ts";
import type { Facts, Source } from "./facts.ts";
import { boundsOn, toOwn } from "./frame.ts";
import { NOWHERE, around, contains, grow, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import { Grid, isSmall, sameCells } from "./grid.ts";
import { STRIDE, isEnclosed, isPieceEnclosed, isPieceInside, mayCover, meets, touches } from "./hit.ts";
import { Drawn, sameColors } from "./items.ts";
import type { Item } from "./items.ts";
import { Ranks } from "./ranks.ts";
import { Ring } from "./ring.ts";
import { snapLines } from "./snap.ts";
import type { SnapLine } from "./snap.ts";
import type { Measure } from "./textlayout.ts";

export type { Item } from "./items.ts";
export type { SnapLine } from "./snap.ts";

/** What a change spoils: a part of the picture, or nothing but a stroke's end that is to be added. */
export type Damage =
  | { readonly kind: "redraw"; readonly rect: Rect }
  | { readonly kind: "append"; readonly item: Item; readonly from: number; readonly rect: Rect };

export type Change = { readonly all: true } | { readonly all: false; readonly keys: ReadonlySet<Key> };

/** Room for antialiasing around what is redrawn, in units. */
const FRINGE = 8;

export class Scene {
  readonly #source: Source;
  readonly #measure: Measure;
  readonly #items = new Map<Key, Drawn>();
  readonly #grid = new Grid<Drawn>();
  readonly #ranks: Ranks;
  /** Strokes of which something was erased: few of many. */
  readonly #erased = new Set<Drawn>();
  /** Changed and not followed yet. */
  #noted = new Set<Key>();
  /** What has been followed since damage was last taken; undefined: everything. */
  #damages: Damage[] | undefined = [];

  /** measure: how wide text is, see canvasMeasure. */
  constructor(source: Source, measure: Measure) {
    this.#source = source;
    this.#measure = measure;
    this.#ranks = new Ranks(source);
    this.#load();
  }

  get size(): number {
    this.#follow();
    return this.#items.size;
  }

  get(key: Key): Item | undefined {
    this.#follow();
    return this.#items.get(key);
  }

  items(): Iterable<Item> {
    this.#follow();
    return this.#items.values();
  }

  /** Takes note of a change; it costs nothing until somebody looks. For subscriptions: the layer takes it in its next frame. */
  note(change: Change): void {
    if (change.all) {
      this.#noted.clear();
      this.#load();
      this.#damages = undefined;
    } else for (const key of change.keys) this.#noted.add(key);
  }

  /** What was spoiled since this was called last; undefined means that everything must be drawn anew. */
  take(): Damage[] | undefined {
    this.#follow();
    const damages = this.#damages;
    this.#damages = [];
    return damages;
  }

  /** note and take at once. */
  apply(change: Change): Damage[] | undefined {
    this.note(change);
    return this.take();
  }

  /** Drawing order of everything, the lowest first. */
  order(): Key[] {
    return [...this.#source.keys()].filter((key) => this.#items.has(key));
  }

  /** The topmost element at a point: filled ones and boxes inside, all others near their line. */
  at(p: Vec, tolerance: number): Key | undefined {
    const found = this.#near(around(p.x, p.y, tolerance)).filter((item) => meets(item, p, p, tolerance));
    return this.#ranked(found).at(-1)?.key;
  }

  /** Elements that have a place in the rectangle, in drawing order. */
  touching(rect: Rect): Key[] {
    return keysOf(this.#ranked(this.#near(rect).filter((item) => touches(item, rect))));
  }

  /** Elements that lie in the rectangle whole, in drawing order. */
  inside(rect: Rect): Key[] {
    return keysOf(this.#ranked(this.#near(rect).filter((item) => contains(rect, item.bounds))));
  }

  /** Strokes of which something was erased and a piece lies in the rectangle whole, in no order. */
  insidePieces(rect: Rect): Key[] {
    return this.#erasedIn(rect, (item) => isPieceInside(item, rect));
  }

  /** Elements that a lasso has caught: at least half of each. In drawing order. */
  enclosed(polygon: readonly Vec[]): Key[] {
    if (polygon.length < 3) return [];
    const ring = new Ring(polygon);
    return keysOf(this.#ranked(this.#near(ring.bounds).filter((item) => isEnclosed(item, ring))));
  }

  /** Strokes of which something was erased and a lasso has caught a piece, in no order. */
  enclosedPieces(polygon: readonly Vec[]): Key[] {
    if (polygon.length < 3) return [];
    const ring = new Ring(polygon);
    return this.#erasedIn(ring.bounds, (item) => isPieceEnclosed(item, ring));
  }

  /** Elements that a round eraser of this radius meets on its way from a to b: of ink what is visible. */
  hit(a: Vec, b: Vec, radius: number): Key[] {
    const path = grow(union(around(a.x, a.y, 0), around(b.x, b.y, 0)), radius);
    return keysOf(this.#near(path).filter((item) => meets(item, a, b, radius)));
  }

  /** Spans of a stroke's line that a round eraser covers on its way from a to b; none of what is not ink. */
  spansUnder(key: Key, a: Vec, b: Vec, radius: number): Span[] {
    const item = this.get(key);
    if (item?.facts.kind !== "ink" || item.line === undefined || !meets(item, a, b, radius)) return [];
    return spansUnder(item.line, item.facts.count, toOwn(item.frame, a), toOwn(item.frame, b), radius);
  }

  /** Edges and middles of the elements that touch the rectangle, to snap to. */
  snapLines(exclude: ReadonlySet<Key>, rect: Rect): SnapLine[] {
    return this.#near(rect).filter((item) => !exclude.has(item.key)).flatMap((item) => snapLines(item));
  }

  /** Items whose bounds touch the rectangle, the lowest first. */
  inOrder(rect: Rect): Item[] {
    return this.#ranked(this.#near(rect));
  }

  /** Images on the board with this content. */
  showing(content: string): Item[] {
    return [...this.items()].filter((item) => item.facts.kind === "image" && item.facts.content === content);
  }

  /** Whether another item that lies above this one may cover a part of the rectangle. */
  coveredAbove(item: Item, rect: Rect): boolean {
    for (const other of this.#near(rect)) {
      if (other.key === item.key || !mayCover(other, rect)) continue;
      this.#ranks.sort(this.#items);
      if (other.rank > (this.#items.get(item.key)?.rank ?? 0)) return true;
    }
    return false;
  }

  /** Shows elements pale, or as they are again. */
  fade(keys: Iterable<Key>, faded: boolean): Damage[] {
    this.#follow();
    const damages: Damage[] = [];
    for (const key of keys) {
      const item = this.#items.get(key);
      if (item === undefined || item.faded === faded) continue;
      item.faded = faded;
      damages.push(spoiled(item));
    }
    return damages;
  }

  /** The smallest rectangle around everything; empty if there is nothing. */
  get bounds(): Rect {
    let all = NOWHERE;
    for (const item of this.items()) all = union(all, item.bounds);
    return all;
  }

  #near(rect: Rect): Drawn[] {
    this.#follow();
    const found: Drawn[] = [];
    for (const item of this.#grid.near(rect)) if (overlaps(item.bounds, rect)) found.push(item);
    return found;
  }

  #erasedIn(rect: Rect, test: (item: Item) => boolean): Key[] {
    this.#follow();
    return keysOf([...this.#erased].filter((item) => !item.locked && overlaps(item.bounds, rect) && test(item)));
  }

  #ranked(items: Drawn[]): Drawn[] {
    if (items.length < 2) return items;
    this.#ranks.sort(this.#items);
    return items.sort((a, b) => a.rank - b.rank);
  }

  #load(): void {
    this.#items.clear();
    this.#grid.clear();
    this.#ranks.clear();
    this.#erased.clear();
    for (const facts of this.#source.all()) this.#add(facts);
  }

  #follow(): void {
    if (this.#noted.size === 0) return;
    const noted = this.#noted;
    this.#noted = new Set();
    const damages = this.#damages ?? [];
    for (const key of noted) this.#change(key, damages);
  }

  #change(key: Key, damages: Damage[]): void {
    const facts = this.#source.get(key);
    const item = this.#items.get(key);
    if (facts === undefined) {
      if (item !== undefined) damages.push(this.#drop(item));
    } else if (item === undefined) {
      damages.push(appended(this.#add(facts), 0));
    } else if (facts.kind === item.kind) {
      if (this.#ranks.moved(item.facts, facts)) damages.push(spoiled(item));
      if (item.takes(facts)) this.#grow(item, facts, damages);
      else this.#update(item, facts, damages);
    }
  }

  #grow(item: Drawn, facts: Extract<Facts, { kind: "ink" }>, damages: Damage[]): void {
    const recolored = !sameColors(item.facts, facts);
    const from = item.grow(facts);
    if ((item.line?.count ?? 0) > from) {
      this.#index(item, Math.max(from - 1, 0));
      damages.push(appended(item, from));
    }
    if (recolored) damages.push(spoiled(item));
  }

  #update(item: Drawn, facts: Facts, damages: Damage[]): void {
    const before = spoiled(item);
    const { bounds, grows } = item;
    if (!item.update(facts, this.#measure)) return;
    this.#noteErased(item);
    // What is moved by little stays in its cells; what grew is not in all that its bounds touch.
    if (grows || !isSmall(bounds) || !sameCells(bounds, item.bounds)) {
      this.#grid.remove(item);
      this.#index(item, 0);
    }
    damages.push(before, spoiled(item));
  }

  #noteErased(item: Drawn): void {
    if (item.facts.kind === "ink" && item.facts.visible !== undefined) this.#erased.add(item);
    else this.#erased.delete(item);
  }

  #add(facts: Facts): Drawn {
    const item = new Drawn(facts, this.#measure);
    this.#items.set(item.key, item);
    this.#ranks.add(item);
    this.#noteErased(item);
    this.#index(item, 0);
    return item;
  }

  /** Pieces, not the whole: a long stroke's bounds would put it into cells that it never touches. */
  #index(item: Drawn, from: number): void {
    const { body, frame } = item;
    if (body.area !== undefined || (from === 0 && isSmall(item.bounds))) return this.#grid.add(item, item.bounds);
    for (const { samples, count } of body.runs) {
      for (let i = from; i < count; i += STRIDE) {
        this.#grid.add(item, boundsOn(frame, boundsOf(samples, i, Math.min(i + STRIDE + 1, count))));
      }
    }
  }

  #drop(item: Drawn): Damage {
    this.#items.delete(item.key);
    this.#erased.delete(item);
    this.#grid.remove(item);
    return spoiled(item);
  }
}

const keysOf = (items: readonly Item[]): Key[] => items.map((item) => item.key);

/** As intersects, but what has no width or no height counts. */
const overlaps = (a: Rect, b: Rect): boolean => a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;

const spoiled = (item: Item): Damage => ({ kind: "redraw", rect: grow(item.bounds, FRINGE) });

function appended(item: Item, from: number): Damage {
  const { facts, line } = item;
  if (!item.grows || line === undefined) return spoiled(item);
  const first = Math.max(from - 1, 0);
  const rect = grow(boundsOf(line.samples, first, line.count), FRINGE);
  // Translucent ink drawn piece by piece would darken where the pieces meet.
  if (facts.opacity < 255 || item.faded) return { kind: "redraw", rect };
  return { kind: "append", item, from: first, rect };
}
