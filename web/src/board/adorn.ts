// How the selection and the ruler are drawn above the board.
import type { Placement } from "../ot/value.ts";
import { corners } from "./frame.ts";
import { handlesOf } from "./handles.ts";
import type { Handle } from "./handles.ts";
import { ACCENT } from "./marks.ts";
import type { Ruler } from "./ruler.ts";
import type { Thing } from "./thing.ts";
import { isLine } from "./thing.ts";
import { toScreen, unitScale } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** Of more elements than this only the frame around all is drawn. */
const MAX_OUTLINES = 200;

const LOCKED = "#7d8683";

/** Half a handle's side, CSS px. */
const HANDLE = 4.5;

/** Frame and handles; bare: without handles, while a drag is under way. */
export function drawSelection(context: CanvasRenderingContext2D, view: Viewport, things: readonly Thing[], frame: Placement | undefined, bare: boolean): void {
  if (frame === undefined) return;
  const locked = things.some((t) => t.locked);
  context.strokeStyle = locked ? LOCKED : ACCENT;
  context.lineWidth = 1;
  if (things.length > 1 && things.length <= MAX_OUTLINES) for (const t of things) box(context, view, t.box);
  context.lineWidth = 1.5;
  context.setLineDash(locked ? [5, 4] : []);
  const [only] = things;
  if (only === undefined || things.length > 1 || !isLine(only.kind)) box(context, view, frame);
  context.setLineDash([]);
  if (bare) return;
  for (const handle of handlesOf(things, frame, 1 / unitScale(view))) drawHandle(context, view, handle, frame);
}

function box(context: CanvasRenderingContext2D, view: Viewport, placement: Placement): void {
  context.beginPath();
  for (const corner of corners(placement)) {
    const { x, y } = toScreen(view, corner);
    context.lineTo(x, y);
  }
  context.closePath();
  context.stroke();
}

function drawHandle(context: CanvasRenderingContext2D, view: Viewport, handle: Handle, frame: Placement): void {
  const { x, y } = toScreen(view, handle.at);
  context.save();
  context.translate(x, y);
  context.beginPath();
  if (handle.kind === "side") {
    context.rotate((frame.angle * Math.PI) / 18_000);
    context.rect(-HANDLE, -HANDLE, 2 * HANDLE, 2 * HANDLE);
  } else {
    context.arc(0, 0, HANDLE + 0.5, 0, 2 * Math.PI);
  }
  context.fillStyle = "#ffffff";
  context.fill();
  context.strokeStyle = ACCENT;
  context.lineWidth = 1.5;
  context.stroke();
  context.restore();
}

/** Marks on the ruler are at least this far apart, CSS px. */
const MARK_STEP = 6;

/** A centimetre of the ruler: 40 px of the board, as a square of the grid. */
const CENTIMETRE = 400;

export function drawRuler(context: CanvasRenderingContext2D, view: Viewport, ruler: Ruler): void {
  const scale = unitScale(view);
  const { x, y } = toScreen(view, ruler);
  const w = ruler.length * scale, h = ruler.breadth * scale;
  context.save();
  context.translate(x, y);
  context.rotate((ruler.angle * Math.PI) / 18_000);
  context.fillStyle = "rgba(242,193,78,.35)";
  context.strokeStyle = "rgba(29,35,33,.55)";
  context.lineWidth = 1;
  context.fillRect(-w / 2, -h / 2, w, h);
  context.strokeRect(-w / 2, -h / 2, w, h);
  rulerMarks(context, w, h, CENTIMETRE * scale);
  rulerEnds(context, w, h);
  context.fillStyle = "#1d2321";
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(`${Math.round(((ruler.angle / 100) % 180) * 10) / 10}°`, 0, 0);
  context.restore();
}

function rulerMarks(context: CanvasRenderingContext2D, w: number, h: number, centimetre: number): void {
  const parts = centimetre / 10 >= MARK_STEP ? 10 : centimetre / 2 >= MARK_STEP ? 2 : 1;
  context.beginPath();
  for (let i = 0; (i * centimetre) / parts <= w; i++) {
    const at = -w / 2 + (i * centimetre) / parts;
    const length = i % parts === 0 ? h / 4 : h / 8;
    for (const side of [-1, 1]) {
      context.moveTo(at, (side * h) / 2);
      context.lineTo(at, side * (h / 2 - length));
    }
  }
  context.stroke();
}

/** Where it is turned by. */
function rulerEnds(context: CanvasRenderingContext2D, w: number, h: number): void {
  for (const side of [-1, 1]) {
    context.beginPath();
    context.arc(side * (w / 2 - h / 2), 0, h / 6, 0, 2 * Math.PI);
    context.stroke();
  }
}
