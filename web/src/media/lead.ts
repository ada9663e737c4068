// Whose media the boards are held for, and how (ALN2). Pure.
import type { MediaSource, SourceKind } from "../sync/api.ts";
import type { Shown } from "./shown.ts";

/** One of the lead's sources that this page plays. */
export interface Candidate {
  readonly source: MediaSource;
  readonly shown: Shown | undefined;
}

/** What is pointed at goes first, and is the one that must be right; it has the sound's picture next to it. */
const RANK: Readonly<Record<SourceKind, number>> = { screen: 0, camera: 1, stream: 2 };

/** A screen on which nothing moves has no frames; another picture of the lead's says what time it is, ms. */
const SILENT_MS = 400;
export interface LeadTime {
  readonly time: number;
  readonly by: "video" | "sound";
  readonly source: MediaSource;
}

/** The lead's sources played, the one that T is of first: with video before without. */
export function ranked<C extends Candidate>(candidates: readonly C[]): readonly C[] {
  const rank = ({ source }: C): number => RANK[source.kind] + (source.video ? 0 : 10);
  return [...candidates].sort((a, b) => rank(a) - rank(b));
}

/** T of the lead's media at local time now, ms; undefined: not known yet. */
export function leadTime(candidates: readonly Candidate[], now: number): LeadTime | undefined {
  let first: LeadTime | undefined;
  for (const { source, shown } of ranked(candidates)) {
    if (shown?.time === undefined) continue;
    const moves = now - shown.movedAt <= SILENT_MS;
    if (first === undefined) {
      first = { time: shown.time, by: shown.by, source };
      if (moves) return first;
    } else if (moves && shown.time > first.time) return { ...first, time: shown.time };
  }
  return first;
}
