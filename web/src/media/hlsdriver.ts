// Plays HLS by hls.js: seconds behind, with a window to seek in.
import type Hls from "hls.js";
import type { FragParsingUserdataData, HlsConfig } from "hls.js";
import { bufferedEnd, LiveDriver } from "./livedriver.ts";
import { TIME_UUID_TEXT, timeOf } from "./stamp.ts";

/** A fatal error of the network or the media is mended in place so often before the stream is begun again. */
const MENDS = 3;
/** The playlist has gone on by so much since a segment of it came, and nothing is left to show: the stream is begun again, s. */
const STUCK = 10;

export class HlsDriver extends LiveDriver {
  readonly player = "hls";
  private stream: Hls | undefined;
  private mends = 0;
  /** Where the playlist ended when a segment had come, s; undefined: one came since it did. */
  private edgeThen: number | undefined;

  window(): { behind: number; most: number } | undefined {
    const { element } = this;
    const edge = this.edge();
    if (element === undefined || edge === undefined || element.seekable.length === 0) return undefined;
    return { behind: Math.max(0, edge - element.currentTime), most: Math.max(0, edge - element.seekable.start(0)) };
  }

  protected async open(element: HTMLVideoElement, failed: (error: unknown) => void, stale: () => boolean): Promise<void> {
    const [Player, urls] = await Promise.all([this.site.env.live.hls(), this.tokens.begin()]);
    if (stale()) return;
    const stream = new Player(this.config());
    this.stream = stream;
    this.mends = 0;
    this.edgeThen = undefined;
    stream.on(Player.Events.FRAG_PARSING_USERDATA, (_, data) => this.take(data));
    stream.on(Player.Events.FRAG_BUFFERED, () => {
      this.mends = 0;
      this.edgeThen = undefined;
      this.works();
    });
    stream.on(Player.Events.LEVEL_UPDATED, (_, { details: { edge } }) => {
      this.edgeThen ??= edge;
      const empty = !element.paused && bufferedEnd(element) - element.currentTime < 1;
      if (empty && edge - this.edgeThen > STUCK) failed(new Error("hls: it goes on without segments"));
    });
    stream.on(Player.Events.ERROR, (_, { fatal, type, details }) => {
      if (!fatal) return;
      // Without a playlist there is nothing to mend: an output that has just begun has none yet.
      const unmendable = details.startsWith("manifest") || ++this.mends > MENDS;
      if (unmendable) failed(new Error(`hls: ${details}`));
      else if (type === Player.ErrorTypes.NETWORK_ERROR) this.site.env.clock.after(500 * this.mends, () => this.stream === stream && stream.startLoad(-1));
      else if (type === Player.ErrorTypes.MEDIA_ERROR) stream.recoverMediaError();
      else failed(new Error(`hls: ${details}`));
    });
    stream.loadSource(new URL(urls.hls, element.baseURI).href);
    stream.attachMedia(element);
  }

  protected close(): void {
    const { stream } = this;
    this.stream = undefined;
    stream?.destroy();
  }

  protected edge(): number | undefined {
    return this.stream?.liveSyncPosition ?? undefined;
  }

  protected bitrate(): number | undefined {
    const bits = this.stream?.bandwidthEstimate;
    return bits === undefined || Number.isNaN(bits) ? undefined : bits / 1000;
  }

  /** The playlist's date, by hls.js's own reckoning. Some encoders' segments begin with sound of another moment. */
  protected override fallback(media: number): number | undefined {
    const { element, stream } = this;
    const date = stream?.playingDate;
    if (element === undefined || date === null || date === undefined) return undefined;
    return (date.getTime() + (media - element.currentTime) * 1000) * 1000;
  }

  private config(): Partial<HlsConfig> {
    return {
      enableWorker: true,
      workerPath: "/hls-worker.js",
      // A seek back stays where it went: no liveMaxLatencyDuration, and the rate catches up only near now.
      liveSyncDurationCount: 2,
      maxLiveSyncPlaybackRate: 1.1,
      backBufferLength: 120,
      lowLatencyMode: true,
      xhrSetup: (xhr, url) => {
        const renewed = this.tokens.renewed(url);
        if (renewed !== url) xhr.open("GET", renewed, true);
      },
    };
  }

  private take({ samples }: FragParsingUserdataData): void {
    for (const { uuid, userDataBytes, pts } of samples) {
      const time = uuid === TIME_UUID_TEXT && userDataBytes !== undefined ? timeOf(userDataBytes) : undefined;
      if (time !== undefined) this.stamps.add(pts, time);
    }
  }
}
