/** Waits between tries, ms: 0.5 s, doubled to 15 s, each less up to a quarter so that many do not come at once. Pure. */
export class BackOff {
  private tries = 0;

  constructor(private readonly random: () => number) {}

  next(): number {
    const wait = Math.min(15_000, 500 * 2 ** this.tries);
    this.tries++;
    return wait * (1 - this.random() / 4);
  }

  /** It held. */
  reset(): void {
    this.tries = 0;
  }
}
