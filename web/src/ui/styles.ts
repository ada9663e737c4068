// How elements look: the values that the panels offer, and which of them each family of tools has.
import type { Style, ToolName } from "../board/api.ts";
import { ElementKind } from "../ot/types.ts";
import type { TextKey } from "./texts.ts";

/** Tools whose new elements look alike. */
export type Family = "pen" | "highlighter" | "shape" | "text";
export type Shape = "line" | "arrow" | "rectangle" | "ellipse" | "polygon";

export const FAMILIES: readonly Family[] = ["pen", "highlighter", "shape", "text"];
export const SHAPES: readonly Shape[] = ["line", "arrow", "rectangle", "ellipse", "polygon"];

/** What of a style a panel shows. */
export type Field = "color" | "width" | "fill" | "dash" | "opacity" | "size" | "align" | "face";

export const FIELDS: Readonly<Record<Family, readonly Field[]>> = {
  pen: ["color", "width"],
  highlighter: ["color", "width"],
  shape: ["color", "width", "fill", "dash", "opacity"],
  text: ["color", "size", "align", "face"],
};

/** undefined: new elements of this tool have no look, or it makes none. */
export function familyOf(tool: ToolName): Family | undefined {
  switch (tool) {
    case "pen":
    case "highlighter":
    case "text":
      return tool;
    case "line":
    case "arrow":
    case "rectangle":
    case "ellipse":
    case "polygon":
      return "shape";
    case "select":
    case "lasso":
    case "hand":
    case "eraser":
    case "area-eraser":
    case "laser":
      return undefined;
  }
}

/** What can be changed of elements of these kinds: of shapes and ink the line, of closed shapes the fill, of texts the letters. */
export function fieldsOf(kinds: ReadonlySet<ElementKind>): readonly Field[] {
  const { Ink, Line, Arrow, Rectangle, Ellipse, Polygon, Text } = ElementKind;
  const has = (...list: ElementKind[]): boolean => list.some((k) => kinds.has(k));
  const fields: Field[] = [];
  if (has(Ink, Line, Arrow, Rectangle, Ellipse, Polygon, Text)) fields.push("color");
  if (has(Ink, Line, Arrow, Rectangle, Ellipse, Polygon)) fields.push("width");
  if (has(Rectangle, Ellipse, Polygon)) fields.push("fill");
  if (has(Line, Arrow, Rectangle, Ellipse, Polygon)) fields.push("dash");
  if (has(Text)) fields.push("size", "align", "face");
  return [...fields, "opacity"];
}

interface Step {
  readonly value: number;
  readonly name: TextKey;
}

const named = (values: readonly number[], names: readonly TextKey[]): readonly Step[] =>
  values.map((value, i) => ({ value, name: names[i] ?? "pen.width" }));

const WIDTH_NAMES: readonly TextKey[] = ["pen.width.1", "pen.width.2", "pen.width.3", "pen.width.4"];

/** Widths in 1/10 px of the board. */
export const PEN_WIDTHS = named([60, 100, 180, 360], WIDTH_NAMES);
export const HIGHLIGHTER_WIDTHS = named([240, 400, 640, 960], WIDTH_NAMES);

/** Font sizes in 1/10 px: a board is 4 096 px wide. */
export const SIZES = named([480, 720, 1120, 1760], ["size.1", "size.2", "size.3", "size.4"]);

export const OPACITIES: readonly { readonly value: number; readonly percent: number }[] =
  [255, 191, 128, 64].map((value) => ({ value, percent: Math.round(value / 2.55) }));

const BASE: Style = {
  color: 0x1d2321, width: 100, opacity: 255, fill: undefined, dash: "solid", size: 720, align: "left", bold: false, italic: false,
};

const INITIAL: Readonly<Record<Family, Partial<Style>>> = {
  pen: {},
  highlighter: { color: 0xf2c14e, width: 400, opacity: 110 },
  shape: { color: 0x2e86ab },
  text: {},
};

export const initialStyle = (family: Family): Style => ({ ...BASE, ...INITIAL[family] });

const within = (value: unknown, low: number, high: number): boolean => Number.isInteger(value) && Number(value) >= low && Number(value) <= high;

/** Whether what was stored is a style that every tool can do with. */
export function isStyle(value: unknown): value is Style {
  if (typeof value !== "object" || value === null) return false;
  const s = value as Readonly<Record<string, unknown>>;
  return within(s["color"], 0, 0xffffff) && within(s["width"], 1, 2000) && within(s["opacity"], 0, 255) &&
    (s["fill"] === undefined || within(s["fill"], 0, 0xffffff)) && ["solid", "dashed", "dotted"].includes(String(s["dash"])) &&
    within(s["size"], 80, 4000) && ["left", "center", "right"].includes(String(s["align"])) &&
    typeof s["bold"] === "boolean" && typeof s["italic"] === "boolean";
}
