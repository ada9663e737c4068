// What tools show above the board while they work: marquee, lasso, corners to come, and lines that something came to
// rest on.
import type { Rect, Vec } from "./geometry.ts";
import type { Guide } from "./snapping.ts";
import { toScreen } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

export interface Marks {
  readonly marquee: Rect | undefined;
  readonly lasso: readonly Vec[] | undefined;
  /** Corners of a polygon that is being made. */
  readonly path: readonly Vec[] | undefined;
  readonly guides: readonly Guide[];
}

export const NO_MARKS: Marks = { marquee: undefined, lasso: undefined, path: undefined, guides: [] };

export const ACCENT = "#2e86ab";
const GUIDE = "#d1495b";

/** Draws in CSS px; answers whether there was anything. */
export function drawMarks(context: CanvasRenderingContext2D, view: Viewport, marks: Marks): boolean {
  for (const guide of marks.guides) drawGuide(context, view, guide);
  if (marks.marquee !== undefined) drawArea(context, view, cornersOf(marks.marquee));
  if (marks.lasso !== undefined) drawArea(context, view, marks.lasso);
  if (marks.path !== undefined) drawPath(context, view, marks.path);
  return marks !== NO_MARKS;
}

export const cornersOf = (r: Rect): Vec[] => [{ x: r.x0, y: r.y0 }, { x: r.x1, y: r.y0 }, { x: r.x1, y: r.y1 }, { x: r.x0, y: r.y1 }];

function along(context: CanvasRenderingContext2D, view: Viewport, points: readonly Vec[]): void {
  context.beginPath();
  for (const point of points) {
    const { x, y } = toScreen(view, point);
    context.lineTo(x, y);
  }
}

function drawArea(context: CanvasRenderingContext2D, view: Viewport, points: readonly Vec[]): void {
  along(context, view, points);
  context.closePath();
  context.fillStyle = "rgba(46,134,171,.1)";
  context.fill();
  context.strokeStyle = ACCENT;
  context.lineWidth = 1;
  context.stroke();
}

function drawPath(context: CanvasRenderingContext2D, view: Viewport, points: readonly Vec[]): void {
  along(context, view, points);
  context.strokeStyle = ACCENT;
  context.lineWidth = 1.5;
  context.stroke();
  for (const point of points) {
    const { x, y } = toScreen(view, point);
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fillStyle = "#ffffff";
    context.fill();
    context.stroke();
  }
}

function drawGuide(context: CanvasRenderingContext2D, view: Viewport, guide: Guide): void {
  const [a, b] = guide.axis === "x"
    ? [{ x: guide.at, y: guide.from }, { x: guide.at, y: guide.to }]
    : [{ x: guide.from, y: guide.at }, { x: guide.to, y: guide.at }];
  along(context, view, [a, b]);
  context.strokeStyle = GUIDE;
  context.lineWidth = 1;
  context.stroke();
}
