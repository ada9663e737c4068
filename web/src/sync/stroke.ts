// A stroke that is being drawn: points go to the screen at once and into an ink frame every 33 ms.
import { key, type ID, type Key, type Op, type Point, type Setting } from "../ot/types.ts";
import { Encoder, MAX_FRAME, MAX_GAP, MAX_P, MAX_STROKE, MAX_T, MAX_X, MAX_Y } from "../protocol/ink.ts";
import type { StrokeWriter } from "./api.ts";
import { clamp } from "./inkops.ts";

/** What a stroke needs of its board. */
export interface StrokeHost {
  /** The first point is there: the element begins to exist. */
  begun(stroke: Stroke): void;
  wet(k: Key, points: readonly Point[]): void;
  /** There is something to send. */
  gather(): void;
  /** Whether the element was deleted; one that is made after the shown time (ALN5) was not. */
  deleted(k: Key): boolean;
}

export class Stroke implements StrokeWriter {
  private readonly encoder = new Encoder();
  private waiting: Point[] = [];
  private started = 0;
  /** Points in frames, and the time of the last of them. */
  private framed = 0;
  private framedTo = 0;
  private phase: "empty" | "drawing" | "ending" | "ended" = "empty";
  private latest = 0;
  /** Local time of the first point of the frame that take() gave last, ms. */
  from = 0;

  constructor(
    private readonly host: StrokeHost,
    public id: ID,
    readonly settings: readonly Setting[],
  ) {}

  get key(): Key {
    return key(this.id);
  }

  get alive(): boolean {
    return this.phase === "empty" || (this.phase === "drawing" && !this.host.deleted(this.key));
  }

  /** True when nothing of it is left to send. */
  get done(): boolean {
    return this.phase === "ended";
  }

  add(x: number, y: number, p: number, at: number): void {
    if (!this.alive) return this.end();
    if (this.phase === "empty") {
      this.phase = "drawing";
      this.started = this.latest = at;
      this.host.begun(this);
    }
    this.latest = Math.max(this.latest, at);
    const t = Math.min(MAX_T, Math.round(this.latest - this.started));
    const point = { x: clamp(x, MAX_X), y: clamp(y, MAX_Y), p: clamp(p, MAX_P), t };
    this.waiting.push(point);
    this.host.wet(this.key, [point]);
    this.host.gather();
    if (this.framed + this.waiting.length >= MAX_STROKE || t >= MAX_T) this.end();
  }

  end(): void {
    if (this.phase === "empty") this.phase = "ended";
    if (this.phase !== "drawing") return;
    this.phase = "ending";
    this.host.gather();
  }

  /** The next op to send, if there is one: a frame of what waits, or the end. */
  take(): Op | undefined {
    const part = this.waiting.splice(0, MAX_FRAME);
    const ended = this.phase === "ending" && this.waiting.length === 0;
    if (ended) this.phase = "ended";
    if (part.length === 0) return ended ? { kind: "end", id: this.id } : undefined;
    const points = this.evened(part);
    this.from = this.started + (part[0]?.t ?? 0);
    const op: Op = { kind: "extend", id: this.id, first: this.framed, ended, frame: this.encoder.frame(points), points };
    this.framed += points.length;
    this.framedTo = points.at(-1)?.t ?? 0;
    return op;
  }

  /** The element was refused, or cannot go on: nothing more is sent of it. */
  abandon(): void {
    this.phase = "ended";
    this.waiting = [];
  }

  /** The points of a frame with their times spaced evenly, as the ink codec codes them best. */
  private evened(part: readonly Point[]): Point[] {
    const first = this.framed === 0 ? 1 : 0; // a stroke's first point has t = 0
    const n = part.length - first;
    const d = Math.min(MAX_GAP, Math.max(0, (part.at(-1)?.t ?? 0) - this.framedTo));
    return part.map((point, i) => ({ ...point, t: i < first ? 0 : this.framedTo + Math.floor((d * (i + 1 - first)) / n) }));
  }
}
