// What HTTP-TS and HLS have in common: an element whose media time has stamps, and a stream that is begun again with back-off.
import type { MediaSource } from "../sync/api.ts";
import type { Player } from "./api.ts";
import { BackOff } from "./backoff.ts";
import { gives, moving, seen } from "./choice.ts";
import type { Driver, DriverEvents } from "./driver.ts";
import { linkFault, NoRoute } from "./faults.ts";
import { NO_FIGURES } from "./figures.ts";
import { Frames } from "./frames.ts";
import { LiveTokens } from "./liveurls.ts";
import { ShownClock } from "./shownclock.ts";
import { ShownValue } from "./shown.ts";
import { PtsStamps } from "./stampmaps.ts";
import type { Site } from "./uplink.ts";

/** So many failures in a row without a picture in between, and another player is to try. */
const TRIES = 6;
/** While an element seeks, a frame that is so much later than where it goes is one of before, s. */
const SEEK_NEAR = 0.1;

/** Plays a live stream; how its bytes get into the element is the kind's own. */
export abstract class LiveDriver implements Driver {
  abstract readonly player: Player;
  readonly shown = new ShownValue();
  protected readonly stamps = new PtsStamps();
  protected readonly tokens: LiveTokens;
  protected element: HTMLVideoElement | undefined;
  private readonly clock = new ShownClock();
  private readonly frames: Frames;
  private readonly backOff: BackOff;
  private readonly counts = { stamped: 0, missed: 0 };
  private tries = 0;
  private stopped = false;
  /** A stream is open, or being opened. */
  private running = false;
  private round = 0;
  private cancel: (() => void) | undefined;
  private readonly unwatch: () => void;
  private readonly onSeeking = (): void => this.seeks();

  constructor(
    protected readonly site: Site,
    protected source: MediaSource,
    private readonly events: DriverEvents,
  ) {
    const { env, request, worker } = site;
    this.tokens = new LiveTokens(request, source.number, env.clock, () => env.wall());
    this.backOff = new BackOff(() => env.random());
    this.frames = new Frames(env, worker, {
      frame: (metadata, element) => this.frame(metadata, element),
      tick: (element) => this.tick(element),
      moves: () => moving(this.source),
    });
    this.unwatch = env.signals.subscribe((signal) => {
      if (signal === "online" && this.tries > 0) this.begin();
    });
  }

  use(element: HTMLVideoElement): void {
    this.element = element;
    element.addEventListener("seeking", this.onSeeking);
    this.frames.watch(element);
    this.begin();
  }

  pause(): void {}

  resume(): void {}

  abstract window(): { behind: number; most: number } | undefined;

  seek(behind: number): void {
    const { element } = this;
    const edge = this.edge();
    if (element === undefined || edge === undefined) return;
    element.currentTime = Math.max(0, edge - Math.max(0, behind));
    this.seeks();
  }

  changed(source: MediaSource): void {
    const back = !gives(this.source) && gives(source);
    // Players take up no pictures where there were none, and wait for those that come no more (MED6).
    const other = source.hidden !== this.source.hidden;
    this.source = source;
    // Else a stream that is open goes on by itself, with what it has of the time before.
    if (other || (back && !this.running)) this.begin();
  }

  /** A live stream's buffer is the player's own. */
  buffer(): void {}

  async link(): Promise<undefined> {
    return undefined;
  }

  /** One quality. */
  choose(): void {}

  async figures(): ReturnType<Driver["figures"]> {
    const { element } = this;
    const ahead = element === undefined ? undefined : (bufferedEnd(element) - element.currentTime) * 1000;
    return { ...NO_FIGURES, ...this.counts, buffer: ahead, width: element?.videoWidth, height: element?.videoHeight, bitrate: this.bitrate(), transport: "tcp" };
  }

  stop(): void {
    this.stopped = true;
    this.round++;
    this.cancel?.();
    this.unwatch();
    this.tokens.stop();
    this.frames.stop();
    this.element?.removeEventListener("seeking", this.onSeeking);
    this.close();
  }

  /** Opens the stream in the element, unless it is stale once all is there; rejects, or calls failed later. */
  protected abstract open(element: HTMLVideoElement, failed: (error: unknown) => void, stale: () => boolean): Promise<void>;
  protected abstract close(): void;
  /** Media time of now, s. */
  protected abstract edge(): number | undefined;
  /** kbit/s. */
  protected abstract bitrate(): number | undefined;

  /** Told at each frame and tick, before its time is worked out. */
  protected look(_element: HTMLVideoElement): void {}

  /** A time for what has no stamp; µs. */
  protected fallback(_media: number): number | undefined {
    return undefined;
  }

  /** Bytes came, and can be shown. */
  protected works(): void {
    this.tries = 0;
    this.backOff.reset();
    this.events.up();
  }

  /** The media's timeline begins again. */
  protected forget(): void {
    this.stamps.clear();
    this.clock.restart();
  }

  private begin(): void {
    const round = ++this.round;
    this.cancel?.();
    if (this.stopped || this.element === undefined) return;
    this.close();
    this.forget();
    this.running = true;
    const failed = (error: unknown): void => this.fail(error, round);
    this.open(this.element, failed, () => round !== this.round).catch(failed);
  }

  private fail(error: unknown, round: number): void {
    if (round !== this.round) return; // of a stream that was closed meanwhile
    this.round++;
    this.running = false;
    this.close();
    const { fault, final } = linkFault(error);
    const given: boolean = final || (++this.tries >= TRIES && gives(this.source));
    this.events.down(fault, given);
    if (!given) this.cancel = this.site.env.clock.after(this.backOff.next(), () => this.begin());
  }

  /** The media went elsewhere. Where that is back T is there at once, before the first frame is: else boards would be ahead of it (ALN3). */
  private seeks(): void {
    const { element, shown } = this;
    if (element === undefined || shown.time === undefined) return;
    const media = element.currentTime;
    const to = this.timeAt(media);
    if (to !== undefined && to < shown.time) shown.set(this.clock.frame(to, media), shown.by, this.site.env.clock.now());
  }

  private frame({ mediaTime }: VideoFrameCallbackMetadata, element: HTMLVideoElement): void {
    this.look(element);
    if (element.seeking && mediaTime > element.currentTime + SEEK_NEAR) return;
    const known = this.stamps.at(mediaTime);
    if (known?.read === true) this.counts.stamped++;
    else this.counts.missed++;
    this.shown.set(this.clock.frame(known?.time ?? this.fallback(mediaTime), mediaTime), "video", this.site.env.clock.now());
  }

  private timeAt(media: number): number | undefined {
    return this.stamps.at(media)?.time ?? this.fallback(media);
  }

  /** Without frames the stamp at the media's own time is as good; of sound alone there are none. */
  private tick(element: HTMLVideoElement): void {
    this.look(element);
    const now = this.site.env.clock.now();
    if (element.paused || element.seeking || element.readyState < 2) return this.shown.set(this.shown.time, this.shown.by, now);
    const media = element.currentTime;
    const time = this.timeAt(media);
    this.shown.set(time === undefined ? this.clock.tick(media) : this.clock.frame(time, media), seen(this.source) ? "video" : "sound", now);
  }
}

export const streamEnded = (): Error => new NoRoute("the stream ended");

export function bufferedEnd({ buffered }: HTMLVideoElement): number {
  return buffered.length === 0 ? 0 : buffered.end(buffered.length - 1);
}

