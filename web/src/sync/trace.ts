// Traces: the laser's path in pieces, for the log (SYN8). Best effort: what cannot be sent is lost.
import { Encoder, MAX_X, MAX_Y } from "../protocol/ink.ts";
import { MAX_TRACE_MS, MAX_TRACE_POINTS } from "../protocol/limits.ts";
import type { Point } from "../ot/types.ts";
import type { Clock } from "./clock.ts";
import { clamp } from "./inkops.ts";

/** A piece, ready to be sent. at: local time of its first point, ms. */
export interface TracePiece {
  readonly handle: number;
  readonly at: number;
  readonly ink: Uint8Array;
}

const PRESSURE = 128;

export class Tracer {
  private handle = 0;
  private started = 0;
  private points: Point[] = [];
  private cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly send: (piece: TracePiece) => void,
  ) {}

  /** The laser is at x, y (1/10 px) on the board with a handle. */
  at(handle: number, x: number, y: number): void {
    const now = this.clock.now();
    if (handle !== this.handle || this.points.length === MAX_TRACE_POINTS || now - this.started > MAX_TRACE_MS) this.end();
    if (this.points.length === 0) this.begin(handle, now);
    this.points.push({ x: clamp(x, MAX_X), y: clamp(y, MAX_Y), p: PRESSURE, t: Math.round(now - this.started) });
  }

  /** The laser is off: what there is of the piece is sent. */
  end(): void {
    this.cancel?.();
    this.cancel = undefined;
    const { handle, started: at, points } = this;
    this.points = [];
    if (points.length > 0) this.send({ handle, at, ink: new Encoder().frame(points) });
  }

  private begin(handle: number, now: number): void {
    this.handle = handle;
    this.started = now;
    this.cancel = this.clock.after(MAX_TRACE_MS, () => this.end());
  }
}
