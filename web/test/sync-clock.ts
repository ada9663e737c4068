// The clock of a simulated world.
import type { Clock } from "../src/sync/clock.ts";

/** Time passes when it is told to. */
export class FakeClock implements Clock {
  private time = 1000;
  private timers: { at: number; order: number; call: () => void }[] = [];
  private order = 0;

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + Math.max(0, ms), order: this.order++, call };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((t) => t !== timer));
  }

  /** Lets ms pass; everything that was promised meanwhile is done. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (let steps = 0; ; steps++) {
      if (steps > 200_000) throw new Error("time stands still");
      const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await settle();
    }
    this.time = end;
  }
}

/** Lets everything go on that waits for nothing but its turn. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
