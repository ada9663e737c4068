// The board that is worked on: what its tools, commands and editor have in common.
import type { Element } from "../ot/board.ts";
import { ElementKind, key } from "../ot/types.ts";
import type { Key, Setting } from "../ot/types.ts";
import type { BoardDocument } from "../sync/api.ts";
import type { Style } from "./api.ts";
import { NO_KEYS } from "./gestures.ts";
import type { Keys } from "./gestures.ts";
import { INITIAL_STYLE } from "./looks.ts";
import type { Item, Scene } from "./scene.ts";
import { Picked } from "./selection.ts";
import type { Measure } from "./textlayout.ts";
import { thingOf } from "./thing.ts";
import type { Thing } from "./thing.ts";
import { unitScale } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

export class Site {
  readonly picked: Picked = new Picked(this);
  readonly measure: Measure;
  readonly #view: () => Viewport;
  document: BoardDocument | undefined;
  scene: Scene | undefined;
  /** Held at the last event of a pointer. */
  keys: Keys = NO_KEYS;
  /** Of new elements. */
  style: Style = INITIAL_STYLE;
  snaps = true;
  /** The background has lines to snap to. */
  gridded = false;

  constructor(measure: Measure, view: () => Viewport) {
    this.measure = measure;
    this.#view = view;
  }

  get view(): Viewport {
    return this.#view();
  }

  /** Units per CSS px. */
  get pixel(): number {
    return 1 / unitScale(this.#view());
  }

  get(k: Key): Element | undefined {
    const element = this.document?.get(k);
    return element?.deleted === false ? element : undefined;
  }

  item(k: Key): Item | undefined {
    return this.scene?.get(k);
  }

  thing(k: Key): Thing | undefined {
    const item = this.item(k);
    return item && thingOf(item, this.measure);
  }

  /** What is selected and there. */
  selected(): Element[] {
    return [...this.picked.keys].map((k) => this.get(k)).filter((e): e is Element => e !== undefined);
  }

  /** All of an element's group, or itself. */
  members(k: Key): readonly Key[] {
    const group = this.get(k)?.group;
    if (group === undefined) return [k];
    const name = key(group);
    const members: Key[] = [];
    for (const e of this.document?.elements() ?? []) if (e.group !== undefined && key(e.group) === name) members.push(e.key);
    return members.length < 2 ? [k] : members;
  }

  /** Elements with all others of the groups that they are in. */
  withGroups(keys: readonly Key[]): readonly Key[] {
    const groups = new Set(keys.map((k) => this.item(k)?.group ?? ""));
    groups.delete("");
    if (groups.size === 0) return keys;
    const all = new Set(keys);
    for (const { key: k, group } of this.scene?.items() ?? []) if (groups.has(group)) all.add(k);
    return [...all];
  }

  /** Begins a step of undo; call what it returns. */
  begin(): () => void {
    return this.document?.history.begin() ?? (() => undefined);
  }

  /** Does it as one step of undo. */
  inOneStep<T>(work: () => T): T {
    const end = this.begin();
    try {
      return work();
    } finally {
      end();
    }
  }

  /** Writes registers of what is still there. */
  set(changes: Iterable<readonly [Key, readonly Setting[]]>): void {
    this.document?.set(this.#there(changes));
  }

  *#there<T>(changes: Iterable<readonly [Key, T]>): Generator<readonly [Key, T]> {
    for (const change of changes) if (this.get(change[0]) !== undefined) yield change;
  }

  /** Makes elements of the pieces of an erased stroke; an element that was not erased is its own piece. */
  pieces(k: Key): readonly Key[] {
    const e = this.get(k);
    if (e === undefined || this.document === undefined) return [];
    if (e.kind !== ElementKind.Ink || e.open || e.locked || e.visible() === undefined) return [k];
    return this.document.split(k);
  }
}
