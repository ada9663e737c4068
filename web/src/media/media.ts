// The page's media: what it publishes, what it plays, and the boards held for it.
import type { MediaSource } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import { Aligner } from "./aligner.ts";
import type { Figures, Media, MediaOptions, Player, Quality } from "./api.ts";
import { Camera } from "./camera.ts";
import { Failures, playersOf } from "./choice.ts";
import { Devices } from "./devices.ts";
import type { MediaEnvironment } from "./environment.ts";
import { outboundFigures } from "./figures.ts";
import { SourcePlaying } from "./playing.ts";
import type { Publishing } from "./publisher.ts";
import { IceServers } from "./resource.ts";
import { Screen } from "./screen.ts";
import { withSession } from "./signals.ts";
import type { Site } from "./uplink.ts";
import { WorkerLink } from "./workerlink.ts";

export class RoomMedia implements Media {
  readonly camera: Camera;
  readonly screen: Screen;
  readonly playing = new Value<readonly SourcePlaying[]>([]);
  private readonly site: Site;
  private readonly found: Devices;
  private readonly failures = new Failures();
  private readonly aligner: Aligner;
  private readonly sent = new Map<Publishing, { at: number; bytes: number }>();
  private readonly stops: (() => void)[];

  constructor(
    env: MediaEnvironment,
    private readonly session: MediaOptions["session"],
  ) {
    const request = session.request.bind(session);
    const worker = new WorkerLink(env.worker, env.clock, session.alignment);
    const told = { ...env, signals: withSession(env.signals, session) };
    this.site = { env: told, request, worker, ice: new IceServers(request, () => env.clock.now()), room: () => session.alignment.now(), connected: () => session.connection.value.kind === "synced" };
    this.camera = new Camera("camera", this.site, session);
    this.screen = new Screen("screen", this.site, session);
    this.found = new Devices(env.devices);
    this.aligner = new Aligner(this.site, session, this.playing);
    this.stops = [
      session.sources.subscribe((sources) => this.changed(sources)),
      this.camera.stream.subscribe((stream) => {
        if (stream !== undefined) void this.found.refresh(); // allowed now: devices have labels
      }),
    ];
  }

  get devices(): Devices["list"] {
    return this.found.list;
  }

  get alignment(): Aligner["alignment"] {
    return this.aligner.alignment;
  }

  play(source: number, options: { readonly player?: Player | "auto"; readonly quality?: Quality } = {}): SourcePlaying {
    const played = this.playing.value.find((playing) => playing.source === source);
    if (played !== undefined) {
      played.ask(options);
      return played;
    }
    const info = this.session.sources.value.find(({ number }) => number === source) ?? unknown(source);
    const ended = (): void => this.playing.set(this.playing.value.filter((other) => other !== playing));
    const playing: SourcePlaying = new SourcePlaying(this.site, info, this.failures, ended, options);
    this.playing.set([...this.playing.value, playing]);
    return playing;
  }

  setAligned(on: boolean): void {
    this.aligner.setAligned(on);
  }

  writes(): void {
    this.aligner.writes();
  }

  async figures(): Promise<readonly Figures[]> {
    const out = [this.camera, this.screen].map((publisher) => this.figuresOf(publisher));
    const into = this.playing.value.map((playing) => this.figuresFrom(playing));
    return (await Promise.all([...out, ...into])).filter((figures) => figures !== undefined);
  }

  players(source: MediaSource): readonly Player[] {
    return playersOf(source, this.site.env.support);
  }

  stop(): void {
    for (const stop of this.stops) stop();
    for (const playing of [...this.playing.value]) playing.stop();
    this.camera.close();
    this.screen.close();
    this.aligner.stop();
    this.found.stop();
    this.site.worker.stop();
    this.site.env.close();
  }

  private changed(sources: readonly MediaSource[]): void {
    for (const playing of this.playing.value) playing.changed(sources.find(({ number }) => number === playing.source));
  }

  private async figuresOf(publisher: Publishing): Promise<Figures | undefined> {
    const report = await publisher.stats();
    if (report === undefined) return undefined;
    const { figures, now } = outboundFigures(report, this.sent.get(publisher));
    this.sent.set(publisher, now);
    return { ...figures, source: publisher.source()?.number ?? 0, direction: "out", player: "webrtc", delay: undefined };
  }

  private async figuresFrom(playing: SourcePlaying): Promise<Figures | undefined> {
    const driver = playing.active;
    if (driver === undefined) return undefined;
    const figures = await driver.figures();
    const now = this.session.alignment.now();
    const { time } = driver.shown;
    const delay = now === undefined || time === undefined ? undefined : (now - time) / 1000;
    return { ...figures, source: playing.source, direction: "in", player: driver.player, delay };
  }
}

/** A source that the room has not told of yet: away until it does. */
function unknown(number: number): MediaSource {
  return {
    number, participant: "", kind: "camera", video: false, audio: false, paused: false, wanted: false, timed: false,
    muted: false, hidden: false, webrtc: false, live: false,
  };
}
