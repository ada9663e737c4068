// What media are given of the world; browser.ts has a browser's, tests have their own.
import type { Clock } from "../sync/clock.ts";
import type { Signals } from "../sync/environment.ts";
import type { Support } from "./choice.ts";
import type { FromWorker, ToWorker } from "./workermessages.ts";

/** Loudness of a stream's sound. */
export interface Meter {
  /** 0 … 1. */
  level(): number;
  stop(): void;
}

/** A worker that looks into encoded frames and ticks where the page's timers do not; workermessages.ts has what it is told. */
export interface FrameWorker {
  post(message: ToWorker): void;
  listen(listener: (message: FromWorker) => void): void;
  /** What a sender or receiver is given to have its frames go through the worker; undefined: the browser cannot. */
  transform(role: "send" | "receive", port: MessagePort): RTCRtpScriptTransform | undefined;
}

/** The cut of a picture, in parts of its width and height. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** A track that shows a part of another; it ends with it. */
export interface Cropped {
  readonly track: MediaStreamTrack;
  move(region: Region): void;
  stop(): void;
}

/** What decodes live streams, loaded when first used. */
export interface LivePlayers {
  hls(): Promise<typeof import("hls.js").default>;
  mpegts(): Promise<typeof import("mpegts.js").default>;
}

export interface MediaEnvironment {
  /** performance.now() and timers. */
  readonly clock: Clock;
  /** ms since 1970, of the machine. */
  wall(): number;
  /** 0 … 1. */
  random(): number;
  readonly signals: Signals;
  readonly support: Support;
  /** Undefined: the browser gives none, since the page is not secure. */
  readonly devices: MediaDevices | undefined;
  peer(configuration: RTCConfiguration): RTCPeerConnection;
  /** What the browser encodes and decodes, the preferred first; empty: nothing is known. */
  codecs(direction: "send" | "receive"): readonly RTCRtpCodec[];
  /** The one worker for all frames. */
  readonly worker: FrameWorker;
  readonly live: LivePlayers;
  /** An element that is not on the page. */
  element(): HTMLVideoElement;
  stream(tracks: readonly MediaStreamTrack[]): MediaStream;
  meter(stream: MediaStream): Meter;
  /** Undefined: the browser cannot. */
  readonly crop: ((track: MediaStreamTrack, region: Region) => Cropped) | undefined;
  /** How long sound takes to the loudspeaker, ms. */
  outputDelay(): number;
  /** Calls back at the person's next click or key. Returns how to stop. */
  gesture(call: () => void): () => void;
  /** Calls back when the page is left for good: what is to be done is done before it returns. Returns how to stop. */
  leaving(call: () => void): () => void;
  /** Lets the worker and the loudspeaker go, for good. */
  close(): void;
}
