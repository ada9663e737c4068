// The ways that media and strokes can take, and what is expected of each.
import type { Player } from "../../web/src/media/api.ts";
import type { Weather } from "./link.ts";

export interface Path {
  readonly name: string;
  /** What the pupil's page plays with. */
  readonly player: Player;
  /** How the teacher's picture comes into the server. */
  readonly from: "page" | "plain page" | "encoder";
  /** Of the pupil's media, and of the pupil's signalling. */
  readonly media?: Weather;
  readonly signalling?: Weather;
  /** False: the page shows strokes as they come. */
  readonly aligned: boolean;
  /** The publisher breaks off and comes back in the middle. */
  readonly discontinuity?: boolean;
  /** 95th percentile, ms; undefined: for contrast. */
  readonly goal: number | undefined;
  /** So long before strokes are judged, s. */
  readonly settle: number;
}

const lossy = (loss: number): Weather => ({ up: 50, down: 50, jitter: 50, loss });

export const PATHS: readonly Path[] = [
  { name: "webrtc", player: "webrtc", from: "page", aligned: true, goal: 33, settle: 4 },
  { name: "httpts", player: "httpts", from: "page", aligned: true, goal: 33, settle: 6 },
  { name: "hls", player: "hls", from: "page", aligned: true, discontinuity: true, goal: 33, settle: 8 },
  { name: "webrtc-loss5", player: "webrtc", from: "page", media: lossy(0.05), aligned: true, goal: 66, settle: 10 },
  { name: "webrtc-loss10", player: "webrtc", from: "page", media: lossy(0.1), aligned: true, goal: 66, settle: 10 },
  { name: "signalling-late", player: "webrtc", from: "page", signalling: { down: 300 }, aligned: true, goal: 66, settle: 10 },
  { name: "rtmp", player: "httpts", from: "encoder", aligned: true, goal: 66, settle: 6 },
  { name: "whip-plain", player: "webrtc", from: "plain page", aligned: true, goal: 66, settle: 6 },
  { name: "unaligned-webrtc", player: "webrtc", from: "page", aligned: false, goal: undefined, settle: 4 },
  { name: "unaligned-hls", player: "hls", from: "page", aligned: false, goal: undefined, settle: 8 },
];

/** Never may a stroke be drawn more than so long before its frame, ms. */
export const EARLY_MAX = 200;
