// What the page knows of media in a room: which sources are played, how loud, and what its person may do with them.
import { signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { Media, Player, Playing } from "../../media/api.ts";
import type { MediaSource, RoomSession } from "../../sync/api.ts";
import { codeOf } from "../gateway.ts";
import { OwnCamera } from "./own.ts";
import type { Switches } from "./own.ts";
import { Preview } from "./preview.ts";
import type { Region } from "./regions.ts";
import { OwnStreamKey } from "./streamkey.ts";

/** A tile that is out of view for so long is out of view, ms: lists are scrolled past. */
const UNSEEN_MS = 2000;

export class Av {
  readonly session: RoomSession;
  readonly media: Media;
  readonly own: OwnCamera;
  readonly preview = new Preview();
  readonly streamKey: OwnStreamKey;
  /** Code of the last request that the server refused, undefined: none; 0: it was not reached. */
  readonly problem = signal<number | undefined>(undefined);
  /** The media's delay when it was last known, ms. */
  readonly delay = signal(0);
  /** The encoder's panel, the diagnostics' panel, and the source that is being calibrated. */
  readonly encoder = signal(false);
  readonly figures = signal(false);
  /** The part of one's screen that is shared; undefined: all of it. */
  readonly region = signal<Region | undefined>(undefined);
  /** How all of it looked when a part was chosen: the address of a picture. */
  readonly still = signal<string | undefined>(undefined);
  readonly calibrating = signal<number | undefined>(undefined);
  /** Tiles in view, by source. */
  readonly #seen = new Map<number, number>();
  /** Of tiles that went out of view. */
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #closed = false;
  readonly #volumes = new Map<number, Signal<number>>();
  readonly #players = new Map<number, Player | "auto">();
  readonly #playing = new Map<number, Playing>();
  readonly #stops: readonly (() => void)[];

  constructor(session: RoomSession, media: Media) {
    this.session = session;
    this.media = media;
    this.streamKey = new OwnStreamKey(session);
    this.own = new OwnCamera(session, media, (source, change) => this.#switch(source, change));
    this.#stops = [
      session.sources.subscribe(() => this.#play()),
      session.stage.subscribe(() => this.#play()),
      media.camera.state.subscribe(() => this.#play()),
      media.alignment.subscribe((a) => {
        if (a.kind === "aligned") this.delay.value = a.delay;
      }),
      media.screen.state.subscribe((state) => {
        if (state === "off") this.region.value = this.still.value = undefined;
        this.#play();
      }),
    ];
  }

  /** Its picture and sound come from this page, not from another one of the same person. */
  isHere(source: MediaSource): boolean {
    if (!this.isOwn(source) || source.kind === "stream") return false;
    return (source.kind === "camera" ? this.media.camera : this.media.screen).state.value !== "off";
  }

  /** Of several pages of the same person this is the one that publishes, else the newest. */
  get presents(): boolean {
    const source = this.session.sources.value.find((s) => this.isOwn(s) && s.kind !== "stream" && (s.video || s.audio));
    if (source !== undefined) return this.isHere(source);
    return this.session.people.value.filter((p) => p.participant === this.session.participant).at(-1)?.self !== false;
  }

  isOwn(source: MediaSource): boolean {
    return source.participant === this.session.participant;
  }

  /** Whether its person may switch a source off and on (MED6). */
  maySwitch(source: MediaSource): boolean {
    return this.directs || this.isOwn(source);
  }

  /** Whether its person runs the class. */
  get directs(): boolean {
    const role = this.role;
    return role === "teacher" || role === "assistant";
  }

  get role(): string {
    return this.session.people.value.find((person) => person.self)?.role ?? "";
  }

  /** Of the person's choosing, 0 … 1. One's own stream is heard from the room it is made in. */
  volume(source: MediaSource): Signal<number> {
    let volume = this.#volumes.get(source.number);
    if (volume === undefined) this.#volumes.set(source.number, (volume = signal(this.isOwn(source) ? 0 : 1)));
    return volume;
  }

  setVolume(source: MediaSource, volume: number): void {
    this.volume(source).value = volume;
    this.#playing.get(source.number)?.setVolume(volume);
  }

  player(source: number): Player | "auto" {
    return this.#players.get(source) ?? "auto";
  }

  setPlayer(source: number, player: Player | "auto"): void {
    this.#players.set(source, player);
    // Who chooses wants to see it; and not every player can be paused and let go on.
    if (this.#playing.has(source)) this.media.play(source, { player }).resume();
  }

  crop(region: Region | undefined): void {
    this.region.value = region;
    this.media.screen.crop(region);
  }

  /** A tile of a source is in view until the function returned is called. */
  see(source: number): () => void {
    this.#seen.set(source, (this.#seen.get(source) ?? 0) + 1);
    this.#play();
    return () => {
      if (this.#closed) return; // tiles go after the room that they are of
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        const left = (this.#seen.get(source) ?? 1) - 1;
        if (left > 0) this.#seen.set(source, left);
        else this.#seen.delete(source);
        this.#play();
      }, UNSEEN_MS);
      this.#timers.add(timer);
    };
  }

  /** Takes sound or picture of a source off for everybody, or puts it back: of the camera here with its devices. */
  async setSwitches(source: MediaSource, change: Switches): Promise<void> {
    if (source.kind !== "camera" || !this.isHere(source)) return this.#switch(source, change);
    if (change.hidden !== undefined) await this.own.setVideo(!change.hidden);
    if (change.muted !== undefined) await this.own.setAudio(!change.muted);
  }

  /** How long before its arrival a stream's picture was taken, µs. Returns whether the server has it. */
  setOffset(source: number, offset: number): Promise<boolean> {
    return this.#ask(`sources/${source}/offset`, { offset_us: Math.round(offset) });
  }

  /** What was set so, µs; 0: it never was. Undefined: the server does not say. */
  async offset(source: number): Promise<number | undefined> {
    try {
      const answer = (await (await this.session.request(`sources/${source}/offset`, { cache: "no-store" })).json()) as { offset_us?: unknown };
      return typeof answer.offset_us === "number" ? answer.offset_us : undefined;
    } catch (error) {
      this.problem.value = codeOf(error);
      return undefined;
    }
  }

  /** For good: nothing is played after it. */
  close(): void {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.own.close();
    this.preview.close();
    this.#playing.clear();
    this.media.stop();
  }

  /** At the server; what is not named stays. */
  async #switch(source: MediaSource, change: Switches): Promise<void> {
    await this.#ask(`sources/${source.number}/switches`, change);
  }

  async #ask(path: string, body: object): Promise<boolean> {
    try {
      await this.session.request(path, { method: "PUT", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
      return true;
    } catch (error) {
      this.problem.value = codeOf(error);
      return false;
    }
  }

  /** The lead's sources are played always, since the boards wait for them; others while they are seen. */
  #play(): void {
    if (this.#closed) return;
    const { lead } = this.session.stage.value;
    const wanted = this.session.sources.value.filter((source) =>
      !this.isHere(source) && ((source.participant === lead && !this.isOwn(source)) || (this.#seen.has(source.number) && (source.video || source.audio))));
    for (const [number, playing] of [...this.#playing]) {
      if (wanted.some((source) => source.number === number)) continue;
      this.#playing.delete(number);
      playing.stop();
    }
    for (const source of wanted) {
      if (this.#playing.has(source.number)) continue;
      const playing = this.media.play(source.number, { player: this.player(source.number) });
      playing.setVolume(this.volume(source).peek());
      this.#playing.set(source.number, playing);
    }
  }
}
