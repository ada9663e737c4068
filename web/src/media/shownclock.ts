// The shown time of one element's pictures (ALN2, ALN3). Pure: it is told of frames and of the media's own clock.

/** A step back by less takes nothing off the boards (ALN5), µs. */
const SMALL = 250_000;
/** So many frames say the same before a step back that the media did not make is believed: one wild stamp takes no board back. */
const BELIEVED = 3;

/** Follows what is on the glass. Times are µs room time, media times s of the media's own clock. */
export class ShownClock {
  private shown: number | undefined;
  private anchor: { readonly time: number; readonly media: number } | undefined;
  private restarted = false;
  private back = 0;

  /** What is shown; undefined before the first time. */
  get time(): number | undefined {
    return this.shown;
  }

  /**
   * A frame is on the glass: its time, undefined if it is not known, and its place on the media's clock. On a miss the
   * media time since the last frame is what has passed.
   */
  frame(time: number | undefined, media: number): number | undefined {
    const at = time ?? this.byMedia(media);
    if (at === undefined) return this.shown;
    if (this.disbelieves(at, media)) return this.shown;
    this.back = 0;
    this.restarted = false;
    this.anchor = { time: at, media };
    this.shown = at;
    return at;
  }

  /** No frame came for a while: the media's clock goes on, or stands where they are paused or stalled. */
  tick(media: number): number | undefined {
    this.shown = this.byMedia(media) ?? this.shown;
    return this.shown;
  }

  /** Other media of the same source: what is shown stands until they have a time of their own. */
  restart(): void {
    this.anchor = undefined;
    this.restarted = true;
  }

  private byMedia(media: number): number | undefined {
    return this.anchor === undefined ? undefined : this.anchor.time + (media - this.anchor.media) * 1e6;
  }

  private disbelieves(at: number, media: number): boolean {
    if (this.restarted || this.shown === undefined || this.shown - at <= SMALL) return false;
    if (this.anchor !== undefined && media < this.anchor.media) return false; // a seek
    return ++this.back < BELIEVED;
  }
}
