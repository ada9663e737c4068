// The confirmed side of one document: its stream, where it stands, what waits for its time (ALN4), and what is done when
// stream and document do not fit (REC1 … REC3).
import type { DocumentHeader, DocumentMessage, Marker, SnapshotStart } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { equalBytes } from "../ot/bytes.ts";
import { chain } from "../protocol/chain.ts";
import { Code } from "../protocol/codes.ts";
import { Context, GapError, type CodedRecord } from "../protocol/record.ts";
import type { DocumentState } from "./documentstate.ts";
import type { Claiming, FeedEvents, Gate } from "./feedhost.ts";
import { Held, releaseOf } from "./held.ts";
import { Snapshot } from "./snapshot.ts";

/** So much later than the shown time a document may be before it is asked for as of then (ALN5), ms. */
const AHEAD_MS = 250;
/** Snapshots that are too late for the shown time, one after the other, before one is shown all the same. */
const MAX_EARLY = 2;

/** idle: no stream is awaited. awaiting: asked for, messages of older streams are ignored. */
type Phase = { readonly kind: "idle" | "awaiting" | "header" | "records" } | { readonly kind: "snapshot"; readonly snapshot: Snapshot };

/** Where the document stands. */
interface Place {
  readonly epoch: bigint;
  readonly revision: number;
  readonly digest: bigint;
  /** release_at of the revision, ms room time. */
  readonly release: number;
  /** The shown time that it is taken for: release, or what was asked for in vain. */
  readonly asOf: number;
}

/** Follows one document. */
export class Feed {
  private phase: Phase = { kind: "idle" };
  private place: Place | undefined;
  private context = new Context();
  private held: Held | undefined;
  /** As of when what is on its way was asked for, ms; undefined: as of now, or nothing was. */
  private asked: number | undefined;
  /** The place was claimed: it must stand until the answer comes. */
  private claimed = false;
  private earlies = 0;
  /** release_at of the last record that the state has, ms. */
  private showsOf = -Infinity;
  /** Room time at which the document was up: what was sequenced since came by itself. */
  private upSince = Infinity;
  private stream = -1;
  private generation = -1;
  private epoch = 0n;
  /** True once the server has opened a stream of it on this connection: ops may be submitted. */
  opened = false;
  /** There is a confirmed document, if not the newest. */
  known = false;
  /** Closed while what waits is shown. */
  parked = false;
  /** Messages since the last call of quiet(). */
  private heard = 0;

  constructor(
    readonly document: string,
    private readonly state: DocumentState,
    private readonly gate: Gate,
    private readonly events: FeedEvents,
  ) {}

  /** Revision of the confirmed document. */
  get revision(): number {
    return this.place?.revision ?? 0;
  }

  /** Revision of the last record that came. */
  get received(): number {
    return this.held?.revision ?? this.revision;
  }

  /** True while what comes follows the server. */
  get live(): boolean {
    return this.phase.kind === "records";
  }

  get awaited(): boolean {
    return this.phase.kind !== "idle" && !this.live;
  }

  /** Neither open nor to be opened again once some of what waits is shown. */
  get closed(): boolean {
    return this.phase.kind === "idle" && !this.parked;
  }

  // ---- Asking.

  /** How the document is asked for, which it is at once. ofNow: not as of the shown time, whatever that is. */
  claim(ofNow: boolean): Claiming {
    const { shown } = this.gate;
    const fits = this.place !== undefined && this.place.asOf <= shown + AHEAD_MS;
    const asOf = ofNow || fits || shown === Infinity || this.inVain ? undefined : shown;
    this.phase = { kind: "awaiting" };
    this.heard = 1;
    this.claimed = true;
    this.parked = false;
    this.asked = asOf;
    if (asOf !== undefined) {
      this.gate.asked();
      this.forget();
      return { atUs: BigInt(Math.max(1, Math.round(asOf * 1000))) };
    }
    if (this.place === undefined) return {};
    const { epoch, revision, digest } = this.place;
    return { position: { $typeName: "chalkline.v1.Position", epoch, revision: BigInt(revision), digest } };
  }

  /** Whether what is shown, or on its way, is too late for the shown time (ALN5). */
  get ahead(): boolean {
    if (this.phase.kind === "idle") return false; // claim() will say it
    const asOf = this.asked ?? this.place?.asOf;
    return asOf !== undefined && asOf > this.gate.shown + AHEAD_MS;
  }

  /** Whether the state is of a time after the shown one: the answer to what was asked is on its way. */
  get later(): boolean {
    return this.phase.kind !== "idle" && this.showsOf > this.gate.shown + AHEAD_MS;
  }

  /** The server cannot tell what it was like then: the next stream may bring what it is now. */
  giveUp(): void {
    this.earlies = MAX_EARLY;
  }

  private get inVain(): boolean {
    return this.earlies >= MAX_EARLY;
  }

  /** What is held cannot be trusted, or is not wanted: the next stream brings a snapshot. */
  distrust(): void {
    this.place = undefined;
    this.forget();
  }

  /** What waits comes again, or is not wanted. */
  private forget(): void {
    if (this.held === undefined) return;
    this.held = undefined;
    this.gate.count();
  }

  /** A new connection: generations count from the start. What waits is still shown in its time. */
  reconnected(): void {
    this.generation = this.stream = -1;
    const { parked } = this;
    this.close();
    this.parked = parked;
  }

  /** The document was closed. */
  close(): void {
    this.opened = this.claimed = this.parked = false;
    this.asked = undefined;
    this.earlies = 0;
    this.phase = { kind: "idle" };
  }

  /** The document was closed until half of what waits is shown. */
  park(): void {
    this.close();
    this.parked = true;
  }

  // ---- The stream.

  /** The server opened a stream of this document. */
  begin(stream: number, header: DocumentHeader): void {
    if (header.generation <= this.generation || this.phase.kind === "idle") return;
    this.generation = header.generation;
    this.stream = stream;
    this.heard++;
    this.opened = true;
    this.epoch = header.epoch;
    this.claimed = false;
    this.forget();
    if (!header.resumed) {
      this.place = undefined;
      this.phase = { kind: "header" };
    } else if (this.place?.epoch !== header.epoch) {
      this.fail(Code.BadMessage, false);
    } else {
      this.up();
    }
  }

  /** A message of a stream after its header. */
  take(stream: number, message: DocumentMessage["message"]): void {
    if (!this.follows(stream)) return;
    this.heard++;
    this.trying(() => this.dispatch(message));
  }

  /** A message of a stream that could not be decoded. */
  undecodable(stream: number): void {
    if (this.follows(stream)) this.fail(Code.BadMessage, false);
  }

  private follows(stream: number): boolean {
    return stream === this.stream && this.phase.kind !== "idle" && this.phase.kind !== "awaiting";
  }

  /** A heart tick later: was the stream silent although an answer was due on it? Then it is lost (REC3). */
  quiet(): void {
    if (this.phase.kind !== "idle" && this.heard === 0) this.fail(Code.Resync, this.live);
    this.heard = 0;
  }

  private dispatch(message: DocumentMessage["message"]): void {
    switch (message.case) {
      case "snapshotStart":
        return this.starts(message.value);
      case "snapshotTable":
        return this.snapshot().table(message.value);
      case "snapshotInk":
        return this.snapshot().ink(message.value);
      case "snapshotEnd":
        return this.restored(message.value.hash);
      case "records":
        return this.records(message.value);
      case "marker":
        return this.marked(message.value);
      case "header":
      case undefined:
        throw new Error("unknown message of a document");
    }
  }

  private starts(start: SnapshotStart): void {
    if (this.phase.kind !== "header") throw new Error("snapshot out of order");
    const snapshot = new Snapshot(start, this.state, this.epoch);
    // While the shown time has gone back since it was asked for, that is asked for anyway.
    const early = snapshot.release > this.gate.shown + AHEAD_MS && !this.inVain && !this.ahead;
    if (early && this.events.early()) this.earlies++;
    else this.phase = { kind: "snapshot", snapshot };
  }

  private restored(hash: Uint8Array): void {
    const snapshot = this.snapshot();
    const { context, revision, digest, release } = snapshot;
    const { commit } = snapshot.end(hash);
    this.context = context;
    this.place = { epoch: this.epoch, revision, digest, release, asOf: release };
    commit();
    this.showsOf = release;
    this.known = true;
    this.up();
  }

  private snapshot(): Snapshot {
    if (this.phase.kind !== "snapshot") throw new Error("snapshot out of order");
    return this.phase.snapshot;
  }

  private up(): void {
    if (this.inVain && this.place !== undefined) this.place = { ...this.place, asOf: Math.min(this.place.asOf, this.gate.shown) };
    this.earlies = 0;
    this.asked = undefined;
    this.phase = { kind: "records" };
    this.upSince = this.gate.roomTime();
    this.events.caughtUp();
  }

  // ---- Records.

  private records(message: Uint8Array): void {
    if (this.phase.kind !== "records" || this.place === undefined) throw new Error("records out of order");
    if (this.held === undefined && this.gate.shown === Infinity) {
      for (const record of this.context.read(message, this.place.revision, this.state.lengths)) this.apply(record);
    } else this.hold(message, this.place);
  }

  /** Keeps the records of a message until their time, and applies those whose time it is. */
  private hold(message: Uint8Array, { revision, release }: Place): void {
    const held = (this.held ??= new Held(this.context, revision, release, this.state.lengths !== undefined));
    for (const head of held.add(message)) {
      this.events.received(head.replica, head.n, head.revision);
      if (head.sequencedAt >= this.upSince) this.gate.came(head.release);
    }
    for (let next = this.next; next !== undefined && next <= this.gate.shown; next = this.next) this.step();
    if (held === this.held && held.full) this.events.full();
    this.gate.count();
  }

  /** release_at of the record that can be applied next, ms; undefined: none. */
  get next(): number | undefined {
    return this.claimed ? undefined : this.held?.next;
  }

  /** Records that wait. */
  get waiting(): number {
    return this.held?.count ?? 0;
  }

  /** Parked, and enough of what waited is shown. */
  get light(): boolean {
    return this.parked && this.held?.light !== false;
  }

  /** Applies the next record, and compares with the markers behind it. */
  step(): void {
    this.trying(() => {
      const { held } = this;
      const record = held?.shift(this.context, this.revision, this.state.lengths);
      if (record !== undefined) this.apply(record);
      this.compareNext();
      if (held?.count === 0 && held === this.held && this.gate.shown === Infinity) this.held = undefined;
    });
  }

  private apply(record: CodedRecord): void {
    const { place } = this;
    if (place === undefined) return;
    this.state.apply(record);
    const release = releaseOf(place.release, record);
    this.showsOf = release;
    this.place = { epoch: place.epoch, revision: record.revision, digest: chain(place.digest, record), release, asOf: release };
  }

  private marked(marker: Marker): void {
    if (this.phase.kind !== "records" || this.place === undefined) return; // on its way when the snapshot was
    if (this.held === undefined || this.held.count === 0) return this.compare(marker);
    this.held.mark(marker);
  }

  private compareNext(): void {
    for (let marker = this.held?.shiftMarker(); marker !== undefined; marker = this.held?.shiftMarker()) this.compare(marker);
  }

  /** A Marker says where the document stands at this point of the stream. */
  private compare(marker: Marker): void {
    const same = Number(marker.revision) === this.place?.revision && marker.digest === this.place.digest;
    if (!same || !equalBytes(marker.hash, this.state.hash())) this.fail(Code.Resync, false);
  }

  /** Does what may throw where bytes cannot be read. */
  private trying(what: () => void): void {
    try {
      what();
    } catch (error) {
      if (error instanceof GapError) this.fail(Code.Resync, true);
      else this.fail(Code.BadMessage, false);
    }
  }

  private fail(reason: number, trusted: boolean): void {
    if (!trusted) this.distrust();
    if (this.phase.kind === "idle") return; // it will be asked for
    this.phase = { kind: "awaiting" };
    this.events.broken(reason);
  }
}
