// One board as it is kept: the confirmed document, the decoders of its open strokes, and the overlay of own work (REC2).
import { Board } from "../ot/board.ts";
import { decodeOps } from "../ot/codec.ts";
import { Overlay, type Batch as ViewBatch } from "../ot/overlay.ts";
import { MAX_OPEN_STROKES } from "../ot/sheet.ts";
import { BOARD_LIMITS, Loader } from "../ot/table.ts";
import { ElementKind, key, type ID, type Key, type Op } from "../ot/types.ts";
import { decodeChunk, Strokes } from "../protocol/ink.ts";
import type { CodedRecord, Context, Lengths } from "../protocol/record.ts";
import type { BoardChange } from "./api.ts";
import type { DocumentState, Restoring } from "./feed.ts";
import type { Outbox } from "./outbox.ts";

/** Bound of the decoders that a board has at a time, 6 kB each. */
const MAX_OPEN = 1 << 14;

export interface BoardEvents {
  changed(change: BoardChange): void;
  /** A record was applied to the confirmed board. */
  applied(record: CodedRecord): void;
  /** A snapshot replaced the confirmed board; returns the last own batch that it has. */
  restored(context: Context): number;
}

export class BoardState implements DocumentState {
  readonly lengths: Lengths = (id) => this.board.lengthOf(id);
  private board = new Board();
  private strokes = new Strokes(MAX_OPEN);
  private overlay = new Overlay(this.board, 0);

  constructor(private readonly events: BoardEvents) {}

  /** What a person sees. */
  get view(): Overlay {
    return this.overlay;
  }

  apply(record: CodedRecord): void {
    const ops = record.payload.length === 0 ? [] : decodeOps(record.payload);
    decodeInk(ops, record.replica, this.board, this.strokes);
    const keys = this.overlay.confirm(record.revision, record.replica, record.n, ops);
    this.tell(keys);
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
      commit: (context) => this.replace((board ??= loader.board()), strokes, context),
    };
  }

  hash(): Uint8Array {
    return this.board.hash();
  }

  /** Own ops are visible from here on. */
  add(n: number, ops: readonly Op[]): void {
    if (ops.length > 0) this.tell(this.overlay.add({ n, ops }));
  }

  /** Own points that are in no op yet. */
  wet(k: Key, points: Parameters<Overlay["wet"]>[1]): void {
    this.tell(this.overlay.wet(k, points));
  }

  /** A refused batch is no longer visible; without indexes the whole of it. */
  refuse(n: number, indexes: readonly number[]): Op[] {
    const ops = this.overlay.pending.filter((b) => b.n === n).flatMap((b) => b.ops);
    const kept = indexes.length === 0 ? [] : ops.filter((_, i) => !indexes.includes(i));
    const refused = ops.filter((op) => !kept.includes(op));
    const pending: ViewBatch[] = [];
    for (const b of this.overlay.pending) {
      if (b.n !== n) pending.push(b);
      else if (pending.at(-1)?.n !== n && kept.length > 0) pending.push({ n, ops: kept });
    }
    this.rebase(pending);
    return refused;
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
    this.overlay = new Overlay(this.board, outbox.replica, pending);
    this.events.changed({ all: true });
  }

  private replace(board: Board, strokes: Strokes, context: Context): void {
    this.board = board;
    this.strokes = strokes;
    const durable = this.events.restored(context);
    this.rebase(this.overlay.pending.filter((b) => b.n > durable));
  }

  private rebase(pending: readonly ViewBatch[]): void {
    this.overlay.rebase(this.board, pending);
    this.events.changed({ all: true });
  }

  private tell(keys: ReadonlySet<Key>): void {
    if (keys.size > 0) this.events.changed({ all: false, keys });
  }
}

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

/** Fills in the points of the extends that the board will take, and only of those: a decoder goes with what is on the board. */
export function decodeInk(ops: readonly Op[], author: number, board: Board, strokes: Strokes): void {
  const batch = new AuthorsStrokes(author, board, strokes);
  for (const op of ops) {
    if (!("id" in op) || op.id.replica !== author) continue;
    if (op.kind === "create" && op.element === ElementKind.Ink) batch.create(op.id);
    if (op.kind === "extend") batch.extend(op);
    if (op.kind === "end") batch.close(op.id);
  }
}

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

  private of(k: Key): StrokeState | undefined {
    return this.here.get(k) ?? this.board.get(k);
  }
}
