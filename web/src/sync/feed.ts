// The confirmed side of one document: its stream, where it stands, and what is done when the two do not fit (REC1 … REC3).
import type { DocumentHeader, DocumentMessage, Marker, Position } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { equalBytes } from "../ot/bytes.ts";
import { joinBytes } from "../protocol/bytes.ts";
import { chain } from "../protocol/chain.ts";
import { Code } from "../protocol/codes.ts";
import { Context, GapError, type CodedRecord, type Lengths } from "../protocol/record.ts";

/** The state that records are applied to. All methods throw where the bytes cannot be read. */
export interface DocumentState {
  readonly lengths: Lengths;
  apply(record: CodedRecord): void;
  /** Begins to read a snapshot; the state stays what it was until commit. */
  restore(table: Uint8Array): Restoring;
  /** State hash, 16 bytes. */
  hash(): Uint8Array;
}

/** A snapshot on its way. */
export interface Restoring {
  /** The next chunk of closed strokes. */
  chunk(ink: Uint8Array): void;
  /** State hash of the snapshot, 16 bytes. */
  hash(): Uint8Array;
  /** Replaces the state by the snapshot. context: who wrote what last; revision: its own. */
  commit(context: Context, revision: number): void;
}

/** Bytes of one snapshot that are taken at most. */
const MAX_SNAPSHOT = 64 << 20;

interface Snapshot {
  readonly revision: number;
  readonly digest: bigint;
  readonly context: Context;
  readonly table: Uint8Array[];
  bytes: number;
  /** Once the table is whole. */
  restoring: Restoring | undefined;
}

/** idle: no stream is awaited. awaiting: asked for, messages of older streams are ignored. */
type Phase =
  | { readonly kind: "idle" | "awaiting" | "header" | "records" }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot };

export interface FeedEvents {
  /** The confirmed document is up: resumed, or restored from a snapshot. */
  caughtUp(): void;
  /** The stream does not fit: SYNC_STATE, from the position if it can still be trusted. reason: for metrics. */
  broken(reason: number, position: Position | undefined): void;
}

export interface Held {
  readonly epoch: bigint;
  readonly revision: number;
  readonly digest: bigint;
}

/** Follows one document. */
export class Feed {
  private phase: Phase = { kind: "idle" };
  private held: Held | undefined;
  private context = new Context();
  private stream = -1;
  private generation = -1;
  private epoch = 0n;
  /** True once the server has opened a stream of it on this connection: ops may be submitted. */
  opened = false;
  /** There is a confirmed document, if not the newest. */
  known = false;
  /** Messages since the last call of quiet(). */
  private heard = 0;

  constructor(
    readonly document: string,
    private readonly state: DocumentState,
    private readonly events: FeedEvents,
  ) {}

  get revision(): number {
    return this.held?.revision ?? 0;
  }

  /** True while the confirmed document follows the server's. */
  get live(): boolean {
    return this.phase.kind === "records";
  }

  get awaited(): boolean {
    return this.phase.kind !== "idle" && !this.live;
  }

  /** What is held, as it is claimed to the server; undefined: nothing. */
  get position(): Position | undefined {
    if (this.held === undefined) return undefined;
    const { epoch, revision, digest } = this.held;
    return { $typeName: "chalkline.v1.Position", epoch, revision: BigInt(revision), digest };
  }

  /** What is held cannot be trusted, or is not wanted: the next stream brings a snapshot. */
  distrust(): void {
    this.held = undefined;
  }

  /** A new connection: generations count from the start. */
  reconnected(): void {
    this.generation = this.stream = -1;
    this.opened = false;
    this.phase = { kind: "idle" };
  }

  /** The document was asked for; what comes on older streams is no longer read. */
  await(): void {
    this.phase = { kind: "awaiting" };
    this.heard = 1;
  }

  /** The document was closed. */
  close(): void {
    this.opened = false;
    this.phase = { kind: "idle" };
  }

  /** The server opened a stream of this document. */
  begin(stream: number, header: DocumentHeader): void {
    if (header.generation <= this.generation || this.phase.kind === "idle") return;
    this.generation = header.generation;
    this.stream = stream;
    this.heard++;
    this.opened = true;
    this.epoch = header.epoch;
    if (!header.resumed) {
      this.held = undefined;
      this.phase = { kind: "header" };
    } else if (this.held?.epoch !== header.epoch) {
      this.fail(Code.BadMessage, false);
    } else {
      this.phase = { kind: "records" };
      this.events.caughtUp();
    }
  }

  /** A message of a stream after its header. */
  take(stream: number, message: DocumentMessage["message"]): void {
    if (stream !== this.stream || this.phase.kind === "idle" || this.phase.kind === "awaiting") return;
    this.heard++;
    try {
      this.dispatch(message);
    } catch (error) {
      if (error instanceof GapError) this.fail(Code.Resync, true);
      else this.fail(Code.BadMessage, false);
    }
  }

  /** A message of a stream that could not be decoded. */
  undecodable(stream: number): void {
    if (stream === this.stream && this.phase.kind !== "idle" && this.phase.kind !== "awaiting") this.fail(Code.BadMessage, false);
  }

  /** A heart tick later: was the stream silent although an answer was due on it? Then it is lost (REC3). */
  quiet(): void {
    if (this.phase.kind !== "idle" && this.heard === 0) this.fail(Code.Resync, this.live);
    this.heard = 0;
  }

  private dispatch(message: DocumentMessage["message"]): void {
    const { phase } = this;
    switch (message.case) {
      case "snapshotStart": {
        if (phase.kind !== "header") throw new Error("snapshot out of order");
        const { revision, digest, context, bytes } = message.value;
        if (bytes > BigInt(MAX_SNAPSHOT)) throw new Error("snapshot is too large");
        const snapshot = { revision: Number(revision), digest, context: Context.decode(context), table: [], bytes: 0, restoring: undefined };
        this.phase = { kind: "snapshot", snapshot };
        return;
      }
      case "snapshotTable":
        return this.collect(message.value);
      case "snapshotInk":
        return this.chunk(message.value);
      case "snapshotEnd":
        return this.restored(message.value.hash);
      case "records":
        return this.apply(message.value);
      case "marker":
        return this.compare(message.value);
      case "header":
      case undefined:
        throw new Error("unknown message of a document");
    }
  }

  private collect(part: Uint8Array): void {
    const snapshot = this.snapshot(part.length);
    if (snapshot.restoring !== undefined) throw new Error("table after ink");
    snapshot.table.push(part);
  }

  private chunk(ink: Uint8Array): void {
    this.begun(this.snapshot(ink.length)).chunk(ink);
  }

  private restored(hash: Uint8Array): void {
    const snapshot = this.snapshot(0);
    const { revision, digest, context } = snapshot;
    const restoring = this.begun(snapshot);
    if (!equalBytes(hash, restoring.hash())) throw new Error("snapshot differs from its hash");
    this.context = context;
    this.held = { epoch: this.epoch, revision, digest };
    restoring.commit(context, revision);
    this.known = true;
    this.phase = { kind: "records" };
    this.events.caughtUp();
  }

  /** The snapshot on its way, after so many more bytes of it. */
  private snapshot(bytes: number): Snapshot {
    if (this.phase.kind !== "snapshot") throw new Error("snapshot out of order");
    const { snapshot } = this.phase;
    snapshot.bytes += bytes;
    if (snapshot.bytes > MAX_SNAPSHOT) throw new Error("snapshot is too large");
    return snapshot;
  }

  private begun(snapshot: Snapshot): Restoring {
    return (snapshot.restoring ??= this.state.restore(joinBytes(snapshot.table)));
  }

  private apply(message: Uint8Array): void {
    const { held } = this;
    if (this.phase.kind !== "records" || held === undefined) throw new Error("records out of order");
    let { revision, digest } = held;
    for (const record of this.context.read(message, revision, this.state.lengths)) {
      this.state.apply(record);
      revision = record.revision;
      digest = chain(digest, record);
      this.held = { epoch: held.epoch, revision, digest };
    }
  }

  /** A Marker says where the document stands at this point of the stream. */
  private compare(marker: Marker): void {
    const { held } = this;
    if (this.phase.kind !== "records" || held === undefined) return; // on its way when the snapshot was
    const same = Number(marker.revision) === held.revision && marker.digest === held.digest;
    if (!same || !equalBytes(marker.hash, this.state.hash())) this.fail(Code.Resync, false);
  }

  private fail(reason: number, trusted: boolean): void {
    if (!trusted) this.held = undefined;
    this.phase = { kind: "awaiting" };
    this.events.broken(reason, this.position);
  }
}
