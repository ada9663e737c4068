// The outline of ink: a centre line with its radii as closed shapes, all turning the same way, so that one non-zero
// fill paints their union: no seams, no holes, and translucent ink that does not darken where it crosses itself.
import { SAMPLE } from "./centerline.ts";

/** Path2D and CanvasRenderingContext2D both are one. */
export interface PathSink {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
  closePath(): void;
}

/** Turns sharper than this get a round join. */
const SHARP = Math.cos(Math.PI / 5);

/** Adds the shape of samples from … to (exclusive), round at both ends. */
export function outline(samples: Float32Array, from: number, to: number, sink: PathSink): void {
  if (to <= from) return;
  circle(samples, from, sink);
  if (to - from === 1) return;
  circle(samples, to - 1, sink);
  let start = from;
  for (let joint = from + 1; joint < to - 1; joint++) {
    if (isSmooth(samples, joint)) continue;
    ribbon(samples, start, joint, sink);
    circle(samples, joint, sink);
    start = joint;
  }
  ribbon(samples, start, to - 1, sink);
}

/** A joint is smooth if its two pieces can share their edge there without the inner side folding over. */
function isSmooth(s: Float32Array, joint: number): boolean {
  const at = joint * SAMPLE;
  const x = s[at] ?? 0, y = s[at + 1] ?? 0, r = s[at + 2] ?? 0;
  const ax = x - (s[at - 3] ?? 0), ay = y - (s[at - 2] ?? 0);
  const bx = (s[at + 3] ?? 0) - x, by = (s[at + 4] ?? 0) - y;
  const a = Math.hypot(ax, ay), b = Math.hypot(bx, by);
  const cos = (ax * bx + ay * by) / (a * b);
  if (!(cos > SHARP)) return false;
  const tanHalf = Math.sqrt((1 - Math.min(cos, 1)) / (1 + cos));
  return r * tanHalf < 0.45 * Math.min(a, b);
}

function circle(s: Float32Array, i: number, sink: PathSink): void {
  const x = s[i * SAMPLE] ?? 0, y = s[i * SAMPLE + 1] ?? 0, r = s[i * SAMPLE + 2] ?? 0;
  sink.moveTo(x + r, y);
  sink.arc(x, y, r, 0, 2 * Math.PI);
  sink.closePath();
}

/** One band along samples first … last: along its left side and back along its right one. */
function ribbon(s: Float32Array, first: number, last: number, sink: PathSink): void {
  edge(s, first, first, last, 1, sink, true);
  for (let i = first + 1; i <= last; i++) edge(s, i, first, last, 1, sink, false);
  for (let i = last; i >= first; i--) edge(s, i, first, last, -1, sink, false);
  sink.closePath();
}

function edge(s: Float32Array, i: number, first: number, last: number, side: 1 | -1, sink: PathSink, start: boolean): void {
  const before = Math.max(i - 1, first) * SAMPLE, after = Math.min(i + 1, last) * SAMPLE, at = i * SAMPLE;
  const x = s[at] ?? 0, y = s[at + 1] ?? 0;
  // The normal of a joint is the middle of its pieces' normals: unit directions, added.
  let dx = 0, dy = 0;
  if (i > first) [dx, dy] = unit(x - (s[before] ?? 0), y - (s[before + 1] ?? 0));
  if (i < last) {
    const [ex, ey] = unit((s[after] ?? 0) - x, (s[after + 1] ?? 0) - y);
    dx += ex;
    dy += ey;
  }
  const [ux, uy] = unit(dx, dy);
  const r = side * (s[at + 2] ?? 0);
  const px = x + uy * r, py = y - ux * r;
  if (start) sink.moveTo(px, py);
  else sink.lineTo(px, py);
}

function unit(x: number, y: number): [number, number] {
  const length = Math.hypot(x, y);
  return length === 0 ? [0, 0] : [x / length, y / length];
}
