// What leaves this page of one kind: the WHIP connection and its two senders.
import { Code } from "../protocol/codes.ts";
import type { MediaSource } from "../sync/api.ts";
import type { MediaFault, Publisher } from "./api.ts";
import { offerCaptureTime } from "./capturetime.ts";
import { cameraEncodings, h264Of, screenEncodings } from "./codecs.ts";
import type { MediaEnvironment } from "./environment.ts";
import { Line } from "./line.ts";
import type { IceServers, Request } from "./resource.ts";
import { EncodeTime } from "./encodetime.ts";
import type { WorkerLink } from "./workerlink.ts";

/** Nobody played it for so long: the picture is not sent (MED5 allows 5 s), ms. */
const UNWANTED_MS = 2500;
/** Encode times are looked at so often, ms. */
const LOOK_MS = 1000;

/** What publishing and playing share of one page. */
export interface Site {
  readonly env: MediaEnvironment;
  readonly request: Request;
  readonly ice: IceServers;
  readonly worker: WorkerLink;
  /** Room time, µs; undefined before the first joining. */
  room(): number | undefined;
  /** Whether the session stands: what fails without it says nothing of a player. */
  connected(): boolean;
}

export interface Tracks {
  readonly video: MediaStreamTrack | null;
  readonly audio: MediaStreamTrack | null;
}

export interface UplinkEvents {
  live(): void;
  down(fault: MediaFault, final: boolean): void;
  /** One's own source of this kind as the server has it; undefined where that is not known. */
  source(): MediaSource | undefined;
}

export class Uplink {
  private readonly line: Line;
  private video: RTCRtpSender | undefined;
  private audio: RTCRtpSender | undefined;
  private stamping: { delay(ms: number): void; stop(): void } | undefined;
  private work = Promise.resolve();
  private played = true;
  private sending = true;
  private cancelPause: (() => void) | undefined;
  private cancelLook: (() => void) | undefined;

  constructor(
    private readonly site: Site,
    private readonly kind: Publisher["kind"],
    private tracks: Tracks,
    events: UplinkEvents,
  ) {
    this.line = new Line(site.env, site.request, site.ice, () => `whip?kind=${kind}`, {
      prepare: (peer) => this.prepare(peer),
      answered: () => this.arrange(),
      up: () => {
        this.look(new EncodeTime());
        events.live();
      },
      down: (fault, final) => {
        this.cancelLook?.();
        events.down(fault, final);
      },
      // Another tab of the same participant publishes now (MED4): taking turns would serve nobody.
      forbids: (closed) => (closed && isLive(events.source()) ? { kind: "refused", code: Code.TakenOver, parameters: {} } : undefined),
    });
  }

  /** Sends other tracks over the same connection. */
  replace(tracks: Tracks): void {
    this.tracks = tracks;
    this.enqueue(async () => {
      await this.video?.replaceTrack(tracks.video);
      await this.audio?.replaceTrack(tracks.audio);
    });
  }

  /** Whether anybody plays it (MED5). Sound goes on: it costs little, and is there at once. */
  wanted(on: boolean): void {
    if (on === this.played) return;
    this.played = on;
    this.cancelPause?.();
    if (on) return this.send(true);
    this.cancelPause = this.site.env.clock.after(UNWANTED_MS, () => this.send(false));
  }

  stats(): Promise<RTCStatsReport> | undefined {
    return this.line.peer?.getStats();
  }

  stop(): void {
    this.cancelPause?.();
    this.cancelLook?.();
    this.stamping?.stop();
    this.line.stop();
  }

  private prepare(peer: RTCPeerConnection): void {
    const { video, audio } = this.tracks;
    const camera = this.kind === "camera";
    const sendEncodings = camera ? cameraEncodings(video?.getSettings().height) : screenEncodings;
    const picture = peer.addTransceiver(video ?? "video", { direction: "sendonly", sendEncodings });
    picture.setCodecPreferences(h264Of(this.site.env.codecs("send")));
    this.stamping?.stop();
    this.stamping = this.site.worker.stamp(picture.sender);
    this.video = picture.sender;
    const sound = peer.addTransceiver(audio ?? "audio", { direction: "sendonly" });
    offerCaptureTime(sound);
    this.audio = sound.sender;
  }

  /** What takes parameters that are negotiated. */
  private arrange(): void {
    const { video } = this;
    if (video === undefined) return;
    this.enqueue(async () => {
      const parameters = video.getParameters();
      // Frames of a camera carry the time, so that they are to keep coming; those of a screen are to be read.
      parameters.degradationPreference = this.kind === "camera" ? "maintain-framerate" : "maintain-resolution";
      await video.setParameters(parameters);
      await activate(video, this.sending);
    });
  }

  private send(on: boolean): void {
    if (on === this.sending) return;
    this.sending = on;
    this.enqueue(async () => {
      if (this.video !== undefined) await activate(this.video, this.sending);
    });
  }

  /** Sender parameters are read and written in turns; what fails is of a connection that is no more. */
  private enqueue(job: () => Promise<void>): void {
    this.work = this.work.then(job).catch(() => undefined);
  }

  private look(time: EncodeTime): void {
    this.cancelLook = this.site.env.clock.after(LOOK_MS, () => {
      this.video
        ?.getStats()
        .then((report) => this.stamping?.delay(time.sample(report)))
        .catch(() => undefined);
      this.look(time);
    });
  }
}

function isLive(source: MediaSource | undefined): boolean {
  return source !== undefined && (source.video || source.audio);
}

/** Turns all encodings of a sender on, with a key frame, or off. */
async function activate(sender: RTCRtpSender, on: boolean): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = on;
  const options = { encodingOptions: parameters.encodings.map(() => ({ keyFrame: on })) };
  try {
    await sender.setParameters(parameters, options);
  } catch {
    await sender.setParameters({ ...sender.getParameters(), encodings: parameters.encodings }); // knows no options
  }
}
