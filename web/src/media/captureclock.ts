import { RecentLeast } from "./least.ts";

/** Clock rate of video. */
const TICKS_PER_MS = 90;
/** The quickest frame of this time and of the one before it says where the clock is, ms. */
const WINDOW_MS = 4000;
/** No frame waits for its encoder for so long: the clock was set anew, ms. */
const RESET_MS = 700;

/**
 * When frames were captured, by their RTP timestamps. Those follow the camera's clock without noise, while the time at which
 * a frame leaves its encoder is late by whatever the machine had to do meanwhile. The frame that took least, of the last
 * seconds, ties one to the other. Of one stream; pure.
 */
export class CaptureClock {
  private base: { readonly rtp: number; readonly ticks: number } | undefined;
  /** Time it left − RTP time, ms. */
  private readonly least = new RecentLeast(WINDOW_MS);

  /** The frame with this RTP timestamp leaves now, ms: when a frame that took least would have left. Never after now. */
  left(rtp: number, now: number): number {
    const ticks = this.base === undefined ? 0 : this.base.ticks + ((rtp - this.base.rtp) | 0);
    this.base = { rtp, ticks };
    const took = now - ticks / TICKS_PER_MS;
    if (took - this.least.value > RESET_MS) this.least.clear();
    return this.least.add(took, now) + ticks / TICKS_PER_MS;
  }
}
