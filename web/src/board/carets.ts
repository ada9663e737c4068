// Text that is being written, with its caret, selection and what an input method composes; and the carets and selections
// of others. Drawn above the board.
import type { LiveCursor } from "../sync/api.ts";
import type { Frame } from "./frame.ts";
import { ACCENT } from "./marks.ts";
import { paintText } from "./painttext.ts";
import type { TextLayout } from "./textlayout.ts";
import type { Look } from "./theme.ts";
import { toScreen, unitScale } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";
import type { WrittenText } from "./writing.ts";

/** A caret is seen for so long, ms, and as long not. */
const BLINK_MS = 530;

/** Width of a caret in CSS px. */
const CARET = 2;

/** Within this time, ms, a caret must be drawn again. since: when it was last moved. */
export const untilBlink = (now: number, since: number): number => BLINK_MS - ((now - since) % BLINK_MS);

const isLit = (now: number, since: number): boolean => Math.floor((now - since) / BLINK_MS) % 2 === 0;

/** Draws in the text's own coordinates. */
function inFrame(context: CanvasRenderingContext2D, view: Viewport, frame: Frame, draw: (pixel: number) => void): void {
  const scale = unitScale(view);
  const at = toScreen(view, { x: frame.e, y: frame.f });
  context.save();
  context.transform(frame.cos * scale, frame.sin * scale, -frame.sin * scale, frame.cos * scale, at.x, at.y);
  draw(1 / scale);
  context.restore();
}

export function drawWriting(context: CanvasRenderingContext2D, view: Viewport, text: WrittenText, look: Look, now: number, since: number): void {
  const { layout, shown } = text;
  inFrame(context, view, text.frame, (pixel) => {
    context.strokeStyle = ACCENT;
    context.lineWidth = pixel;
    context.strokeRect(-4 * pixel, -4 * pixel, layout.width + 8 * pixel, layout.height + 8 * pixel);
    fillSelection(context, layout, shown.anchor, shown.head, ACCENT);
    context.globalAlpha = text.facts.opacity / 255;
    paintText(context, layout, text.facts, look);
    context.globalAlpha = 1;
    const { composing } = shown;
    context.fillStyle = look.ink(text.facts.color);
    if (composing !== undefined) {
      for (const r of layout.selection(composing.from, composing.to)) context.fillRect(r.x0, r.y1 - 3 * pixel, r.x1 - r.x0, 1.5 * pixel);
    }
    if (isLit(now, since)) caret(context, layout, shown.head, CARET * pixel);
  });
}

/** Somebody else's, as strong as their cursor is: 0 … 1. The overlay puts the name at it. */
export function drawOthersCaret(
  context: CanvasRenderingContext2D, view: Viewport, layout: TextLayout, frame: Frame, at: NonNullable<LiveCursor["text"]>, color: string, strength: number,
): void {
  inFrame(context, view, frame, (pixel) => {
    fillSelection(context, layout, at.anchor, at.head, color, strength);
    context.globalAlpha = strength;
    context.fillStyle = color;
    caret(context, layout, at.head, CARET * pixel);
  });
}

function fillSelection(context: CanvasRenderingContext2D, layout: TextLayout, anchor: number, head: number, color: string, strength = 1): void {
  if (anchor === head) return;
  context.fillStyle = color;
  context.globalAlpha = 0.25 * strength;
  for (const r of layout.selection(Math.min(anchor, head), Math.max(anchor, head))) context.fillRect(r.x0, r.y0, r.x1 - r.x0, r.y1 - r.y0);
  context.globalAlpha = 1;
}

function caret(context: CanvasRenderingContext2D, layout: TextLayout, at: number, width: number): void {
  const { x, y, height } = layout.pointOf(at);
  context.fillRect(x - width / 2, y + height * 0.08, width, height * 0.84);
}
