// The ways that media and strokes can take, and what is expected of each.
import type { Player } from "../../web/src/media/api.ts";
import type { EventName } from "./events.ts";
import type { Weather } from "./link.ts";

export interface Path {
  readonly name: string;
  /** What the pupil's page plays with. */
  readonly player: Player;
  /** How the teacher's picture comes into the server. */
  readonly from: "page" | "plain page" | "encoder" | "microphone";
  /** Of the pupil's media, and of the pupil's signalling. */
  readonly media?: Weather;
  readonly signalling?: Weather;
  /** False: the page shows strokes as they come. */
  readonly aligned: boolean;
  /** Of both together, kbit/s down: they stand in one queue. */
  readonly rate?: number;
  /** In the middle. Strokes are judged again `settle` after it; 0: at once, but for those that were drawn meanwhile. */
  readonly event?: { readonly name: EventName; readonly settle: number };
  /** 95th percentile of the error, ms; undefined: for contrast. */
  readonly goal: number | undefined;
  /** So long before strokes are judged, s. */
  readonly settle: number;
}

const lossy = (loss: number): Weather => ({ up: 50, down: 50, jitter: 50, loss });

const clean = { from: "page", aligned: true, goal: 33 } as const;
const webrtc = { ...clean, player: "webrtc", settle: 4 } as const;
const hls = { ...clean, player: "hls", settle: 8 } as const;

export const PATHS: readonly Path[] = [
  { name: "webrtc", ...webrtc },
  { name: "httpts", ...clean, player: "httpts", settle: 6 },
  { name: "hls", ...hls, event: { name: "republish", settle: 0 } },
  { name: "webrtc-loss5", ...webrtc, media: lossy(0.05), goal: 66, settle: 10 },
  { name: "webrtc-loss10", ...webrtc, media: lossy(0.1), goal: 66, settle: 10 },
  { name: "signalling-late", ...webrtc, signalling: { down: 300 }, goal: 66, settle: 10 },
  { name: "rtmp", ...clean, from: "encoder", player: "httpts", goal: 66, settle: 6 },
  { name: "whip-plain", ...webrtc, from: "plain page", goal: 66, settle: 6 },
  { name: "audio-only", ...webrtc, from: "microphone", goal: 80, settle: 6 },
  { name: "unaligned-webrtc", ...webrtc, aligned: false, goal: undefined },
  { name: "unaligned-hls", ...hls, aligned: false, goal: undefined },
  // What befalls a lesson.
  { name: "webrtc-republish", ...webrtc, event: { name: "republish", settle: 5 } },
  { name: "webrtc-switch", ...webrtc, event: { name: "switch", settle: 5 } },
  { name: "webrtc-dark", ...webrtc, event: { name: "dark", settle: 5 } },
  { name: "webrtc-hidden", ...webrtc, event: { name: "hidden", settle: 2 } },
  { name: "webrtc-pause", ...webrtc, event: { name: "pause", settle: 5 } },
  { name: "webrtc-offline", ...webrtc, media: {}, signalling: {}, event: { name: "offline", settle: 10 } },
  { name: "hls-hidden", ...hls, event: { name: "hidden", settle: 2 } },
  { name: "hls-pause", ...hls, event: { name: "pause", settle: 5 } },
  { name: "hls-seek", ...hls, event: { name: "seek", settle: 5 } },
  // Strokes as they come, through a narrow line: alone, and with the video beside them.
  { name: "narrow-alone", ...webrtc, from: "microphone", aligned: false, goal: undefined, media: {}, signalling: {}, rate: 600, settle: 15 },
  { name: "narrow-video", ...webrtc, aligned: false, goal: undefined, media: {}, signalling: {}, rate: 600, settle: 15 },
];

/** Never may a stroke be drawn more than so long before its frame, ms. */
export const EARLY_MAX = 200;
