// An element as the tools see it: what it is and the box that it fills.
import type { ID, Key } from "../ot/types.ts";
import { ElementKind } from "../ot/types.ts";
import type { Placement } from "../ot/value.ts";
import type { TextFacts } from "./facts.ts";
import type { Item } from "./items.ts";
import { layoutText } from "./textlayout.ts";
import type { Measure } from "./textlayout.ts";

export interface Thing {
  readonly key: Key;
  readonly kind: ElementKind;
  /**
   * Its box before it is turned, in units: of ink without a place that of its points, of a text as large as its lines.
   * A line or arrow runs from (x, y) to (x + w, y + h).
   */
  readonly box: Placement;
  readonly locked: boolean;
  readonly group: Key | undefined;
  /** Of texts only. */
  readonly text: TextShape | undefined;
}

export interface TextShape {
  /** Font size in units. */
  readonly size: number;
  /** Where it wraps, 0: nowhere. */
  readonly wrap: number;
  /** How high it would be, wrapped so and this large. */
  height(wrap: number, size: number): number;
}

export const isLine = (kind: ElementKind): boolean => kind === ElementKind.Line || kind === ElementKind.Arrow;

/** Kinds as ops name them. */
export const KINDS: Readonly<Record<Item["kind"], ElementKind>> = {
  ink: ElementKind.Ink, line: ElementKind.Line, arrow: ElementKind.Arrow, rectangle: ElementKind.Rectangle, ellipse: ElementKind.Ellipse,
  polygon: ElementKind.Polygon, text: ElementKind.Text, image: ElementKind.Image,
};

/** An item of the scene as a thing. */
export function thingOf(item: Item, measure: Measure): Thing {
  const { key, box, locked, group, facts } = item;
  const text = facts.kind === "text" ? textShape(facts, measure) : undefined;
  return { key, kind: KINDS[item.kind], box, locked, group: group === "" ? undefined : group, text };
}

const textShape = (facts: TextFacts, measure: Measure): TextShape => ({
  size: facts.style.size,
  wrap: facts.place?.w ?? 0,
  height: (wrap, size) => layoutText(facts.text, { ...facts.style, size }, wrap, measure).height,
});

/** "3.14" as an id. */
export function idOf(k: Key): ID {
  const [replica = 0, counter = 0] = k.split(".").map(Number);
  return { replica, counter };
}
