// Which moment of the room the frame with an RTP timestamp, or at a media time, shows.

/** A time, and whether it was read from the frame or worked out from others. µs. */
export interface Known {
  readonly time: number;
  readonly read: boolean;
}

/** Frames on their way at most: 17 s at 30 a second. */
const RTP_KEPT = 512;
/** RTP timestamps further apart than this are of different clocks, s. */
const RTP_REACH = 20;
const VIDEO_RATE = 90_000;

/** Times by RTP timestamp, of one connection. */
export class RtpStamps {
  private readonly times = new Map<number, number>();
  private last: { readonly rtp: number; readonly time: number } | undefined;

  constructor(private readonly rate = VIDEO_RATE) {}

  add(rtp: number, time: number): void {
    this.times.delete(rtp);
    this.times.set(rtp, time);
    this.last = { rtp, time };
    if (this.times.size > RTP_KEPT) for (const oldest of this.times.keys()) return void this.times.delete(oldest);
  }

  /** The frame's own time; else that of the newest stamp, and the RTP time between the two (ALN3). */
  at(rtp: number): Known | undefined {
    const time = this.times.get(rtp);
    if (time !== undefined) return { time, read: true };
    if (this.last === undefined) return undefined;
    const seconds = ((rtp - this.last.rtp) | 0) / this.rate;
    return Math.abs(seconds) > RTP_REACH ? undefined : { time: this.last.time + seconds * 1e6, read: false };
  }

  clear(): void {
    this.times.clear();
    this.last = undefined;
  }
}

interface Placed {
  readonly media: number;
  readonly time: number;
}

/** 15 min at 30 frames a second. */
const PTS_KEPT = 27_000;
/** Presentation times are rounded on their way, s: less than half of a frame at 40 a second. */
const PTS_NEAR = 0.012;
/** So far a time is worked out from a stamp, s. */
const PTS_REACH = 10;

/** Times by media time in seconds, of one element. */
export class PtsStamps {
  /** By rising media time. */
  private readonly placed: Placed[] = [];

  add(media: number, time: number): void {
    const stamp = { media, time };
    const at = this.after(media - 0.0005);
    const there = this.placed[at];
    if (there !== undefined && Math.abs(there.media - media) < 0.0005) this.placed[at] = stamp; // loaded again
    else this.placed.splice(at, 0, stamp);
    if (this.placed.length > PTS_KEPT) this.placed.splice(0, PTS_KEPT / 10);
  }

  /** The time of the frame nearest to a media time; else that of the stamp before it, and the media time between them. */
  at(media: number): Known | undefined {
    const i = this.after(media);
    const before = this.placed[i - 1];
    const after = this.placed[i];
    const toBefore = before === undefined ? Infinity : media - before.media;
    const toAfter = after === undefined ? Infinity : after.media - media;
    const nearest = toAfter < toBefore ? after : before;
    if (nearest !== undefined && Math.min(toBefore, toAfter) <= PTS_NEAR) return { time: nearest.time, read: true };
    const from = toBefore <= PTS_REACH ? before : after;
    if (from === undefined || Math.abs(media - from.media) > PTS_REACH) return undefined;
    return { time: from.time + (media - from.media) * 1e6, read: false };
  }

  clear(): void {
    this.placed.length = 0;
  }

  /** The index of the first stamp behind a media time. */
  private after(media: number): number {
    let low = 0, high = this.placed.length;
    if ((this.placed[high - 1]?.media ?? -Infinity) <= media) return high; // as they come
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.placed[middle]?.media ?? Infinity) <= media) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
