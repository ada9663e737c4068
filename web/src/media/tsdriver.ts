// Plays MPEG-TS over HTTP, by mpegts.js: a second behind at most.
import type Mpegts from "mpegts.js";
import { ArrivalClock } from "./arrivalclock.ts";
import { seen } from "./choice.ts";
import { isTime, timeOf } from "./stamp.ts";
import { LiveDriver, bufferedEnd, streamEnded } from "./livedriver.ts";

/** What mpegts.js tells of an SEI message; pts in ms, on the element's media time. */
interface SeiArrived {
  readonly type: number;
  readonly uuid: Uint8Array;
  readonly user_data: Uint8Array;
  readonly pts: number;
}

const USER_DATA = 5;
/** The element is chased to TARGET behind the newest when it is MOST behind, and leaps there when chasing would take long, s. */
const MOST = 0.7;
const TARGET = 0.35;
const LEAP = 3;

export class TsDriver extends LiveDriver {
  readonly player = "httpts";
  private stream: Mpegts.Player | undefined;
  private speed = 0;
  private readonly arrivals = new ArrivalClock();

  window(): undefined {
    return undefined;
  }

  protected async open(element: HTMLVideoElement, failed: (error: unknown) => void, stale: () => boolean): Promise<void> {
    const [mpegts, urls] = await Promise.all([this.site.env.live.mpegts(), this.tokens.begin()]);
    if (stale()) return;
    const url = new URL(urls.httpts, element.baseURI).href;
    const stream = mpegts.createPlayer(
      { type: "mpegts", isLive: true, url },
      {
        enableWorker: false, enableStashBuffer: false, lazyLoad: false, autoCleanupSourceBuffer: true,
        liveSync: true, liveSyncMaxLatency: MOST, liveSyncTargetLatency: TARGET, liveSyncPlaybackRate: 1.15,
      },
    );
    this.stream = stream;
    // In a task of its own: it goes on with the bytes of which it tells an error, and must not be destroyed meanwhile.
    const end = (error: Error): void => void this.site.env.clock.after(0, () => failed(error));
    stream.on(mpegts.Events.ERROR, (kind: string, detail: string) => end(new Error(`mpegts: ${kind} ${detail}`)));
    stream.on(mpegts.Events.LOADING_COMPLETE, () => end(streamEnded()));
    stream.on(mpegts.Events.MEDIA_INFO, () => this.works());
    stream.on(mpegts.Events.STATISTICS_INFO, ({ speed }: { speed?: number }) => void (this.speed = speed ?? 0));
    stream.on("sei_arrived", (sei: SeiArrived) => this.take(sei));
    stream.attachMediaElement(element);
    stream.load();
  }

  /** After a pause it goes on at now: the stream is not kept. */
  override resume(): void {
    this.seek(TARGET);
  }

  protected close(): void {
    const { stream } = this;
    this.stream = undefined;
    stream?.destroy();
  }

  protected override forget(): void {
    super.forget();
    this.arrivals.restart();
  }

  protected override look(element: HTMLVideoElement): void {
    const room = this.site.room(), end = bufferedEnd(element);
    if (room !== undefined && end > 0) this.arrivals.came(end, room, seen(this.source) ? this.stamps.at(end)?.time : undefined);
  }

  /** Of sound alone; pictures have stamps. */
  protected override fallback(media: number): number | undefined {
    return seen(this.source) ? undefined : this.arrivals.at(media);
  }

  protected edge(): number | undefined {
    return this.element === undefined || this.element.buffered.length === 0 ? undefined : bufferedEnd(this.element);
  }

  protected bitrate(): number | undefined {
    return this.stream === undefined ? undefined : this.speed * 8;
  }

  private take({ type, uuid, user_data: data, pts }: SeiArrived): void {
    const time = type === USER_DATA && isTime(uuid) ? timeOf(data) : undefined;
    if (time !== undefined) this.stamps.add(pts / 1000, time);
    this.leap();
  }

  /** Where the network stood still and then brought all at once, what was missed is left out. */
  private leap(): void {
    const { element } = this;
    const edge = this.edge();
    if (element?.paused === false && edge !== undefined && edge - element.currentTime > LEAP) this.seek(TARGET);
  }
}
