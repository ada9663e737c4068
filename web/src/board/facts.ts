// What the drawing half of the board reads of an element: plain values, so that scenes can be made of anything.
import type { Key, Span } from "../ot/types.ts";
import type { Dash, Placement, Vertex } from "../ot/value.ts";
import type { FontStyle } from "./style.ts";

interface Common {
  readonly key: Key;
  /** Revision that made it; changes when an own element is confirmed, and its place in the order with it. */
  readonly created: number;
  /** Fractional key, "" for the order of creation (OT10). */
  readonly order: string;
  readonly place: Placement | undefined;
  /** 0xRRGGBB. */
  readonly color: number;
  /** Units. */
  readonly width: number;
  /** 0 … 255. */
  readonly opacity: number;
  readonly locked: boolean;
  /** "" for none. */
  readonly group: Key | "";
}

/** points: x, y, p, t interleaved, the first `count` of them valid. */
export interface InkFacts extends Common {
  readonly kind: "ink";
  readonly open: boolean;
  readonly count: number;
  readonly points: ArrayLike<number>;
  /** What no erasure covers (OT11), rising; undefined: all of it. */
  readonly visible: readonly Span[] | undefined;
}

export interface ShapeFacts extends Common {
  readonly kind: "line" | "arrow" | "rectangle" | "ellipse" | "polygon";
  /** 0xRRGGBB, undefined for none. */
  readonly fill: number | undefined;
  readonly dash: Dash;
  /** Of a polygon. */
  readonly vertices: readonly Vertex[];
}

export interface TextFacts extends Common {
  readonly kind: "text";
  readonly text: string;
  readonly style: FontStyle;
}

export interface ImageFacts extends Common {
  readonly kind: "image";
  readonly content: string;
}

export type Facts = InkFacts | ShapeFacts | TextFacts | ImageFacts;

/** Where a scene's elements come from: a board's view, in drawing order, deleted ones left out. */
export interface Source {
  all(): Iterable<Facts>;
  get(key: Key): Facts | undefined;
  keys(): Iterable<Key>;
}
