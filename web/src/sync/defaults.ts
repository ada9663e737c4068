// What a register counts as that was never written (docs/format.md), as bytes: undo writes it back.
import type { Element } from "../ot/board.ts";
import { ElementKind, Register } from "../ot/types.ts";
import { boolValue, byteValue, colorValue, fillValue, groupValue, placeValue, sizeValue, widthValue } from "../ot/value.ts";
import { naturalBox } from "./inkplace.ts";

const DEFAULT_WIDTH = 20;
const OPAQUE = 255;
const PEN = 1;
const DEFAULT_SIZE = 240;

const DEFAULTS: ReadonlyMap<Register, Uint8Array> = new Map<Register, Uint8Array>([
  [Register.Color, colorValue(0)],
  [Register.Width, widthValue(DEFAULT_WIDTH)],
  [Register.Deleted, boolValue(false)],
  [Register.Order, new Uint8Array(0)],
  [Register.Group, groupValue(undefined)],
  [Register.Opacity, byteValue(OPAQUE)],
  [Register.Fill, fillValue(undefined)],
  [Register.Dash, byteValue(0)],
  [Register.Locked, boolValue(false)],
  [Register.Pen, byteValue(PEN)],
  [Register.Size, sizeValue(DEFAULT_SIZE)],
  [Register.Align, byteValue(0)],
  [Register.Style, byteValue(0)],
]);

/** The value that a register of an element counts as; undefined where none can be written (no place, no content, no vertices). */
export function valueOrDefault(e: Element, register: Register): Uint8Array | undefined {
  const value = e.value(register);
  if (value !== undefined || register !== Register.Place) return value ?? DEFAULTS.get(register);
  const box = e.kind === ElementKind.Ink ? naturalBox(e.points, e.count) : undefined;
  return box === undefined ? undefined : placeValue({ ...box, angle: 0 });
}
