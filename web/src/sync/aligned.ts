// The shown time (ALN2): records are shown when it has come, and documents asked for again where it went back (ALN5).
import type { Alignment } from "./api.ts";
import type { Clock, RoomClock } from "./clock.ts";
import type { Feed } from "./feed.ts";
import type { Gate } from "./feedhost.ts";
import { Value } from "./observable.ts";

/** While a seek is dragged, documents are asked for together, and not again for so long for each of them, ms … */
const SEEK_MS = 250;
/** … and of all that are asked for as of a time no more than the server answers: so many at once, and one more every so often (ms). */
const MAX_SEEKS = 30;
const NEXT_SEEK_MS = 1000;
/** Boards that are of a later time than the shown one are shown after all when what was asked for has not come in so long, ms. */
const MAX_RETURNING_MS = 3000;
/** Cursors are shown as late as the media is, up to this, ms (ALN8). */
const MAX_CURSOR_MS = 1000;

/** What alignment asks of the documents. */
export interface AlignedHost {
  feeds(): Iterable<Feed>;
  /** Asks for a document as of the shown time, if it can be asked for now. */
  seek(feed: Feed): void;
  /** Records may have been applied. */
  advanced(): void;
}

export class Aligned implements Alignment, Gate {
  readonly held = new Value(0);
  readonly returning = new Value(false);
  /** Shown time, ms room time; Infinity: now. */
  shown = Infinity;
  private readonly listeners = new Set<(ms: number) => void>();
  private last = -Infinity;
  private advancing = false;
  private soughtAt = -Infinity;
  /** Local time at which so many may be asked for at once again. */
  private restedAt = -Infinity;
  private seekWaits = false;
  private returningSince: number | undefined;

  constructor(
    private readonly host: AlignedHost,
    private readonly clock: Clock,
    private readonly room: RoomClock,
  ) {}

  // ---- Alignment.

  now(): number | undefined {
    if (!this.room.known) return undefined;
    this.last = Math.max(this.last, this.at(this.clock.now()));
    return this.last;
  }

  at(local: number): number {
    return this.room.known ? this.room.exactlyAt(local) * 1000 : NaN;
  }

  show(shown: number | "now"): void {
    const next = shown === "now" ? Infinity : shown / 1000;
    if (Number.isNaN(next)) return;
    this.shown = next;
    this.seek();
    this.advance();
  }

  late(listener: (ms: number) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  // ---- Gate.

  roomTime(): number {
    return this.room.now();
  }

  asked(): void {
    this.restedAt = Math.max(this.restedAt, this.clock.now()) + NEXT_SEEK_MS;
  }

  came(release: number): void {
    const ms = this.shown - release;
    if (ms <= 0 || ms === Infinity) return;
    for (const listener of [...this.listeners]) listener(ms);
  }

  count(): void {
    let n = 0;
    for (const feed of this.host.feeds()) n += feed.waiting;
    this.held.set(n);
  }

  // ---- What the documents and the session call.

  /** Applies what is due, by release_at across documents. What is applied may call show() again. */
  advance(): void {
    if (this.advancing) return;
    this.advancing = true;
    try {
      for (let feed = this.due(); feed !== undefined; feed = this.due()) feed.step();
    } finally {
      this.advancing = false;
    }
    this.count();
    this.lookBack();
    this.host.advanced();
  }

  /** Works out whether boards are of a later time than the shown one. */
  lookBack(): void {
    const later = [...this.host.feeds()].some((feed) => feed.later);
    if (!later) this.returningSince = undefined;
    else if (this.returningSince === undefined) {
      this.returningSince = this.clock.now();
      this.clock.after(MAX_RETURNING_MS, () => this.lookBack());
    }
    this.returning.set(later && this.clock.now() - (this.returningSince ?? 0) < MAX_RETURNING_MS);
  }

  /** How far behind now the viewer is, ms; 0 without a shown time. */
  get delay(): number {
    return Math.max(0, this.room.now() - this.shown);
  }

  /** How long a cursor that comes now waits, ms; undefined: it is not shown. */
  get cursorDelay(): number | undefined {
    const { delay } = this;
    return delay <= MAX_CURSOR_MS ? delay : undefined;
  }

  private due(): Feed | undefined {
    let first: Feed | undefined;
    let least = this.shown;
    for (const feed of this.host.feeds()) {
      const { next } = feed;
      if (next === undefined || next > least || (next === least && first !== undefined)) continue;
      least = next;
      first = feed;
    }
    return first;
  }

  private seek(): void {
    if (this.seekWaits) return;
    const behind = [...this.host.feeds()].filter((feed) => feed.ahead);
    if (behind.length === 0) return;
    const now = this.clock.now();
    const wait = Math.max(this.soughtAt + behind.length * SEEK_MS, this.restedAt + (behind.length - MAX_SEEKS) * NEXT_SEEK_MS) - now;
    if (wait > 0) return this.seekLater(wait);
    this.soughtAt = now;
    for (const feed of behind) this.host.seek(feed);
  }

  private seekLater(ms: number): void {
    this.seekWaits = true;
    this.clock.after(ms, () => {
      this.seekWaits = false;
      this.seek();
    });
  }
}
