// Records on a document's stream in their coded form (docs/format.md, Records); the same as protocol/record.go.
import { Reader, Writer } from "../ot/bytes.ts";
import { own } from "./bytes.ts";
import { expand, LAST_FORM, learn, NO_REGISTERS, readRegisters, RecordError, registersOrNone, tightest, type Author, type Lengths } from "./recordforms.ts";

export { RecordError, type Lengths } from "./recordforms.ts";

/** One record of a document. Times are whole ms of room time; payload is the batch in whole form. */
export interface CodedRecord {
  readonly revision: number;
  readonly replica: number;
  readonly n: number;
  readonly capturedAt: number;
  readonly sequencedAt: number;
  readonly payload: Uint8Array;
}

const MAX_WRITERS = 256;
const FRAME_MS = 33;
/** Bound of times, so that they stay exact as µs. */
const MAX_MS = 2 ** 43;

const FORM = 7;
const SAME_REPLICA = 8;
const NEXT_N = 16;
const SAME_SEQUENCED = 32;

/** What coded records of one document lean on: a pure function of the records before. A new one is that of an empty document. */
export class Context {
  private sequenced = 0;
  private replica = 0;
  /** By age: the one that wrote longest ago first. */
  private readonly writers = new Map<number, Author>();

  /** The last n of a replica, 0 if it wrote nothing; undefined if it may have written and was forgotten over others. */
  lastN(replica: number): number | undefined {
    return this.writers.get(replica)?.n ?? (this.writers.size < MAX_WRITERS ? 0 : undefined);
  }

  /** Another one that stands at the same record and goes its own way. */
  copy(): Context {
    const c = new Context();
    c.sequenced = this.sequenced;
    c.replica = this.replica;
    for (const [replica, author] of this.writers) c.writers.set(replica, { ...author });
    return c;
  }

  /** Decodes the records of one message. revision: of the last record before it. Throws RecordError or DecodeError; the context is then unusable. */
  *read(message: Uint8Array, revision: number, lengths: Lengths): Generator<CodedRecord> {
    const r = new Reader(message);
    if (r.byte() !== (revision + 1) % 256) throw new GapError("a message is missing");
    do {
      yield this.readOne(r, ++revision, lengths);
    } while (r.left > 0);
  }

  private readOne(r: Reader, revision: number, lengths: Lengths): CodedRecord {
    const head = r.byte();
    const form = head & FORM;
    if (head >= 64 || form > LAST_FORM) throw new RecordError("unknown head of a record");
    const replica = head & SAME_REPLICA ? this.replica : other(r.uint32(), this.replica);
    const writer = this.writer(replica);
    const n = head & NEXT_N ? writer.n + 1 : other(count(r), writer.n + 1);
    const sequencedAt = this.sequenced + (head & SAME_SEQUENCED ? 0 : other(millis(r), 0));
    const capturedAt = writer.captured + FRAME_MS + r.zigzag();
    if (sequencedAt > MAX_MS || capturedAt < 0 || capturedAt > MAX_MS) throw new RecordError("time out of range");
    const payload = expand(form, replica, writer, r.bytes(), lengths);
    const record = { revision, replica, n, capturedAt, sequencedAt, payload };
    this.take(record, writer, lengths);
    return record;
  }

  /** Appends the coded form of the next record and takes it into the context. */
  write(w: Writer, record: CodedRecord, lengths: Lengths): void {
    const writer = this.writer(record.replica);
    const [form, body] = tightest(record.replica, record.payload, writer, lengths);
    const sameReplica = record.replica === this.replica;
    const nextN = record.n === writer.n + 1;
    const sameSequenced = record.sequencedAt === this.sequenced;
    w.byte(form | (sameReplica ? SAME_REPLICA : 0) | (nextN ? NEXT_N : 0) | (sameSequenced ? SAME_SEQUENCED : 0));
    if (!sameReplica) w.uvarint(record.replica);
    if (!nextN) w.uvarint(record.n);
    if (!sameSequenced) w.uvarint(record.sequencedAt - this.sequenced);
    w.zigzag(record.capturedAt - writer.captured - FRAME_MS);
    w.bytes(body);
    this.take(record, writer, lengths);
  }

  private writer(replica: number): Author {
    return this.writers.get(replica) ?? { n: 0, captured: this.sequenced - FRAME_MS, counter: 0, registers: NO_REGISTERS };
  }

  private take(record: CodedRecord, writer: Author, lengths: Lengths): void {
    const { replica } = record;
    if (!this.writers.delete(replica) && this.writers.size >= MAX_WRITERS) {
      const [oldest] = this.writers.keys();
      if (oldest !== undefined) this.writers.delete(oldest);
    }
    this.writers.set(replica, writer);
    writer.n = record.n;
    writer.captured = record.capturedAt;
    this.replica = replica;
    this.sequenced = record.sequencedAt;
    if (lengths !== undefined) learn(writer, record.replica, record.payload);
  }

  /** The context as it stands in a snapshot. */
  encode(): Uint8Array<ArrayBuffer> {
    const w = new Writer();
    for (const v of [this.sequenced, this.replica, this.writers.size]) w.uvarint(v);
    for (const [replica, { n, captured, counter, registers }] of this.writers) {
      for (const v of [replica, n, captured, counter]) w.uvarint(v);
      w.raw(registers.length === 0 ? Uint8Array.of(0) : registers);
    }
    return own(w);
  }

  /** Reads what encode wrote. Throws RecordError or DecodeError. */
  static decode(src: Uint8Array): Context {
    const r = new Reader(src);
    const c = new Context();
    c.sequenced = millis(r);
    c.replica = r.uint32();
    const writers = r.uvarint();
    if (writers > MAX_WRITERS) throw new RecordError("too many writers in a context");
    for (let i = 0; i < writers; i++) {
      const replica = r.uint32();
      if (c.writers.has(replica)) throw new RecordError("a writer stands twice in a context");
      c.writers.set(replica, { n: count(r), captured: millis(r), counter: r.uint32(), registers: registersOrNone(readRegisters(r, src)).slice() });
    }
    if (r.left > 0) throw new RecordError("bytes left over after a context");
    return c;
  }
}

/** A message of the stream is missing: the context and what was read before still hold. */
export class GapError extends RecordError {
  override name = "GapError";
}

/** A value that has a shorter form where it is the expected one. */
function other(v: number, expected: number): number {
  if (v === expected) throw new RecordError("not the shortest form of a record");
  return v;
}

/** A count that a page can keep exact. */
function count(r: Reader): number {
  return r.atMost(Number.MAX_SAFE_INTEGER, "value");
}

function millis(r: Reader): number {
  return r.atMost(MAX_MS, "value");
}
