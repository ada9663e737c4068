// What is selected: keys that are there, and what the page is told of them.
import type { Element } from "../ot/board.ts";
import { equalBytes } from "../ot/bytes.ts";
import { key } from "../ot/types.ts";
import type { ElementKind, Key } from "../ot/types.ts";
import type { Observable } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import type { Selection, Style } from "./api.ts";
import { boundsOfBox } from "./frame.ts";
import { REGISTERS, has, partOf } from "./looks.ts";
import type { Thing } from "./thing.ts";
import { selectionFrame } from "./transform.ts";

const NO_STYLE: Selection["style"] = {
  color: undefined, width: undefined, opacity: undefined, fill: undefined, dash: undefined, size: undefined, align: undefined,
  bold: undefined, italic: undefined,
};

export const NOTHING_SELECTED: Selection = {
  keys: new Set(), kinds: new Set(), locked: false, grouped: false, style: NO_STYLE, box: undefined,
};

/** What the selection looks its elements up in. */
export interface Shelf {
  get(key: Key): Element | undefined;
  thing(key: Key): Thing | undefined;
}

export class Picked {
  readonly #shelf: Shelf;
  readonly #selection = new Value<Selection>(NOTHING_SELECTED);
  #keys: ReadonlySet<Key> = new Set();
  /** Elements of the selection changed since the page was told of it. */
  #stale = false;
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

  set(keys: Iterable<Key>): void {
    this.#keys = new Set([...keys].filter((k) => this.#there(k)));
    this.#publish();
  }

  /** Follows a change of the board; what was deleted leaves the selection. The page is told by publish. */
  changed(keys: ReadonlySet<Key> | "all"): void {
    if (this.#keys.size === 0) return;
    if (keys !== "all" && ![...this.#keys].some((k) => keys.has(k))) return;
    const left = [...this.#keys].filter((k) => this.#there(k));
    if (left.length < this.#keys.size) return this.set(left);
    this.#stale = true;
  }

  /** Tells the page of what changed in the selection: once a frame, however much changed. */
  publish(): void {
    if (this.#stale) this.#publish();
  }

  #there(k: Key): boolean {
    return this.#shelf.get(k)?.deleted === false;
  }

  #publish(): void {
    this.#stale = false;
    if (this.#keys.size === 0) this.entered = undefined;
    if (this.#keys.size === 0 && this.#selection.value === NOTHING_SELECTED) return;
    const elements = [...this.#keys].map((k) => this.#shelf.get(k)).filter((e): e is Element => e !== undefined);
    this.#selection.set(describe(this.#keys, elements, [...this.#keys].map((k) => this.#shelf.thing(k)).filter((t): t is Thing => t !== undefined)));
  }
}

/** What the page is told of elements that are selected. */
export function describe(keys: ReadonlySet<Key>, elements: readonly Element[], things: readonly Thing[]): Selection {
  const frame = selectionFrame(things);
  if (elements.length === 0) return NOTHING_SELECTED;
  const bounds = frame === undefined ? undefined : boundsOfBox(frame);
  return {
    keys,
    kinds: new Set<ElementKind>(elements.map((e) => e.kind)),
    locked: elements.some((e) => e.locked),
    grouped: elements.length > 1 && groupOf(elements) !== undefined,
    style: commonStyle(elements),
    box: bounds && { x: bounds.x0, y: bounds.y0, w: bounds.x1 - bounds.x0, h: bounds.y1 - bounds.y0 },
  };
}

/** The group that all of them are in. */
function groupOf(elements: readonly Element[]): Key | undefined {
  const [first, ...rest] = elements.map((e) => (e.group === undefined ? undefined : key(e.group)));
  return rest.every((g) => g === first) ? first : undefined;
}

/** The values that all elements which have them have in common. */
function commonStyle(elements: readonly Element[]): Selection["style"] {
  const parts = Object.keys(NO_STYLE) as (keyof Style)[];
  return Object.fromEntries(parts.map((part) => [part, commonPart(elements, part)])) as Selection["style"];
}

function commonPart<K extends keyof Style>(elements: readonly Element[], part: K): Style[K] | undefined {
  let first: { readonly bytes: Uint8Array | undefined; readonly value: Style[K] } | undefined;
  for (const e of elements) {
    if (!has(e.kind, part)) continue;
    const bytes = e.value(REGISTERS[part]);
    if (first === undefined) first = { bytes, value: partOf(e, part) };
    else if (!sameBytes(bytes, first.bytes) && partOf(e, part) !== first.value) return undefined;
  }
  return first?.value;
}

/** Most elements have the same bytes: those need not be decoded. */
const sameBytes = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && equalBytes(a, b));
