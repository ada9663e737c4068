// One element as it is drawn and hit: a body in its own coordinates, which costs to make and is kept, and the frame that
// puts it on the board. A move or a turn changes the frame alone.
import type { Key } from "../ot/types.ts";
import type { Placement, Vertex } from "../ot/value.ts";
import { Centerline, POINT, SAMPLE, boundsOf } from "./centerline.ts";
import type { Run } from "./centerline.ts";
import { visibleRuns } from "./erased.ts";
import type { Facts, ImageFacts, InkFacts, ShapeFacts, TextFacts } from "./facts.ts";
import { IDENTITY, boundsOn, frameOf } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { NOWHERE, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import { outlineOf, ringsOf, runsOf } from "./shapes.ts";
import type { Outline } from "./shapes.ts";
import { layoutText } from "./textlayout.ts";
import type { Measure, TextLayout } from "./textlayout.ts";

/** What is drawn, in own coordinates; tagged for painters. */
export type Body =
  | { readonly kind: "ink"; readonly line: Centerline; readonly runs: readonly Run[]; readonly area: undefined }
  | { readonly kind: "shape"; readonly outline: Outline; readonly runs: readonly Run[]; readonly area: readonly Vec[] | undefined }
  | { readonly kind: "text"; readonly layout: TextLayout; readonly runs: readonly Run[]; readonly area: readonly Vec[] }
  | { readonly kind: "image"; readonly w: number; readonly h: number; readonly runs: readonly Run[]; readonly area: readonly Vec[] }
  /** A shape that was put nowhere. */
  | { readonly kind: "nothing"; readonly runs: readonly Run[]; readonly area: undefined };

/** An element on the board. Whoever has it only reads it; it changes with the board. */
export interface Item {
  readonly key: Key;
  readonly kind: Facts["kind"];
  /** Upright, in units, with the width of its line. */
  readonly bounds: Rect;
  /** Before it is turned; of ink without a place the box of its points, of a text as high as its lines need. */
  readonly box: Placement;
  readonly locked: boolean;
  /** "" for none. */
  readonly group: Key | "";
  /** Marked by the eraser: shown pale until it is lifted. */
  readonly faded: boolean;
  /** Values as the element has them. */
  readonly facts: Facts;
  readonly frame: Frame;
  readonly body: Body;
  /** The line of ink; undefined for all else. */
  readonly line: Centerline | undefined;
  /** Whether it grows at its end, and so can be added to what is drawn. */
  readonly grows: boolean;
}

const NOTHING: Body = { kind: "nothing", runs: [], area: undefined };
const NO_BOX: Placement = { x: 0, y: 0, w: 0, h: 0, angle: 0 };

/** What the scene keeps of an item besides. */
export class Drawn implements Item {
  readonly key: Key;
  readonly kind: Facts["kind"];
  facts: Facts;
  frame: Frame = IDENTITY;
  body: Body = NOTHING;
  bounds: Rect = NOWHERE;
  faded = false;
  /** Drawing order; valid after the scene ranked. */
  rank = 0;
  /** Caches of whoever draws; gone whenever the body changes. */
  path: unknown = undefined;
  #box: Placement | undefined;
  /** Bounds in own coordinates. */
  #own: Rect | undefined;
  #natural: { readonly count: number; readonly box: Placement } | undefined;
  #taken = 0;

  constructor(facts: Facts, measure: Measure) {
    this.key = facts.key;
    this.kind = facts.kind;
    this.facts = facts;
    this.#build(facts, measure);
  }

  get locked(): boolean {
    return this.facts.locked;
  }

  get group(): Key | "" {
    return this.facts.group;
  }

  get line(): Centerline | undefined {
    return this.body.kind === "ink" ? this.body.line : undefined;
  }

  get grows(): boolean {
    const { facts } = this;
    return facts.kind === "ink" && facts.place === undefined && facts.visible === undefined;
  }

  get box(): Placement {
    return (this.#box ??= this.#boxNow());
  }

  #boxNow(): Placement {
    const { facts, body } = this;
    if (facts.kind === "ink") return facts.place ?? this.#naturalBox(facts);
    if (facts.place === undefined) return NO_BOX;
    if (body.kind === "text") return { ...facts.place, w: body.layout.width, h: body.layout.height };
    return boxOf(facts, facts.place);
  }

  /** Takes other values over; a body that they do not change stays. Returns whether it looks different now. */
  update(facts: Facts, measure: Measure): boolean {
    const before = this.facts;
    this.facts = facts;
    if (!sameBody(before, facts)) {
      this.#build(facts, measure);
      return true;
    }
    const frame = this.frame;
    this.#put();
    return !sameFrame(frame, this.frame) || !sameColors(before, facts);
  }

  /** Whether other values only add to the end of what is drawn. */
  takes(facts: Facts): facts is InkFacts {
    const { facts: now, body } = this;
    if (!this.grows || now.kind !== "ink" || facts.kind !== "ink" || body.kind !== "ink") return false;
    const same = facts.place === undefined && facts.visible === undefined && facts.width === now.width;
    return same && facts.count >= this.#taken && !(facts.open && body.line.closed);
  }

  /** Adds the points that ink has got; returns the first sample that is new. Only for what it takes. */
  grow(facts: InkFacts): number {
    const { line } = this;
    this.facts = facts;
    this.#box = undefined;
    if (line === undefined) return 0;
    const from = line.count;
    line.extend(facts.points, this.#taken, facts.count);
    this.#taken = facts.count;
    if (!facts.open) line.close();
    if (line.count > from) this.path = undefined;
    this.#own = undefined;
    this.bounds = line.bounds;
    return from;
  }

  #build(facts: Facts, measure: Measure): void {
    this.path = undefined;
    this.#own = undefined;
    this.body = facts.kind === "ink" ? this.#ink(facts) : bodyOf(facts, measure);
    if (facts.kind === "ink") this.#taken = facts.count;
    this.#put();
  }

  #put(): void {
    const { facts } = this;
    this.#box = undefined;
    // Whoever selects thousands should find boxes there; of a stroke that grows they would be made in vain.
    if (facts.kind !== "ink" || !facts.open) this.#box = this.#boxNow();
    this.frame = facts.place === undefined ? IDENTITY : frameOf(this.box);
    this.bounds = this.#boundsOn(this.frame);
  }

  #boundsOn(frame: Frame): Rect {
    if (frame.sin === 0) return boundsOn(frame, (this.#own ??= ownBounds(this.body)));
    let all = NOWHERE;
    for (const { samples, count } of this.body.runs) if (count > 0) all = union(all, turnedBounds(frame, samples, count));
    return all;
  }

  /** The line in own coordinates: with a place, scaled so that the box of its points fills it; its width stays. */
  #ink(facts: InkFacts): Body {
    const line = new Centerline(facts.width);
    const { place } = facts;
    if (place === undefined) line.extend(facts.points, 0, facts.count);
    else {
      const natural = this.#naturalBox(facts);
      const sx = natural.w === 0 ? 1 : place.w / natural.w, sy = natural.h === 0 ? 1 : place.h / natural.h;
      for (let i = 0; i < facts.count * POINT; i += POINT) {
        const x = facts.points[i] ?? 0, y = facts.points[i + 1] ?? 0;
        line.add((x - natural.x) * sx, (y - natural.y) * sy, facts.points[i + 2] ?? 0);
      }
    }
    if (!facts.open) line.close();
    const runs = facts.visible === undefined ? [line] : visibleRuns(line, facts.visible, facts.count);
    return { kind: "ink", line, runs, area: undefined };
  }

  #naturalBox(facts: InkFacts): Placement {
    if (this.#natural?.count === facts.count) return this.#natural.box;
    const box = boxOfPoints(facts);
    this.#natural = { count: facts.count, box };
    return box;
  }
}

/** The box of ink where it was written. */
export function boxOfPoints({ points, count }: InkFacts): Placement {
  let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
  for (let i = 0; i < count * POINT; i += POINT) {
    const x = points[i] ?? 0, y = points[i + 1] ?? 0;
    x0 = Math.min(x0, x);
    y0 = Math.min(y0, y);
    x1 = Math.max(x1, x);
    y1 = Math.max(y1, y);
  }
  return count === 0 ? NO_BOX : { x: x0, y: y0, w: x1 - x0, h: y1 - y0, angle: 0 };
}

function ownBounds({ runs }: Body): Rect {
  let all = NOWHERE;
  for (const { samples, count } of runs) if (count > 0) all = union(all, boundsOf(samples, 0, count));
  return all;
}

/** As boundsOf, of samples that are turned: no larger than what they cover on the board. */
function turnedBounds({ e, f, cos, sin }: Frame, samples: Float32Array, count: number): Rect {
  let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
  for (let i = 0; i < count * SAMPLE; i += SAMPLE) {
    const x = samples[i] ?? 0, y = samples[i + 1] ?? 0, r = samples[i + 2] ?? 0;
    const bx = e + cos * x - sin * y, by = f + sin * x + cos * y;
    x0 = Math.min(x0, bx - r);
    y0 = Math.min(y0, by - r);
    x1 = Math.max(x1, bx + r);
    y1 = Math.max(y1, by + r);
  }
  return { x0, y0, x1, y1 };
}

/** Only lines and arrows have a direction: of all else width and height are not below 0. */
function boxOf(facts: ShapeFacts | TextFacts | ImageFacts, place: Placement): Placement {
  if (facts.kind === "line" || facts.kind === "arrow") return place;
  return { ...place, w: Math.max(place.w, 0), h: Math.max(place.h, 0) };
}

function bodyOf(facts: ShapeFacts | TextFacts | ImageFacts, measure: Measure): Body {
  if (facts.place === undefined) return NOTHING;
  const { w, h } = boxOf(facts, facts.place);
  switch (facts.kind) {
    case "text": {
      const layout = layoutText(facts.text, facts.style, w, measure);
      return { kind: "text", layout, ...boxed(layout.width, layout.height) };
    }
    case "image":
      return { kind: "image", w, h, ...boxed(w, h) };
    default: {
      const outline = outlineOf(facts, w, h);
      const closed = outline.kind === "ellipse" || outline.closed;
      const area = closed && facts.fill !== undefined ? ringsOf(outline)[0] : undefined;
      return { kind: "shape", outline, runs: runsOf(outline, facts.width / 2), area };
    }
  }
}

/** What is hit anywhere in its box. */
function boxed(w: number, h: number): { readonly runs: readonly Run[]; readonly area: readonly Vec[] } {
  const outline: Outline = { kind: "lines", closed: true, lines: [[{ x: 0, y: 0 }, { x: w, y: 0 }, { x: w, y: h }, { x: 0, y: h }]] };
  return { runs: runsOf(outline, 0), area: ringsOf(outline)[0] ?? [] };
}

/** Whether two states of an element differ in its frame and its colours at most. */
function sameBody(a: Facts, b: Facts): boolean {
  if ((a.place === undefined) !== (b.place === undefined) || a.width !== b.width) return false;
  if (a.place?.w !== b.place?.w || (a.kind !== "text" && a.place?.h !== b.place?.h)) return false;
  if (a.kind === "ink" && b.kind === "ink") return sameInk(a, b);
  if (a.kind === "text" && b.kind === "text") return a.text === b.text && sameStyle(a.style, b.style);
  if (a.kind === "image") return true;
  return "vertices" in a && "vertices" in b && (a.fill === undefined) === (b.fill === undefined) && sameVertices(a.vertices, b.vertices);
}

function sameInk(a: InkFacts, b: InkFacts): boolean {
  if (a.count !== b.count || a.open !== b.open) return false;
  if (a.visible === b.visible) return true;
  if (a.visible === undefined || b.visible?.length !== a.visible.length) return false;
  return a.visible.every((s, i) => s.from === b.visible?.[i]?.from && s.to === b.visible[i]?.to);
}

const sameFrame = (a: Frame, b: Frame): boolean => a.e === b.e && a.f === b.f && a.cos === b.cos && a.sin === b.sin;

export function sameColors(a: Facts, b: Facts): boolean {
  if (a.color !== b.color || a.opacity !== b.opacity) return false;
  if (a.kind === "image" && b.kind === "image") return a.content === b.content;
  return !("fill" in a && "fill" in b) || (a.fill === b.fill && a.dash === b.dash);
}

const sameStyle = (a: TextFacts["style"], b: TextFacts["style"]): boolean =>
  a.size === b.size && a.align === b.align && a.bold === b.bold && a.italic === b.italic;

const sameVertices = (a: readonly Vertex[], b: readonly Vertex[]): boolean =>
  a.length === b.length && a.every((v, i) => v.x === b[i]?.x && v.y === b[i]?.y);
