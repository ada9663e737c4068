// Where the board is seen from: pan and zoom as plain values, no canvas.
import { BOARD, UNITS, clamp } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";

/** x, y: board units at the top left corner; zoom: CSS px per board px; width, height: CSS px. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

export const MIN_ZOOM = 0.05;
export const MAX_ZOOM = 10;

/** How far, in CSS px, the board's edge may be pulled into the view. */
const OVERSCROLL = 48;

/** What is to be seen stands so far, in CSS px, from the view's edges; at the bottom tools lie over the board. */
export const MARGIN = 16;
const TOOLS = 88;

/** CSS px per board unit. */
export const unitScale = (v: Viewport): number => v.zoom / UNITS;

export const toBoard = (v: Viewport, screen: Vec): Vec => ({
  x: v.x + screen.x / unitScale(v),
  y: v.y + screen.y / unitScale(v),
});

export const toScreen = (v: Viewport, board: Vec): Vec => ({
  x: (board.x - v.x) * unitScale(v),
  y: (board.y - v.y) * unitScale(v),
});

/** The part of the plane that is in view, in units. */
export function visible(v: Viewport): Rect {
  const s = unitScale(v);
  return { x0: v.x, y0: v.y, x1: v.x + v.width / s, y1: v.y + v.height / s };
}

/** Moves the board by CSS px, as a hand on paper does. */
export const pan = (v: Viewport, dx: number, dy: number): Viewport =>
  held({ ...v, x: v.x - dx / unitScale(v), y: v.y - dy / unitScale(v) });

/** Moves the board by as little as brings a place on it into view, its top left corner if not all of it. */
export function revealed(v: Viewport, place: Rect): Viewport {
  const from = toScreen(v, { x: place.x0, y: place.y0 }), to = toScreen(v, { x: place.x1, y: place.y1 });
  const dx = toward(from.x, to.x, v.width - MARGIN), dy = toward(from.y, to.y, v.height - TOOLS);
  return dx === 0 && dy === 0 ? v : pan(v, dx, dy);
}

const toward = (from: number, to: number, most: number): number => Math.max(MARGIN - from, Math.min(most - to, 0));

/** Changes the zoom; what lies under the screen point stays there. */
export function zoomAt(v: Viewport, zoom: number, at: Vec): Viewport {
  const fixed = toBoard(v, at);
  const next = { ...v, zoom: clamp(zoom, MIN_ZOOM, MAX_ZOOM) };
  const s = unitScale(next);
  return held({ ...next, x: fixed.x - at.x / s, y: fixed.y - at.y / s });
}

/** Zoom in steps of 0.01, the form in which a view is shared. */
export const roundZoom = (zoom: number): number => clamp(Math.round(zoom * 100) / 100, MIN_ZOOM, MAX_ZOOM);

/** The view with its zoom rounded, the middle of the screen staying where it is. */
export const settled = (v: Viewport): Viewport =>
  roundZoom(v.zoom) === v.zoom ? v : zoomAt(v, roundZoom(v.zoom), { x: v.width / 2, y: v.height / 2 });

/** The next step of the zoom buttons: about a quarter up or down, through 1. */
export function zoomStep(zoom: number, direction: 1 | -1): number {
  const next = roundZoom(zoom * (direction > 0 ? 1.25 : 0.8));
  return (zoom < 1 && next > 1) || (zoom > 1 && next < 1) ? 1 : next;
}

/** The whole width of the board, the top of the view where it was. */
export function fitWidth(v: Viewport): Viewport {
  const zoom = clamp((v.width * UNITS) / BOARD.x1, MIN_ZOOM, MAX_ZOOM);
  return held({ ...v, zoom, x: 0 });
}

/** Another size of the window; the top left corner stays. */
export const resized = (v: Viewport, width: number, height: number): Viewport => held({ ...v, width, height });

/** Keeps the board in sight: centred where it is smaller than the view, else no further out than OVERSCROLL. */
export function held(v: Viewport): Viewport {
  const s = unitScale(v);
  return { ...v, x: axis(v.x, BOARD.x1, v.width / s, OVERSCROLL / s), y: axis(v.y, BOARD.y1, v.height / s, OVERSCROLL / s) };
}

function axis(at: number, board: number, view: number, overscroll: number): number {
  if (view >= board) return (board - view) / 2;
  return clamp(at, -overscroll, board - view + overscroll);
}
