// Time: what the session is given, and its estimate of the room clock (design: Room clock).

/** A monotonic clock with timers; performance.now and setTimeout in a page, simulated in tests. */
export interface Clock {
  /** ms since whenever; never steps back. */
  now(): number;
  /** Calls back once after ms; the result cancels. */
  after(ms: number, call: () => void): () => void;
}

interface Sample {
  readonly rtt: number;
  readonly offset: number;
}

/** How many round trips the estimate looks back on. */
const WINDOW = 8;
/** Slewing: ms of correction per ms. */
const RATE = 0.05;
/** An error beyond this (a machine that slept) is stepped over, ms. */
const STEP = 250;
/** Clocks run apart by no more than this while a sample is kept, ms. */
const DRIFT = 50;

/** Room time as this client sees it: the shortest round trip of a window wins, corrections are slewed. */
export class RoomClock {
  private samples: Sample[] = [];
  /** Offset of the room clock to the local one at local time since, and where it is going. */
  private offset: number | undefined;
  private target = 0;
  private since = 0;
  private last = 0;

  constructor(private readonly clock: Clock) {}

  get known(): boolean {
    return this.offset !== undefined;
  }

  /** Round trip of the best sample in the window, ms; 0 if there is none. */
  get rtt(): number {
    return this.samples.length === 0 ? 0 : Math.min(...this.samples.map((s) => s.rtt));
  }

  /** Takes the answer to a question asked at local time asked: room time in ms when it was answered. */
  sample(asked: number, roomTime: number): void {
    const now = this.clock.now();
    const rtt = now - asked;
    const offset = roomTime + rtt / 2 - now;
    // Each errs by half its round trip at most: older ones that differ by more are of before a sleep, in which local clocks may stand still.
    this.samples = this.samples.filter((s) => Math.abs(s.offset - offset) <= (s.rtt + rtt) / 2 + DRIFT);
    this.samples.push({ rtt, offset });
    if (this.samples.length > WINDOW) this.samples.shift();
    const best = this.samples.reduce((a, b) => (b.rtt <= a.rtt ? b : a));
    const current = this.offset === undefined ? best.offset : this.offsetAt(now);
    this.offset = Math.abs(best.offset - current) > STEP ? best.offset : current;
    this.target = best.offset;
    this.since = now;
  }

  /** Forgets the window: the local clock or the path may have changed. The estimate stays until the next sample. */
  restart(): void {
    this.samples = [];
  }

  /** Room time in whole ms at a local time; now() never falls. */
  at(local: number): number {
    return Math.round(this.exactlyAt(local));
  }

  /** Room time in ms, with a fraction. */
  exactlyAt(local: number): number {
    return local + this.offsetAt(local);
  }

  now(): number {
    this.last = Math.max(this.last, this.at(this.clock.now()));
    return this.last;
  }

  private offsetAt(local: number): number {
    const from = this.offset ?? 0;
    const most = Math.max(0, local - this.since) * RATE;
    return from + Math.max(-most, Math.min(most, this.target - from));
  }
}
