// When a document that broke is asked for again (REC3).

/** First wait before a document is asked for again that broke twice, ms. */
const REPAIR_MS = 1000;
const REPAIR_CAP_MS = 15_000;

/** At once the first time, then ever more slowly while it does not help. Times are local, ms. */
export class Repairs {
  private count = 0;
  private at = -Infinity;

  /** It broke: how long to wait; 0 or less: not at all. */
  wait(now: number): number {
    const since = now - this.at;
    this.count = since > 4 * REPAIR_CAP_MS ? 0 : this.count + 1;
    return this.count === 0 ? 0 : Math.min(REPAIR_CAP_MS, REPAIR_MS * 2 ** (this.count - 1)) - since;
  }

  /** It was asked for again. */
  done(now: number): void {
    this.at = now;
  }
}
