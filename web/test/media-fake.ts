// The world of media in simulated time: a clock, a room's session, and connections that do as they are told.
import type { Connection, MediaSource, Person, RoomSession, Stage } from "../src/sync/api.ts";
import type { Clock } from "../src/sync/clock.ts";
import type { Signal } from "../src/sync/environment.ts";
import { Value } from "../src/sync/observable.ts";
import type { FrameWorker, MediaEnvironment } from "../src/media/environment.ts";
import type { FromWorker, ToWorker } from "../src/media/workermessages.ts";

export class FakeClock implements Clock {
  private time = 1000;
  private timers: { at: number; call: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.time + ms, call };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((other) => other !== timer));
  }

  /** Lets ms pass; everything that was promised meanwhile is done. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await settle();
    }
    this.time = end;
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}

class FakeTransport extends EventTarget {
  state: RTCDtlsTransportState = "connected";
}

/** Of a camera or a microphone. */
export class FakeTrack extends EventTarget {
  enabled = true;
  contentHint = "";
  readyState: MediaStreamTrackState = "live";

  constructor(readonly kind: "video" | "audio") {
    super();
  }

  getSettings(): MediaTrackSettings {
    return { height: 720 };
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** Its device is pulled out. */
  unplug(): void {
    this.stop();
    this.dispatchEvent(new Event("ended"));
  }
}

export class FakeSender {
  transform: unknown;
  track: MediaStreamTrack | null;
  readonly written: { active: boolean | undefined; keyFrame: boolean | undefined }[] = [];
  private encodings: RTCRtpEncodingParameters[];

  constructor(track: MediaStreamTrack | null, encodings: readonly RTCRtpEncodingParameters[]) {
    this.track = track;
    this.encodings = encodings.map((encoding) => ({ active: true, ...encoding }));
  }

  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
  }

  getParameters(): { encodings: RTCRtpEncodingParameters[] } {
    return { encodings: this.encodings.map((encoding) => ({ ...encoding })) };
  }

  async setParameters({ encodings }: { encodings: RTCRtpEncodingParameters[] }, options?: { encodingOptions: { keyFrame: boolean }[] }): Promise<void> {
    this.encodings = encodings;
    if (options !== undefined) this.written.push({ active: encodings[0]?.active, keyFrame: options.encodingOptions[0]?.keyFrame });
  }

  async getStats(): Promise<Map<string, unknown>> {
    return new Map();
  }

  get active(): boolean {
    return this.encodings.every(({ active }) => active === true);
  }
}

export const ABS_CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";

export interface FakeReceiver {
  transform?: unknown;
  jitterBufferTarget: number | null;
  readonly track: { readonly kind: string };
  readonly transport: FakeTransport;
  getSynchronizationSources(): { timestamp: number; rtpTimestamp: number; captureTimestamp?: number }[];
}

export interface FakeTransceiver {
  readonly kind: string;
  readonly direction: string;
  currentDirection: string;
  readonly sender: FakeSender;
  readonly receiver: FakeReceiver;
  codecs: readonly RTCRtpCodec[];
  setCodecPreferences(codecs: readonly RTCRtpCodec[]): void;
  /** What a browser has, and which way each goes. */
  extensions: readonly { readonly uri: string; direction: string }[];
  getHeaderExtensionsToNegotiate(): { readonly uri: string; direction: string }[];
  setHeaderExtensionsToNegotiate(all: readonly { readonly uri: string; direction: string }[]): void;
}

/** An RTCPeerConnection whose state the test sets. */
export class FakePeer extends EventTarget {
  connectionState: RTCPeerConnectionState = "new";
  iceGatheringState: RTCIceGatheringState = "complete";
  localDescription = { sdp: "" };
  remote = "";
  readonly transport = new FakeTransport();
  readonly transceivers: FakeTransceiver[] = [];

  addTransceiver(what: MediaStreamTrack | string, init: RTCRtpTransceiverInit): FakeTransceiver {
    const kind = typeof what === "string" ? what : what.kind;
    const transceiver: FakeTransceiver = {
      kind,
      direction: init.direction ?? "",
      currentDirection: "recvonly",
      sender: new FakeSender(typeof what === "string" ? null : what, init.sendEncodings ?? [{}]),
      receiver: { jitterBufferTarget: null, track: { kind }, transport: this.transport, getSynchronizationSources: () => [] },
      codecs: [],
      setCodecPreferences: (codecs) => void (transceiver.codecs = codecs),
      extensions: [{ uri: "urn:ietf:params:rtp-hdrext:sdes:mid", direction: "sendrecv" }, { uri: ABS_CAPTURE_TIME, direction: "stopped" }],
      getHeaderExtensionsToNegotiate: () => transceiver.extensions.map((extension) => ({ ...extension })),
      setHeaderExtensionsToNegotiate: (all) => void (transceiver.extensions = all),
    };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }

  async setLocalDescription(): Promise<void> {
    this.localDescription = { sdp: "offer" };
  }

  async setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remote = sdp;
  }

  async getStats(): Promise<Map<string, unknown>> {
    return new Map();
  }

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  /** The server says good-bye. */
  dismiss(): void {
    this.transport.state = "closed";
    this.transport.dispatchEvent(new Event("statechange"));
  }

  close(): void {
    this.connectionState = "closed";
  }
}

export class FakeElement extends EventTarget {
  srcObject: unknown = null;
  currentTime = 0;
  seeking = false;
  paused = true;
  muted = false;
  volume = 1;
  autoplay = false;
  playsInline = false;
  isConnected = true;
  /** Sound needs a click. */
  strict = false;
  /** Of what it plays by itself: its URL, what can be sought in, s, and the date of media time 0. */
  src = "";
  range: readonly [number, number] | undefined;
  startDate = new Date(NaN);
  /** Of what it is given: the end of what has come, s. */
  loaded = 0;
  error: { readonly message: string } | null = null;
  readyState = 4;
  /** Pictures that came, seen or not. */
  pictures = 0;
  readonly baseURI = "https://school.example/";
  private callback: ((now: number, metadata: VideoFrameCallbackMetadata) => void) | undefined;

  async play(): Promise<void> {
    if (this.strict && !this.muted) throw new DOMException("a click first", "NotAllowedError");
    this.paused = false;
    this.dispatchEvent(new Event("playing"));
  }

  pause(): void {
    this.paused = true;
    this.dispatchEvent(new Event("pause"));
  }

  /** It is taken off the page, which pauses it. */
  leave(): void {
    this.isConnected = false;
    this.pause();
  }

  getVideoPlaybackQuality(): { totalVideoFrames: number } {
    return { totalVideoFrames: this.pictures };
  }

  requestVideoFrameCallback(callback: (now: number, metadata: VideoFrameCallbackMetadata) => void): number {
    this.callback = callback;
    return 1;
  }

  cancelVideoFrameCallback(): void {
    this.callback = undefined;
  }

  get seekable(): { readonly length: number; start(): number; end(): number } {
    const [start, end] = this.range ?? [0, 0];
    return { length: this.range === undefined ? 0 : 1, start: () => start, end: () => end };
  }

  get buffered(): { readonly length: number; end(): number } {
    return { length: this.loaded > 0 ? 1 : 0, end: () => this.loaded };
  }

  getStartDate(): Date {
    return this.startDate;
  }

  removeAttribute(name: "src"): void {
    this[name] = "";
  }

  load(): void {
    this.range = undefined;
  }

  /** rtpTimestamp: undefined in browsers that do not tell. */
  frame(rtpTimestamp: number | undefined, mediaTime = this.currentTime): void {
    const { callback } = this;
    this.callback = undefined;
    this.pictures++;
    callback?.(0, { rtpTimestamp, mediaTime } as VideoFrameCallbackMetadata);
  }
}

class FakeWorker implements FrameWorker {
  readonly told: ToWorker[] = [];
  readonly ports: { role: string; port: MessagePort }[] = [];
  private listener: ((message: FromWorker) => void) | undefined;

  post(message: ToWorker): void {
    this.told.push(message);
  }

  listen(listener: (message: FromWorker) => void): void {
    this.listener = listener;
  }

  transform(role: "send" | "receive", port: MessagePort): RTCRtpScriptTransform {
    this.ports.push({ role, port });
    return { role } as unknown as RTCRtpScriptTransform;
  }

  say(message: FromWorker): void {
    this.listener?.(message);
  }
}

export const H264: RTCRtpCodec[] = [
  { mimeType: "video/VP8", clockRate: 90_000 },
  { mimeType: "video/H264", clockRate: 90_000, sdpFmtpLine: "packetization-mode=0;profile-level-id=42001f" },
  { mimeType: "video/rtx", clockRate: 90_000 },
  { mimeType: "video/H264", clockRate: 90_000, sdpFmtpLine: "packetization-mode=1;profile-level-id=42001f" },
];

export const SYNCED: Connection = { kind: "synced", route: "webtransport", fallback: false, rttMs: 20, unsent: 0, sending: false };

/** One page and its room. Room time is the clock's, in µs, from an hour on. */
export class FakeWorld {
  readonly clock = new FakeClock();
  readonly peers: FakePeer[] = [];
  readonly elements: FakeElement[] = [];
  readonly worker = new FakeWorker();
  readonly requests: string[] = [];
  readonly shows: (number | "now")[] = [];
  readonly sources = new Value<readonly MediaSource[]>([]);
  readonly connection = new Value<Connection>(SYNCED);
  readonly stage = new Value<Stage>({ page: "", lead: "" });
  readonly people = new Value<readonly Person[]>([]);
  readonly listeners = new Set<(signal: Signal) => void>();
  codecs: readonly RTCRtpCodec[] = H264;
  visible = true;
  /** Elements want a click before they let sound out. */
  strict = false;
  readonly support = { webrtc: true, mse: true, nativeHls: false };
  hls: () => Promise<unknown> = () => Promise.reject(new Error("no HLS here"));
  gesture: (() => void) | undefined;
  /** Called when the page is left. */
  readonly leaves = new Set<() => void>();
  closed = false;
  late: ((ms: number) => void) | undefined;
  /** Answers a request instead of the usual. */
  answer: ((path: string, init: RequestInit) => Response | Error | undefined) | undefined;
  /** Why a camera, a microphone or a screen is not given. */
  refuse: ((wish: MediaStreamConstraints) => Error | undefined) | undefined;
  /** What was given of them. */
  readonly tracks: FakeTrack[] = [];
  private posts = 0;

  get peer(): FakePeer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error("no connection was made");
    return peer;
  }

  get room(): number {
    return (this.clock.now() + 3_600_000) * 1000;
  }

  readonly session = this.sessionOf();
  readonly env = this.environmentOf();

  private sessionOf(): RoomSession {
    const world = this;
    const part = {
      participant: "me",
      connection: this.connection,
      sources: this.sources,
      stage: this.stage,
      people: this.people,
      alignment: {
        now: () => world.room,
        at: (local: number) => (local + 3_600_000) * 1000,
        show: (shown: number | "now") => void world.shows.push(shown),
        late: (listener: (ms: number) => void) => {
          world.late = listener;
          return () => undefined;
        },
        held: new Value(0),
        returning: new Value(false),
      },
      request: (path: string, init: RequestInit = {}) => world.request(path, init),
    };
    return part as unknown as RoomSession;
  }

  private environmentOf(): MediaEnvironment {
    const world = this;
    const part = {
      clock: this.clock,
      wall: () => world.clock.now(),
      random: () => 0,
      signals: {
        online: true,
        get visible() {
          return world.visible;
        },
        subscribe: (listener: (signal: Signal) => void) => {
          world.listeners.add(listener);
          return () => void world.listeners.delete(listener);
        },
      },
      support: this.support,
      devices: { addEventListener: () => undefined, removeEventListener: () => undefined, enumerateDevices: async () => [], ...world.capture() },
      peer: () => {
        world.peers.push(new FakePeer());
        return world.peer;
      },
      codecs: () => world.codecs,
      worker: this.worker,
      live: { hls: () => world.hls(), mpegts: () => Promise.reject(new Error("no MPEG-TS here")) },
      element: () => {
        const element = new FakeElement();
        element.strict = world.strict;
        world.elements.push(element);
        return element;
      },
      stream: (tracks: readonly unknown[]) => ({ getTracks: () => tracks }),
      meter: () => ({ level: () => 0.5, stop: () => undefined }),
      outputDelay: () => 40,
      leaving: (call: () => void) => {
        world.leaves.add(call);
        return () => void world.leaves.delete(call);
      },
      gesture: (call: () => void) => {
        world.gesture = call;
        return () => void (world.gesture = undefined);
      },
      close: () => void (world.closed = true),
    };
    return part as unknown as MediaEnvironment;
  }

  private capture(): object {
    const open = async (wish: MediaStreamConstraints): Promise<object> => {
      const refusal = this.refuse?.(wish);
      if (refusal !== undefined) throw refusal;
      const tracks = (["video", "audio"] as const).filter((kind) => wish[kind] !== undefined).map((kind) => new FakeTrack(kind));
      this.tracks.push(...tracks);
      return { getTracks: () => tracks };
    };
    return { getUserMedia: open, getDisplayMedia: open };
  }

  private async request(path: string, init: RequestInit): Promise<Response> {
    this.requests.push(`${init.method ?? "GET"} ${path}`);
    const special = this.answer?.(path, init);
    if (special instanceof Error) throw special;
    if (special !== undefined) return special;
    if (path === "ice") return Response.json({ ice_servers: [{ urls: "stun:server" }] });
    if (init.method === "POST") return new Response("answer", { status: 201, headers: { Location: `/api/rooms/00000-00042/${path.replace(/\?.*/, "")}/${++this.posts}` } });
    if (init.method === undefined) return Response.json({});
    return new Response(null, { status: 204 });
  }
}

export function sourceOf(number: number, more: Partial<MediaSource> = {}): MediaSource {
  return {
    number, participant: "ann", kind: "camera", video: true, audio: true, paused: false, wanted: true, timed: true,
    muted: false, hidden: false, webrtc: true, live: false, ...more,
  };
}
