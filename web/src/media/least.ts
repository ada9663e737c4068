/** The least of what was told of late: in this window, and in the one before. */
export class RecentLeast {
  private newer = Infinity;
  private older = Infinity;
  private since = 0;

  /** window: in what now is told in. */
  constructor(private readonly window: number) {}

  /** Infinity: nothing was told. */
  get value(): number {
    return Math.min(this.newer, this.older);
  }

  add(value: number, now: number): number {
    if (now - this.since > this.window) {
      this.older = this.newer;
      this.newer = Infinity;
      this.since = now;
    }
    this.newer = Math.min(this.newer, value);
    return this.value;
  }

  clear(): void {
    this.newer = Infinity;
    this.older = Infinity;
  }
}
