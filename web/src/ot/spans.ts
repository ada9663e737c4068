// Parts of strokes (OT11): united where they meet, and what is left where they cover.
import type { Span } from "./types.ts";

/** Parts of a point's index that a span counts in. */
export const SPAN_UNIT = 256;

/** Spans of two lists, each rising and apart, as one such list; a itself if b adds nothing. */
export function unite(a: readonly Span[], b: readonly Span[]): readonly Span[] {
  const sum = merge([...a, ...b]);
  return sum.length === a.length && sum.every((s, i) => s.from === a[i]?.from && s.to === a[i]?.to) ? a : sum;
}

/** Spans in any order as a list that is rising and apart. Empty ones are left out. */
export function merge(spans: readonly Span[]): Span[] {
  const out: Span[] = [];
  for (const s of [...spans].sort((x, y) => x.from - y.from)) {
    const last = out.at(-1);
    if (s.to <= s.from) continue;
    if (last && s.from <= last.to) out[out.length - 1] = { from: last.from, to: Math.max(last.to, s.to) };
    else out.push({ from: s.from, to: s.to });
  }
  return out;
}

/**
 * What is to be seen of a stroke of so many points behind erased spans, rising and apart (OT11); undefined if it is
 * whole. What lies behind the last point shows nothing, so a part ends at count × 256 if it has the last point, and
 * begins at (count − 1) × 256 at the latest.
 */
export function visibleParts(erased: readonly Span[], count: number): readonly Span[] | undefined {
  if (count === 0 || erased.length === 0) return undefined;
  const end = count * SPAN_UNIT;
  const last = end - SPAN_UNIT;
  if (count === 1) return erased[0]?.from === 0 ? [] : undefined;
  const parts: Span[] = [];
  let at = 0;
  for (const s of erased) {
    if (s.from > last) break; // behind the last point
    if (s.from > at) parts.push({ from: at, to: s.from });
    at = s.to;
  }
  if (at <= last) parts.push({ from: at, to: end });
  return parts.length === 1 && parts[0]?.from === 0 && parts[0].to === end ? undefined : parts;
}
