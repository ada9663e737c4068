// Parts of a stroke's line, by index of its points: what erasures leave of it, and what an eraser takes away.
import type { Span } from "../ot/types.ts";
import { SAMPLE } from "./centerline.ts";
import type { Centerline, Run } from "./centerline.ts";
import { pointDistance2, segmentDistance2 } from "./geometry.ts";
import type { Vec } from "./geometry.ts";

/** Parts of a point's index in which spans are counted. */
const PARTS = 256;

/** How far under the eraser's edge the line's own thickness counts: what stays ends round, about where the eraser ends. */
const THICKNESS = 0.5;

/** The visible parts of a line of so many points, each as samples of its own. */
export function visibleRuns(line: Centerline, visible: readonly Span[], points: number): Run[] {
  if (points < 2) return visible.length === 0 ? [] : [line];
  const runs: Run[] = [];
  for (const { from, to } of visible) {
    const run = part(line, from / PARTS, to / PARTS);
    if (run !== undefined) runs.push(run);
  }
  return runs;
}

function part(line: Centerline, from: number, to: number): Run | undefined {
  const { samples, indexes, count } = line;
  const a = Math.max(from, indexes[0] ?? 0), b = Math.min(to, indexes[count - 1] ?? 0);
  if (!(b > a)) return undefined;
  const first = firstFrom(indexes, count, a), end = firstFrom(indexes, count, b);
  const run = new Float32Array((end - first + 2) * SAMPLE);
  let at = between(line, first, a, run, 0);
  for (let i = first; i < end; i++) {
    if ((indexes[i] ?? 0) <= a) continue;
    run.set(samples.subarray(i * SAMPLE, (i + 1) * SAMPLE), at);
    at += SAMPLE;
  }
  at = between(line, end, b, run, at);
  return { samples: run, count: at / SAMPLE };
}

/** The first of the rising indexes that is at least v. */
function firstFrom(indexes: Float32Array, count: number, v: number): number {
  let low = 0, high = count - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((indexes[middle] ?? 0) < v) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Writes the sample at index v, which lies between samples i − 1 and i; returns where the next is to be written. */
function between({ samples, indexes }: Centerline, i: number, v: number, into: Float32Array, at: number): number {
  const before = Math.max(i - 1, 0);
  const low = indexes[before] ?? 0, high = indexes[i] ?? 0;
  const t = high > low ? (v - low) / (high - low) : 1;
  for (let k = 0; k < SAMPLE; k++) {
    into[at + k] = (1 - t) * (samples[before * SAMPLE + k] ?? 0) + t * (samples[i * SAMPLE + k] ?? 0);
  }
  return at + SAMPLE;
}

/** What a round eraser of this radius covers of a line of so many points on its way from a to b, in the line's coordinates. */
export function spansUnder(line: Centerline, points: number, a: Vec, b: Vec, radius: number): Span[] {
  const { indexes, count } = line;
  const spans: Span[] = [];
  for (let i = 0; i < Math.max(count - 1, 1) && count > 0; i++) {
    const next = Math.min(i + 1, count - 1);
    const covered = coveredPart(vec(line, i), vec(line, next), a, b, radius + THICKNESS * radiusOf(line, i));
    if (covered === undefined) continue;
    const low = indexes[i] ?? 0, high = indexes[next] ?? 0;
    const end = next === count - 1 && covered[1] === 1 && line.closed ? points : low + covered[1] * (high - low);
    join(spans, Math.floor((low + covered[0] * (high - low)) * PARTS), Math.min(Math.ceil(end * PARTS), points * PARTS));
  }
  return spans;
}

function join(spans: Span[], from: number, to: number): void {
  const last = spans.at(-1);
  if (to <= from) return;
  if (last !== undefined && from <= last.to) spans[spans.length - 1] = { from: last.from, to: Math.max(last.to, to) };
  else spans.push({ from, to });
}

const vec = ({ samples }: Run, i: number): Vec => ({ x: samples[i * SAMPLE] ?? 0, y: samples[i * SAMPLE + 1] ?? 0 });

const radiusOf = ({ samples }: Run, i: number): number => samples[i * SAMPLE + 2] ?? 0;

/** Which part of p–q lies within reach of a–b, from and to as 0 … 1. The distance from what is convex has one valley. */
function coveredPart(p: Vec, q: Vec, a: Vec, b: Vec, reach: number): [number, number] | undefined {
  const limit = reach * reach;
  if (segmentDistance2(p, q, a, b) > limit) return undefined;
  const distance = (t: number): number => pointDistance2({ x: p.x + t * (q.x - p.x), y: p.y + t * (q.y - p.y) }, a, b);
  const inside = (t: number): boolean => distance(t) <= limit;
  let low = 0, high = 1;
  while (high - low > 1 / 512) {
    const t1 = low + (high - low) / 3, t2 = high - (high - low) / 3;
    if (distance(t1) < distance(t2)) high = t2;
    else low = t1;
  }
  const valley = (low + high) / 2;
  return [inside(0) ? 0 : edge(inside, 0, valley), inside(1) ? 1 : edge(inside, 1, valley)];
}

/** Where it begins to be inside on the way from outside to inside. */
function edge(inside: (t: number) => boolean, out: number, within: number): number {
  for (let i = 0; i < 12; i++) {
    const t = (out + within) / 2;
    if (inside(t)) within = t;
    else out = t;
  }
  return within;
}
