// What camera and screen have in common: states, the connection, and tracks that come and go.
import type { MediaSource, RoomSession } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import type { MediaFault, Publisher } from "./api.ts";
import { captureFault } from "./faults.ts";
import { Level } from "./level.ts";
import { Uplink, type Site, type Tracks } from "./uplink.ts";

type State = Publisher["state"]["value"];

/** Publishing of one kind; capturing is the kind's own. */
export abstract class Publishing {
  readonly state = new Value<State>("off");
  readonly fault = new Value<MediaFault | undefined>(undefined);
  readonly stream = new Value<MediaStream | undefined>(undefined);
  readonly video = new Value(false);
  readonly audio = new Value(false);
  readonly level = new Value(0);
  protected picture: MediaStreamTrack | null = null;
  protected sound: MediaStreamTrack | null = null;
  private uplink: Uplink | undefined;
  private readonly meter: Level;
  private readonly unsubscribe: () => void;
  private queue = Promise.resolve();
  private stopped = 0;

  constructor(
    readonly kind: Publisher["kind"],
    protected readonly site: Site,
    private readonly session: RoomSession,
  ) {
    this.meter = new Level(site.env, (level) => this.level.set(level));
    this.unsubscribe = session.sources.subscribe(() => this.uplink?.wanted(this.source()?.wanted === true));
  }

  stop(): void {
    this.stopped++;
    this.uplink?.stop();
    this.uplink = undefined;
    this.release(this.picture);
    this.release(this.sound);
    this.picture = null;
    this.sound = null;
    this.state.set("off"); // first: that tracks go says nothing of a publisher that goes on
    this.show();
    this.fault.set(undefined);
  }

  /** For good, with its session. */
  close(): void {
    this.stop();
    this.unsubscribe();
  }

  stats(): Promise<RTCStatsReport> | undefined {
    return this.uplink?.stats();
  }

  /** One's own source of this kind. */
  source(): MediaSource | undefined {
    const { participant, sources } = this.session;
    return sources.value.find((source) => source.kind === this.kind && source.participant === participant);
  }

  /** One change of tracks after the other. What is captured for a publisher that was stopped meanwhile is let go. */
  protected change(job: (stale: () => boolean) => Promise<void>): Promise<void> {
    const since = this.stopped;
    const stale = (): boolean => this.stopped !== since;
    this.queue = this.queue.then(async () => {
      if (stale()) return;
      try {
        await job(stale);
      } catch (error) {
        if (stale()) return;
        this.fault.set(captureFault(error, this.site.env.devices !== undefined));
        if (this.uplink === undefined) this.state.set("off");
      }
    });
    return this.queue;
  }

  /** The tracks changed: shows them in the preview, and sends them over the connection, which begins with the first. */
  protected send(): void {
    this.show();
    const tracks: Tracks = { video: this.picture, audio: this.sound };
    if (this.uplink !== undefined) return this.uplink.replace(tracks);
    this.uplink = new Uplink(this.site, this.kind, tracks, {
      live: () => {
        this.fault.set(undefined);
        this.state.set("live");
      },
      down: (fault, final) => this.down(fault, final),
      // Without the session it is what a server had that may be no more.
      source: () => (this.session.connection.value.kind === "synced" ? this.source() : undefined),
    });
    this.uplink.wanted(this.source()?.wanted === true);
  }

  protected release(track: MediaStreamTrack | null): void {
    track?.stop();
  }

  private show(): void {
    const tracks = [this.picture, this.sound].filter((track) => track !== null);
    this.video.set(this.picture !== null);
    this.audio.set(this.sound?.enabled === true);
    const before = this.stream.value?.getTracks() ?? [];
    const same = before.length === tracks.length && tracks.every((track) => before.includes(track));
    if (!same) this.stream.set(tracks.length === 0 ? undefined : this.site.env.stream(tracks));
    this.meter.watch(this.audio.value ? this.sound : null);
  }

  private down(fault: MediaFault, final: boolean): void {
    if (final) this.stop();
    else this.state.set("reconnecting");
    this.fault.set(fault); // why it stopped, if it did
  }
}
