// Live pointers (PRE1): soft state in datagrams, the newest wins.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { CursorKind as WireKind, type Cursors, type TextSelection, type TextSelectionSchema } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { MAX_TRAIL } from "../protocol/limits.ts";
import { encodeDatagram } from "../protocol/messages.ts";
import type { CursorKind, LiveCursor } from "./api.ts";
import type { Clock } from "./clock.ts";

/** At most ten a second leave. */
const INTERVAL = 100;
/** Steps of the path before that are repeated at least. */
const REPEATED = 5;
/** A pointer that has not moved for so long is not shown any more, ms: the datagram that it is gone may be lost. */
const LEASE = 30_000;

const WIRE: Readonly<Record<CursorKind, WireKind>> = {
  pointer: WireKind.POINTER,
  pen: WireKind.PEN,
  eraser: WireKind.ERASER,
  laser: WireKind.LASER,
  text: WireKind.TEXT,
  gone: WireKind.GONE,
};

interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Where one's caret or selection is, as it is sent: in the confirmed text. */
export type SentSelection = MessageInitShape<typeof TextSelectionSchema>;

/** Asked when the datagram leaves; undefined: there is no such text any more. */
export type Selecting = () => SentSelection | undefined;

interface Place extends Spot {
  readonly handle: number;
  readonly kind: CursorKind;
  readonly text: Selecting | undefined;
}

/** The own pointer. */
export class Pointer {
  private sequence = 0;
  private next: Place | undefined;
  /** The caret that is shown, if one is: it stays wherever the pointer goes. */
  private caret: Place | undefined;
  /** Of the laser, since the last datagram and before it: what that one brought is repeated, since it may be lost. */
  private path: readonly Place[] = [];
  private before: readonly Place[] = [];
  private lastSent = -INTERVAL;
  private waiting = false;

  constructor(
    private readonly clock: Clock,
    private readonly send: (datagram: Uint8Array<ArrayBuffer>) => void,
  ) {}

  /** It is at x, y (1/10 px) on the board with a handle. */
  at(handle: number, x: number, y: number, kind: CursorKind): void {
    if (this.caret?.handle === handle) return;
    this.put({ handle, x: Math.round(x), y: Math.round(y), kind, text: undefined });
  }

  /** The caret or selection is in a text near x, y on the board with a handle; without text it is no more. */
  selects(handle: number, x: number, y: number, text: Selecting | undefined): void {
    if (text === undefined && this.caret === undefined) return;
    const kind = text === undefined ? "gone" : "text";
    const place: Place = { handle, x: Math.round(x), y: Math.round(y), kind, text };
    this.caret = text === undefined ? undefined : place;
    this.put(place);
  }

  /** Shows the caret again before others take it for gone. */
  again(): void {
    if (this.caret !== undefined && this.next === undefined) this.put(this.caret);
  }

  private put(place: Place): void {
    this.next = place;
    if (place.kind !== "laser" || this.path[0]?.handle !== place.handle) this.path = this.before = [];
    if (place.kind === "laser") this.path = [...this.path, place];
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
    const text = next.text?.();
    const value = { handle, x, y, kind: WIRE[kind], sequence: ++this.sequence, trail: trailOf(this.path, this.before), ...(text === undefined ? {} : { text }) };
    this.before = this.path;
    this.path = kind === "laser" ? [next] : [];
    this.send(encodeDatagram({ case: "cursor", value }));
  }
}

/** A path, oldest first, as steps back from its end, and behind it the one before, which ends where it begins. */
function trailOf(path: readonly Spot[], before: readonly Spot[]): number[] {
  const most = MAX_TRAIL / 2;
  const repeated = Math.min(before.length === 0 ? 0 : before.length - 1, Math.max(REPEATED, most - path.length + 1));
  const spots = [...thinned(before, repeated).slice(0, -1), ...thinned(path, most - repeated)].reverse();
  return spots.slice(1).flatMap(({ x, y }, i) => [x - (spots[i]?.x ?? x), y - (spots[i]?.y ?? y)]);
}

/** As many steps of a path at most, evenly, with both its ends: receivers know by them what they have. */
function thinned(path: readonly Spot[], steps: number): readonly Spot[] {
  const last = path.length - 1;
  if (last <= steps) return path;
  return Array.from({ length: steps + 1 }, (_, i) => path[Math.round((i * last) / steps)] ?? { x: 0, y: 0 });
}

function kindOf(kind: WireKind): CursorKind {
  switch (kind) {
    case WireKind.PEN:
      return "pen";
    case WireKind.ERASER:
      return "eraser";
    case WireKind.LASER:
      return "laser";
    case WireKind.TEXT:
      return "text";
    case WireKind.GONE:
      return "gone";
    default:
      return "pointer";
  }
}

/** A selection that arrived, as it is in the view; undefined: not to be shown. */
export type Seeing = (replica: number, text: TextSelection) => LiveCursor["text"];

/** The pointers of a board after a datagram; those of self are left out. */
export function pointersAfter(before: readonly LiveCursor[], message: Cursors, self: number, now: number, see: Seeing): readonly LiveCursor[] {
  const all = new Map(before.map((c) => [c.replica, c]));
  for (const { replica, x, y, kind, trail, text } of message.cursors) {
    if (replica === self) continue;
    const seen = kind === WireKind.TEXT && text !== undefined ? see(replica, text) : undefined;
    if (kind === WireKind.GONE || (kind === WireKind.TEXT && seen === undefined)) all.delete(replica);
    else all.set(replica, { replica, x, y, kind: kindOf(kind), trail: newOf(pathOf(x, y, trail), all.get(replica)), at: now, ...(seen === undefined ? {} : { text: seen }) });
  }
  return [...all.values()];
}

/** Those that are still to be shown: not left, not stale. */
export function pointersNow(all: readonly LiveCursor[], present: ReadonlySet<number>, now: number): readonly LiveCursor[] {
  const left = all.filter((c) => present.has(c.replica) && now - c.at < LEASE);
  return left.length === all.length ? all : left;
}

/** A laser's path from where it was seen last; all of it if that is not on it. */
function newOf(path: readonly Spot[], seen: LiveCursor | undefined): readonly Spot[] {
  const from = seen?.kind === "laser" ? path.findIndex(({ x, y }) => x === seen.x && y === seen.y) : 0;
  return path.slice(Math.max(0, from));
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
