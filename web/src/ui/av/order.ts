// Which sources have a tile, and in what order. Pure.
import type { MediaSource, SourceKind } from "../../sync/api.ts";

const RANK: Readonly<Record<SourceKind, number>> = { screen: 0, stream: 1, camera: 2 };

/** What is there, and what of the lead's is away for now; the lead's first, what is pointed at before who points. */
export function inOrder(sources: readonly MediaSource[], lead: string): readonly MediaSource[] {
  const leads = (s: MediaSource): boolean => lead !== "" && s.participant === lead;
  const there = (s: MediaSource): boolean => s.video || s.audio;
  const leadIsThere = sources.some((s) => leads(s) && there(s));
  const shown = sources.filter((s) => there(s) || (leads(s) && !leadIsThere && s.kind !== "screen"));
  const rank = (s: MediaSource): number => (leads(s) ? 0 : 10) + (there(s) ? 0 : 5) + RANK[s.kind];
  return [...shown].sort((a, b) => rank(a) - rank(b) || a.number - b.number);
}
