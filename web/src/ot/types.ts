// The vocabulary of ops and elements; the same as package ot in Go. docs/format.md has the values.

/** Names an element of one board: the replica that made it and its counter there, both from 1. */
export interface ID {
  readonly replica: number;
  readonly counter: number;
}

/** An ID as a map key: "replica.counter". */
export type Key = `${number}.${number}`;

export const key = (id: ID): Key => `${id.replica}.${id.counter}`;

/** One sample of a pen: x, y in 1/10 px, pressure 0..255, t in ms since the stroke's first point. */
export interface Point {
  x: number;
  y: number;
  p: number;
  t: number;
}

export const ElementKind = { Ink: 1, Line: 2, Arrow: 3, Rectangle: 4, Ellipse: 5, Polygon: 6, Text: 7, Image: 8 } as const;
export type ElementKind = (typeof ElementKind)[keyof typeof ElementKind];

export const Register = {
  Place: 1, Color: 2, Width: 3, Deleted: 4, Order: 5, Group: 6,
  Opacity: 7, Fill: 8, Dash: 9, Content: 10, Locked: 11, Pen: 12,
  Size: 13, Align: 14, Style: 15, Vertices: 16,
} as const;
export type Register = (typeof Register)[keyof typeof Register];

/** A register with its value in canonical bytes. */
export interface Setting {
  readonly register: Register;
  readonly value: Uint8Array;
}

/** One part of an edit of a text: code points kept or deleted, or a string inserted. */
export type Component =
  | { readonly kind: "keep"; readonly n: number }
  | { readonly kind: "delete"; readonly n: number }
  | { readonly kind: "insert"; readonly text: string };

/** Changes a text from its start on; what it does not reach is kept. Canonical: docs/format.md. */
export type Edit = readonly Component[];

/** A part of a stroke's line, from ≤ x < to in 1/256 of a point's index. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** One part of an undo (OT15). */
export type UndoItem =
  | { readonly kind: "value"; readonly id: ID; readonly register: Register; readonly expected: Uint8Array; readonly value: Uint8Array }
  | { readonly kind: "made"; readonly id: ID }
  | { readonly kind: "erasure"; readonly id: ID; readonly eraser: number; readonly off: boolean };

/** count ids of one replica from first on. */
export interface IDRange {
  readonly replica: number;
  readonly first: number;
  readonly count: number;
}

/** One edit of a board. Frame is the ink as it travels; points are its points, decoded by whoever holds the stroke's decoder. */
export type Op =
  | { readonly kind: "create"; readonly id: ID; readonly element: ElementKind; readonly settings: readonly Setting[] }
  | { readonly kind: "extend"; readonly id: ID; readonly first: number; readonly ended: boolean; readonly frame: Uint8Array; points: Point[] }
  | { readonly kind: "set"; readonly id: ID; readonly settings: readonly Setting[] }
  | { readonly kind: "clear"; readonly base: bigint }
  /** base: revision that the edit was made on; 0 in the log. */
  | { readonly kind: "textEdit"; readonly id: ID; readonly base: bigint; readonly edit: Edit }
  | { readonly kind: "eraseSpans"; readonly id: ID; readonly eraser: number; readonly spans: readonly Span[] }
  | { readonly kind: "undo"; readonly items: readonly UndoItem[] }
  | { readonly kind: "purge"; readonly ranges: readonly IDRange[] }
  | { readonly kind: "end"; readonly id: ID };
