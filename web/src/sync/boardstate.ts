// One board as it is kept: the confirmed document, the decoders of its open strokes, and the overlay of own work (REC2).
import { Board } from "../ot/board.ts";
import { decodeOps } from "../ot/codec.ts";
import { Overlay, type Batch as ViewBatch } from "../ot/overlay.ts";
import { MAX_OPEN_STROKES } from "../ot/sheet.ts";
import { applyEdit } from "../ot/text.ts";
import { BOARD_LIMITS, Loader } from "../ot/table.ts";
import { ElementKind, key, type Edit, type ID, type IDRange, type Key, type Op } from "../ot/types.ts";
import { decodeChunk, Strokes } from "../protocol/ink.ts";
import type { CodedRecord, Context, Lengths } from "../protocol/record.ts";
import type { BoardChange } from "./api.ts";
import type { DocumentState, Restoring } from "./documentstate.ts";
import { sizeOf } from "./gathering.ts";
import type { Outbox } from "./outbox.ts";
import { Refusals, refusalOf, type Missed, type Refusal } from "./refusals.ts";
import type { WaitingText } from "./store.ts";
import type { Confirmed } from "./texts.ts";
import { brought, resumed, waitingTexts } from "./waitingtexts.ts";

/** Bound of the decoders that a board has at a time, 6 kB each. */
const MAX_OPEN = 1 << 14;

export interface BoardEvents {
  changed(change: BoardChange): void;
  /** A record was applied to the confirmed board. */
  applied(record: CodedRecord): void;
  /** A snapshot replaced the confirmed board; returns the last own batch that it has. */
  restored(context: Context): number;
  /** The view stands on that snapshot now. */
  replaced(): void;
  /** Others' work changed a text in the view. */
  edited(k: Key, edit: Edit, author: number): void;
  /** An edit of a text stands in the confirmed board. */
  confirmedText(k: Key, confirmed: Confirmed): void;
}

export class BoardState implements DocumentState {
  readonly lengths: Lengths = (id) => this.board.lengthOf(id);
  private board = new Board();
  private strokes = new Strokes(MAX_OPEN);
  private overlay = new Overlay(this.board, 0);
  /** Texts that wait and are not in the view: a reload left them, and the board is not there yet. */
  private left: WaitingText[] = [];
  private revision = 0;
  /** A snapshot has come: the confirmed board is more than empty. */
  private known = false;
  private readonly refusals = new Refusals();
  /** Revision of the last own record that came while records wait; it need not be applied yet. */
  private ownReceived = 0;
  /** Author of the record that is being applied, 0: none. */
  private author = 0;

  constructor(private readonly events: BoardEvents) {
    this.listen();
  }

  /** What a person sees. */
  get view(): Overlay {
    return this.overlay;
  }

  apply(record: CodedRecord): void {
    const ops = record.payload.length === 0 ? [] : decodeOps(record.payload);
    decodeInk(ops, record.replica, this.board, this.strokes);
    const { revision, replica } = record;
    if (replica === this.overlay.replica) this.refusals.confirmed(record.n, this.opsOf(record.n), ops, (k) => this.textOf(k), (k) => this.sentOf(k));
    this.revision = revision;
    this.author = replica;
    const keys = this.overlay.confirm(revision, replica, record.n, ops);
    this.author = 0;
    if (this.known && this.left.some((text) => text.revision <= revision)) this.resumeLeft();
    if (replica === this.overlay.replica) this.refusals.settled(record.n, (k) => this.textOf(k));
    for (const op of ops) if (op.kind === "textEdit") this.events.confirmedText(key(op.id), { revision, author: replica, edit: op.edit });
    this.tell(keys, false);
    this.events.applied(record);
  }

  restore(table: Uint8Array): Restoring {
    const loader = new Loader(table, BOARD_LIMITS);
    const strokes = new Strokes(MAX_OPEN);
    for (const { id, frames } of loader.openStrokes()) loader.setOpen(id, strokes.restore(id, frames));
    let board: Board | undefined;
    return {
      chunk: (ink) => loader.addStrokes(decodeChunk(ink, loader.missing)),
      hash: () => (board ??= loader.board()).hash(),
      commit: (context, revision) => this.replace((board ??= loader.board()), strokes, context, revision),
    };
  }

  hash(): Uint8Array {
    return this.board.hash();
  }

  /** Own ops are visible from here on. */
  add(n: number, ops: readonly Op[]): void {
    if (ops.length > 0) this.tell(this.overlay.add({ n, ops }), true);
  }

  /** The newest batch, n, is these batches instead, which do the same: nothing changes in the view. */
  rewrite(n: number, batches: readonly (readonly Op[])[]): void {
    this.overlay.rewrite(n, batches);
  }

  /** Own points that are in no op yet. */
  wet(k: Key, points: Parameters<Overlay["wet"]>[1]): void {
    this.tell(this.overlay.wet(k, points), true);
  }

  /** The ops of a batch that is not confirmed. */
  opsOf(n: number): readonly Op[] {
    return this.overlay.pending.find((b) => b.n === n)?.ops ?? [];
  }

  /** A refused batch is no longer visible; without indexes the whole of it. Returns what was refused. */
  refuse(n: number, indexes: readonly number[]): Refusal {
    const { ops, texts } = this.refusals.refused(n) ?? refusalOf(this.opsOf(n), (k) => this.textOf(k));
    this.tell(this.overlay.drop(n, indexes.length === 0 ? undefined : indexes), false);
    return { ops: ops.filter((_, i) => indexes.length === 0 || indexes.includes(i)), texts };
  }

  /** Shows what an outbox holds: after a reload, or under another replica. */
  show(outbox: Outbox): void {
    const own = new Strokes(MAX_OPEN);
    const pending: ViewBatch[] = [];
    for (const batch of outbox.kept) {
      const ops = outbox.opsOf(batch);
      for (const op of ops) if (op.kind === "end" || op.kind === "extend") decodeOrSkip(own, op);
      if (batch.n > outbox.acked) pending.push({ n: batch.n, ops });
    }
    this.left = [...outbox.texts];
    this.ownReceived = 0;
    this.refusals.clear();
    this.renew(outbox.replica, pending);
  }

  // ---- Texts.

  /** The string of a text in the view; undefined: there is no such text. */
  textOf(k: Key): string | undefined {
    const e = this.overlay.get(k);
    return e?.kind === ElementKind.Text ? e.text : undefined;
  }

  /** A text with the edit that is on its way, and none that waits. */
  private sentOf(k: Key): string {
    return applyEdit(this.board.get(k)?.text ?? "", this.overlay.pendingText(k).out);
  }

  /** A heart tick: what was typed in texts that are still there and did not come into them, and nobody said why. */
  missedTexts(): Missed[] {
    return this.refusals.overdue().filter(({ id }) => this.board.get(key(id))?.kind === ElementKind.Text);
  }

  /** Whether a reload left an edit of a text that cannot be shown yet. What is typed there now would not fit together with it. */
  leftOf(k: Key): boolean {
    return this.left.some((text) => key(text.id) === k);
  }

  /** Edits a text in the view; the edit waits until it is taken. */
  type(k: Key, edit: Edit): void {
    this.refusals.edited(k, edit);
    this.tell(this.overlay.typed(k, edit), true);
  }

  /** Puts what was typed into batch n, as far as it may go now and bytes allow; returns it. */
  takeTexts(n: number, bytes: number): Op[] {
    const ops: Op[] = [];
    for (const k of this.overlay.textsToTake()) {
      const id = this.overlay.get(k)?.id;
      if (id === undefined || bytes <= 0 || ops.length === MAX_TEXTS) break;
      const taken = this.overlay.takeText(k);
      if (taken === undefined) continue;
      const op: Op = { kind: "textEdit", id, ...taken };
      bytes -= sizeOf(op);
      ops.push(op);
    }
    this.add(n, ops);
    return ops;
  }

  /** Whether something that was typed may go. */
  get textsToTake(): boolean {
    return this.overlay.textsToTake().length > 0;
  }

  /** What was typed and is in no batch. */
  waitingTexts(): WaitingText[] {
    return [...this.left, ...waitingTexts(this.overlay).map((text) => ({ ...text, revision: Math.max(text.revision, this.ownReceived) }))];
  }

  /** An own record of that revision came and waits. What is typed may lean on it, and its batch is not kept any more. */
  received(revision: number): void {
    this.ownReceived = revision;
  }

  /** Forgets what was typed on a text and is in no batch. */
  forgetTyped(k: Key): void {
    const id = this.overlay.get(k)?.id;
    for (let taken = this.overlay.takeText(k); id !== undefined && taken !== undefined; taken = this.overlay.takeText(k)) {
      this.overlay.add({ n: NO_BATCH, ops: [{ kind: "textEdit", id, ...taken }] });
      this.tell(this.overlay.drop(NO_BATCH), false);
    }
  }

  private replace(board: Board, strokes: Strokes, context: Context, revision: number): void {
    this.board = board;
    this.strokes = strokes;
    this.revision = revision;
    this.known = true;
    const durable = this.events.restored(context);
    const pending = this.overlay.pending.filter((b) => b.n > durable);
    if (this.left.length > 0) this.resumeLeft(pending);
    else this.overlay.rebase(board, pending, revision);
    this.events.changed({ all: true });
    this.events.replaced();
  }

  /** What a reload left goes on as far as the confirmed board has come. */
  private resumeLeft(pending: readonly ViewBatch[] = this.overlay.pending): void {
    this.left = this.waitingTexts();
    this.renew(this.overlay.replica, pending);
  }

  /** Makes a new view, with the texts that a reload or another view left. */
  private renew(replica: number, pending: readonly ViewBatch[]): void {
    const { left } = this;
    this.overlay = new Overlay(this.board, replica, brought(pending, left, this.board), { revision: this.revision });
    this.listen();
    this.left = [];
    for (const text of left) {
      // A snapshot may be older than the text that is waited on; the records up to there follow.
      const early = text.revision > this.revision;
      const edit = early ? undefined : resumed(text, this.overlay);
      if (edit !== undefined) this.overlay.typed(key(text.id), edit);
      else if (early || !this.known) this.left.push(text);
    }
    this.events.changed({ all: true });
  }

  private listen(): void {
    this.overlay.onText((k, edit) => {
      this.refusals.edited(k, edit);
      this.events.edited(k, edit, this.author);
    });
  }

  private tell(keys: ReadonlySet<Key>, own: boolean): void {
    if (keys.size > 0) this.events.changed({ all: false, keys, own });
  }
}

/** Texts of which an edit goes in one batch. */
const MAX_TEXTS = 64;
/** Stands for the number of a batch that is never sent. */
const NO_BATCH = -1;

/** Own frames that lean on a create which is not kept any more are confirmed or lost; the board passes over them. */
function decodeOrSkip(strokes: Strokes, op: Op): void {
  try {
    strokes.decode(op);
  } catch {
    // op.points stays empty, which changes nothing (OT3).
  }
}

interface StrokeState {
  readonly id: ID;
  readonly open: boolean;
  readonly count: number;
}

/**
 * Fills in the points of the extends that the board will take, and only of those: a decoder goes with what is on the
 * board. Replica 0, the server, ends strokes (OT8) and purges them (OT16).
 */
export function decodeInk(ops: readonly Op[], author: number, board: Board, strokes: Strokes): void {
  const batch = new AuthorsStrokes(author, board, strokes);
  for (const op of ops) {
    if (op.kind === "purge" && author === SERVER) for (const range of op.ranges) batch.purge(range);
    if (op.kind === "end" && author === SERVER) strokes.forget(op.id);
    if (!("id" in op) || op.id.replica !== author) continue;
    if (op.kind === "create" && op.element === ElementKind.Ink) batch.create(op.id);
    if (op.kind === "extend") batch.extend(op);
    if (op.kind === "end") batch.close(op.id);
  }
}

/** The replica of what the server writes itself. */
const SERVER = 0;

/** The strokes of a batch's author as its ops leave them, ahead of the board. */
class AuthorsStrokes {
  private readonly here = new Map<Key, StrokeState>();
  /** Oldest first. */
  private readonly open: Key[];

  constructor(
    author: number,
    private readonly board: Board,
    private readonly strokes: Strokes,
  ) {
    this.open = [...board.openStrokes(author)];
  }

  create(id: ID): void {
    if (this.of(key(id)) !== undefined) return;
    if (this.open.length === MAX_OPEN_STROKES) {
      const oldest = this.of(this.open[0] ?? key(id));
      if (oldest !== undefined) this.close(oldest.id); // OT4
    }
    this.here.set(key(id), { id, open: true, count: 0 });
    this.open.push(key(id));
  }

  extend(op: Extract<Op, { kind: "extend" }>): void {
    const stroke = this.of(key(op.id));
    if (stroke === undefined || !stroke.open || stroke.count !== op.first) return;
    this.strokes.decode(op);
    this.here.set(key(op.id), { ...stroke, count: stroke.count + op.points.length });
    if (op.ended) this.close(op.id);
  }

  close(id: ID): void {
    const stroke = this.of(key(id));
    this.strokes.forget(id);
    if (stroke === undefined) return;
    this.here.set(key(id), { ...stroke, open: false });
    const at = this.open.indexOf(key(id));
    if (at >= 0) this.open.splice(at, 1);
  }

  /** The open strokes among the deleted elements of a range. */
  purge({ replica, first, count }: IDRange): void {
    for (const k of this.board.openStrokes(replica)) {
      const e = this.board.get(k);
      if (e?.deleted === true && e.id.counter >= first && e.id.counter < first + count) this.strokes.forget(e.id);
    }
  }

  private of(k: Key): StrokeState | undefined {
    const e = this.here.get(k) ?? this.board.get(k);
    return e && { id: e.id, open: e.open, count: e.count }; // not the element, whose spread would lack what it computes
  }
}
