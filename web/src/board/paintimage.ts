// Images on a canvas, and what stands in for one that is not there yet.
import type { ImageFacts } from "./facts.ts";
import type { Pictures } from "./images.ts";
import type { Context } from "./surface.ts";
import type { Look } from "./theme.ts";

/** Draws an image of w × h units in its box's own coordinates. */
export function paintImage(
  context: Context, { w, h }: { readonly w: number; readonly h: number }, facts: ImageFacts, look: Look, pictures: Pictures | undefined,
): void {
  if (w === 0 || h === 0) return;
  const { a, b, c, d } = context.getTransform();
  const pixels = Math.max(w * Math.hypot(a, b), h * Math.hypot(c, d));
  const picture = pictures?.get(facts.content, pixels);
  if (picture === undefined) return placeholder(context, w, h, look);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, w, h);
}

/** A pale box with mountains: an image will be here. */
function placeholder(context: Context, w: number, h: number, look: Look): void {
  const alpha = context.globalAlpha;
  context.fillStyle = look.ink(0x808080);
  context.globalAlpha = alpha * 0.15;
  context.fillRect(0, 0, w, h);
  const s = Math.min(w, h) * 0.4, x = (w - s) / 2, y = (h - s) / 2;
  context.globalAlpha = alpha * 0.4;
  context.beginPath();
  context.moveTo(x, y + s);
  context.lineTo(x + 0.35 * s, y + 0.3 * s);
  context.lineTo(x + 0.6 * s, y + 0.7 * s);
  context.lineTo(x + 0.75 * s, y + 0.5 * s);
  context.lineTo(x + s, y + s);
  context.closePath();
  context.moveTo(x + 0.95 * s, y + 0.15 * s);
  context.arc(x + 0.83 * s, y + 0.15 * s, 0.12 * s, 0, 2 * Math.PI);
  context.fill();
  context.globalAlpha = alpha;
}
