// Live pointers (PRE1): soft state in datagrams, the newest wins.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { CursorKind as WireKind, type Cursors, type TextSelection, type TextSelectionSchema } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
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
  /** The caret that is shown, if one is: it stays while the pointer only moves about. */
  private caret: Place | undefined;
  private path: Spot[] = [];
  private lastSent = -INTERVAL;
  private waiting = false;

  constructor(
    private readonly clock: Clock,
    private readonly send: (datagram: Uint8Array<ArrayBuffer>) => void,
  ) {}

  /** It is at x, y (1/10 px) on the board with a handle. */
  at(handle: number, x: number, y: number, kind: CursorKind): void {
    if (kind === "pointer" && this.caret?.handle === handle) return;
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
    const { kind } = place;
    this.next = place;
    if (kind === "laser") this.path.push(place);
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
    const text = next.text?.();
    const value = { handle, x, y, kind: WIRE[kind], sequence: ++this.sequence, trail: trailOf(this.path), ...(text === undefined ? {} : { text }) };
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
    else all.set(replica, { replica, x, y, kind: kindOf(kind), trail: pathOf(x, y, trail), at: now, ...(seen === undefined ? {} : { text: seen }) });
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
