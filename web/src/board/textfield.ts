// The field that an input method and the keyboard write to: a textarea that lies over the text, as large and turned as
// it, and cannot be seen; the canvas draws text and caret. So input methods open beside the caret and readers for the
// blind read it.
import type { Frame } from "./frame.ts";
import { LINE_HEIGHT, fontOf } from "./style.ts";
import type { FontStyle } from "./style.ts";
import type { TextLayout } from "./textlayout.ts";
import { toScreen, unitScale } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** Smaller letters (px) make phones zoom the page when the field is entered. */
const LEAST_FONT = 16;

const STYLE: Readonly<Partial<CSSStyleDeclaration>> = {
  position: "absolute", left: "0", top: "0", margin: "0", padding: "0", border: "0", outline: "none", resize: "none",
  overflow: "hidden", background: "transparent", color: "transparent", caretColor: "transparent", opacity: "0",
  pointerEvents: "none", transformOrigin: "0 0", lineHeight: String(LINE_HEIGHT),
};

/** label: what readers for the blind call it. */
export function textField(host: HTMLElement, maxLength: number, label: string): HTMLTextAreaElement {
  const field = host.ownerDocument.createElement("textarea");
  Object.assign(field.style, STYLE);
  field.maxLength = maxLength;
  field.spellcheck = false;
  field.autocapitalize = "off";
  field.setAttribute("autocorrect", "off");
  field.setAttribute("aria-label", label);
  field.setAttribute("aria-multiline", "true");
  host.append(field);
  return field;
}

/** Puts the field where the text is. wraps: lines are broken at the box's width. */
export function placeField(field: HTMLTextAreaElement, view: Viewport, frame: Frame, layout: TextLayout, style: FontStyle, wraps: boolean): void {
  const scale = unitScale(view);
  const font = Math.max(style.size * scale, LEAST_FONT);
  const shrink = (style.size * scale) / font;
  const at = toScreen(view, { x: frame.e, y: frame.f });
  const a = frame.cos * shrink, b = frame.sin * shrink;
  Object.assign(field.style, {
    font: fontOf(style, font),
    lineHeight: String(LINE_HEIGHT),
    textAlign: style.align,
    whiteSpace: wraps ? "pre-wrap" : "pre",
    overflowWrap: "anywhere",
    width: `${Math.max((layout.width * scale) / shrink, font)}px`,
    height: `${(layout.height * scale) / shrink}px`,
    transform: `matrix(${a}, ${b}, ${-b}, ${a}, ${at.x}, ${at.y})`,
  } satisfies Partial<CSSStyleDeclaration>);
}
