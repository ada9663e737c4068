// What shapes are made on and the selection is worked on: ShapeBench and SelectBench over a site.
import { ElementKind, Register } from "../ot/types.ts";
import type { Key, Setting } from "../ot/types.ts";
import { placeValue, settings, sizeValue } from "../ot/value.ts";
import type { Placement } from "../ot/value.ts";
import type { CursorKind } from "../sync/api.ts";
import type { Style } from "./api.ts";
import { NOWHERE, around, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import type { Keys } from "./gestures.ts";
import type { Marks } from "./marks.ts";
import { GRID_STEP } from "./paper.ts";
import type { Site } from "./site.ts";
import { NO_SNAPPING } from "./snapping.ts";
import type { Snapping } from "./snapping.ts";
import type { Thing } from "./thing.ts";
import type { SelectBench, ShapeBench } from "./tools/tool.ts";
import type { Shape } from "./transform.ts";
import { visible } from "./viewport.ts";

/** How near, CSS px, a pointer must come to a line to mean it, and an edge to come to rest. */
const NEAR = 6;
const REST = 7;

interface Parts {
  readonly show: (marks: Marks) => void;
  readonly made: (key: Key) => void;
  readonly write: (key: Key, at: Vec, made: (() => void) | undefined) => void;
  readonly duplicate: (keys: readonly Key[]) => Key[];
}

export class Table implements ShapeBench, SelectBench {
  readonly #site: Site;
  readonly #parts: Parts;

  constructor(site: Site, parts: Parts) {
    this.#site = site;
    this.#parts = parts;
  }

  get pixel(): number {
    return this.#site.pixel;
  }

  get keys(): Keys {
    return this.#site.keys;
  }

  get style(): Style {
    return this.#site.style;
  }

  get picked(): ReadonlySet<Key> {
    return this.#site.picked.keys;
  }

  get entered(): Key | undefined {
    return this.#site.picked.entered;
  }

  set entered(group: Key | undefined) {
    this.#site.picked.entered = group;
  }

  pick(keys: Iterable<Key>): void {
    this.#site.picked.set(keys);
  }

  get things(): readonly Thing[] {
    return this.#site.picked.things;
  }

  get frame(): Placement | undefined {
    return this.#site.picked.frame;
  }

  thing(key: Key): Thing | undefined {
    return this.#site.thing(key);
  }

  members(key: Key): readonly Key[] {
    return this.#site.members(key);
  }

  withGroups(keys: readonly Key[]): readonly Key[] {
    return this.#site.withGroups(keys);
  }

  at(p: Vec): Key | undefined {
    return this.#site.scene?.at(p, NEAR * this.pixel);
  }

  textAt(at: Vec): Key | undefined {
    const key = this.at(at);
    const thing = key === undefined ? undefined : this.thing(key);
    return thing?.kind === ElementKind.Text && !thing.locked ? key : undefined;
  }

  within(ring: readonly Vec[], shape: "marquee" | "lasso"): Key[] {
    const rect = ring.reduce<Rect>((all, p) => union(all, around(p.x, p.y, 0)), NOWHERE);
    const { scene } = this.#site;
    if (scene === undefined) return [];
    const find = (): Key[] => (shape === "lasso" ? scene.enclosed(ring) : scene.inside(rect));
    const found = find();
    const cut = shape === "lasso" ? scene.enclosedPieces(ring) : scene.insidePieces(rect);
    for (const key of cut) this.#site.pieces(key);
    return (cut.length === 0 ? found : find()).filter((key) => scene.get(key)?.locked === false);
  }

  piece(key: Key, at: Vec): Key | undefined {
    const pieces = this.#site.pieces(key);
    if (pieces.length < 2) return pieces[0];
    const under = this.at(at);
    return under !== undefined && pieces.includes(under) ? under : pieces[0];
  }

  begin(): () => void {
    return this.#site.begin();
  }

  create(kind: ElementKind, list: readonly Setting[]): Key {
    const { document } = this.#site;
    if (document === undefined) throw new Error("board: create: no board is open");
    return document.create(kind, settings(...list));
  }

  set(key: Key, list: readonly Setting[]): void {
    this.#site.set([[key, list]]);
  }

  alive(key: Key): boolean {
    return this.#site.get(key) !== undefined;
  }

  delete(keys: readonly Key[]): void {
    this.#site.document?.delete(keys.filter((k) => this.alive(k)));
  }

  reshape(shapes: readonly Shape[]): void {
    this.#site.set(shapes.map(({ key, place, size }) => [key, [
      { register: Register.Place, value: placeValue(place) },
      ...(size === undefined ? [] : [{ register: Register.Size, value: sizeValue(size) }]),
    ]]));
  }

  duplicate(keys: readonly Key[]): Key[] {
    return this.#parts.duplicate(keys);
  }

  snapping(except: ReadonlySet<Key> = NOTHING): Snapping {
    const { snaps, gridded, scene, view } = this.#site;
    if (!snaps || this.keys.ctrl) return NO_SNAPPING;
    return { lines: scene?.snapLines(except, visible(view)) ?? [], grid: gridded ? GRID_STEP : 0, within: REST * this.pixel };
  }

  show(marks: Marks): void {
    this.#parts.show(marks);
  }

  made(key: Key): void {
    this.#parts.made(key);
  }

  write(key: Key, at: Vec, made?: () => void): void {
    this.#parts.write(key, at, made);
  }

  point(at: Vec, kind: CursorKind): void {
    this.#site.document?.pointAt(Math.round(at.x), Math.round(at.y), kind);
  }
}

const NOTHING: ReadonlySet<Key> = new Set();
