// The shown time of live sound alone, which has no stamps: by when it came (ALN2). Pure.
import { RecentLeast } from "./least.ts";

/** From the microphone to the buffer, where no picture has said how long that takes, µs. */
const WAY = 100_000;
/** What came soonest, in this time and the one before, was kept up by nothing, µs. */
const WINDOW = 5_000_000;

/** Works out which moment of the room a media time is. Times are µs room time, media times s. */
export class ArrivalClock {
  private readonly lag = new RecentLeast(WINDOW);
  private end = -Infinity;
  private way = WAY;

  /** Media are there up to end at room time now. taken: when that was captured, as stamps say; pictures and sound take the same way. */
  came(end: number, now: number, taken: number | undefined): void {
    if (end <= this.end) return; // nothing new
    this.end = end;
    const lag = this.lag.add(now - end * 1e6, now);
    if (taken !== undefined) this.way = lag + end * 1e6 - taken;
  }

  /** Undefined: nothing came yet. */
  at(media: number): number | undefined {
    const lag = this.lag.value;
    return lag === Infinity ? undefined : lag + media * 1e6 - this.way;
  }

  /** The media's timeline begins again. */
  restart(): void {
    this.lag.clear();
    this.end = -Infinity;
  }
}
