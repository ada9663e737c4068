// What is selected: keys that are there, and what the page is told of them.
import type { Element } from "../ot/board.ts";
import type { Key } from "../ot/types.ts";
import type { Placement } from "../ot/value.ts";
import type { Observable } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import type { Selection, Style } from "./api.ts";
import type { Facts } from "./facts.ts";
import { boundsOfBox } from "./frame.ts";
import type { Item } from "./items.ts";
import { has, partOf } from "./looks.ts";
import type { Measure } from "./textlayout.ts";
import { KINDS, thingOf } from "./thing.ts";
import type { Thing } from "./thing.ts";
import { selectionFrame } from "./transform.ts";

const NO_STYLE: Selection["style"] = {
  color: undefined, width: undefined, opacity: undefined, fill: undefined, dash: undefined, size: undefined, align: undefined,
  bold: undefined, italic: undefined,
};

const NOTHING_SELECTED: Selection = {
  keys: new Set(), kinds: new Set(), locked: false, grouped: false, style: NO_STYLE, box: undefined,
};

/** What the selection looks its elements up in. */
export interface Shelf {
  readonly measure: Measure;
  get(key: Key): Element | undefined;
  item(key: Key): Item | undefined;
}

interface Chosen {
  readonly things: readonly Thing[];
  readonly frame: Placement | undefined;
}

export class Picked {
  readonly #shelf: Shelf;
  readonly #selection = new Value<Selection>(NOTHING_SELECTED);
  #keys: ReadonlySet<Key> = new Set();
  /** Elements of the selection changed since the page was told of it. */
  #stale = false;
  #chosen: Chosen | undefined;
  /** The group whose members are picked one by one. */
  entered: Key | undefined;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  get keys(): ReadonlySet<Key> {
    return this.#keys;
  }

  get selection(): Observable<Selection> {
    return this.#selection;
  }

  /** What is selected as tools see it; one list until something of it changes, for it is asked for all the time. */
  get things(): readonly Thing[] {
    return this.#seen(undefined).things;
  }

  /** The frame around it. */
  get frame(): Placement | undefined {
    return this.#seen(undefined).frame;
  }

  set(keys: Iterable<Key>): void {
    this.#keys = new Set(keys);
    const items = this.#items();
    if (items.length < this.#keys.size) this.#keys = new Set(items.map((item) => item.key));
    this.#publish(items);
  }

  /** Follows a change of the board; what was deleted leaves the selection. The page is told by publish. */
  changed(keys: ReadonlySet<Key> | "all"): void {
    const { met, gone } = this.#met(keys === "all" ? this.#keys : keys);
    if (!met) return;
    if (gone) return this.set([...this.#keys].filter((k) => this.#there(k)));
    this.#stale = true;
    this.#chosen = undefined;
  }

  /** Tells the page of what changed in the selection: once a frame, however much changed. */
  publish(): void {
    if (this.#stale) this.#publish(this.#items());
  }

  /** Whether some of the keys are selected, and some of those are not there any more. */
  #met(keys: ReadonlySet<Key>): { readonly met: boolean; readonly gone: boolean } {
    const [few, many] = keys.size < this.#keys.size ? [keys, this.#keys] : [this.#keys, keys];
    let met = false;
    for (const k of few) {
      if (!many.has(k)) continue;
      met = true;
      if (!this.#there(k)) return { met, gone: true };
    }
    return { met, gone: false };
  }

  #there(k: Key): boolean {
    return this.#shelf.get(k)?.deleted === false;
  }

  /** A stroke that somebody writes just then is left alone: moved, it would be squeezed into the box that it had. */
  #items(): Item[] {
    const items: Item[] = [];
    for (const k of this.#keys) {
      const item = this.#shelf.item(k);
      if (item !== undefined && !(item.facts.kind === "ink" && item.facts.open)) items.push(item);
    }
    return items;
  }

  #seen(items: readonly Item[] | undefined): Chosen {
    if (this.#chosen !== undefined) return this.#chosen;
    const things = (items ?? this.#items()).map((item) => thingOf(item, this.#shelf.measure));
    return (this.#chosen = { things, frame: selectionFrame(things) });
  }

  #publish(items: readonly Item[]): void {
    this.#stale = false;
    this.#chosen = undefined;
    if (this.#keys.size === 0) this.entered = undefined;
    if (this.#keys.size === 0 && this.#selection.value === NOTHING_SELECTED) return;
    this.#selection.set(describe(this.#keys, items, this.#seen(items).frame));
  }
}

/** What the page is told of elements that are selected. */
function describe(keys: ReadonlySet<Key>, items: readonly Item[], frame: Placement | undefined): Selection {
  if (items.length === 0) return NOTHING_SELECTED;
  const byKind = new Map<Item["kind"], Facts[]>();
  for (const { kind, facts } of items) {
    const same = byKind.get(kind);
    if (same === undefined) byKind.set(kind, [facts]);
    else same.push(facts);
  }
  const bounds = frame && boundsOfBox(frame);
  return {
    keys,
    kinds: new Set([...byKind.keys()].map((kind) => KINDS[kind])),
    locked: items.some((item) => item.locked),
    grouped: items.length > 1 && areOneGroup(items),
    style: commonStyle(byKind),
    box: bounds && { x: bounds.x0, y: bounds.y0, w: bounds.x1 - bounds.x0, h: bounds.y1 - bounds.y0 },
  };
}

function areOneGroup(items: readonly Item[]): boolean {
  const group = items[0]?.group ?? "";
  return group !== "" && items.every((item) => item.group === group);
}

/** The values that all elements which have them have in common. */
function commonStyle(byKind: ReadonlyMap<Item["kind"], readonly Facts[]>): Selection["style"] {
  const parts = Object.keys(NO_STYLE) as (keyof Style)[];
  return Object.fromEntries(parts.map((part) => [part, commonPart(byKind, part)])) as Selection["style"];
}

function commonPart<K extends keyof Style>(byKind: ReadonlyMap<Item["kind"], readonly Facts[]>, part: K): Style[K] | undefined {
  let first: { readonly value: Style[K] } | undefined;
  for (const [kind, all] of byKind) {
    if (!has(KINDS[kind], part)) continue;
    for (const facts of all) {
      const value = partOf(facts, part);
      if (first === undefined) first = { value };
      else if (value !== first.value) return undefined;
    }
  }
  return first?.value;
}
