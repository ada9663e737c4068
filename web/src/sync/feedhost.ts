// What a feed is given, and what it says of itself.
import type { Position } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";

/** Up to when records are shown. */
export interface Gate {
  /** Shown time, ms room time; Infinity: now, nothing waits. */
  readonly shown: number;
  /** ms room time. */
  roomTime(): number;
  /** A document is asked for as of the shown time. */
  asked(): void;
  /** A record with this release_at came, and not because it was asked for: late, if that was shown before. */
  came(release: number): void;
  /** The count of what waits may have changed. */
  count(): void;
}

export interface FeedEvents {
  /** The confirmed document is up: resumed, or restored from a snapshot. */
  caughtUp(): void;
  /** The stream does not fit: SYNC_STATE with what claim() says then. reason: for metrics. */
  broken(reason: number): void;
  /** A snapshot is too late for the shown time. Returns whether another was asked for. */
  early(): boolean;
  /** A batch is durable; its record waits. */
  received(replica: number, n: number, revision: number): void;
  /** More waits than may: the document is to be closed until some of that is shown. */
  full(): void;
}

/** How a document is asked for: what is held of it, or as of when. */
export interface Claiming {
  readonly position?: Position;
  readonly atUs?: bigint;
}
