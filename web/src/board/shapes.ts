// Lines, arrows, rectangles, ellipses and polygons in their own coordinates (frame.ts): the path that is stroked and
// filled, and the same as straight pieces for hit tests.
import { MAX_VERTEX } from "../ot/value.ts";
import type { Dash, Vertex } from "../ot/value.ts";
import type { ShapeFacts } from "./facts.ts";
import { SAMPLE } from "./centerline.ts";
import type { Run } from "./centerline.ts";
import type { Vec } from "./geometry.ts";
import { dashes } from "./style.ts";

/** Path2D, a canvas and the SVG writer all are one. */
export interface ShapeSink {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  ellipse(x: number, y: number, rx: number, ry: number, rotation: number, from: number, to: number): void;
  closePath(): void;
}

/** An arrow's head: its strokes are at least this long (units), or this many times as long as the line is wide. */
const HEAD_LEAST = 120;
const HEAD_WIDTHS = 4;
const HEAD_ANGLE = (25 * Math.PI) / 180;

/** Straight pieces that stand for an ellipse in hit tests. */
const ELLIPSE_PIECES = 128;

/** Length of a line without one, in units. */
const DOT = 0.1;

/** Dashes of one element; a board's width has some 700 of the shortest. */
const MAX_DASHES = 20_000;

/** Straight lines, or an ellipse that fills the box. */
export type Outline =
  | { readonly kind: "lines"; readonly lines: readonly (readonly Vec[])[]; readonly closed: boolean }
  | { readonly kind: "ellipse"; readonly w: number; readonly h: number };

/** Of a shape with a box of w × h units; its line's width matters to an arrow's head. */
export function outlineOf(facts: Pick<ShapeFacts, "kind" | "width" | "vertices">, w: number, h: number): Outline {
  switch (facts.kind) {
    case "line":
      return { kind: "lines", lines: [[{ x: 0, y: 0 }, { x: w, y: h }]], closed: false };
    case "arrow":
      return { kind: "lines", lines: arrow(w, h, facts.width), closed: false };
    case "rectangle":
      return { kind: "lines", lines: [[{ x: 0, y: 0 }, { x: w, y: 0 }, { x: w, y: h }, { x: 0, y: h }]], closed: true };
    case "ellipse":
      return { kind: "ellipse", w, h };
    case "polygon":
      return { kind: "lines", lines: [polygon(facts.vertices, w, h)], closed: true };
  }
}

function arrow(w: number, h: number, width: number): Vec[][] {
  const tip = { x: w, y: h };
  const shaft = [{ x: 0, y: 0 }, tip];
  const length = Math.hypot(w, h);
  if (length === 0) return [shaft];
  const reach = Math.max(HEAD_LEAST, HEAD_WIDTHS * width);
  const back = Math.atan2(-h, -w);
  const barb = (turn: number): Vec => ({ x: w + reach * Math.cos(back + turn), y: h + reach * Math.sin(back + turn) });
  // Each from the tip, so that a dashed one begins with a dash there.
  return [shaft, [tip, barb(HEAD_ANGLE)], [tip, barb(-HEAD_ANGLE)]];
}

const polygon = (vertices: readonly Vertex[], w: number, h: number): Vec[] =>
  vertices.map(({ x, y }) => ({ x: (x / MAX_VERTEX) * w, y: (y / MAX_VERTEX) * h }));

/** Adds the outline to a path. */
export function trace(outline: Outline, sink: ShapeSink): void {
  if (outline.kind === "ellipse") {
    const rx = outline.w / 2, ry = outline.h / 2;
    sink.moveTo(2 * rx, ry);
    sink.ellipse(rx, ry, rx, ry, 0, 0, 2 * Math.PI);
    sink.closePath();
    return;
  }
  for (const line of outline.lines) {
    line.forEach((p, i) => (i === 0 ? sink.moveTo(p.x, p.y) : sink.lineTo(p.x, p.y)));
    const [a] = line;
    // Canvases stroke nothing where nothing has a length: a dot is as good as one.
    if (a !== undefined && line.every((p) => p.x === a.x && p.y === a.y)) sink.lineTo(a.x + DOT, a.y);
    else if (outline.closed && line.length > 0) sink.closePath();
  }
}

/** Lengths of dashes and gaps along an outline; empty: solid, as is what would have too many of them. */
export function dashesAlong(runs: readonly Run[], dash: Dash, width: number): number[] {
  const pattern = dashes(dash, width);
  const period = pattern.reduce((sum, part) => sum + part, 0);
  if (period === 0) return pattern;
  return runs.reduce((sum, run) => sum + lengthOf(run), 0) > MAX_DASHES * period ? [] : pattern;
}

function lengthOf({ samples, count }: Run): number {
  let sum = 0;
  for (let i = SAMPLE; i < count * SAMPLE; i += SAMPLE) {
    sum += Math.hypot((samples[i] ?? 0) - (samples[i - SAMPLE] ?? 0), (samples[i + 1] ?? 0) - (samples[i - SAMPLE + 1] ?? 0));
  }
  return sum;
}

/** The outline as straight pieces with the line's half width as radius. */
export function runsOf(outline: Outline, radius: number): Run[] {
  return ringsOf(outline).map((ring) => {
    const closed = outline.kind === "ellipse" || outline.closed;
    const count = ring.length + (closed && ring.length > 1 ? 1 : 0);
    const samples = new Float32Array(count * SAMPLE);
    for (let i = 0; i < count; i++) {
      const p = ring[i % ring.length] as Vec;
      samples.set([p.x, p.y, radius], i * SAMPLE);
    }
    return { samples, count };
  });
}

/** Corners of each line of the outline; those of an ellipse are many. */
export function ringsOf(outline: Outline): readonly (readonly Vec[])[] {
  if (outline.kind === "lines") return outline.lines.filter((line) => line.length > 0);
  const { w, h } = outline;
  return [Array.from({ length: ELLIPSE_PIECES }, (_, i) => {
    const angle = (2 * Math.PI * i) / ELLIPSE_PIECES;
    return { x: (w / 2) * (1 + Math.cos(angle)), y: (h / 2) * (1 + Math.sin(angle)) };
  })];
}
