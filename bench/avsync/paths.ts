// The ways that media and strokes can take, and what is expected of each.
import type { Player } from "../../web/src/media/api.ts";
import type { EventName } from "./events.ts";
import type { Weather } from "../../web/e2e/support/link.ts";

export interface Path {
  readonly name: string;
  /** What the pupil's page plays with. */
  readonly player: Player;
  /** How the teacher's picture comes into the server. */
  readonly from: "page" | "plain page" | "encoder" | "microphone";
  /** Of all of the teacher's. */
  readonly teacher: Weather;
  /** Of the pupil's WebRTC, and of all else of the pupil's. */
  readonly media: Weather;
  readonly site: Weather;
  /** False: the page shows strokes as they come. */
  readonly aligned: boolean;
  /**
   * Of both together, kbit/s down: they stand in one queue. Strokes are then judged by when they are seen, in turns while
   * nothing is played and while the video begins and is played.
   */
  readonly rate?: number;
  /** In the middle. Strokes are judged again that are drawn `settle` s after it. */
  readonly event?: { readonly name: EventName; readonly settle: number };
  /** 95th percentile of the error, ms; with a rate what video may add to the 99th of delivery; undefined: for contrast. */
  readonly goal: number | undefined;
  /** So long are strokes not judged at first, s. */
  readonly settle: number;
}

/** Of everybody, where nothing else is said: long in one direction only, the worst case for estimating a clock. */
const LINE: Weather = { up: 180, down: 20 };

/** What is drawn comes so much later than a picture of the same moment is shown that it is 300 ms behind it. */
const LATE: Weather = { up: 180, down: 380 };

const uneven: Weather = { up: 50, down: 50, jitter: 50 };
const lossy = (loss: number): Pick<Path, "media" | "site"> => ({ media: { ...uneven, loss }, site: { ...uneven, loss } });

const clean = { from: "page", aligned: true, goal: 33, teacher: LINE, media: LINE, site: LINE, settle: 0 } as const;
const webrtc = { ...clean, player: "webrtc" } as const;
const httpts = { ...clean, player: "httpts" } as const;
const hls = { ...clean, player: "hls" } as const;

export const PATHS: readonly Path[] = [
  { name: "webrtc", ...webrtc },
  { name: "httpts", ...httpts },
  { name: "hls", ...hls, event: { name: "republish", settle: 1 } },
  { name: "webrtc-loss5", ...webrtc, ...lossy(0.05), goal: 66, settle: 10 },
  { name: "webrtc-loss10", ...webrtc, ...lossy(0.1), goal: 66, settle: 10 },
  { name: "webrtc-uploss5", ...webrtc, teacher: { ...uneven, loss: 0.05 }, goal: undefined, settle: 10 },
  { name: "signalling-late", ...webrtc, site: LATE, goal: 66, settle: 10 },
  { name: "rtmp", ...httpts, from: "encoder", goal: 66 },
  { name: "whip-plain", ...webrtc, from: "plain page", goal: 66 },
  { name: "audio-only", ...webrtc, from: "microphone", goal: 80 },
  { name: "unaligned-webrtc", ...webrtc, aligned: false, goal: undefined },
  { name: "unaligned-hls", ...hls, aligned: false, goal: undefined },
  // What befalls a lesson.
  { name: "webrtc-republish", ...webrtc, event: { name: "republish", settle: 5 } },
  { name: "webrtc-switch", ...webrtc, event: { name: "switch", settle: 5 } },
  { name: "webrtc-dark", ...webrtc, event: { name: "dark", settle: 5 } },
  { name: "webrtc-frozen", ...webrtc, event: { name: "frozen", settle: 5 } },
  { name: "webrtc-hidden", ...webrtc, event: { name: "hidden", settle: 2 } },
  { name: "webrtc-pause", ...webrtc, event: { name: "pause", settle: 5 } },
  { name: "webrtc-offline", ...webrtc, event: { name: "offline", settle: 10 } },
  { name: "httpts-republish", ...httpts, event: { name: "republish", settle: 5 } },
  { name: "httpts-dark", ...httpts, event: { name: "dark", settle: 5 } },
  { name: "httpts-hidden", ...httpts, event: { name: "hidden", settle: 2 } },
  { name: "httpts-offline", ...httpts, event: { name: "offline", settle: 10 } },
  { name: "rtmp-jam", ...httpts, from: "encoder", goal: 66, event: { name: "jam", settle: 5 } },
  { name: "hls-hidden", ...hls, event: { name: "hidden", settle: 2 } },
  { name: "hls-pause", ...hls, event: { name: "pause", settle: 5 } },
  { name: "hls-seek", ...hls, event: { name: "seek", settle: 5 } },
  { name: "hls-offline", ...hls, event: { name: "offline", settle: 10 } },
  // Strokes as they come, through a narrow line: alone, and with the video beside them.
  { name: "narrow", ...webrtc, aligned: false, goal: 50, media: {}, site: {}, rate: 300 },
];

/** Never may a stroke be drawn more than so long before its frame, ms. */
export const EARLY_MAX = 200;
