// Which player a source is played with: the lowest latency first, and what failed last. Pure.
import type { MediaSource } from "../sync/api.ts";
import type { Player } from "./api.ts";

/** What this browser can do. */
export interface Support {
  /** WebRTC with H.264. */
  readonly webrtc: boolean;
  /** Media Source Extensions with H.264 and AAC; false on iPhones, which play HLS by themselves. */
  readonly mse: boolean;
  readonly nativeHls: boolean;
}

/** Whether a source has a picture that goes out: it is published, and not switched off (MED6). */
export function seen({ video, hidden }: MediaSource): boolean {
  return video && !hidden;
}

/** Whether its picture has frames all the time: that of a screen has some when something changes. */
export function moving(source: MediaSource): boolean {
  return seen(source) && source.kind !== "screen";
}

/** Whether anything of a source goes out. */
export function gives(source: MediaSource): boolean {
  return seen(source) || (source.audio && !source.muted);
}

/** How a source can be played here, the preferred one first. */
export function playersOf(source: MediaSource, support: Support): readonly Player[] {
  const players: Player[] = [];
  if (source.webrtc && support.webrtc) players.push("webrtc");
  if (source.live && support.mse) players.push("httpts");
  if (source.live && (support.mse || support.nativeHls)) players.push("hls");
  return players;
}

/** The players that failed, for as long as the session: each is tried again after those that did not. */
export class Failures {
  private readonly failed = new Map<string, number>();
  private count = 0;

  note(source: number, player: Player): void {
    this.failed.set(`${source} ${player}`, ++this.count);
  }

  has(source: number, player: Player): boolean {
    return this.failed.has(`${source} ${player}`);
  }

  /** It plays: what went wrong before is over. */
  clear(source: number, player: Player): void {
    this.failed.delete(`${source} ${player}`);
  }

  /** Of those that can be had, the one to play with; undefined: none. */
  choose(source: number, players: readonly Player[], wanted: Player | "auto"): Player | undefined {
    if (wanted !== "auto" && players.includes(wanted)) return wanted;
    const rank = (player: Player): number => this.failed.get(`${source} ${player}`) ?? 0;
    return [...players].sort((a, b) => rank(a) - rank(b))[0];
  }
}
