// The own batches of one document, from the moment they are made until they are durable (SYN1, SYN2).
import { decodeOps } from "../ot/codec.ts";
import { ElementKind, type Op } from "../ot/types.ts";
import { rekey, renamedID, type Rekeyed } from "./rekey.ts";
import type { Batch, Numbers, WaitingText } from "./store.ts";

interface Stroke {
  /** Batch of its create. */
  readonly first: number;
  /** Batch that ends it, Infinity while it is open. */
  end: number;
}

/** What JOIN_ROOM_RESULT says about the numbers of a document (ID4). */
export type Fit = "fits" | "lost history" | "ran ahead";

/** Keeps batches in the order of n. A stroke's batches are kept until its end is durable, so that it can be made anew under another replica. */
export class Outbox {
  private batches: Batch[] = [];
  private strokes = new Map<number, Stroke>();
  /** Batches up to here are in the store. */
  private stored = 0;
  /** Batches up to here were sent on this connection. */
  private sent = 0;
  /** What was durable at the last heart tick, if more was on its way then. */
  private awaited: number | undefined;
  /** Edits of texts that are still to be put into batches (SYN7). */
  texts: readonly WaitingText[] = [];

  private constructor(
    readonly document: string,
    /** Whether payloads are ops. */
    private readonly board: boolean,
    private now: { replica: number; next: number; counter: number; eraser: number; acked: number },
  ) {}

  static empty(document: string, replica: number): Outbox {
    return new Outbox(document, isBoard(document), { replica, next: 1, counter: 1, eraser: 1, acked: 0 });
  }

  /** As it was saved. Throws where a payload cannot be read. */
  static restore(document: string, numbers: Numbers, batches: readonly Batch[]): Outbox {
    const { replica, next, counter, eraser, acked } = numbers;
    const o = new Outbox(document, isBoard(document), { replica, next, counter, eraser, acked });
    o.texts = numbers.texts;
    for (const batch of batches) o.keep(batch, o.opsOf(batch));
    o.stored = numbers.next - 1;
    return o;
  }

  get numbers(): Numbers {
    return { ...this.now, open: this.openStrokes.length, texts: this.texts };
  }

  get replica(): number {
    return this.now.replica;
  }

  get acked(): number {
    return this.now.acked;
  }

  /** All batches that are kept, durable ones of open strokes too. */
  get kept(): readonly Batch[] {
    return this.batches;
  }

  /** Batches that are not durable. */
  get undelivered(): readonly Batch[] {
    return this.after(this.now.acked);
  }

  /** How many batches are not durable, those that texts wait for included. */
  get count(): number {
    return this.now.next - 1 - this.now.acked + this.texts.length;
  }

  /** Own strokes without an end, by counter. */
  get openStrokes(): number[] {
    return [...this.strokes].filter(([, s]) => s.end === Infinity).map(([counter]) => counter);
  }

  /** Number of the next batch. */
  get next(): number {
    return this.now.next;
  }

  /** A number for a new element; it counts once a batch with it is kept. */
  newCounter(): number {
    return this.now.counter++;
  }

  /** A number for a new erasure; it counts once a batch with it is kept. */
  newEraser(): number {
    return this.now.eraser++;
  }

  /** Makes the next batch. ops: what the payload says, for boards. */
  add(payload: Uint8Array, ops: readonly Op[], capturedAt: number, authority: number): Batch {
    const batch = { n: this.now.next++, payload, capturedAt, authority };
    this.keep(batch, ops);
    return batch;
  }

  opsOf(batch: Batch): Op[] {
    return this.board ? decodeOps(batch.payload) : [];
  }

  /** Batches to send now, in order. */
  *sendable(): Generator<Batch> {
    for (const batch of this.after(Math.max(this.now.acked, this.sent))) {
      if (batch.n > this.stored) return;
      yield batch;
    }
  }

  /** These batches were written; those that were replaced meanwhile do not count. */
  markStored(batches: readonly Batch[]): void {
    const last = batches.at(-1);
    if (last !== undefined && this.after(last.n - 1)[0] === last) this.stored = Math.max(this.stored, last.n);
  }

  markSent(n: number): void {
    this.sent = n;
  }

  /** Batches that are sent but not durable, and their bytes. */
  get inFlight(): { batches: number; bytes: number } {
    const out = this.sent > this.now.acked ? this.after(this.now.acked).slice(0, this.sent - this.now.acked) : [];
    return { batches: out.length, bytes: out.reduce((sum, b) => sum + b.payload.length, 0) };
  }

  /** A heart tick: true if something was on its way at the last one too and nothing of it has become durable since. */
  stalled(): boolean {
    const before = this.awaited;
    this.awaited = this.sent > this.now.acked ? this.now.acked : undefined;
    return before !== undefined && before === this.awaited;
  }

  /** A new connection: nothing was sent on it yet. */
  disconnected(): void {
    this.sent = this.now.acked;
    this.awaited = undefined;
  }

  /** Batches up to n are durable; returns those that need not be kept any more. */
  ack(n: number): number[] {
    if (n <= this.now.acked) return [];
    this.now.acked = Math.min(n, this.now.next - 1);
    let least = this.now.acked + 1;
    for (const [counter, stroke] of this.strokes) {
      if (stroke.end <= this.now.acked) this.strokes.delete(counter);
      else least = Math.min(least, stroke.first);
    }
    const kept = this.after(least - 1);
    const gone = this.batches.slice(0, this.batches.length - kept.length).map((b) => b.n);
    this.batches = kept;
    return gone;
  }

  /** Compares with the server's last n of the replica. */
  joined(last: number): Fit {
    if (last < this.now.acked) return "lost history";
    return last >= this.now.next ? "ran ahead" : "fits";
  }

  /** What is undelivered gets a place under another replica; durable: the last batch that stands under the old one. */
  rekey(replica: number, durable: number, drawing: ReadonlySet<number>): Rekeyed {
    this.ack(durable);
    const from = this.now;
    const batches = this.batches.map((batch) => ({ batch, ops: this.opsOf(batch) }));
    const result = rekey({ batches, board: this.board, from: from.replica, acked: from.acked, to: replica, drawing });
    this.now = { replica, next: result.batches.length + 1, counter: result.counter, eraser: from.eraser, acked: 0 };
    this.texts = this.texts.map((t) => ({ ...t, revision: 0, id: renamedID(t.id, from.replica, replica, result.renamed) }));
    this.batches = [];
    this.strokes.clear();
    for (const batch of result.batches) this.keep(batch, this.opsOf(batch));
    this.stored = this.sent = 0;
    this.awaited = undefined;
    return result;
  }

  /** Batches with a number above n; the numbers of those kept have no gap. */
  private after(n: number): Batch[] {
    return this.batches.slice(Math.max(0, n + 1 - (this.batches[0]?.n ?? 0)));
  }

  private keep(batch: Batch, ops: readonly Op[]): void {
    this.batches.push(batch);
    for (const op of ops) {
      if (!("id" in op) || op.id.replica !== this.now.replica) continue;
      if (op.kind === "create" && op.element === ElementKind.Ink) this.strokes.set(op.id.counter, { first: batch.n, end: Infinity });
      const stroke = this.strokes.get(op.id.counter);
      if (stroke !== undefined && (op.kind === "end" || (op.kind === "extend" && op.ended))) stroke.end = Math.min(stroke.end, batch.n);
    }
  }
}

function isBoard(document: string): boolean {
  return document.startsWith("board:");
}
