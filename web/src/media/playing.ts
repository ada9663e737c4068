// One source being played: by which player, in which element, and what becomes of it.
import { Code } from "../protocol/codes.ts";
import type { MediaSource } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import type { MediaFault, Player, Playing, Quality } from "./api.ts";
import { gives, playersOf, type Failures } from "./choice.ts";
import type { Driver } from "./driver.ts";
import { driverOf } from "./drivers.ts";
import { Screening } from "./screening.ts";
import type { Shown } from "./shown.ts";
import type { Site } from "./uplink.ts";

type State = Playing["state"]["value"];

/** Failures in a row after which another player is tried, where there is one. */
const TRIES = 3;
/** The only player that there is failed for good: it is tried anew after, ms. */
const ANEW_MS = 5000;
/** The window is looked at so often, ms. */
const WINDOW_MS = 500;
/** A readyState: there is more than the picture that is shown. */
const HAVE_FUTURE_DATA = 3;
/** A live stream whose publisher went is over when nothing of it has been seen for so long, ms. */
const OVER_MS = 10_000;

export class SourcePlaying implements Playing {
  readonly player: Value<Player>;
  readonly state = new Value<State>("starting");
  readonly fault = new Value<MediaFault | undefined>(undefined);
  readonly window = new Value<{ readonly behind: number; readonly most: number } | undefined>(undefined);
  /** Told at each frame, and at ticks where there are none. */
  onShown: (() => void) | undefined;
  private readonly screening: Screening;
  private driver: Driver | undefined;
  private stopShown: (() => void) | undefined;
  private wanted: Player | "auto" = "auto";
  /** Instead of what the person wants, for a while (ALN7). */
  private override: Player | undefined;
  private quality: Quality = "auto";
  private tries = 0;
  private paused = false;
  private cancelAnew: (() => void) | undefined;
  private cancelWindow: (() => void) | undefined;
  private readonly stopVisible: () => void;

  constructor(
    private readonly site: Site,
    private info: MediaSource,
    private readonly failures: Failures,
    private readonly ended: () => void,
    options: { readonly player?: Player | "auto"; readonly quality?: Quality },
  ) {
    this.player = new Value<Player>(this.choice() ?? "webrtc");
    this.screening = new Screening(site.env, { playing: () => this.shows(), waiting: () => this.waits() });
    this.wanted = options.player ?? "auto";
    this.quality = options.quality ?? "auto";
    this.begin();
    this.lookAtWindow();
    this.stopVisible = site.env.signals.subscribe((signal) => {
      if (signal === "online" && this.driver === undefined) this.begin();
    });
  }

  get source(): number {
    return this.info.number;
  }

  get element(): HTMLVideoElement {
    return this.screening.element;
  }

  get blocked(): Value<boolean> {
    return this.screening.blocked;
  }

  get shown(): Shown | undefined {
    return this.driver?.shown;
  }

  get active(): Driver | undefined {
    return this.driver;
  }

  /** What is asked for of a source that is played already. */
  ask({ player, quality }: { readonly player?: Player | "auto"; readonly quality?: Quality }): void {
    if (quality !== undefined && quality !== this.quality) {
      this.quality = quality;
      this.driver?.choose(quality);
    }
    if (player === undefined || player === this.wanted) return;
    this.wanted = player;
    this.rechoose();
  }

  /** Plays it so, unless it cannot be or failed, until this is taken back by undefined or fails. */
  insist(player: Player | undefined): void {
    if (player === this.override) return;
    if (player !== undefined && (!this.can(player) || this.failures.has(this.info.number, player))) return;
    this.override = player;
    this.rechoose();
  }

  /** The room's news of the source; undefined: it is not there. */
  changed(info: MediaSource | undefined): void {
    this.info = info ?? { ...this.info, video: false, audio: false };
    const away = !this.info.video && !this.info.audio;
    if (this.over(this.info)) this.settle("away");
    else if (this.state.value === "away") this.settle("starting");
    if (this.driver !== undefined && (away || this.can(this.driver.player))) return this.driver.changed(this.info);
    if (!away) this.begin();
  }

  /** Its publisher is away by this news, and what came before has been seen: a live stream is seconds behind. */
  over({ video, audio }: MediaSource): boolean {
    if (video || audio) return false;
    const { driver } = this;
    return driver === undefined || driver.player === "webrtc" || this.site.env.clock.now() - driver.shown.movedAt > OVER_MS;
  }

  /** All of it is switched off by this news (MED6), and what came before has been seen and heard: boards wait for nothing. */
  off(source: MediaSource): boolean {
    if (gives(source) || (!source.video && !source.audio)) return false;
    return this.driver?.player === "webrtc" || this.element.readyState < HAVE_FUTURE_DATA;
  }

  time(): number | undefined {
    return this.driver?.shown.time;
  }

  setVolume(volume: number): void {
    this.screening.setVolume(volume);
  }

  pause(): void {
    this.paused = true;
    this.driver?.pause();
    this.screening.pause();
    this.settle("paused");
  }

  resume(): void {
    if (this.paused) {
      this.paused = false;
      this.driver?.resume();
      this.settle("starting");
    }
    this.screening.resume();
  }

  seek(behind: number): void {
    this.driver?.seek(behind);
  }

  stop(): void {
    this.cancelAnew?.();
    this.cancelWindow?.();
    this.stopVisible();
    this.close();
    this.screening.stop();
    this.ended();
  }

  private can(player: Player): boolean {
    return playersOf(this.info, this.site.env.support).includes(player);
  }

  private choice(): Player | undefined {
    const players = playersOf(this.info, this.site.env.support);
    return this.failures.choose(this.info.number, players, this.override ?? this.wanted);
  }

  private rechoose(): void {
    if (this.choice() !== this.driver?.player) this.begin();
  }

  private begin(): void {
    this.cancelAnew?.();
    this.close();
    const player = this.choice();
    if (player === undefined) return; // its publisher is away, or it cannot be played here
    this.tries = 0;
    this.player.set(player);
    this.settle("starting");
    const driver: Driver = driverOf(player, this.site, this.info, this.quality, {
      up: () => this.up(player),
      down: (fault, final) => this.down(player, fault, final),
    });
    this.driver = driver;
    this.stopShown = driver.shown.subscribe(() => this.onShown?.());
    driver.use(this.screening.element);
    this.screening.play();
  }

  private close(): void {
    this.stopShown?.();
    this.driver?.stop();
    this.driver = undefined;
  }

  private up(player: Player): void {
    this.tries = 0;
    this.failures.clear(this.info.number, player);
    this.fault.set(undefined);
    this.screening.play();
  }

  private down(player: Player, fault: MediaFault, final: boolean): void {
    this.fault.set(fault);
    this.settle("stalled");
    const others = gives(this.info) && playersOf(this.info, this.site.env.support).length > 1 && (this.override !== undefined || this.wanted === "auto");
    // Where nothing goes out, or the server or the source is gone, that is no fault of the player's.
    const failed = this.site.connected() && !(fault.kind === "refused" && fault.code === Code.NoSuchSource);
    if (!final && !(failed && others && ++this.tries >= TRIES)) return;
    if (failed) {
      this.failures.note(this.info.number, player);
      this.override = undefined;
    }
    this.close();
    if (this.choice() !== player) this.begin();
    else this.cancelAnew = this.site.env.clock.after(ANEW_MS, () => this.begin());
  }

  private shows(): void {
    this.settle("playing");
  }

  private waits(): void {
    if (this.state.value === "playing") this.settle("stalled");
  }

  /** Away and paused stand over what the element says. */
  private settle(state: State): void {
    if (this.over(this.info)) this.state.set("away");
    else this.state.set(this.paused ? "paused" : state);
  }

  private lookAtWindow(): void {
    const window = this.driver?.window();
    const same = window?.behind === this.window.value?.behind && window?.most === this.window.value?.most;
    if (!same) this.window.set(window);
    if (this.over(this.info) && this.state.value !== "away") this.settle("away");
    this.cancelWindow = this.site.env.clock.after(WINDOW_MS, () => this.lookAtWindow());
  }
}
