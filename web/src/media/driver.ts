// What plays one source in one way: WebRTC, MPEG-TS over HTTP, HLS.
import type { MediaSource } from "../sync/api.ts";
import type { Figures, MediaFault, Player, Quality } from "./api.ts";
import type { Shown } from "./shown.ts";

export interface DriverEvents {
  /** It gets media. */
  up(): void;
  /** It cannot just now, and tries again; final: it will not. */
  down(fault: MediaFault, final: boolean): void;
}

export interface Driver {
  readonly player: Player;
  readonly shown: Shown;
  /** Plays in this element; called once. */
  use(element: HTMLVideoElement): void;
  pause(): void;
  resume(): void;
  /** Seconds before now, and the most that can be; undefined: it plays now only. */
  window(): { readonly behind: number; readonly most: number } | undefined;
  seek(behind: number): void;
  /** The source changed: it has other tracks, is paused, away or back. */
  changed(source: MediaSource): void;
  /** How full the jitter buffer is to be, ms (ALN6). */
  buffer(target: number): void;
  /** The link in the last second, once a second; undefined where nothing is known. */
  link(): Promise<{ readonly loss: number; readonly freezes: number } | undefined>;
  choose(quality: Quality): void;
  figures(): Promise<Omit<Figures, "source" | "direction" | "player" | "delay">>;
  stop(): void;
}
