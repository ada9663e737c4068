// The shown time where there is sound only: what is heard now (ALN2). Pure.

/** What a receiver says of the packet that it last handed out: wall time in ms, its RTP timestamp, and when it was captured, if that is known, µs room time. */
export interface Played {
  readonly timestamp: number;
  readonly rtp: number;
  readonly captured?: number | undefined;
}

const RATE = 48_000;
/** Between the packet's handing out and the output that the browser knows of, ms: measured, ± 10. */
const MIXING_MS = 20;
/** The time stands from one tick to the next, and what is drawn by it is seen a frame later: on average ms after it is worked out. */
const DRAWING_MS = 25;
/** Nothing was handed out for longer: the sound stalled, and T stands. Silence has a packet every 400 ms, ms. */
const STALLED_MS = 450;
/** Ages beyond this mean that the machine's clock was set, not that the packet is old, ms. */
const STEPPED_MS = 1000;
/** The youngest of so many packets was just handed out. */
const AGES = 50;

/** Works out which moment of the room is heard. */
export class SoundClock {
  private line: { readonly rtp: number; readonly time: number } | undefined;
  private played: Played | undefined;
  private since = 0;
  private skew = 0;
  private ages: number[] = [];

  /** The packet with this RTP timestamp was captured at a room time, µs; of no account where packets say it. */
  learn(rtp: number, time: number): void {
    if (!this.told) this.line = { rtp, time };
  }

  /** Whether packets say when they were captured. */
  get told(): boolean {
    return this.played?.captured !== undefined;
  }

  /** now: wall time, ms. */
  poll(played: Played, now: number): void {
    if (played.rtp === this.played?.rtp) return;
    if (played.captured !== undefined) this.line = { rtp: played.rtp, time: played.captured };
    this.ages = [...this.ages.slice(1 - AGES), now - played.timestamp];
    const least = Math.min(...this.ages);
    this.skew = Math.abs(least) > STEPPED_MS ? least : 0;
    this.played = played;
    this.since = now;
  }

  /** Room time in µs of what is heard at wall time now, given how long the output takes in ms; undefined: not known. */
  heard(now: number, outputMs: number): number | undefined {
    if (this.line === undefined || this.played === undefined) return undefined;
    const seconds = ((this.played.rtp - this.line.rtp) | 0) / RATE;
    const passed = Math.min(now, this.since + STALLED_MS) - this.skew - this.played.timestamp;
    return this.line.time + seconds * 1e6 + (passed - outputMs - MIXING_MS + DRAWING_MS) * 1000;
  }

  /** Whether packets are handed out just now. */
  flows(now: number): boolean {
    return this.played !== undefined && now - this.since < STALLED_MS;
  }

  clear(): void {
    this.line = undefined;
    this.played = undefined;
    this.ages = [];
  }
}
