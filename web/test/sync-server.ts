// The server of a simulated world: one room with the rules of docs/protocol.md, and faults on demand.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { decodeOps, encodeOps } from "../src/ot/codec.ts";
import { codePoints, fit, transform } from "../src/ot/text.ts";
import { ElementKind, key, type IDRange, type Op } from "../src/ot/types.ts";
import { Code } from "../src/protocol/codes.ts";
import {
  AuthorityEventSchema,
  ClientMessageSchema,
  DatagramSchema,
  type ClientMessage,
  type Cursor,
  type HeartTick,
  type JoinRoom,
  type OpenDocument,
  type Source,
  type Submit,
  type Trace,
} from "../src/protocol/gen/chalkline/v1/chalkline_pb.ts";
import { MAX_OPEN_DOCUMENTS } from "../src/protocol/limits.ts";
import type { Route } from "../src/sync/api.ts";
import type { Clock } from "../src/sync/clock.ts";
import type { Link, LinkEvents } from "../src/sync/transport/link.ts";
import { FakeDocument } from "./sync-document.ts";
import type { FakeClock } from "./sync-clock.ts";
import { Peer } from "./sync-peer.ts";

export const ROOM = 42n;
/** Room time at simulated time 0, ms. */
export const ROOM_START = 1_770_000_000_000;

/** A server with one room, as docs/protocol.md has it. */
export class FakeServer {
  up = true;
  /** Takes and sends nothing, but connections stay (SIGSTOP). */
  frozen = false;
  delayUp = 5;
  delayDown = 5;
  /** How much later than its header comes what follows on a board's stream, as a large snapshot does. */
  boardsLate = 0;
  /** How each route behaves for new connections. */
  readonly routes: Record<Route, "works" | "hangs" | "refuses"> = { webtransport: "works", websocket: "works" };
  readonly opened: Route[] = [];
  readonly traffic = { up: 0, down: 0 };
  /** Control messages that arrived, by name. */
  readonly heard: string[] = [];
  readonly cursors: Cursor[] = [];
  /** Says which messages of documents get lost. */
  lose: ((message: string, peer: Peer) => boolean) | undefined;
  /** So long all pages slept, their clocks standing still, ms. */
  slept = 0;
  /** Says which ops of a batch are refused; [] refuses all. */
  judge: ((ops: readonly Op[]) => number[] | undefined) | undefined;
  /** Records come before the refusals that go with them, as streams may. */
  refusalsOvertaken = false;
  /** Refusals do not arrive, as when the connection is lost with them. */
  refusalsLost = false;
  /** Edits of texts with an older base are refused (SYN7). */
  keepsFrom = 0;
  /** Pieces of laser paths, and requests over HTTP with their answers. */
  readonly traces: Trace[] = [];
  readonly requests: { path: string; init: RequestInit }[] = [];
  answer: (path: string, init: RequestInit) => Response = () => new Response(null, { status: 404 });
  /** Batches that were submitted: document, replica, n. */
  readonly submitted: { document: string; replica: number; n: number; capturedAt: number; ops: Uint8Array }[] = [];
  /** Whether batches that arrive are taken in (false: the log is slow, nothing is durable yet). */
  durable = true;
  epoch = 7n;
  /** What is published. */
  sources: Partial<Source>[] = [];
  /** How often documents as of a time are refused (OVERLOADED), or given as they are now. */
  busy = 0;
  wrong = 0;
  /** How often documents as of a time were asked for too often. */
  overloaded = 0;
  /** Times that documents were asked for as of, ms. */
  readonly asked: { document: string; at: number }[] = [];
  readonly ticks: HeartTick[] = [];
  /** Events of the stage, or of the pages, are refused. */
  refuseStage = false;
  refusePages = false;
  private documents = new Map<string, FakeDocument>();
  private replicas = new Map<number, { participant: string; key: Uint8Array }>();
  readonly peers = new Set<Peer>();

  constructor(readonly clock: FakeClock) {
    const event = create(AuthorityEventSchema, { event: { case: "roomCreated", value: { opSemantics: 2, createdAtUs: 5n } } });
    this.append("authority", 0, 0, this.roomTime(), toBinary(AuthorityEventSchema, event));
    this.addPage("p1");
  }

  addPage(page: string): void {
    const event = create(AuthorityEventSchema, { event: { case: "pageAdded", value: { page, after: "" } } });
    this.append("authority", 0, 0, this.roomTime(), toBinary(AuthorityEventSchema, event));
  }

  roomTime(): number {
    return ROOM_START + Math.round(this.clock.now() + this.slept);
  }

  doc(name: string): FakeDocument {
    let d = this.documents.get(name);
    if (d === undefined) this.documents.set(name, (d = new FakeDocument(name)));
    return d;
  }

  hash(name: string): string {
    return Buffer.from(this.doc(name).hash()).toString("hex");
  }

  /** A copy of what the store holds, to put back later. */
  backup(): () => void {
    const logs = [...this.documents].map(([name, d]) => ({ name, records: d.records.map((r) => r.record) }));
    const replicas = new Map(this.replicas);
    return () => {
      this.documents = new Map();
      this.replicas = replicas;
      for (const { name, records } of logs) for (const r of records) this.append(name, r.replica, r.n, r.capturedAt, r.payload, r.sequencedAt);
    };
  }

  /** kill -9: connections break, what is durable stays. */
  kill(): void {
    this.up = false;
    for (const peer of [...this.peers]) peer.close(0);
  }

  open(route: Route, events: LinkEvents, clock: Clock): Link {
    this.opened.push(route);
    const peer = new Peer(this, clock, events);
    const how = this.routes[route];
    if (!this.up || how === "refuses") clock.after(2, () => events.closed(0));
    else if (how === "works")
      clock.after(this.delayUp + this.delayDown, () => {
        if (!peer.open || this.frozen) return;
        this.peers.add(peer);
        events.opened();
      });
    return {
      route,
      send: (framed) => this.up && peer.open && clock.after(this.delayUp, () => this.receive(peer, framed)),
      sendDatagram: (bytes) =>
        clock.after(this.delayUp, () => {
          const { message } = fromBinary(DatagramSchema, bytes);
          if (message.case === "cursor") this.cursors.push(message.value);
        }),
      close: () => {
        peer.open = false;
        clock.after(this.delayUp, () => this.gone(peer));
      },
    };
  }

  private receive(peer: Peer, framed: Uint8Array): void {
    if (this.frozen || !this.up) return;
    for (const bytes of peer.deframer.push(framed)) {
      this.traffic.up++;
      if (this.peers.has(peer)) this.handle(peer, fromBinary(ClientMessageSchema, bytes).message);
    }
  }

  private handle(peer: Peer, m: ClientMessage["message"]): void {
    this.heard.push(m.case ?? "");
    switch (m.case) {
      case "hello":
        return peer.control({ case: "welcome", value: { version: 1, participant: m.value.token, heartTickMs: 15_000 } });
      case "createRoom":
        return peer.control({ case: "createRoomResult", value: { roomId: m.value.name === "" ? -3008n : ROOM } });
      case "joinRoom":
        return this.join(peer, m.value);
      case "changeBoard":
        if (m.value.open !== undefined) this.attach(peer, m.value.open);
        return;
      case "closeDocument":
        return void peer.views.delete(m.value.handle);
      case "syncState": {
        const view = peer.views.get(m.value.handle);
        if (view !== undefined) this.begin(peer, { ...m.value, document: view.document });
        return;
      }
      case "submit":
        return this.submit(peer, m.value);
      case "trace":
        return void this.traces.push(m.value);
      case "ping":
        return peer.control({ case: "pong", value: { clientTimeUs: m.value.clientTimeUs, roomTimeUs: BigInt(this.roomTime()) * 1000n } });
      case "heartTick":
        this.ticks.push(m.value);
        for (const view of peer.views.values()) this.mark(peer, view.document, view.stream);
        return;
      case "leave":
        return this.gone(peer);
      case undefined:
        return;
    }
  }

  private join(peer: Peer, m: JoinRoom): void {
    const participant = peerName(m);
    const claim = m.replica;
    const known = claim === undefined ? undefined : this.replicas.get(claim.replica);
    const right = claim !== undefined && known !== undefined && claim.epoch === this.epoch && Buffer.compare(claim.key, known.key) === 0;
    const replica = right ? claim.replica : Math.max(0, ...this.replicas.keys()) + 1;
    const key = right ? claim.key : Uint8Array.of(replica, 9, 9, Math.floor(this.clock.now()) & 255);
    this.replicas.set(replica, { participant, key });
    for (const other of [...this.peers]) {
      if (other === peer || other.replica !== replica) continue;
      other.control({ case: "error", value: { code: Code.TakenOver } });
      this.clock.after(this.delayDown, () => other.close(Code.TakenOver));
    }
    peer.replica = replica;
    const present = [...this.peers].filter((p) => p.replica > 0).map((p) => ({ replica: p.replica, participant, displayName: participant, role: "student", board: "" }));
    const last = [...this.documents.values()].map((d) => ({ document: d.name, n: BigInt(this.lastN(d, replica)) })).filter((l) => l.n > 0n);
    peer.control({
      case: "joinRoomResult",
      value: { roomId: ROOM, name: "Class", replica: { replica, key, epoch: this.epoch }, last, opSemantics: 2, present, roomTimeUs: BigInt(this.roomTime()) * 1000n, sources: { sources: this.sources } as never },
    });
    for (const open of m.open) this.attach(peer, open);
  }

  private lastN(d: FakeDocument, replica: number): number {
    return d.records.reduce((n, r) => (r.record.replica === replica ? r.record.n : n), 0);
  }

  private attach(peer: Peer, open: OpenDocument): void {
    const { handle, document } = open;
    if (peer.views.get(handle)?.document === document) return;
    if (peer.views.size >= MAX_OPEN_DOCUMENTS) return peer.control({ case: "refused", value: { handle, n: 0n, error: { code: Code.TooLarge } } });
    if (document !== "authority" && document !== "stage" && !this.pages().includes(document.slice("board::".length))) {
      return peer.control({ case: "refused", value: { handle, n: 0n, error: { code: Code.NoSuchDocument } } });
    }
    this.begin(peer, open);
  }

  pages(): readonly string[] {
    return this.doc("authority").authority?.with([]).pages ?? [];
  }

  private begin(peer: Peer, { handle, document, position, atUs }: Pick<OpenDocument, "handle" | "document" | "position" | "atUs">): void {
    const d = this.doc(document);
    if (atUs !== 0n) this.asked.push({ document, at: Number(atUs) / 1000 });
    const tooOften = Number(atUs) / 1000 < (d.head?.release ?? 0) && atUs !== 0n && !peer.mayAsk(this.clock.now());
    if (tooOften) this.overloaded++;
    if (tooOften || (atUs !== 0n && this.busy > 0)) {
      this.busy = Math.max(0, this.busy - 1);
      return peer.control({ case: "refused", value: { handle, n: 0n, error: { code: Code.Overloaded } } });
    }
    const stream = peer.newStream();
    if (d.board !== undefined) peer.boards.add(stream);
    const generation = ++peer.generation;
    peer.views.set(handle, { document, stream, generation });
    const at = Number(position?.revision ?? 0n);
    const resumed = atUs === 0n && position?.epoch === this.epoch && (at === 0 ? 0n : d.records[at - 1]?.digest) === position.digest;
    peer.document(stream, { case: "header", value: { handle, document, generation, epoch: this.epoch, resumed } });
    if (!resumed) this.snapshot(peer, stream, d, atUs === 0n || this.wrong-- > 0 ? d.records.length : d.revisionAt(Number(atUs) / 1000));
    else if (at < d.records.length) peer.document(stream, { case: "records", value: d.coded(at) });
  }

  /** The document as it was after so many records, and the records since. */
  private snapshot(peer: Peer, stream: number, now: FakeDocument, revision: number): void {
    const d = now.after(revision);
    const { head } = d;
    const value = {
      revision: BigInt(revision),
      digest: head?.digest ?? 0n,
      context: d.context.encode(),
      releaseAtUs: BigInt(head?.release ?? 0) * 1000n,
    };
    peer.document(stream, { case: "snapshotStart", value });
    const { table, ink } = d.table();
    peer.document(stream, { case: "snapshotTable", value: table });
    if (ink !== undefined) peer.document(stream, { case: "snapshotInk", value: ink });
    peer.document(stream, { case: "snapshotEnd", value: { hash: d.hash() } });
    if (revision < now.records.length) peer.document(stream, { case: "records", value: now.coded(revision) });
  }

  private submit(peer: Peer, m: Submit): void {
    const view = peer.views.get(m.handle);
    if (view === undefined) return peer.control({ case: "refused", value: { handle: m.handle, n: m.n, error: { code: Code.NoSuchDocument } } });
    const d = this.doc(view.document);
    const n = Number(m.n);
    const last = this.lastN(d, peer.replica);
    const capturedAt = Number(m.capturedAtUs) / 1000;
    this.submitted.push({ document: view.document, replica: peer.replica, n, capturedAt, ops: m.ops });
    if (n <= last) return peer.control({ case: "ack", value: { handle: m.handle, n: BigInt(last) } });
    if (!this.durable) return;
    if (n !== last + 1) return peer.control({ case: "error", value: { code: Code.OutOfOrder } });
    const payload = d.board === undefined ? this.admitted(peer, d, m) : this.judged(peer, d, m);
    this.append(view.document, peer.replica, n, capturedAt, payload);
  }

  private admitted(peer: Peer, d: FakeDocument, m: Submit): Uint8Array {
    if (!(d.stage === undefined ? this.refusePages : this.refuseStage)) return m.ops;
    peer.control({ case: "refused", value: { handle: m.handle, n: m.n, error: { code: Code.NotPermitted } } });
    return new Uint8Array();
  }

  /** What is logged of a batch: without what is refused, texts brought up to date (SYN3, SYN7). */
  private judged(peer: Peer, d: FakeDocument, m: Submit): Uint8Array {
    const ops = decodeOps(m.ops);
    const refuse = (bad: number[], code: number): void => {
      const parameters = code === Code.BoardFull ? { limit: "elements", max: "20000" } : {};
      const tell = (): void => peer.control({ case: "refused", value: { handle: m.handle, n: m.n, ops: bad, error: { code, parameters } } });
      if (this.refusalsLost) return;
      if (this.refusalsOvertaken) this.clock.after(10, tell);
      else tell();
    };
    if (this.doc("authority").authority?.with([]).removed.includes(d.name.slice("board::".length)) === true) {
      refuse([], Code.PageRemoved);
      return new Uint8Array();
    }
    const old = ops.flatMap((op, i) => (op.kind === "textEdit" && op.base < BigInt(this.keepsFrom) ? [i] : []));
    const judged = this.judge?.(ops);
    const bad = judged ?? old;
    if (judged !== undefined) refuse(bad, Code.BoardFull);
    else if (old.length > 0) refuse(old, Code.TextBaseTooOld);
    const all = judged?.length === 0;
    return encodeOps(ops.filter((_, i) => !all && !bad.includes(i)).flatMap((op) => brought(d, op, ops)));
  }

  /** Takes what is deleted off a board (OT16). */
  purge(document: string): void {
    const deleted = (this.doc(document).board?.created ?? []).filter((e) => e.deleted).map((e) => e.id);
    const ranges: IDRange[] = [];
    for (const { replica, counter } of deleted.sort((a, b) => a.replica - b.replica || a.counter - b.counter)) {
      const last = ranges.at(-1);
      if (last?.replica === replica && last.first + last.count === counter) ranges[ranges.length - 1] = { ...last, count: last.count + 1 };
      else ranges.push({ replica, first: counter, count: 1 });
    }
    const op: Op = { kind: "purge", ranges };
    if (ranges.length > 0) this.append(document, 0, 0, this.roomTime(), encodeOps([op]));
  }

  append(document: string, replica: number, n: number, capturedAt: number, payload: Uint8Array, sequencedAt = this.roomTime()): void {
    const value = this.doc(document).append(replica, n, capturedAt, payload, sequencedAt);
    for (const peer of this.peers) {
      for (const view of peer.views.values()) if (view.document === document) peer.document(view.stream, { case: "records", value });
    }
  }

  /** Tells everybody what is published (MED2). */
  publish(sources: Partial<Source>[]): void {
    this.sources = sources;
    for (const peer of this.peers) if (peer.replica > 0) peer.control({ case: "sources", value: { sources } as never });
  }

  private mark(peer: Peer, document: string, stream: number): void {
    const d = this.doc(document);
    const value = { revision: BigInt(d.records.length), digest: d.records.at(-1)?.digest ?? 0n, hash: Buffer.from(this.hash(document), "hex") };
    peer.document(stream, { case: "marker", value });
  }

  gone(peer: Peer): void {
    peer.open = false;
    this.peers.delete(peer);
  }
}

/**
 * A clear with a base that there is (ID4). An edit of a text transformed over those after its base and cut off at its
 * end, or nothing if nothing is left of it.
 */
function brought(d: FakeDocument, op: Op, batch: readonly Op[]): Op[] {
  const head = BigInt(d.records.length);
  if (op.kind === "clear" && op.base > head) return [{ ...op, base: head }];
  if (op.kind !== "textEdit") return [op];
  const text = d.board?.get(key(op.id));
  const made = batch.some((o) => o.kind === "create" && o.element === ElementKind.Text && key(o.id) === key(op.id));
  if (text?.kind !== ElementKind.Text && !made) return [];
  let { edit } = op;
  for (const { record } of d.records) {
    if (BigInt(record.revision) <= op.base || record.payload.length === 0) continue;
    for (const other of decodeOps(record.payload)) {
      if (other.kind === "textEdit" && key(other.id) === key(op.id)) edit = transform(edit, other.edit, "later");
    }
  }
  edit = fit(edit, codePoints(text?.text ?? ""));
  return edit.length === 0 ? [] : [{ ...op, base: 0n, edit }];
}

const peerName = (m: JoinRoom): string => m.displayName;
