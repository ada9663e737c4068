// When what boards gather is put into batches (SYN4).
import type { Clock } from "./clock.ts";

/** What comes up within so long goes in one batch, ms. */
const GATHER_MS = 33;

export class Gatherer {
  private boards = new Set<{ flush(): void }>();
  private last = -GATHER_MS;

  constructor(private readonly clock: Clock) {}

  /** Calls flush() of a board within 33 ms. */
  gather(board: { flush(): void }): void {
    const first = this.boards.size === 0;
    this.boards.add(board);
    if (!first) return;
    const now = this.clock.now();
    // While ops keep coming, batches leave every 33 ms; after a pause the first gathers for 33 ms.
    const next = this.last + GATHER_MS;
    this.clock.after(next > now ? next - now : GATHER_MS, () => this.flush());
  }

  flush(): void {
    if (this.boards.size === 0) return;
    this.last = this.clock.now();
    const boards = [...this.boards];
    this.boards.clear();
    for (const board of boards) board.flush();
  }
}
