// Holds the boards for the lead's media (ALN): tells the session the shown time at each frame, and keeps records from
// coming late.
import type { MediaSource, RoomSession } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import type { Alignment } from "./api.ts";
import { BufferTarget } from "./lateness.ts";
import { leadTime, type LeadTime } from "./lead.ts";
import type { SourcePlaying } from "./playing.ts";
import type { Site } from "./uplink.ts";

/** What the page is told changes so often at most, ms. */
const TELL_MS = 250;
/** The jitter buffer's target moves so often, ms. */
const STEP_MS = 500;
/** Whoever wrote within this writes (ALN7), ms. */
const WRITING_MS = 10_000;
/** A writer is no more behind than this, µs. */
const WRITER_BEHIND = 1_000_000;
/** Media that failed for so long, while boards came, are none: boards do not wait for what does not come, ms. */
const FAILED_MS = 10_000;
/** Media that have not begun for so long, while boards came, may never do, ms. */
const START_MS = 10_000;
/** A record's lateness is shown for so long, ms. */
const ERROR_MS = 10_000;

/** One of the lead's sources with what plays it. */
interface Led {
  readonly source: MediaSource;
  readonly playing: SourcePlaying;
  readonly shown: SourcePlaying["shown"];
}

export class Aligner {
  readonly alignment = new Value<Alignment>({ kind: "none" });
  private readonly target = new BufferTarget();
  private readonly stops: (() => void)[];
  private aligned = true;
  private wroteAt = -Infinity;
  private lastLate = { ms: 0, at: -Infinity };
  private toldAt = -Infinity;
  /** What the session was told last. */
  private told: number | "now" | undefined;
  private failedSince = new Map<SourcePlaying, number>();
  /** When the media began to be waited for. */
  private startingAt: number | undefined;
  private lead = "";
  private cancelStep: (() => void) | undefined;
  private steps = 0;

  constructor(
    private readonly site: Site,
    private readonly session: RoomSession,
    private readonly playing: Value<readonly SourcePlaying[]>,
  ) {
    this.stops = [
      session.stage.subscribe(() => this.update()),
      session.sources.subscribe(() => this.update()),
      playing.subscribe((all) => this.watch(all)),
      session.alignment.late((ms) => this.late(ms)),
      site.worker.ticks(() => this.tick()),
    ];
    this.step();
  }

  setAligned(on: boolean): void {
    this.aligned = on;
    this.update();
  }

  writes(): void {
    this.wroteAt = this.site.env.clock.now();
    this.update();
  }

  stop(): void {
    this.cancelStep?.();
    for (const stop of this.stops) stop();
    this.show("now");
  }

  private watch(all: readonly SourcePlaying[]): void {
    for (const playing of all) playing.onShown = () => this.update();
    for (const known of this.failedSince.keys()) if (!all.includes(known)) this.failedSince.delete(known);
    this.update();
  }

  /** Where nothing is played there are no frames: what is over with time ends by ticks. */
  private tick(): void {
    if (this.site.env.clock.now() - this.toldAt >= TELL_MS) this.update();
  }

  /** At each frame: everything is worked out anew, since it takes next to nothing. */
  private update(): void {
    const { lead } = this.session.stage.value;
    if (lead !== this.lead) this.change(lead);
    this.takeBack();
    if (lead === "" || lead === this.session.participant) return this.now({ kind: "none" });
    if (!this.aligned) return this.now({ kind: "off", reason: "chosen" });
    const led = this.led(lead);
    if (led.length === 0) return this.now({ kind: "no-media" });
    const now = this.site.env.clock.now();
    const time = leadTime(led, now);
    if (this.writing(led, time)) return this.now({ kind: "off", reason: "writing" });
    if (time === undefined) return this.starting(now);
    this.startingAt = undefined;
    this.follow(time, now);
  }

  /** What a writer was given instead of their choice is for as long as they write, and boards are held for it (ALN7). */
  private takeBack(): void {
    const given = this.wroteLately && this.aligned && this.lead !== this.session.participant;
    for (const playing of this.playing.value) if (!given || this.sourceOf(playing)?.participant !== this.lead) playing.insist(undefined);
  }

  private change(lead: string): void {
    this.lead = lead;
    for (const playing of this.playing.value) playing.active?.buffer(0);
  }

  /** The lead's sources that are there, on and played here, but those that were given up. */
  private led(lead: string): Led[] {
    return this.playing.value.flatMap((playing) => {
      const source = this.sourceOf(playing);
      if (source === undefined || source.participant !== lead || playing.over(source) || playing.off(source) || this.givenUp(playing)) return [];
      return [{ source, playing, shown: playing.shown }];
    });
  }

  private sourceOf(playing: SourcePlaying): MediaSource | undefined {
    return this.session.sources.value.find(({ number }) => number === playing.source);
  }

  /** Whether it failed for long; then the time that it says is of before, until it has a frame again. */
  private givenUp(playing: SourcePlaying): boolean {
    const now = this.site.env.clock.now();
    const since = this.failedSince.get(playing) ?? now;
    const long = now - since >= FAILED_MS;
    const back = playing.fault.value === undefined && (!long || (playing.shown?.movedAt ?? -Infinity) > since + FAILED_MS);
    if (back) this.failedSince.delete(playing);
    else this.failedSince.set(playing, long || this.connected ? since : now);
    return long && !back;
  }

  /** Whether the person writes and is too far behind; then WebRTC is played where it works (ALN7). */
  private writing(led: readonly Led[], time: LeadTime | undefined): boolean {
    const behind = time === undefined ? Infinity : (this.session.alignment.now() ?? time.time) - time.time;
    if (!this.wroteLately || behind <= WRITER_BEHIND) return false;
    for (const { playing } of led) playing.insist("webrtc");
    return true;
  }

  private get wroteLately(): boolean {
    return this.site.env.clock.now() - this.wroteAt < WRITING_MS;
  }

  /** Without the session nothing new is shown anyway, and media that fail with it come back with it. */
  private get connected(): boolean {
    return this.session.connection.value.kind === "synced";
  }

  private now(alignment: Alignment): void {
    this.startingAt = undefined;
    this.show("now");
    this.tell(alignment);
  }

  /** What is shown stands until the first frame: else strokes would come, and go again with it. */
  private starting(now: number): void {
    this.startingAt ??= now;
    const long = now - this.startingAt >= START_MS;
    if (!long && !this.connected) this.startingAt = now;
    if (long) this.show("now");
    else if (typeof this.told !== "number") this.show(this.session.alignment.now() ?? "now");
    this.tell({ kind: "starting" });
  }

  private follow(time: LeadTime, now: number): void {
    const room = this.session.alignment.now();
    const shown = Math.round(room === undefined ? time.time : Math.min(time.time, room)); // never before it happened
    this.show(shown);
    const error = now - this.lastLate.at < ERROR_MS ? this.lastLate.ms : 0;
    const delay = room === undefined ? 0 : (room - shown) / 1000;
    this.tell({ kind: "aligned", by: time.by, delay, error, calibrated: time.source.timed });
  }

  private show(shown: number | "now"): void {
    if (shown === this.told) return;
    this.told = shown;
    this.session.alignment.show(shown);
  }

  private tell(alignment: Alignment): void {
    const now = this.site.env.clock.now();
    const before = this.alignment.value;
    const other = before.kind !== alignment.kind || (before.kind === "off" && alignment.kind === "off" && before.reason !== alignment.reason);
    if (!other && (alignment.kind !== "aligned" || now - this.toldAt < TELL_MS)) return;
    this.toldAt = now;
    this.alignment.set(alignment);
  }

  private late(ms: number): void {
    const now = this.site.env.clock.now();
    this.lastLate = { ms, at: now };
    this.target.late(ms, now);
  }

  /** Moves the target of the lead's media; video and sound together, of all its sources (ALN6). */
  private step(): void {
    const led = this.alignment.value.kind === "aligned" ? this.led(this.lead) : [];
    const target = this.target.step(this.site.env.clock.now());
    for (const { playing } of led) playing.active?.buffer(target);
    if (++this.steps % 2 === 0) for (const { playing } of led) void this.look(playing);
    this.cancelStep = this.site.env.clock.after(STEP_MS, () => this.step());
  }

  private async look(playing: SourcePlaying): Promise<void> {
    const link = await playing.active?.link().catch(() => undefined); // its connection is being made anew
    if (link !== undefined) this.target.link(link.loss, link.freezes, this.site.env.clock.now());
  }
}
