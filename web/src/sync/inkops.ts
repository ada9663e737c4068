// A whole stroke as ops: its points in frames of the ink codec.
import { ElementKind, type ID, type Op, type Point, type Setting } from "../ot/types.ts";
import { Encoder, MAX_FRAME, MAX_P, MAX_STROKE, MAX_T, MAX_X, MAX_Y } from "../protocol/ink.ts";

/** Longest time between two points, ms: a frame of them stays below what the codec takes. */
const MAX_STEP = 2000;

/** A coordinate as the codec takes it: whole, 0 … max. */
export const clamp = (v: number, max: number): number => Math.min(max, Math.max(0, Math.round(v)));

/** Creates a stroke with all its points, closed. Without points it is only created and ended. */
export function inkOps(id: ID, settings: readonly Setting[], points: readonly Point[]): Op[] {
  const ops: Op[] = [{ kind: "create", id, element: ElementKind.Ink, settings }];
  const coded = codable(points.slice(0, MAX_STROKE));
  const encoder = new Encoder();
  for (let first = 0; first < coded.length; first += MAX_FRAME) {
    const part = coded.slice(first, first + MAX_FRAME);
    ops.push({ kind: "extend", id, first, ended: first + part.length === coded.length, frame: encoder.frame(part), points: part });
  }
  if (coded.length === 0) ops.push({ kind: "end", id });
  return ops;
}

/** Points brought into the bounds of the codec: times from 0 on, never falling, without long pauses. */
function codable(points: readonly Point[]): Point[] {
  let t = 0;
  let before = points[0]?.t ?? 0;
  return points.map((point) => {
    t = Math.min(MAX_T, t + clamp(point.t - before, MAX_STEP));
    before = Math.max(before, point.t);
    return { x: clamp(point.x, MAX_X), y: clamp(point.y, MAX_Y), p: clamp(point.p, MAX_P), t };
  });
}
