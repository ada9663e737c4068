// Plays over WebRTC (WHEP), with the time of each frame by its RTP timestamp.
import type { MediaSource } from "../sync/api.ts";
import type { Quality } from "./api.ts";
import { capturedAt, offerCaptureTime } from "./capturetime.ts";
import { moving, seen } from "./choice.ts";
import { h264Of } from "./codecs.ts";
import type { Driver, DriverEvents } from "./driver.ts";
import { Frames } from "./frames.ts";
import { inboundFigures, LinkMeter, NO_FIGURES } from "./figures.ts";
import { Line } from "./line.ts";
import { ShownClock } from "./shownclock.ts";
import { ShownValue } from "./shown.ts";
import { SoundClock } from "./soundclock.ts";
import { RtpStamps } from "./stampmaps.ts";
import type { Site } from "./uplink.ts";

/** The server's RTP times are asked for so often: while none is known; then; and then where T is by sound that does not say them, ms. */
const ASK_FIRST_MS = 1000;
const ASK_MS = 5000;
const ASK_SOUND_MS = 2000;
/** And so often at first where there is no shown time without them; a sound that is muted has none. */
const ASK_SOON_MS = 250;
const SOON = 10;

export class WebRtcDriver implements Driver {
  readonly player = "webrtc";
  readonly shown = new ShownValue();
  private readonly line: Line;
  private readonly frames: Frames;
  private readonly clock = new ShownClock();
  private readonly stamps = new RtpStamps();
  private readonly sound = new SoundClock();
  private readonly meter = new LinkMeter();
  private element: HTMLVideoElement | undefined;
  private stream: MediaStream | undefined;
  private picture: RTCRtpReceiver | undefined;
  private voice: RTCRtpReceiver | undefined;
  private stopReading: (() => void) | undefined;
  private ask: (() => Promise<void>) | undefined;
  private cancelAsk: (() => void) | undefined;
  private readsStamps = false;
  private target = 0;
  private readonly counts = { stamped: 0, missed: 0 };

  constructor(
    private readonly site: Site,
    private source: MediaSource,
    private quality: Quality,
    events: DriverEvents,
  ) {
    this.frames = new Frames(site.env, site.worker, {
      frame: (metadata, element) => this.frame(metadata, element),
      tick: (element) => this.tick(element),
      moves: () => moving(this.source),
    });
    this.line = new Line(site.env, site.request, site.ice, () => `sources/${source.number}/whep?quality=${this.quality}`, {
      prepare: (peer) => this.prepare(peer),
      up: (peer) => {
        this.connect(peer);
        this.askTimes();
        events.up();
      },
      down: (fault, final) => {
        this.cancelAsk?.();
        events.down(fault, final);
      },
    });
  }

  use(element: HTMLVideoElement): void {
    this.element = element;
    this.frames.watch(element);
    if (this.stream !== undefined) element.srcObject = this.stream;
  }

  pause(): void {}

  /** Now, wherever it stood. */
  resume(): void {
    this.clock.restart();
    if (seen(this.source)) this.frames.expect();
  }

  window(): undefined {
    return undefined;
  }

  seek(): void {}

  changed(source: MediaSource): void {
    const more = (source.video && !this.source.video) || (source.audio && !this.source.audio);
    const unmuted = this.source.muted && !source.muted;
    this.source = source;
    if (more) this.line.restart(); // its offer was answered without that track
    else if (unmuted) this.askTimes();
  }

  buffer(target: number): void {
    if (target === this.target) return;
    this.target = target;
    this.applyTarget();
  }

  choose(quality: Quality): void {
    if (quality === this.quality) return;
    this.quality = quality;
    this.line.resource?.choose(quality).catch(() => undefined); // what is played stays
  }

  async link(): Promise<{ loss: number; freezes: number } | undefined> {
    const report = await this.line.peer?.getStats();
    return report === undefined ? undefined : this.meter.sample(report);
  }

  async figures(): ReturnType<Driver["figures"]> {
    const report = await this.line.peer?.getStats();
    if (report === undefined) return { ...NO_FIGURES, ...this.counts };
    return { ...inboundFigures(report, this.meter), ...this.counts, jitterTarget: this.target };
  }

  stop(): void {
    this.cancelAsk?.();
    this.stopReading?.();
    this.frames.stop();
    this.line.stop();
    if (this.element !== undefined) this.element.srcObject = null;
  }

  private prepare(peer: RTCPeerConnection): void {
    this.stopReading?.();
    this.stamps.clear();
    this.sound.clear();
    this.clock.restart();
    const video = peer.addTransceiver("video", { direction: "recvonly" });
    this.stopReading = this.site.worker.read(video.receiver, ({ rtp, time }) => this.stamps.add(rtp, time));
    this.readsStamps = this.stopReading !== undefined;
    const audio = peer.addTransceiver("audio", { direction: "recvonly" });
    offerCaptureTime(audio);
    const codecs = this.site.env.codecs("receive");
    if (codecs.length > 0) video.setCodecPreferences(h264Of(codecs));
    this.picture = video.receiver;
    this.voice = audio.receiver;
    this.applyTarget();
  }

  /** Shows the tracks that the server answered with: one that never gets anything would keep the others waiting. */
  private connect(peer: RTCPeerConnection): void {
    const tracks = peer
      .getTransceivers()
      .filter(({ currentDirection, receiver }) => currentDirection === "recvonly" && (receiver.track.kind === "video" ? this.source.video : this.source.audio))
      .map(({ receiver }) => receiver.track);
    this.stream = this.site.env.stream(tracks);
    if (this.element !== undefined) this.element.srcObject = this.stream;
  }

  private frame(metadata: VideoFrameCallbackMetadata, element: HTMLVideoElement): void {
    // Firefox says nothing of RTP here, but which packet was played last.
    const rtp = metadata.rtpTimestamp ?? this.picture?.getSynchronizationSources()[0]?.rtpTimestamp;
    const known = rtp === undefined ? undefined : this.stamps.at(rtp);
    if (known?.read === true) this.counts.stamped++;
    else this.counts.missed++;
    const now = this.site.env.clock.now();
    this.shown.set(this.clock.frame(known?.time, element.currentTime), "video", now);
  }

  /** Nothing is seen: what is heard says the time, and where nothing is heard the last picture that came, which stands when none comes. */
  private tick(element: HTMLVideoElement): void {
    const now = this.site.env.clock.now();
    if (element.paused) return this.shown.set(this.shown.time, this.shown.by, now);
    const heard = this.heard();
    if (heard !== undefined) return this.shown.set(heard, "sound", now);
    const came = this.picture?.getSynchronizationSources()[0];
    // The element's own clock goes on when the network is gone; it is for browsers that tell of no pictures.
    if (came === undefined) return this.shown.set(this.clock.tick(element.currentTime), "video", now);
    const known = this.stamps.at(came.rtpTimestamp);
    this.shown.set(known === undefined ? this.shown.time : this.clock.frame(known.time, element.currentTime), "video", now);
  }

  /** Sound that stalled says the time only where there is no picture: then T stands. */
  private heard(): number | undefined {
    const played = this.voice?.getSynchronizationSources()[0];
    if (played === undefined) return undefined;
    const wall = this.site.env.wall();
    this.sound.poll({ timestamp: played.timestamp, rtp: played.rtpTimestamp, captured: capturedAt(played) }, wall);
    if (this.source.video && !this.sound.flows(wall)) return undefined;
    return this.sound.heard(wall, this.site.env.outputDelay());
  }

  /** Both together: either alone breaks lip-sync for seconds. */
  private applyTarget(): void {
    for (const receiver of [this.picture, this.voice]) {
      if (receiver !== undefined && "jitterBufferTarget" in receiver) receiver.jitterBufferTarget = this.target === 0 ? null : this.target;
    }
  }

  /** Times that frames do not say: of sound, and of video where the browser shows no frames to a worker. */
  private askTimes(): void {
    this.cancelAsk?.();
    const { resource } = this.line;
    if (resource === undefined) return;
    let known = false;
    let soon = this.source.video && this.readsStamps ? 0 : SOON;
    const ask = async (): Promise<void> => {
      try {
        const { audio, video } = await resource.times();
        if (audio !== undefined) this.sound.learn(audio.rtp, audio.time);
        if (video !== undefined && !this.readsStamps) this.stamps.add(video.rtp, video.time);
        known ||= audio !== undefined || !this.source.audio || this.source.muted;
      } catch {
        // A server without them: the frames' own times do.
      }
      const often = seen(this.source) || this.sound.told ? ASK_MS : ASK_SOUND_MS;
      const wait = known ? often : soon-- > 0 ? ASK_SOON_MS : ASK_FIRST_MS;
      if (this.ask === ask && this.line.resource === resource) this.cancelAsk = this.site.env.clock.after(wait, () => void ask());
    };
    this.ask = ask;
    void ask();
  }
}
