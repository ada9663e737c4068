// Cursors that wait as long as the media is behind (ALN8).
import type { Clock } from "./clock.ts";

/** Shows what it is given after a wait, in the order given. */
export class CursorQueue {
  private readonly cancels = new Set<() => void>();
  /** Local time at which the last one is due. */
  private last = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** ms: how long it waits; 0: not at all, undefined: it is not shown. */
  add(ms: number | undefined, show: () => void): void {
    if (ms === undefined) return;
    const now = this.clock.now();
    if (ms === 0 && this.last <= now) return show();
    this.last = Math.max(this.last, now + ms);
    const cancel = this.clock.after(this.last - now, () => {
      this.cancels.delete(cancel);
      show();
    });
    this.cancels.add(cancel);
  }

  /** Forgets what waits. */
  clear(): void {
    for (const cancel of this.cancels) cancel();
    this.cancels.clear();
    this.last = -Infinity;
  }
}
