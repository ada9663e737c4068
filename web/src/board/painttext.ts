// Text on a canvas: how wide it is and how it is drawn.
import type { TextFacts } from "./facts.ts";
import { fontOf } from "./style.ts";
import { offscreen2d, type Context } from "./surface.ts";
import type { Measure, TextLayout } from "./textlayout.ts";
import type { Look } from "./theme.ts";

/** Widths that are remembered: the words of some pages. */
const KEPT = 4096;

/** Measures are taken at this size (px) and scaled: what a text needs does not depend on the zoom. */
const AT = 100;

/** The canvas's own measure. In a page; without a canvas (Node) there is none. */
export function canvasMeasure(): Measure {
  let context: OffscreenCanvasRenderingContext2D | undefined;
  const known = new Map<string, number>();
  return (text, style) => {
    const font = fontOf(style, AT);
    const name = `${font}\n${text}`;
    let width = known.get(name);
    if (width === undefined) {
      context ??= measuring();
      if (context.font !== font) context.font = font;
      if (known.size >= KEPT) known.clear();
      width = context.measureText(text).width;
      known.set(name, width);
    }
    return (width * style.size) / AT;
  };
}

function measuring(): OffscreenCanvasRenderingContext2D {
  const context = offscreen2d(1);
  letters(context);
  return context;
}

/** Letters stand where their measures say, at any zoom. */
function letters(context: Context): void {
  context.textRendering = "geometricPrecision";
  context.fontKerning = "normal";
}

/** Draws lines of text in the box's own coordinates. */
export function paintText(context: Context, layout: TextLayout, facts: TextFacts, look: Look): void {
  const { style } = facts;
  context.fillStyle = look.ink(facts.color);
  letters(context);
  context.font = fontOf(style, style.size);
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  for (const line of layout.lines) if (line.text !== "") context.fillText(line.text, line.x, line.baseline);
}

