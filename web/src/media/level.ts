import type { Meter, MediaEnvironment } from "./environment.ts";

/** So often the loudness is told, ms. */
const EVERY_MS = 100;

/** Tells how loud a track is while there is one. */
export class Level {
  private track: MediaStreamTrack | null = null;
  private meter: Meter | undefined;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly env: MediaEnvironment,
    private readonly tell: (level: number) => void,
  ) {}

  watch(track: MediaStreamTrack | null): void {
    if (track === this.track) return;
    this.track = track;
    this.cancel?.();
    this.meter?.stop();
    this.meter = track === null ? undefined : this.env.meter(this.env.stream([track]));
    if (this.meter === undefined) this.tell(0);
    else this.poll(this.meter);
  }

  private poll(meter: Meter): void {
    this.tell(meter.level());
    this.cancel = this.env.clock.after(EVERY_MS, () => this.poll(meter));
  }
}
