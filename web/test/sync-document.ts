// One document of the fake server: its records and what they make of it, now and as of a time.
import { create, toBinary } from "@bufbuild/protobuf";
import { Board } from "../src/ot/board.ts";
import { Writer } from "../src/ot/bytes.ts";
import { decodeOps } from "../src/ot/codec.ts";
import { closedStrokes, encodeTable } from "../src/ot/table.ts";
import { chain } from "../src/protocol/chain.ts";
import { AuthorityStateSchema, StageStateSchema } from "../src/protocol/gen/chalkline/v1/chalkline_pb.ts";
import { encodeChunk, Strokes } from "../src/protocol/ink.ts";
import { Context, type CodedRecord, type Lengths } from "../src/protocol/record.ts";
import { Authority } from "../src/sync/authority.ts";
import { decodeInk } from "../src/sync/boardstate.ts";
import type { DocumentState } from "../src/sync/documentstate.ts";
import { releaseOf } from "../src/sync/held.ts";
import { StageState } from "../src/sync/stagestate.ts";

/** A record of the log; release in ms of room time. */
export interface Logged {
  readonly record: CodedRecord;
  readonly digest: bigint;
  readonly release: number;
}

export class FakeDocument {
  readonly records: Logged[] = [];
  readonly context = new Context();
  readonly board: Board | undefined;
  readonly authority: Authority | undefined;
  readonly stage: StageState | undefined;
  private readonly strokes = new Strokes(1000);

  constructor(readonly name: string) {
    if (name.startsWith("board:")) this.board = new Board();
    else if (name === "stage") this.stage = new StageState({ confirmed: () => {}, restored: () => 0 });
    else this.authority = new Authority(() => {});
  }

  get head(): Logged | undefined {
    return this.records.at(-1);
  }

  /** Appends a record and returns it as it goes on the stream. */
  append(replica: number, n: number, capturedAt: number, payload: Uint8Array, sequencedAt: number): Uint8Array {
    const { head } = this;
    const record = { revision: this.records.length + 1, replica, n, capturedAt: Math.floor(capturedAt), sequencedAt, payload: payload.slice() };
    const w = new Writer();
    w.byte(record.revision % 256);
    this.context.write(w, record, this.lengths);
    this.records.push({ record, digest: chain(head?.digest ?? 0n, record), release: releaseOf(head?.release ?? 0, record) });
    this.apply(record);
    return w.take();
  }

  hash(): Uint8Array {
    return this.board === undefined ? this.state.hash() : this.board.hash();
  }

  /** As it was after so many records. */
  after(revision: number): FakeDocument {
    const d = new FakeDocument(this.name);
    for (const { record: r } of this.records.slice(0, revision)) d.append(r.replica, r.n, r.capturedAt, r.payload, r.sequencedAt);
    return d;
  }

  /** How many records were released by a time, ms (ALN5). */
  revisionAt(ms: number): number {
    return this.records.filter((r) => r.release <= ms).length;
  }

  /** Records from index on, coded anew from the beginning. */
  coded(from: number): Uint8Array {
    const before = this.after(from);
    const w = new Writer();
    w.byte((from + 1) % 256);
    for (const { record } of this.records.slice(from)) {
      before.context.write(w, record, before.lengths);
      before.apply(record);
    }
    return w.take();
  }

  /** The table of its snapshot, and the chunk of closed strokes if there are any. */
  table(): { table: Uint8Array; ink: Uint8Array | undefined } {
    const { board, authority, stage } = this;
    if (board !== undefined) {
      const closed = closedStrokes(board).map((e) => Array.from({ length: e.count }, (_, i) => e.point(i)));
      return { table: encodeTable(board), ink: closed.length > 0 ? encodeChunk(closed) : undefined };
    }
    if (stage !== undefined) return { table: toBinary(StageStateSchema, create(StageStateSchema, stage.view.value)), ink: undefined };
    const { pages = [], removed = [] } = authority?.with([]) ?? {};
    const state = { opSemantics: 2, createdAtUs: 5n, pages: [...pages], removed: [...removed] };
    return { table: toBinary(AuthorityStateSchema, create(AuthorityStateSchema, state)), ink: undefined };
  }

  private get lengths(): Lengths {
    const { board } = this;
    return board === undefined ? undefined : (id) => board.lengthOf(id);
  }

  private get state(): DocumentState {
    const state = this.authority ?? this.stage;
    if (state === undefined) throw new Error("a board");
    return state;
  }

  private apply(record: CodedRecord): void {
    if (this.board === undefined) return this.state.apply(record);
    const ops = record.payload.length === 0 ? [] : decodeOps(record.payload);
    decodeInk(ops, record.replica, this.board, this.strokes);
    this.board.apply(record.revision, record.replica, ops);
  }
}
