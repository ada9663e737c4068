// Style of the tools ↔ registers of elements.
import { ElementKind, Register } from "../ot/types.ts";
import type { Setting } from "../ot/types.ts";
import { alignValue, byteValue, colorValue, dashValue, fillValue, settings, sizeValue, styleValue, widthValue } from "../ot/value.ts";
import type { Style } from "./api.ts";
import type { Facts } from "./facts.ts";
import type { FontStyle } from "./style.ts";
import type { Pen } from "./wetlayer.ts";

/** Pen ids of register pen. */
export const PEN = 1;
export const HIGHLIGHTER = 2;

/** A pen as strokes are written with it. */
export interface ToolPen extends Pen {
  readonly id: typeof PEN | typeof HIGHLIGHTER;
}

const { Ink, Line, Arrow, Rectangle, Ellipse, Polygon, Text, Image } = ElementKind;

const KINDS: Readonly<Record<keyof Style, ReadonlySet<ElementKind>>> = {
  color: new Set([Ink, Line, Arrow, Rectangle, Ellipse, Polygon, Text]),
  width: new Set([Ink, Line, Arrow, Rectangle, Ellipse, Polygon]),
  opacity: new Set([Ink, Line, Arrow, Rectangle, Ellipse, Polygon, Text, Image]),
  fill: new Set([Rectangle, Ellipse, Polygon]),
  dash: new Set([Line, Arrow, Rectangle, Ellipse, Polygon]),
  size: new Set([Text]),
  align: new Set([Text]),
  bold: new Set([Text]),
  italic: new Set([Text]),
};

/** Whether elements of a kind have this part of a style. */
export const has = (kind: ElementKind, part: keyof Style): boolean => KINDS[part].has(kind);

export const INITIAL_STYLE: Style = {
  color: 0x1d2321, width: 100, opacity: 255, fill: undefined, dash: "solid", size: 720, align: "left", bold: false, italic: false,
};

/**
 * The registers that give an element of a kind a style, by rising register. before: what it has now, for what shares a
 * register with what is not changed.
 */
export function styleSettings(kind: ElementKind, style: Partial<Style>, before: Pick<Style, "bold" | "italic"> = { bold: false, italic: false }): Setting[] {
  const list: Setting[] = [];
  const add = (part: keyof Style, register: Register, value: Uint8Array): void => {
    if (part in style && has(kind, part)) list.push({ register, value });
  };
  add("color", Register.Color, colorValue(style.color ?? 0));
  add("width", Register.Width, widthValue(style.width ?? INITIAL_STYLE.width));
  add("opacity", Register.Opacity, byteValue(style.opacity ?? 255));
  add("fill", Register.Fill, fillValue(style.fill));
  add("dash", Register.Dash, dashValue(style.dash ?? "solid"));
  add("size", Register.Size, sizeValue(style.size ?? INITIAL_STYLE.size));
  add("align", Register.Align, alignValue(style.align ?? "left"));
  const face = styleValue({ bold: style.bold ?? before.bold, italic: style.italic ?? before.italic });
  add("bold" in style ? "bold" : "italic", Register.Style, face);
  return settings(...list);
}

/** A part of what an element looks like; of what it does not have, what a new one would. */
export function partOf<K extends keyof Style>(facts: Facts, part: K): Style[K] {
  return valueOf(facts, part) as Style[K];
}

function valueOf(facts: Facts, part: keyof Style): Style[keyof Style] {
  switch (part) {
    case "color":
      return facts.color;
    case "width":
      return facts.width;
    case "opacity":
      return facts.opacity;
    case "fill":
      return "fill" in facts ? facts.fill : INITIAL_STYLE.fill;
    case "dash":
      return "dash" in facts ? facts.dash : INITIAL_STYLE.dash;
    default:
      return (facts.kind === "text" ? facts.style : INITIAL_STYLE)[part satisfies keyof FontStyle];
  }
}
