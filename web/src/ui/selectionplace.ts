// Where the selection's bar goes: close to what is selected, never upon it.
import type { Viewport } from "../board/index.ts";

/** CSS px within the board's place. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

export interface Spot {
  readonly x: number;
  readonly y: number;
  /** Where its panels have more room. */
  readonly side: "above" | "below";
  /** From the bar's left end to where a panel lies beside the selection; undefined: there is no room beside it. */
  readonly panel: number | undefined;
}

/** Between the bar and the selection; the handle that turns it stands out this far. */
const GAP_ABOVE = 44;
const GAP = 14;
const MARGIN = 8;

/** Kept free for the tool bar at the bottom. */
const BOTTOM = 76;

const UNITS = 10;

/** A box on the board (1/10 px) as it is seen. */
export function boxOnScreen(view: Viewport, box: Box): Box {
  const scale = view.zoom / UNITS;
  return { x: (box.x - view.x) * scale, y: (box.y - view.y) * scale, w: box.w * scale, h: box.h * scale };
}

export interface BarSize {
  readonly width: number;
  readonly height: number;
  /** Width of the panels that hang from its left end. */
  readonly panel: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Above the box if there is room, else below it, else beside it; what fills the view has it at the top. */
export function placeBeside(box: Box, bar: BarSize, view: Size): Spot {
  const { x, y } = barPlace(box, bar, view);
  return { x, y, side: y > view.height / 2 ? "above" : "below", panel: panelPlace(box, bar, x, view) };
}

function barPlace(box: Box, bar: BarSize, view: Size): { x: number; y: number } {
  const lowest = view.height - BOTTOM - bar.height;
  const x = clamp(box.x + box.w / 2 - bar.width / 2, MARGIN, view.width - Math.max(bar.width, bar.panel) - MARGIN);
  const above = box.y - GAP_ABOVE - bar.height;
  if (above >= MARGIN) return { x, y: Math.min(above, lowest) };
  const below = box.y + box.h + GAP;
  if (below <= lowest) return { x, y: Math.max(below, MARGIN) };
  const y = clamp(box.y + box.h / 2 - bar.height / 2, MARGIN, lowest);
  const most = view.width - bar.width - MARGIN;
  const right = Math.max(box.x + box.w + GAP, MARGIN), left = Math.min(box.x - GAP - bar.width, most);
  if (right <= most) return { x: right, y };
  if (left >= MARGIN) return { x: left, y };
  return { x, y: MARGIN };
}

/** Right of bar and box, else left of them: so that what is restyled is seen. */
function panelPlace(box: Box, bar: BarSize, x: number, view: Size): number | undefined {
  const right = Math.max(x + bar.width, box.x + box.w) + GAP;
  if (right + bar.panel + MARGIN <= view.width) return right - x;
  const left = Math.min(x, box.x) - GAP - bar.panel;
  return left >= MARGIN ? left - x : undefined;
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(value, high));
