// BoardDocument: what the canvas draws and writes to.
import type { Element } from "../ot/board.ts";
import { encodeOps } from "../ot/codec.ts";
import { drawingKey, PENDING } from "../ot/order.ts";
import { difference } from "../ot/textdiff.ts";
import { ElementKind, key, Register, type Edit, type ID, type Key, type Op, type Point, type Setting } from "../ot/types.ts";
import { boolValue } from "../ot/value.ts";
import { hex } from "../protocol/bytes.ts";
import { Code } from "../protocol/codes.ts";
import type { Cursors } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { CodedRecord, Context } from "../protocol/record.ts";
import type { BoardChange, BoardDocument, CursorKind, EraserWriter, History, LiveCursor, StrokeWriter } from "./api.ts";
import { besideText } from "./besidetext.ts";
import { BoardState } from "./boardstate.ts";
import { Eraser, type EraserHost } from "./eraser.ts";
import { Gathering } from "./gathering.ts";
import { Steps, undoOps, type HistoryHost } from "./history.ts";
import { inkOps } from "./inkops.ts";
import { boardOf } from "./names.ts";
import { Value } from "./observable.ts";
import type { Outbox } from "./outbox.ts";
import { Pens } from "./pens.ts";
import { piecesOf } from "./pieces.ts";
import { pointersAfter, pointersNow, type Selecting } from "./pointer.ts";
import { Splits } from "./splits.ts";
import { Stroke, type StrokeHost } from "./stroke.ts";
import { Texts } from "./texts.ts";
import { sameWaiting } from "./waitingtexts.ts";

/** Bytes of texts in one batch, about. */
const MAX_TEXT_BYTES = 64 << 10;

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
  /** A snapshot came; returns the last own batch that it has. */
  restored(document: string, context: Context): number;
  point(board: LiveBoard, x: number, y: number, kind: CursorKind): void;
  select(board: LiveBoard, x: number, y: number, text: Selecting | undefined): void;
  /** What waits in the outbox's texts has changed. */
  textsWait(): void;
  /** The own replica, 0 while there is none. */
  readonly replica: number;
  now(): number;
}

/** One board of the session. */
export class LiveBoard implements BoardDocument, StrokeHost, EraserHost, HistoryHost {
  readonly document: string;
  readonly ready = new Value(false);
  readonly cursors = new Value<readonly LiveCursor[]>([]);
  readonly state: BoardState;
  private readonly listeners = new Set<(change: BoardChange) => void>();
  private readonly pens = new Pens();
  private readonly erasers = new Set<Eraser>();
  private readonly splits = new Splits();
  private readonly steps = new Steps(this);
  private readonly texts: Texts;
  /** Ops that go with the next flush; they are in the view already. */
  private readonly gathering = new Gathering();
  /** Something waits for the next flush, since when (local time, ms): that is its captured_at. */
  private gathers = false;
  private since = 0;

  constructor(
    readonly page: string,
    private readonly host: BoardHost,
  ) {
    this.document = boardOf(page);
    this.state = new BoardState({
      changed: (change) => this.tell(change),
      applied: (record) => this.applied(record),
      restored: (context) => this.restored(context),
      replaced: () => this.replaced(),
      edited: (k, edit, author) => this.texts.changed(k, edit, author),
      confirmedText: (k, confirmed) => this.texts.confirmed(k, confirmed),
    });
    this.texts = new Texts(this.state, this.steps, this.cursors);
    this.showOutbox();
  }

  get revision(): bigint {
    return BigInt(this.state.view.revision);
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

  startStroke(settings: readonly Setting[]): StrokeWriter {
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
    const settings = [{ register: Register.Deleted, value: boolValue(true) }];
    this.set(keys.filter((k) => this.get(k)?.deleted === false).map((k) => [k, settings]));
  }

  set(changes: Iterable<readonly [Key, readonly Setting[]]>): void {
    const ops: Op[] = [];
    for (const [k, settings] of changes) {
      const id = this.get(k)?.id;
      if (id !== undefined && settings.length > 0) ops.push({ kind: "set", id, settings: inOrder(settings) });
    }
    this.submit(ops);
  }

  createInk(settings: readonly Setting[], points: readonly Point[]): Key {
    const id = this.newID();
    this.submit(inkOps(id, inOrder(settings), points));
    return key(id);
  }

  split(k: Key): readonly Key[] {
    const e = this.get(k);
    if (e?.ink === undefined || e.deleted || e.open) return [];
    const visible = e.visible();
    if (visible === undefined) return [k];
    const pieces = piecesOf(e, visible, e.created === PENDING ? e.order : drawingKey(e)).map((piece) => ({ id: this.newID(), ...piece }));
    const deleted: Op = { kind: "set", id: e.id, settings: [{ register: Register.Deleted, value: boolValue(true) }] };
    this.splits.add(e.id, pieces.map(({ id }) => id));
    this.submit([...pieces.flatMap(({ id, settings, points }) => inkOps(id, settings, points)), deleted]);
    return pieces.map(({ id }) => key(id));
  }

  clear(): void {
    this.submit([{ kind: "clear", base: this.revision }]);
  }

  startErasing(): EraserWriter {
    const end = this.steps.begin();
    const eraser: Eraser = new Eraser(this, () => {
      this.erasers.delete(eraser);
      end();
    });
    this.erasers.add(eraser);
    return eraser;
  }

  editText(k: Key, edit: Edit): void {
    if (this.outbox === undefined) return;
    this.texts.edit(k, edit);
    this.gather();
  }

  watchText(k: Key, listener: (edit: Edit) => void): () => void {
    return this.texts.watch(k, listener);
  }

  selectText(at: Parameters<BoardDocument["selectText"]>[0]): void {
    const id = at === undefined ? undefined : this.get(at.key)?.id;
    if (at === undefined || id === undefined) this.host.select(this, 0, 0, undefined);
    else this.host.select(this, at.x, at.y, () => this.texts.sent(id, at.anchor, at.head));
  }

  get history(): History {
    return this.steps;
  }

  submit(ops: readonly Op[]): void {
    if (this.outbox === undefined || ops.length === 0) return;
    const rest = ops.filter((op) => op.kind !== "textEdit");
    const end = this.steps.begin();
    this.steps.note(rest);
    this.put(rest);
    for (const op of ops) if (op.kind === "textEdit") this.editText(key(op.id), op.edit);
    end();
  }

  pointAt(x: number, y: number, kind: CursorKind): void {
    this.host.point(this, x, y, kind);
  }

  // What strokes call.

  begun(stroke: Stroke): void {
    const create: Op = { kind: "create", id: stroke.id, element: ElementKind.Ink, settings: stroke.settings };
    if (this.outbox === undefined) return stroke.abandon();
    this.submit([create]);
    this.pens.add(stroke);
  }

  wet(k: Key, points: readonly Point[]): void {
    this.state.wet(k, points);
  }

  gather(): void {
    if (!this.gathers) this.since = this.host.now();
    this.gathers = true;
    this.host.gather(this);
  }

  deleted(k: Key): boolean {
    return this.get(k)?.deleted === true;
  }

  // What erasers and the history call.

  newEraser(): number | undefined {
    return this.outbox?.newEraser();
  }

  now(): number {
    return this.host.now();
  }

  submitUndo(ops: readonly Op[]): void {
    if (ops.length > 0) this.put(ops);
  }

  undoText(k: Key, edit: Edit): void {
    if (this.outbox === undefined) return;
    this.texts.undo(k, edit);
    this.gather();
  }

  textOf(k: Key): string | undefined {
    return this.state.textOf(k);
  }

  // What the session calls.

  /** Makes batches of everything that was gathered. */
  flush(): void {
    const { outbox } = this;
    this.gathers = false;
    if (outbox?.replica !== this.state.view.replica) return; // nothing, or what a reload left and is not shown yet
    do {
      const ops = this.flushGathered(outbox);
      const { at, frames } = this.pens.frames();
      this.state.add(outbox.next, frames);
      ops.push(...frames, ...this.state.takeTexts(outbox.next, MAX_TEXT_BYTES));
      const waits = this.keepTexts(outbox);
      if (ops.length > 0) this.submitBatch(ops, Math.min(at, this.since));
      if (waits) this.host.textsWait(); // written with the batch
      this.since = this.host.now();
      if (ops.length === 0) return;
    } while (this.pens.size > 0);
  }

  /** Makes batches of what was gathered but for the last, whose ops it returns. */
  private flushGathered(outbox: Outbox): Op[] {
    const { batches, changed } = this.gathering.take();
    if (changed) this.state.rewrite(outbox.next, batches);
    for (const ops of batches.slice(0, -1)) this.submitBatch(ops, this.since);
    return [...(batches.at(-1) ?? [])];
  }

  private submitBatch(ops: readonly Op[], at: number): void {
    this.host.submit(this.document, encodeOps(ops), ops, at);
  }

  /** Texts that have to wait are kept beside the batches; returns whether that changed. */
  private keepTexts(outbox: Outbox): boolean {
    if (this.state.textsToTake) this.gather(); // more than one batch may carry
    const waiting = this.state.waitingTexts();
    if (sameWaiting(waiting, outbox.texts)) return false;
    outbox.texts = waiting;
    return true;
  }

  /** An own record came, and waits: its batch is about to be forgotten. */
  received(revision: number): void {
    this.state.received(revision);
    const { outbox } = this;
    if (outbox !== undefined) outbox.texts = this.state.waitingTexts();
  }

  /** Counters of strokes that are being drawn. */
  get drawing(): ReadonlySet<number> {
    return this.pens.counters;
  }

  /** Own work is under another replica now; renamed: counters, old → new. */
  rekeyed(renamed: ReadonlyMap<number, number>, outbox: Outbox): void {
    this.pens.rekeyed(outbox.replica, renamed);
    for (const eraser of this.erasers) eraser.renumber();
    const texts = this.texts.watched.map((k) => ({ k, before: this.state.textOf(k) ?? "" }));
    this.state.show(outbox);
    for (const { k, before } of texts) this.texts.changed(k, difference(before, this.state.textOf(k) ?? ""), 0);
    this.steps.forget();
    this.splits.forget();
  }

  /** A batch was refused; returns its refused ops that nothing else was made of. */
  refuse(n: number, indexes: readonly number[], code: number): readonly Op[] {
    const { ops, texts } = this.state.refuse(n, indexes);
    this.pens.refused(ops);
    if (code === Code.BoardFull) this.submitUndo(undoOps(this.splits.refused(ops)));
    this.gather(); // texts that waited for it
    if (code !== Code.TextBaseTooOld) return ops;
    for (const op of ops) {
      if (op.kind !== "textEdit") continue;
      this.state.forgetTyped(key(op.id));
      this.putBeside(op.id, texts.get(key(op.id)) ?? "");
    }
    return ops.filter((op) => op.kind !== "textEdit");
  }

  /** A text as a person had it, beside what became of it (SYN7). */
  private putBeside(id: ID, text: string): void {
    const e = this.get(key(id));
    if (e !== undefined && text !== "") this.submit(besideText(e, this.newID(), text));
  }

  /** What is in the outbox that nobody sees yet: after the first joining. */
  showOutbox(): void {
    const { outbox } = this;
    if (outbox !== undefined) this.state.show(outbox);
  }

  /** A heart tick. */
  tick(): void {
    this.steps.drop();
    for (const { id, text } of this.state.missedTexts()) this.putBeside(id, text);
  }

  /** Somebody watches it, or may undo what was done on it. */
  get inUse(): boolean {
    return this.listeners.size > 0 || this.steps.canUndo.value || this.steps.canRedo.value;
  }

  pointed(message: Cursors): void {
    this.cursors.set(pointersAfter(this.cursors.value, message, this.host.replica, this.host.now(), (replica, text) => this.texts.seen(replica, text)));
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

  /** Gathers ops and shows them; they stay together where a batch has room for them. */
  private put(ops: readonly Op[]): void {
    const { outbox } = this;
    if (outbox === undefined) return;
    if (this.gathering.full) this.flush();
    this.gathering.add(ops);
    this.state.add(outbox.next, ops);
    this.gather();
  }

  private replaced(): void {
    this.texts.resynced();
    this.gather();
  }

  private applied(record: CodedRecord): void {
    if (record.replica !== this.outbox?.replica) return;
    this.host.confirmed(this.document, record.n);
    if (this.state.textsToTake) this.gather();
  }

  private restored(context: Context): number {
    return this.host.restored(this.document, context);
  }

  private tell(change: BoardChange): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}

/** Settings by rising register, as ops have them. */
const inOrder = (settings: readonly Setting[]): Setting[] => [...settings].sort((a, b) => a.register - b.register);
