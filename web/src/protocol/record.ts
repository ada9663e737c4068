// Records on a document's stream in their coded form (docs/format.md, Records); the same as protocol/record.go.
import { equalBytes, Reader, Writer } from "../ot/bytes.ts";
import { ElementKind, type ID } from "../ot/types.ts";
import { own } from "./bytes.ts";

/** Bytes that are no record or no context. */
export class RecordError extends Error {
  override name = "RecordError";
}

/** One record of a document. Times are whole ms of room time; payload is the batch in whole form. */
export interface CodedRecord {
  readonly revision: number;
  readonly replica: number;
  readonly n: number;
  readonly capturedAt: number;
  readonly sequencedAt: number;
  readonly payload: Uint8Array;
}

/** How many points an ink element has, 0 if it is not there. Absent for documents that are not boards. */
export type Lengths = ((id: ID) => number) | undefined;

const MAX_WRITERS = 256;
const FRAME_MS = 33;
/** Bound of times, so that they stay exact as µs. */
const MAX_MS = 2 ** 43;

const WHOLE = 0;
const CONTINUE = 1;
const START = 3;
const START_END = 4;
const FORM = 7;
const SAME_REPLICA = 8;
const NEXT_N = 16;
const SAME_SEQUENCED = 32;

/** What the context knows of one replica. */
interface Author {
  n: number;
  captured: number;
  /** Its last element, 0: none. */
  counter: number;
  /** Registers of its last ink element, as in ops; empty: none. */
  registers: Uint8Array;
}

const NONE = new Uint8Array(0);

/** Op numbers of docs/format.md. */
const CREATE = 1;
const EXTEND = 2;
const SET = 3;
const CLEAR = 4;
const END = 9;

/** What coded records of one document lean on: a pure function of the records before. A new one is that of an empty document. */
export class Context {
  private sequenced = 0;
  private replica = 0;
  /** By age: the one that wrote longest ago first. */
  private readonly writers = new Map<number, Author>();

  /** The last n of a replica; undefined if it is not among those that wrote last. */
  lastN(replica: number): number | undefined {
    return this.writers.get(replica)?.n;
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
    if (head >= 64 || form > START_END) throw new RecordError("unknown head of a record");
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
    const [form, body] = tightest(record, writer, lengths);
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
    return this.writers.get(replica) ?? { n: 0, captured: this.sequenced - FRAME_MS, counter: 0, registers: NONE };
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
    if (lengths !== undefined) learn(writer, record);
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
      c.writers.set(replica, { n: count(r), captured: millis(r), counter: r.uint32(), registers: orNone(registers(r, src)).slice() });
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

/** The batch that a form and its body stand for. */
function expand(form: number, replica: number, writer: Author, body: Uint8Array, lengths: Lengths): Uint8Array {
  if (form === WHOLE) return body.slice();
  const start = form >= START;
  if (lengths === undefined || (start ? writer.registers.length === 0 : writer.counter === 0)) {
    throw new RecordError("a record leans on nothing");
  }
  const counter = writer.counter + (start ? 1 : 0);
  const first = start ? 0 : lengths({ replica, counter });
  const w = new Writer(body.length + writer.registers.length + 32);
  const id = { replica, counter };
  if (start) {
    w.byte(CREATE);
    w.id(id);
    w.byte(ElementKind.Ink);
    w.raw(writer.registers);
  }
  w.byte(EXTEND);
  w.id(id);
  w.uvarint(first * 2 + ((form - CONTINUE) % 2));
  w.bytes(body);
  return own(w);
}

/** The tightest form of a record, with its body. */
function tightest(record: CodedRecord, writer: Author, lengths: Lengths): [number, Uint8Array] {
  const whole: [number, Uint8Array] = [WHOLE, record.payload];
  const ink = lengths === undefined ? undefined : readInkBatch(record.payload);
  if (ink === undefined || lengths === undefined || ink.id.replica !== record.replica) return whole;
  const { counter } = ink.id;
  if (ink.registers !== undefined) {
    const known = writer.registers.length > 0 && equalBytes(ink.registers, writer.registers);
    return known && counter === writer.counter + 1 && ink.first === 0 ? [START + ink.ended, ink.frame] : whole;
  }
  const continues = writer.counter !== 0 && counter === writer.counter && ink.first === lengths(ink.id);
  return continues ? [CONTINUE + ink.ended, ink.frame] : whole;
}

interface InkBatch {
  readonly id: ID;
  /** Of the create before the extend, if there is one. */
  readonly registers: Uint8Array | undefined;
  readonly first: number;
  readonly ended: 0 | 1;
  readonly frame: Uint8Array;
}

/** A batch that is one pen frame, with or without the create of its element, and nothing else. */
function readInkBatch(payload: Uint8Array): InkBatch | undefined {
  try {
    const r = new Reader(payload);
    let kind = r.byte();
    let created: ID | undefined;
    let regs: Uint8Array | undefined;
    if (kind === CREATE) {
      created = readID(r);
      if (r.byte() !== ElementKind.Ink) return undefined;
      regs = registers(r, payload);
      kind = r.byte();
    }
    if (kind !== EXTEND) return undefined;
    const id = readID(r);
    if (created !== undefined && (created.replica !== id.replica || created.counter !== id.counter)) return undefined;
    const v = r.uvarint();
    const frame = r.bytes();
    return r.left > 0 || v >= 2 ** 33 ? undefined : { id, registers: regs, first: Math.floor(v / 2), ended: v % 2 ? 1 : 0, frame };
  } catch {
    return undefined;
  }
}

/** Takes what a record says of its replica's last element. */
function learn(writer: Author, { replica, payload }: CodedRecord): void {
  const r = new Reader(payload);
  try {
    while (r.left > 0) learnOp(writer, replica, r, payload);
  } catch {
    // What cannot be read teaches nothing; whoever applies the batch will complain.
  }
}

function learnOp(writer: Author, replica: number, r: Reader, payload: Uint8Array): void {
  switch (r.byte()) {
    case CREATE: {
      const id = readID(r);
      const kind = r.byte();
      const regs = registers(r, payload);
      if (id.replica !== replica) return;
      writer.counter = id.counter;
      if (kind === ElementKind.Ink) writer.registers = orNone(regs).slice();
      return;
    }
    case EXTEND: {
      const id = readID(r);
      r.uvarint();
      r.bytes();
      if (id.replica === replica) writer.counter = id.counter;
      return;
    }
    case SET:
      readID(r);
      registers(r, payload);
      return;
    case CLEAR:
      r.uvarint();
      return;
    case END:
      readID(r);
      return;
    default:
      throw new RecordError("unknown op");
  }
}

function readID(r: Reader): ID {
  return { replica: r.uint32(), counter: r.uint32() };
}

/** The bytes of a list of registers; r reads src. */
function registers(r: Reader, src: Uint8Array): Uint8Array {
  const from = src.length - r.left;
  for (let left = r.atMost(16, "limit"); left > 0; left--) {
    r.byte();
    r.bytes();
  }
  return src.subarray(from, src.length - r.left);
}

/** Registers, or nothing where their count is 0. */
function orNone(regs: Uint8Array): Uint8Array {
  return regs[0] === 0 ? NONE : regs;
}
