// BoardDocument: what the canvas draws and writes to.
import type { Element } from "../ot/board.ts";
import { encodeOps } from "../ot/codec.ts";
import { ElementKind, key, Register, type ID, type Key, type Op, type Point, type Setting } from "../ot/types.ts";
import { boolValue } from "../ot/value.ts";
import { hex } from "../protocol/bytes.ts";
import type { Cursors } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { MAX_OPS_PER_BATCH } from "../protocol/limits.ts";
import type { CodedRecord, Context } from "../protocol/record.ts";
import type { BoardChange, BoardDocument, CursorKind, LiveCursor, StrokeWriter } from "./api.ts";
import { BoardState } from "./boardstate.ts";
import type { Feed } from "./feed.ts";
import { boardOf } from "./names.ts";
import { Value } from "./observable.ts";
import type { Outbox } from "./outbox.ts";
import { pointersAfter, pointersNow } from "./pointer.ts";
import { Stroke, type StrokeHost } from "./stroke.ts";

/** Ops of one gathering; the rest of a batch is kept for the frames of strokes. */
const MAX_GATHERED = MAX_OPS_PER_BATCH / 2;

/** What a board needs of its session. */
export interface BoardHost {
  /** Own batches; undefined while nothing may be written: before the first joining and after the end. */
  outbox(document: string): Outbox | undefined;
  /** Calls flush() within 33 ms. */
  gather(board: LiveBoard): void;
  /** Makes a batch of payload that was captured at a local time. */
  submit(document: string, payload: Uint8Array, ops: readonly Op[], at: number): void;
  /** An own batch stands in the confirmed document. */
  confirmed(document: string, n: number): void;
  restored(document: string, context: Context): void;
  point(board: LiveBoard, x: number, y: number, kind: CursorKind): void;
  /** The own replica, 0 while there is none. */
  readonly replica: number;
  now(): number;
}

/** One board of the session. */
export class LiveBoard implements BoardDocument, StrokeHost {
  readonly document: string;
  readonly ready = new Value(false);
  readonly cursors = new Value<readonly LiveCursor[]>([]);
  readonly state: BoardState;
  /** Set once by the session. */
  feed: Feed | undefined;
  private readonly listeners = new Set<(change: BoardChange) => void>();
  private readonly strokes = new Set<Stroke>();
  /** Ops of the batch that is being gathered; they are in the view already. */
  private gathered: Op[] = [];

  constructor(
    readonly page: string,
    private readonly host: BoardHost,
  ) {
    this.document = boardOf(page);
    this.state = new BoardState({
      changed: (change) => this.tell(change),
      applied: (record) => this.applied(record),
      restored: (context) => this.restored(context),
    });
    const outbox = this.outbox;
    if (outbox !== undefined) this.state.show(outbox);
  }

  get revision(): bigint {
    return BigInt(this.feed?.revision ?? 0);
  }

  hash(): string {
    return hex(this.state.hash());
  }

  elements(): Iterable<Element> {
    return this.state.view.elements();
  }

  get(k: Key): Element | undefined {
    return this.state.view.get(k);
  }

  subscribe(listener: (change: BoardChange) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  startStroke(settings: readonly Setting[], _at: number): StrokeWriter {
    const stroke = new Stroke(this, this.newID(), settings);
    if (this.outbox === undefined) stroke.abandon();
    return stroke;
  }

  create(element: ElementKind, settings: readonly Setting[]): Key {
    const id = this.newID();
    this.submit([{ kind: "create", id, element, settings }]);
    return key(id);
  }

  delete(keys: readonly Key[]): void {
    const ids = keys.map((k) => this.get(k)?.id).filter((id) => id !== undefined);
    const settings = [{ register: Register.Deleted, value: boolValue(true) }];
    this.submit(ids.map((id) => ({ kind: "set", id, settings })));
  }

  submit(ops: readonly Op[]): void {
    for (let at = 0; at < ops.length; ) {
      if (this.gathered.length >= MAX_GATHERED) this.flush();
      const part = ops.slice(at, at + MAX_GATHERED - this.gathered.length);
      if (!this.put(part)) return;
      at += part.length;
    }
    this.host.gather(this);
  }

  pointAt(x: number, y: number, kind: CursorKind): void {
    this.host.point(this, x, y, kind);
  }

  // What strokes call.

  begun(stroke: Stroke): void {
    if (this.gathered.length >= MAX_GATHERED) this.flush();
    if (!this.put([{ kind: "create", id: stroke.id, element: ElementKind.Ink, settings: stroke.settings }])) return stroke.abandon();
    this.strokes.add(stroke);
  }

  wet(k: Key, points: readonly Point[]): void {
    this.state.wet(k, points);
  }

  gather(): void {
    this.host.gather(this);
  }

  visible(k: Key): boolean {
    return this.get(k)?.deleted === false;
  }

  // What the session calls.

  /** Makes batches of everything that was gathered. */
  flush(): void {
    const { outbox } = this;
    if (outbox === undefined) return;
    do {
      let at = 0;
      const frames: Op[] = [];
      for (const stroke of this.strokes) {
        const op = stroke.take();
        if (op !== undefined) {
          frames.push(op);
          at = Math.max(at, stroke.latest);
        }
        if (stroke.done) this.strokes.delete(stroke);
      }
      const ops = [...this.gathered, ...frames];
      this.gathered = [];
      if (ops.length === 0) return;
      this.state.add(outbox.next, frames);
      this.host.submit(this.document, encodeOps(ops), ops, frames.length > 0 ? at : this.host.now());
    } while (this.strokes.size > 0);
  }

  /** Counters of strokes that are being drawn. */
  get drawing(): ReadonlySet<number> {
    return new Set([...this.strokes].map((s) => s.id.counter));
  }

  /** Own work is under another replica now; renamed: counters, old → new. */
  rekeyed(renamed: ReadonlyMap<number, number>, outbox: Outbox): void {
    for (const stroke of this.strokes) {
      const counter = renamed.get(stroke.id.counter);
      if (counter === undefined) stroke.abandon();
      else stroke.id = { replica: outbox.replica, counter };
    }
    this.state.show(outbox);
  }

  /** A batch was refused; returns its refused ops. */
  refuse(n: number, indexes: readonly number[]): Op[] {
    const ops = this.state.refuse(n, indexes);
    for (const op of ops) {
      if (op.kind !== "create") continue;
      for (const stroke of this.strokes) if (stroke.key === key(op.id)) stroke.abandon();
    }
    return ops;
  }

  /** A batch in the outbox that nobody sees yet: after the first joining. */
  showOutbox(): void {
    if (this.outbox !== undefined) this.state.show(this.outbox);
  }

  pointed(message: Cursors): void {
    this.cursors.set(pointersAfter(this.cursors.value, message, this.host.replica, this.host.now()));
  }

  /** Forgets pointers of people who are gone. */
  sweep(present: ReadonlySet<number>): void {
    this.cursors.set(pointersNow(this.cursors.value, present, this.host.now()));
  }

  private get outbox(): Outbox | undefined {
    return this.host.outbox(this.document);
  }

  private newID(): ID {
    const { outbox } = this;
    return { replica: outbox?.replica ?? 0, counter: outbox?.newCounter() ?? 0 };
  }

  /** Takes ops into the batch that is being gathered and shows them. */
  private put(ops: readonly Op[]): boolean {
    const { outbox } = this;
    if (outbox === undefined) return false;
    this.gathered.push(...ops);
    this.state.add(outbox.next, ops);
    return true;
  }

  private applied(record: CodedRecord): void {
    if (record.replica === this.outbox?.replica) this.host.confirmed(this.document, record.n);
  }

  private restored(context: Context): number {
    this.host.restored(this.document, context);
    return this.outbox?.acked ?? 0;
  }

  private tell(change: BoardChange): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}
