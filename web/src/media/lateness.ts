// How far the jitter buffer of the lead's media is to be filled (ALN6). Pure.

/** The most that is asked for, ms. */
const MOST = 400;
/** What is added to the 95th percentile, ms. */
const SPARE = 20;
/** So long a lateness counts, ms: the target sinks over as long. */
const WINDOW = 60_000;
const SAMPLES = 512;
/** Loss from which the target is raised, and the target then, ms: retransmissions come in time. */
const LOSSY = 0.03;
/** Freezes are the link's doing if it lost this much; else the machine is slow, and waiting does not help. */
const LOSSY_FREEZE = 0.005;
const LOSS_TARGET = 250;
const LOSS_MOST = 300;
/** A step up holds the picture for as long as it is, so that it is taken in parts, ms a step. */
const UP = 50;
const DOWN = 5;

/** The target in ms, moved by one step at each call of step. */
export class BufferTarget {
  /** By time: what the buffer should have been for a record not to be late. */
  private needs: { readonly at: number; readonly need: number }[] = [];
  private lossUntil = -Infinity;
  private lossNeed = 0;
  private target = 0;

  get value(): number {
    return this.target;
  }

  /** A record came so many ms after its frame, at time now, ms. */
  late(ms: number, now: number): void {
    if (!(ms > 0)) return;
    this.needs.push({ at: now, need: this.target + ms });
    if (this.needs.length > SAMPLES) this.needs.shift();
  }

  /** Of the last second: the part of packets lost, 0 … 1, and how often the picture froze. */
  link(loss: number, freezes: number, now: number): void {
    if (loss < (freezes > 0 ? LOSSY_FREEZE : LOSSY)) return;
    this.lossUntil = now + WINDOW;
    this.lossNeed = Math.min(LOSS_MOST, Math.max(this.lossNeed, freezes > 0 && loss >= LOSSY ? LOSS_MOST : LOSS_TARGET));
  }

  /** Moves towards what is wanted; to be called twice a second. The target in ms, 0 … 400. */
  step(now: number): number {
    const wanted = this.wanted(now);
    if (wanted > this.target) this.target = Math.min(wanted, this.target + UP);
    else this.target = Math.max(wanted, this.target - DOWN);
    return this.target;
  }

  private wanted(now: number): number {
    this.needs = this.needs.filter(({ at }) => now - at < WINDOW);
    if (now >= this.lossUntil) this.lossNeed = 0;
    return Math.min(MOST, Math.max(this.byLateness(), this.lossNeed));
  }

  private byLateness(): number {
    if (this.needs.length === 0) return 0;
    const sorted = this.needs.map(({ need }) => need).sort((a, b) => a - b);
    return (sorted[Math.ceil(sorted.length * 0.95) - 1] ?? 0) + SPARE;
  }
}
