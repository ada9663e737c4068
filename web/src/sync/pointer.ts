// Live pointers (PRE1): soft state in datagrams, the newest wins.
import { CursorKind as WireKind, type Cursors } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { MAX_TRAIL } from "../protocol/limits.ts";
import { encodeDatagram } from "../protocol/messages.ts";
import type { CursorKind, LiveCursor } from "./api.ts";
import type { Clock } from "./clock.ts";

/** At most ten a second leave. */
const INTERVAL = 100;
/** A pointer that has not moved for so long is not shown any more, ms: the datagram that it is gone may be lost. */
const LEASE = 30_000;

const WIRE: Readonly<Record<CursorKind, WireKind>> = {
  pointer: WireKind.POINTER,
  pen: WireKind.PEN,
  eraser: WireKind.ERASER,
  laser: WireKind.LASER,
  gone: WireKind.GONE,
};

interface Spot {
  readonly x: number;
  readonly y: number;
}

interface Place extends Spot {
  readonly handle: number;
  readonly kind: CursorKind;
}

/** The own pointer. */
export class Pointer {
  private sequence = 0;
  private next: Place | undefined;
  private path: Spot[] = [];
  private lastSent = -INTERVAL;
  private waiting = false;

  constructor(
    private readonly clock: Clock,
    private readonly send: (datagram: Uint8Array<ArrayBuffer>) => void,
  ) {}

  /** It is at x, y (1/10 px) on the board with a handle. */
  at(handle: number, x: number, y: number, kind: CursorKind): void {
    this.next = { handle, x: Math.round(x), y: Math.round(y), kind };
    if (kind === "laser") this.path.push(this.next);
    else this.path = [];
    if (this.waiting) return;
    this.waiting = true;
    this.clock.after(Math.max(0, this.lastSent + INTERVAL - this.clock.now()), () => this.flush());
  }

  private flush(): void {
    this.waiting = false;
    const { next } = this;
    if (next === undefined) return;
    this.next = undefined;
    this.lastSent = this.clock.now();
    const { handle, x, y, kind } = next;
    const value = { handle, x, y, kind: WIRE[kind], sequence: ++this.sequence, trail: trailOf(this.path) };
    this.path = kind === "laser" ? [next] : [];
    this.send(encodeDatagram({ case: "cursor", value }));
  }
}

/** A path, oldest first, as steps back from its end; thinned evenly where it is too long. */
function trailOf(path: readonly Spot[]): number[] {
  const most = MAX_TRAIL / 2;
  const back = [...path].reverse();
  const step = Math.max(1, (back.length - 1) / most);
  const trail: number[] = [];
  let before = back[0];
  for (let i = step; i <= back.length - 1 && trail.length < MAX_TRAIL; i += step) {
    const spot = back[Math.round(i)];
    if (spot === undefined || before === undefined) break;
    trail.push(spot.x - before.x, spot.y - before.y);
    before = spot;
  }
  return trail;
}

function kindOf(kind: WireKind): CursorKind {
  switch (kind) {
    case WireKind.PEN:
      return "pen";
    case WireKind.ERASER:
      return "eraser";
    case WireKind.LASER:
      return "laser";
    case WireKind.GONE:
      return "gone";
    default:
      return "pointer";
  }
}

/** The pointers of a board after a datagram; those of self are left out. */
export function pointersAfter(before: readonly LiveCursor[], message: Cursors, self: number, now: number): readonly LiveCursor[] {
  const all = new Map(before.map((c) => [c.replica, c]));
  for (const { replica, x, y, kind, trail } of message.cursors) {
    if (replica === self) continue;
    if (kind === WireKind.GONE) all.delete(replica);
    else all.set(replica, { replica, x, y, kind: kindOf(kind), trail: pathOf(x, y, trail), at: now });
  }
  return [...all.values()];
}

/** Those that are still to be shown: not left, not stale. */
export function pointersNow(all: readonly LiveCursor[], present: ReadonlySet<number>, now: number): readonly LiveCursor[] {
  const left = all.filter((c) => present.has(c.replica) && now - c.at < LEASE);
  return left.length === all.length ? all : left;
}

/** Steps back from x, y as a path, oldest first, x, y not included. */
function pathOf(x: number, y: number, trail: readonly number[]): Spot[] {
  const path: Spot[] = [];
  for (let i = 0; i + 1 < trail.length; i += 2) {
    x += trail[i] ?? 0;
    y += trail[i + 1] ?? 0;
    path.push({ x, y });
  }
  return path.reverse();
}
