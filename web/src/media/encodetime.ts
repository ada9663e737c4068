/** The shortest mean of so many measurements is what an encoder takes that is not kept waiting. */
const KEPT = 60;
/** No camera's frame takes longer to encode, ms: what says so is wrong. */
const MOST_MS = 150;

interface Totals {
  readonly frames: number;
  readonly seconds: number;
}

/**
 * How long a frame takes at best from its capture to its leaving the encoder, where it is stamped: by the encode time of the
 * sender's statistics (W3C webrtc-stats, RTCOutboundRtpStreamStats). Pure.
 */
export class EncodeTime {
  private before: Totals | undefined;
  private means: number[] = [];

  /** Takes a sender's statistics, once a second; ms. */
  sample(report: Iterable<[string, unknown]>): number {
    const now = totalsOf(report);
    const { before } = this;
    this.before = now;
    const frames = now.frames - (before?.frames ?? now.frames);
    if (before !== undefined && frames > 0) {
      const mean = ((now.seconds - before.seconds) * 1000) / frames;
      this.means = [...this.means.slice(1 - KEPT), Math.min(MOST_MS, Math.max(0, mean))];
    }
    return this.means.length === 0 ? 0 : Math.min(...this.means);
  }
}

function totalsOf(report: Iterable<[string, unknown]>): Totals {
  let frames = 0, seconds = 0;
  for (const [, stats] of report) {
    const { type, framesEncoded, totalEncodeTime } = stats as { type?: string; framesEncoded?: number; totalEncodeTime?: number };
    if (type !== "outbound-rtp") continue;
    frames += framesEncoded ?? 0;
    seconds += totalEncodeTime ?? 0;
  }
  return { frames, seconds };
}
