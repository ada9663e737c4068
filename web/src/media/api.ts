// What the page asks of media: publish, play, and the shown time. Implemented by web/src/media; it knows the browser's media
// elements and connections, and no framework. What it shows it is given elements for.
import type { MediaSource, Observable, RoomSession, SourceKind } from "../sync/api.ts";

/** How a source is played, lowest latency first. */
export type Player = "webrtc" | "httpts" | "hls";

export type Quality = "auto" | "main" | "sub";

/** Why something cannot be published or played; its words are the page's. */
export type MediaFault =
  /** The person said no, or it is not known who did. */
  | { readonly kind: "not-allowed" }
  /** The system keeps it from the browser. */
  | { readonly kind: "by-system" }
  | { readonly kind: "no-device" }
  /** Another program has it. */
  | { readonly kind: "in-use" }
  /** http from another machine: browsers give no camera. */
  | { readonly kind: "insecure" }
  /** No H.264 here. */
  | { readonly kind: "no-h264" }
  /** The server said no: a code of docs/protocol.md. */
  | { readonly kind: "refused"; readonly code: number; readonly parameters: Readonly<Record<string, string>> }
  /** No way for media to the server; it is tried again. */
  | { readonly kind: "no-route" };

/** One's own camera and microphone, or screen. */
export interface Publisher {
  readonly kind: Exclude<SourceKind, "stream">;
  readonly state: Observable<"off" | "starting" | "live" | "reconnecting">;
  readonly fault: Observable<MediaFault | undefined>;
  /** For the preview; undefined: off. */
  readonly stream: Observable<MediaStream | undefined>;
  /** Loudness of the microphone, 0 … 1, ten times a second while on. */
  readonly level: Observable<number>;
  readonly video: Observable<boolean>;
  readonly audio: Observable<boolean>;
  /** Device ids in use; "" is the system's. Changing one keeps the connection. */
  readonly camera: Observable<string>;
  readonly microphone: Observable<string>;
  /** Starts with video, sound, or both; the kind screen asks what to share. Never rejects: see fault. */
  start(what: { readonly video: boolean; readonly audio: boolean }): Promise<void>;
  /** Switches one of the two on or off while live. */
  setVideo(on: boolean): Promise<void>;
  setAudio(on: boolean): Promise<void>;
  useCamera(device: string): Promise<void>;
  useMicrophone(device: string): Promise<void>;
  /** Whether it can show a part of itself. */
  readonly crops: boolean;
  /** Shows only this part of what is shared, in parts of its width and height, 0 … 1; undefined: all. */
  crop(region: { readonly x: number; readonly y: number; readonly w: number; readonly h: number } | undefined): void;
  stop(): void;
}

export interface Device {
  readonly id: string;
  readonly kind: "camera" | "microphone";
  /** "" until the person has allowed one. */
  readonly label: string;
}

/** One source being played. */
export interface Playing {
  readonly source: number;
  readonly player: Observable<Player>;
  readonly state: Observable<"starting" | "playing" | "stalled" | "paused" | "away">;
  readonly fault: Observable<MediaFault | undefined>;
  /** The browser wants a click before it lets sound out. */
  readonly blocked: Observable<boolean>;
  /** What it is seen and heard in, the same for as long as it is played: the page puts it where it is to be seen. Off the page it is heard. */
  readonly element: HTMLVideoElement;
  /** Of the person: 0 … 1. */
  setVolume(volume: number): void;
  pause(): void;
  /** After a pause: live streams go on where they stood, WebRTC now. */
  resume(): void;
  /** Live streams: seconds before now that can be seeked to, and where it is; undefined for WebRTC. */
  readonly window: Observable<{ readonly behind: number; readonly most: number } | undefined>;
  /** Room time of what it shows (the stamp), µs; undefined: not known. Of a frame it is known by the next animation callback. */
  time(): number | undefined;
  /** Seeks to so many seconds before now. */
  seek(behind: number): void;
  stop(): void;
}

/** How the boards follow the lead's media. */
export type Alignment =
  /** Nobody leads, or one leads oneself. */
  | { readonly kind: "none" }
  /** The lead has no media. */
  | { readonly kind: "no-media" }
  | { readonly kind: "starting" }
  /** delay: of the media behind now; error: the last record's lateness, 0 if none was late; ms. */
  | { readonly kind: "aligned"; readonly by: "video" | "sound"; readonly delay: number; readonly error: number; readonly calibrated: boolean }
  /** The person chose so, or writes (ALN7). */
  | { readonly kind: "off"; readonly reason: "chosen" | "writing" };

/** What the diagnostics panel shows of one connection; undefined where it does not apply. */
export interface Figures {
  readonly source: number;
  readonly direction: "out" | "in";
  readonly player: Player;
  /** ms. */
  readonly delay: number | undefined;
  readonly rtt: number | undefined;
  readonly buffer: number | undefined;
  readonly jitterTarget: number | undefined;
  /** 0 … 1, of the last seconds. */
  readonly loss: number | undefined;
  /** kbit/s. */
  readonly bitrate: number | undefined;
  readonly frames: number | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** "udp", "tcp", "relay" … */
  readonly transport: string | undefined;
  /** Frames whose time was read, and those where it was worked out. */
  readonly stamped: number | undefined;
  readonly missed: number | undefined;
}

export interface Media {
  readonly camera: Publisher;
  readonly screen: Publisher;
  readonly devices: Observable<readonly Device[]>;
  /** Plays a source; a source is played once, a second call gives the same. */
  play(source: number, options?: { readonly player?: Player | "auto"; readonly quality?: Quality }): Playing;
  readonly playing: Observable<readonly Playing[]>;
  readonly alignment: Observable<Alignment>;
  /** False: boards show now, whatever the video shows. */
  setAligned(on: boolean): void;
  /** The person writes on a shared board (ALN7); call it with each thing that is done on it. */
  writes(): void;
  /** Asked for while the panel is open. */
  figures(): Promise<readonly Figures[]>;
  /** How a source can be played here, the preferred one first. */
  players(source: MediaSource): readonly Player[];
  stop(): void;
}

/** Everything of the browser that media needs; tests bring their own. */
export interface MediaOptions {
  readonly session: RoomSession;
}
