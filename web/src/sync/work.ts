// The own work of a client instance: numbered, kept over a reload, sent, and brought under another replica where it must be
// (docs/protocol.md, ID and SYN).
import { encodeOps } from "../ot/codec.ts";
import type { Op } from "../ot/types.ts";
import type { JoinRoomResult } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { DEFAULT_WINDOW } from "../protocol/limits.ts";
import type { Request } from "../protocol/messages.ts";
import type { Context } from "../protocol/record.ts";
import type { Clock, RoomClock } from "./clock.ts";
import { Journal, type JournalOwner } from "./journal.ts";
import { Value } from "./observable.ts";
import { Outbox } from "./outbox.ts";
import type { Batch, Claim, Numbers, Saved, Slot, Standing } from "./store.ts";

/** What joining came to: in, or a new replica must be asked for (ID4). */
export type Joined = "in" | "new replica";

/** What work needs of the documents and the connection. */
export interface WorkHost {
  readonly connected: boolean;
  readonly authorityRevision: number;
  /** The handle of a document that the server has opened on this connection: ops may be submitted. */
  handleOf(document: string): number | undefined;
  /** Makes batches of what was gathered; returns the counters of strokes that are being drawn. */
  drawing(document: string): ReadonlySet<number>;
  /** Ids changed: counters, old → new. */
  rekeyed(outbox: Outbox, renamed: ReadonlyMap<number, number>): void;
  send(request: Request): void;
  /** The count of undelivered batches changed. */
  counted(): void;
}

export class Work implements JournalOwner {
  /** How much may be unacknowledged (SYN4); Welcome says. */
  window: { batches: number; bytes: number } = DEFAULT_WINDOW;
  private outboxes = new Map<string, Outbox>();
  /** Strokes that were open when the page was left, by document. */
  private leftOpen = new Map<string, readonly number[]>();
  private journal: Journal | undefined;
  private claimed: Claim | undefined;
  /** In this epoch an older replica may have more durable batches than were acknowledged (SES10): snapshots tell. */
  private doubt: bigint | undefined;
  /** Nothing is written before the first joining: room time is not known, and perhaps no replica. */
  private entered = false;
  private over = false;
  /** Whether what is written survives a reload, as far as is known. */
  readonly kept = new Value(true);

  constructor(
    private readonly host: WorkHost,
    private readonly clock: Clock,
    private readonly room: RoomClock,
  ) {}

  get claim(): Claim | undefined {
    return this.claimed;
  }

  /** The own replica, 0 while there is none. */
  get replica(): number {
    return this.claimed?.replica ?? 0;
  }

  // ---- What is kept over a reload.

  get standing(): Standing {
    return { claim: this.claimed, doubt: this.doubt };
  }

  numbers(): ReadonlyMap<string, Numbers> {
    return new Map([...this.outboxes].map(([document, o]) => [document, o.numbers]));
  }

  batches(): ReadonlyMap<string, readonly Batch[]> {
    return new Map([...this.outboxes].map(([document, o]) => [document, [...o.kept]]));
  }

  failed(): void {
    this.kept.set(false);
  }

  stored(document: string, batches: readonly Batch[]): void {
    this.outboxes.get(document)?.markStored(batches);
    this.pump();
  }

  /** Takes over what a slot holds; before the first joining. Throws where it cannot be read. */
  adopt(slot: Slot, saved: Saved): void {
    const restored = [...saved.documents].map(([document, numbers]) => Outbox.restore(document, numbers, saved.batches.get(document) ?? []));
    this.outboxes = new Map(restored.map((o) => [o.document, o]));
    this.leftOpen = new Map(restored.map((o) => [o.document, o.openStrokes]));
    this.claimed = saved.claim;
    this.doubt = saved.doubt;
    this.journal = new Journal(slot, this.clock, this);
    this.kept.set(slot.kept);
  }

  /** Resolves when everything is written. */
  settled(): Promise<void> {
    return this.journal?.settled() ?? Promise.resolve();
  }

  // ---- Making and counting.

  /** Own batches of a document; undefined while nothing may be written: before the first joining and after the end. */
  outbox(document: string): Outbox | undefined {
    if (this.over || !this.entered) return undefined;
    const outbox = this.outboxes.get(document);
    if (outbox !== undefined || this.replica === 0) return outbox;
    const fresh = Outbox.empty(document, this.replica);
    this.outboxes.set(document, fresh);
    return fresh;
  }

  /** Makes a batch of payload that was captured at a local time. ops: what the payload says, for boards. */
  submit(document: string, payload: Uint8Array, ops: readonly Op[], at: number): void {
    const outbox = this.outbox(document);
    if (outbox === undefined) return;
    const batch = outbox.add(payload, ops, this.room.at(at), this.host.authorityRevision);
    this.journal?.add(document, batch);
    this.host.counted();
  }

  has(document: string): boolean {
    return this.outboxes.has(document);
  }

  undeliveredOf(document: string): readonly Batch[] {
    return this.outboxes.get(document)?.undelivered ?? [];
  }

  /** Documents with undelivered work. */
  unfinished(): string[] {
    return [...this.outboxes.keys()].filter((document) => this.isUnfinished(document));
  }

  isUnfinished(document: string): boolean {
    return (this.outboxes.get(document)?.count ?? 0) > 0;
  }

  /** Which texts wait in an outbox has changed. */
  textsWait(): void {
    this.journal?.write();
    this.host.counted();
  }

  /** Batches that are not durable yet, in all documents. */
  get undelivered(): number {
    let n = 0;
    for (const outbox of this.outboxes.values()) n += outbox.count;
    return n;
  }

  /** When the oldest batch that is not durable was made, ms room time; Infinity: there is none. */
  get oldest(): number {
    return Math.min(...[...this.outboxes.values()].map((o) => o.undelivered[0]?.capturedAt ?? Infinity));
  }

  /** Batches that were sent on this connection and are not durable yet, and their bytes. */
  get inFlight(): { batches: number; bytes: number } {
    const sum = { batches: 0, bytes: 0 };
    for (const { inFlight } of this.outboxes.values()) {
      sum.batches += inFlight.batches;
      sum.bytes += inFlight.bytes;
    }
    return sum;
  }

  /** Nothing may be written any more. */
  end(): void {
    this.over = true;
  }

  // ---- Sending.

  /** Sends what the window has room for (SYN4). */
  pump(): void {
    if (!this.host.connected) return;
    let { batches, bytes } = this.inFlight;
    for (const [document, outbox] of this.outboxes) {
      const handle = this.host.handleOf(document);
      if (handle === undefined || outbox.replica !== this.replica) continue;
      for (const batch of outbox.sendable()) {
        if (batches >= this.window.batches || (batches > 0 && bytes + batch.payload.length > this.window.bytes)) return;
        batches++;
        bytes += batch.payload.length;
        outbox.markSent(batch.n);
        this.send(handle, batch);
      }
    }
  }

  private send(handle: number, { n, authority, capturedAt, payload }: Batch): void {
    const authorityRevision = BigInt(Math.min(authority, this.host.authorityRevision));
    this.host.send({ case: "submit", value: { handle, n: BigInt(n), authorityRevision, capturedAtUs: BigInt(capturedAt) * 1000n, ops: payload } });
  }

  /** Batches of a document up to n are durable. */
  acknowledge(document: string, n: number): void {
    const outbox = this.outboxes.get(document);
    if (outbox === undefined || outbox.replica !== this.replica || n <= outbox.acked) return;
    this.journal?.forget(document, outbox.ack(n));
    this.pump();
    this.host.counted();
  }

  /** A heart tick: true if nothing of what is on its way has become durable since the last one, in some document. */
  stalled(): boolean {
    return [...this.outboxes.values()].filter((o) => o.stalled()).length > 0;
  }

  disconnected(): void {
    for (const outbox of this.outboxes.values()) outbox.disconnected();
  }

  // ---- Which replica it is under.

  /** The answer to JOIN_ROOM: is the claim still good, and does the server know what it should? */
  joined(result: JoinRoomResult): Joined {
    const got = result.replica;
    if (got === undefined) return "new replica";
    const kept = this.claimed?.replica === got.replica && this.claimed.epoch === got.epoch;
    if (kept && !this.fits(result)) {
      this.giveUpReplica(false);
      return "new replica";
    }
    if (this.doubt !== got.epoch) this.doubt = undefined;
    this.claimed = { replica: got.replica, key: got.key, epoch: got.epoch };
    this.disconnected();
    this.entered = true;
    this.endLeftStrokes();
    for (const [document, outbox] of this.outboxes) if (this.doubt === undefined || outbox.kept.length === 0) this.rekey(document, 0);
    this.journal?.write();
    return "in";
  }

  /** ID4, for every document; also the other way round: a server that knows more than this client ever sent. */
  private fits({ last }: JoinRoomResult): boolean {
    const durable = new Map(last.map((l) => [l.document, Number(l.n)]));
    let fits = true;
    for (const document of new Set([...this.outboxes.keys(), ...durable.keys()])) {
      const outbox = this.outboxes.get(document);
      const n = durable.get(document) ?? 0;
      const own = outbox?.replica === this.replica ? outbox : undefined;
      const fit = own?.joined(n) ?? (n === 0 ? "fits" : "ran ahead");
      if (own !== undefined && fit === "ran ahead") own.texts = []; // the store failed before the page was left: they went since
      fits &&= fit === "fits";
    }
    for (const [document, n] of durable) this.acknowledge(document, n);
    return fits;
  }

  /** The replica cannot be used any more. inDoubt: it may have durable batches that this client does not know of. */
  giveUpReplica(inDoubt: boolean): void {
    this.doubt = inDoubt ? (this.claimed?.epoch ?? this.doubt) : undefined;
    this.claimed = undefined;
    this.journal?.write();
  }

  /**
   * A snapshot of a document tells what is durable. Returns the last own batch that it has, which may be less than what was
   * acknowledged: Ack comes on another stream and may be newer, and the snapshot may be one of the past (ALN5). Then its
   * record follows.
   */
  restored(document: string, context: Context): number {
    const outbox = this.outboxes.get(document);
    if (outbox === undefined) return 0;
    const last = context.lastN(outbox.replica);
    if (outbox.replica !== this.replica) {
      this.rekey(document, this.doubt === undefined ? 0 : (last ?? 0));
      return outbox.acked;
    }
    this.acknowledge(document, last ?? 0);
    return last ?? outbox.acked;
  }

  /** Only a snapshot of now tells what of a document's batches is durable under an older replica (SES10). */
  inDoubt(document: string): boolean {
    const outbox = this.outboxes.get(document);
    return this.doubt !== undefined && outbox !== undefined && outbox.replica !== this.replica;
  }

  /** A document is up: what waits for it may go. */
  ready(document: string): void {
    this.rekey(document, 0);
    this.pump();
  }

  /** Brings the work on a document under the replica of this session. durable: what a snapshot says of the old one. */
  private rekey(document: string, durable: number): void {
    const outbox = this.outboxes.get(document);
    if (outbox === undefined || this.replica === 0 || outbox.replica === this.replica) return;
    const drawing = this.host.drawing(document);
    const { batches, renamed } = outbox.rekey(this.replica, Math.max(durable, outbox.acked), drawing);
    if ([...this.outboxes.values()].every((o) => o.replica === this.replica)) this.doubt = undefined;
    this.journal?.replaceAll(document, batches);
    this.host.rekeyed(outbox, renamed);
    this.host.counted();
  }

  /** Strokes that a reload cut off are ended, so that they do not stay open for ever. */
  private endLeftStrokes(): void {
    for (const [document, counters] of this.leftOpen) {
      const replica = this.outboxes.get(document)?.replica ?? 0;
      const ops = counters.map((counter): Op => ({ kind: "end", id: { replica, counter } }));
      if (ops.length > 0) this.submit(document, encodeOps(ops), ops, this.clock.now());
    }
    this.leftOpen.clear();
  }
}
