// Ops as a picture: what could not be sent can at least be kept.
import { Register, key } from "../ot/types.ts";
import type { Key, Op, Point, Setting } from "../ot/types.ts";
import { decodeColor, decodeWidth } from "../ot/value.ts";
import { Centerline } from "./centerline.ts";
import { NOWHERE, UNITS, grow, isEmpty, union } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import { outline } from "./outline.ts";
import { lookOf } from "./theme.ts";

/** The longer edge of a picture in px, at most. */
const MAX_EDGE = 4096;
const MARGIN = 200;

interface Drawn {
  readonly color: number;
  readonly line: Centerline;
}

/** Sizes the canvas and draws the strokes of the ops on white paper; false if there is nothing to draw. */
export function drawPicture(canvas: HTMLCanvasElement, ops: readonly Op[]): boolean {
  const strokes = strokesOf(ops);
  const bounds = strokes.reduce<Rect>((all, s) => union(all, s.line.bounds), NOWHERE);
  const context = canvas.getContext("2d");
  if (isEmpty(bounds) || context === null) return false;
  const box = grow(bounds, MARGIN);
  const scale = Math.min(1 / UNITS, MAX_EDGE / Math.max(box.x1 - box.x0, box.y1 - box.y0));
  canvas.width = Math.ceil((box.x1 - box.x0) * scale);
  canvas.height = Math.ceil((box.y1 - box.y0) * scale);
  const look = lookOf("white");
  context.fillStyle = look.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(scale, 0, 0, scale, -box.x0 * scale, -box.y0 * scale);
  for (const { color, line } of strokes) {
    context.fillStyle = look.ink(color);
    context.beginPath();
    outline(line.samples, 0, line.count, context);
    context.fill();
  }
  return true;
}

/** A stroke whose beginning was accepted is drawn as far as it is there, in ink. */
function strokesOf(ops: readonly Op[]): Drawn[] {
  const points = new Map<Key, Point[]>();
  const looks = new Map<Key, readonly Setting[]>();
  for (const op of ops) {
    if (op.kind === "create") looks.set(key(op.id), op.settings);
    else if (op.kind === "extend") points.set(key(op.id), [...(points.get(key(op.id)) ?? []), ...op.points]);
  }
  return [...points].map(([k, list]) => {
    const value = (register: Register): Uint8Array | undefined => looks.get(k)?.find((s) => s.register === register)?.value;
    const color = value(Register.Color), width = value(Register.Width);
    const line = new Centerline(width === undefined ? 100 : decodeWidth(width));
    for (const { x, y, p } of list) line.add(x, y, p);
    line.close();
    return { color: color === undefined ? 0x1d2321 : decodeColor(color), line };
  });
}
