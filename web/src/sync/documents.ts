// The documents of a session: which are open, what is confirmed, and the own work on its way to them.
import { encodeOps } from "../ot/codec.ts";
import type { Op } from "../ot/types.ts";
import { Code } from "../protocol/codes.ts";
import type { DocumentHeader, DocumentMessage, JoinRoomResult, Position, Refused } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { DEFAULT_WINDOW, MAX_OPEN_DOCUMENTS } from "../protocol/limits.ts";
import type { Request } from "../protocol/messages.ts";
import { Context, type CodedRecord } from "../protocol/record.ts";
import type { CursorKind } from "./api.ts";
import { Authority, AUTHORITY, pageAdded, pagesAfter } from "./authority.ts";
import { LiveBoard, type BoardHost } from "./board.ts";
import type { Clock, RoomClock } from "./clock.ts";
import { Feed } from "./feed.ts";
import { Journal } from "./journal.ts";
import { boardOf, pageOf } from "./names.ts";
import { Value } from "./observable.ts";
import { Outbox } from "./outbox.ts";
import type { Batch, Claim, Numbers, Saved, Slot, Standing } from "./store.ts";

/** Boards last looked at that stay open. */
const MAX_LOOKED = 8;
/** What comes up within so long goes in one batch, ms (SYN4). */
const GATHER_MS = 33;
/** First wait before a document is asked for again that broke twice, ms. */
const REPAIR_MS = 1000;
const REPAIR_CAP_MS = 15_000;

export interface DocumentsHost {
  /** Sends on the connection there is, if any; asks: an answer is awaited. */
  send(request: Request): void;
  readonly connected: boolean;
  /** A document came up or was lost. */
  moved(): void;
  /** The count of undelivered batches changed. */
  counted(): void;
  refuse(page: string, code: number, ops: readonly Op[]): void;
  point(handle: number, x: number, y: number, kind: CursorKind): void;
}

interface Open {
  readonly handle: number;
  readonly feed: Feed;
  repairs: number;
  repairedAt: number;
}

/** What joining came to: in, or a new replica must be asked for (ID4). */
export type Joined = "in" | "new replica";

export class Documents implements BoardHost {
  readonly pages = new Value<readonly string[]>([]);
  /** How much may be unacknowledged (SYN4); Welcome says. */
  window: { batches: number; bytes: number } = DEFAULT_WINDOW;
  private readonly authority: Authority;
  private readonly opens = new Map<string, Open>();
  private readonly boards = new Map<string, LiveBoard>();
  private readonly outboxes = new Map<string, Outbox>();
  private readonly streams = new Map<number, Feed>();
  /** Strokes that were open when the page was left, by document. */
  private readonly leftOpen = new Map<string, readonly number[]>();
  private readonly refusedBatches = new Set<string>();
  /** Pages by when they were looked at, the newest last. */
  private looked: string[] = [];
  /** The page that the server knows to be looked at. */
  private told = "";
  /** Counts connections. */
  private connection = 0;
  private journal: Journal | undefined;
  private claimed: Claim | undefined;
  /** In this epoch an older replica may have more durable batches than were acknowledged (SES10): snapshots tell. */
  private doubt: bigint | undefined;
  /** The server did not know a document: the next joining opens only the authority. */
  private careful = false;
  /** Nothing is written before the first joining: room time is not known, and perhaps no replica. */
  private entered = false;
  private over = false;
  private gathering = new Set<LiveBoard>();
  private lastGather = -GATHER_MS;

  constructor(
    private readonly host: DocumentsHost,
    private readonly clock: Clock,
    private readonly room: RoomClock,
  ) {
    this.authority = new Authority((what) => this.authorityChanged(what));
    this.openOf(AUTHORITY);
  }

  // ---- What is kept over a reload.

  get claim(): Claim | undefined {
    return this.claimed;
  }

  get standing(): Standing {
    return { claim: this.claimed, doubt: this.doubt };
  }

  get replica(): number {
    return this.claimed?.replica ?? 0;
  }

  numbers(): ReadonlyMap<string, Numbers> {
    return new Map([...this.outboxes].map(([document, o]) => [document, o.numbers]));
  }

  stored(document: string, batches: readonly Batch[]): void {
    this.outboxes.get(document)?.markStored(batches);
    this.pump();
  }

  /** Takes over what a slot holds; before the first joining. */
  adopt(slot: Slot, saved: Saved): void {
    this.claimed = saved.claim;
    this.doubt = saved.doubt;
    this.journal = new Journal(slot, this.clock, this);
    for (const [document, numbers] of saved.documents) {
      const outbox = Outbox.restore(document, numbers, saved.batches.get(document) ?? []);
      this.outboxes.set(document, outbox);
      this.leftOpen.set(document, outbox.openStrokes);
    }
  }

  /** Strokes that a reload cut off are ended, so that they do not stay open for ever. */
  private endLeftStrokes(): void {
    const left = [...this.leftOpen];
    this.leftOpen.clear();
    for (const [document, counters] of left) {
      const outbox = this.outboxes.get(document);
      if (outbox === undefined) continue;
      const ops = counters.map((counter): Op => ({ kind: "end", id: { replica: outbox.replica, counter } }));
      if (ops.length > 0) this.submit(document, encodeOps(ops), ops, this.clock.now());
    }
  }

  settled(): Promise<void> {
    return this.journal?.settled() ?? Promise.resolve();
  }

  /** Batches that are not durable yet. */
  get undelivered(): number {
    let n = 0;
    for (const outbox of this.outboxes.values()) n += outbox.count;
    return n;
  }

  // ---- Joining.

  /** What JOIN_ROOM opens at once. */
  opening(): { handle: number; document: string; position?: Position }[] {
    const wanted = this.careful ? [] : this.wanted().filter((document) => this.authority.pages.includes(pageOf(document)));
    return [AUTHORITY, ...wanted].map((document) => this.ask(document));
  }

  /** The answer to JOIN_ROOM: is the claim still good, and does the server know what it should? */
  joined(result: JoinRoomResult): Joined {
    this.flush();
    const got = result.replica;
    if (got === undefined) return "new replica";
    const kept = this.claimed?.replica === got.replica && this.claimed.epoch === got.epoch;
    const last = new Map(result.last.map((l) => [l.document, Number(l.n)]));
    if (kept) {
      const fits = this.fits(got.replica, last);
      for (const [document, n] of last) this.acknowledge(document, n);
      if (!fits) {
        this.giveUpReplica(false);
        return "new replica";
      }
    }
    if (this.doubt !== got.epoch) this.doubt = undefined;
    this.claimed = { replica: got.replica, key: got.key, epoch: got.epoch };
    for (const outbox of this.outboxes.values()) outbox.disconnected();
    this.entered = true;
    this.endLeftStrokes();
    for (const [document, outbox] of this.outboxes) if (this.doubt === undefined || outbox.kept.length === 0) this.rekey(document, 0);
    this.journal?.write();
    for (const board of this.boards.values()) if (board.state.view.replica !== this.outbox(board.document)?.replica) board.showOutbox();
    this.open();
    return "in";
  }

  /** ID4, for every document; also the other way round: a server that knows more than this client ever sent. */
  private fits(replica: number, last: ReadonlyMap<string, number>): boolean {
    const documents = new Set([...this.outboxes.keys(), ...last.keys()]);
    for (const document of documents) {
      const outbox = this.outboxes.get(document);
      const n = last.get(document) ?? 0;
      if (outbox === undefined || outbox.replica !== replica ? n > 0 : outbox.joined(n) !== "fits") return false;
    }
    return true;
  }

  /** The replica cannot be used any more. inDoubt: it may have durable batches that this client does not know of. */
  giveUpReplica(inDoubt: boolean): void {
    this.doubt = inDoubt ? (this.claimed?.epoch ?? this.doubt) : undefined;
    this.claimed = undefined;
    this.journal?.write();
    if (!inDoubt) return;
    for (const document of this.outboxes.keys()) this.opens.get(document)?.feed.distrust();
  }

  /** Brings the work on a document under the replica of this session. durable: what a snapshot says of the old one. */
  private rekey(document: string, durable: number): void {
    const outbox = this.outboxes.get(document);
    if (outbox === undefined || this.replica === 0 || outbox.replica === this.replica) return;
    const board = this.boards.get(pageOf(document));
    board?.flush();
    const maxBase = this.opens.get(document)?.feed.revision ?? 0;
    const { batches, renamed } = outbox.rekey(this.replica, Math.max(durable, outbox.acked), board?.drawing ?? new Set(), maxBase);
    if ([...this.outboxes.values()].every((o) => o.replica === this.replica)) this.doubt = undefined;
    this.journal?.replaceAll(document, batches);
    board?.rekeyed(renamed, outbox);
    this.host.counted();
  }

  disconnected(): void {
    this.streams.clear();
    this.told = "";
    this.connection++;
    for (const { feed } of this.opens.values()) feed.reconnected();
    for (const outbox of this.outboxes.values()) outbox.disconnected();
    for (const board of this.boards.values()) board.cursors.set([]);
  }

  /** Nothing may be written any more. */
  end(): void {
    this.flush();
    this.over = true;
  }

  // ---- Opening documents.

  look(page: string): LiveBoard {
    const board = this.board(page);
    this.looked = [...this.looked.filter((p) => p !== page), page];
    this.evict();
    if (this.host.connected) {
      this.open();
      this.lookNow();
    }
    return board;
  }

  private board(page: string): LiveBoard {
    let board = this.boards.get(page);
    if (board === undefined) {
      board = new LiveBoard(page, this);
      this.boards.set(page, board);
      board.feed = this.openOf(board.document).feed;
    }
    return board;
  }

  private openOf(document: string): Open {
    let open = this.opens.get(document);
    if (open === undefined) {
      const state = document === AUTHORITY ? this.authority : this.board(pageOf(document)).state;
      open = this.opens.get(document);
      if (open !== undefined) return open;
      const feed = new Feed(document, state, {
        caughtUp: () => this.caughtUp(document),
        broken: (reason, position) => this.repair(document, reason, position),
      });
      open = { handle: this.opens.size + 1, feed, repairs: 0, repairedAt: -Infinity };
      this.opens.set(document, open);
    }
    return open;
  }

  /** Boards that are looked at, newest first, and those with undelivered work. */
  private wanted(): string[] {
    const looked = this.looked.slice(-MAX_LOOKED).reverse().map(boardOf);
    const working = [...this.outboxes.values()].filter((o) => o.count > 0 && o.document !== AUTHORITY);
    return [...new Set([...looked, ...working.map((o) => o.document)])].slice(0, MAX_OPEN_DOCUMENTS - 1);
  }

  /** Marks a document as asked for and says how. */
  private ask(document: string): { handle: number; document: string; position?: Position } {
    const { handle, feed } = this.openOf(document);
    const { position } = feed;
    feed.await();
    return position === undefined ? { handle, document } : { handle, document, position };
  }

  /** Opens what is wanted and known to exist. */
  private open(): void {
    if (!this.host.connected || !this.openOf(AUTHORITY).feed.live) return;
    for (const document of this.wanted()) {
      const { feed } = this.openOf(document);
      if (!this.authority.pages.includes(pageOf(document))) this.restorePage(document);
      else if (!feed.live && !feed.awaited) this.host.send({ case: "changeBoard", value: { open: this.ask(document), look: false } });
    }
    this.lookNow();
  }

  private lookNow(): void {
    const page = this.looked.at(-1);
    const open = page === undefined ? undefined : this.opens.get(boardOf(page));
    if (open === undefined || page === undefined || page === this.told || !(open.feed.live || open.feed.awaited)) return;
    this.told = page;
    this.host.send({ case: "changeBoard", value: { open: { handle: open.handle, document: boardOf(page) }, look: true } });
  }

  /** A page with undelivered work is not in the room (an older copy of the store was put back): it is made again. */
  private restorePage(document: string): void {
    const page = pageOf(document);
    if ((this.outboxes.get(document)?.count ?? 0) > 0 && !this.pages.value.includes(page)) this.addPage(page, this.pages.value.at(-1) ?? "");
  }

  /** Closes boards that were not looked at for long and have nothing left to deliver. */
  private evict(): void {
    for (const page of this.looked.slice(0, -MAX_LOOKED)) {
      const document = boardOf(page);
      const open = this.opens.get(document);
      if (open === undefined || (this.outboxes.get(document)?.count ?? 0) > 0) continue;
      this.looked = this.looked.filter((p) => p !== page);
      if (!open.feed.live && !open.feed.awaited) continue;
      open.feed.close();
      this.board(page).ready.set(false);
      if (this.host.connected) this.host.send({ case: "closeDocument", value: { handle: open.handle } });
    }
  }

  // ---- Streams.

  header(stream: number, header: DocumentHeader): void {
    const open = this.opens.get(header.document);
    if (open?.handle !== header.handle) return;
    this.streams.set(stream, open.feed);
    open.feed.begin(stream, header);
  }

  message(stream: number, message: DocumentMessage["message"]): void {
    if (message.case === "header") this.header(stream, message.value);
    else this.streams.get(stream)?.take(stream, message);
  }

  undecodable(stream: number): void {
    this.streams.get(stream)?.undecodable(stream);
  }

  private caughtUp(document: string): void {
    if (document === AUTHORITY) this.open();
    else this.board(pageOf(document)).ready.set(true);
    if (this.outboxes.get(document)?.replica !== this.replica) this.rekey(document, 0);
    this.pump();
    this.host.moved();
  }

  /** SYNC_STATE: at once the first time, then ever more slowly while it does not help. */
  private repair(document: string, reason: number, position: Position | undefined): void {
    const open = this.openOf(document);
    const since = this.clock.now() - open.repairedAt;
    open.repairs = since > 4 * REPAIR_CAP_MS ? 0 : open.repairs + 1;
    const wait = open.repairs === 0 ? 0 : Math.min(REPAIR_CAP_MS, REPAIR_MS * 2 ** (open.repairs - 1)) - since;
    const { connection } = this;
    const send = (): void => {
      open.repairedAt = this.clock.now();
      if (connection !== this.connection || !this.host.connected || !open.feed.awaited) return;
      this.host.send({ case: "syncState", value: { handle: open.handle, reason, ...(position === undefined ? {} : { position }) } });
    };
    if (wait <= 0) send();
    else this.clock.after(wait, send);
    this.host.moved();
  }

  /** Every open document follows the server. */
  get live(): boolean {
    for (const { feed } of this.opens.values()) if (feed.awaited) return false;
    return this.openOf(AUTHORITY).feed.live;
  }

  /** A heart tick: streams that were silent since the last one are repaired; what was received of the others. */
  tick(): { handle: number; revision: bigint }[] {
    for (const { feed } of this.opens.values()) feed.quiet();
    return [...this.opens.values()].filter((o) => o.feed.live).map((o) => ({ handle: o.handle, revision: BigInt(o.feed.revision) }));
  }

  // ---- Own work.

  outbox(document: string): Outbox | undefined {
    if (this.over || !this.entered) return undefined;
    const outbox = this.outboxes.get(document);
    if (outbox !== undefined || this.replica === 0) return outbox;
    const fresh = Outbox.empty(document, this.replica);
    this.outboxes.set(document, fresh);
    return fresh;
  }

  now(): number {
    return this.clock.now();
  }

  gather(board: LiveBoard): void {
    const first = this.gathering.size === 0;
    this.gathering.add(board);
    if (!first) return;
    const now = this.clock.now();
    // While ops keep coming, batches leave every 33 ms; after a pause the first gathers for 33 ms.
    const next = this.lastGather + GATHER_MS;
    this.clock.after(next > now ? next - now : GATHER_MS, () => this.flush());
  }

  /** Makes batches of what was gathered. */
  flush(): void {
    if (this.gathering.size === 0) return;
    this.lastGather = this.clock.now();
    const boards = [...this.gathering];
    this.gathering.clear();
    for (const board of boards) board.flush();
  }

  submit(document: string, payload: Uint8Array, ops: readonly Op[], at: number): void {
    const outbox = this.outbox(document);
    if (outbox === undefined) return;
    const batch = outbox.add(payload, ops, this.room.at(at), this.openOf(AUTHORITY).feed.revision);
    this.journal?.add(document, batch);
    this.host.counted();
  }

  addPage(page: string, after: string): void {
    this.submit(AUTHORITY, pageAdded(page, after), [], this.clock.now());
    this.publishPages();
  }

  confirmed(document: string, n: number): void {
    this.acknowledge(document, n);
  }

  restored(document: string, context: Context): void {
    const outbox = this.outboxes.get(document);
    if (outbox === undefined) return;
    const last = context.lastN(outbox.replica);
    if (outbox.replica === this.replica) this.acknowledge(document, last ?? 0);
    else this.rekey(document, this.doubt === undefined ? 0 : (last ?? 0));
  }

  point(board: LiveBoard, x: number, y: number, kind: CursorKind): void {
    const open = this.opens.get(board.document);
    if (open?.feed.opened) this.host.point(open.handle, x, y, kind);
  }

  boardOfHandle(handle: number): LiveBoard | undefined {
    for (const board of this.boards.values()) if (this.opens.get(board.document)?.handle === handle) return board;
    return undefined;
  }

  sweep(present: ReadonlySet<number>): void {
    for (const board of this.boards.values()) board.sweep(present);
  }

  private documentOf(handle: number): string | undefined {
    for (const [document, open] of this.opens) if (open.handle === handle) return document;
    return undefined;
  }

  acked(handle: number, n: number): void {
    const document = this.documentOf(handle);
    if (document !== undefined) this.acknowledge(document, n);
  }

  private acknowledge(document: string, n: number): void {
    const outbox = this.outboxes.get(document);
    if (outbox === undefined || outbox.replica !== this.replica || n <= outbox.acked) return;
    this.journal?.forget(document, outbox.ack(n));
    this.pump();
    this.host.counted();
  }

  /** Sends what the window has room for (SYN4). */
  private pump(): void {
    if (!this.host.connected) return;
    let batches = 0;
    let bytes = 0;
    for (const outbox of this.outboxes.values()) {
      batches += outbox.inFlight.batches;
      bytes += outbox.inFlight.bytes;
    }
    const head = this.openOf(AUTHORITY).feed.revision;
    for (const [document, outbox] of this.outboxes) {
      const open = this.opens.get(document);
      if (open?.feed.opened !== true || outbox.replica !== this.replica) continue;
      for (const { n, payload, capturedAt, authority } of outbox.sendable()) {
        if (batches >= this.window.batches || (batches > 0 && bytes + payload.length > this.window.bytes)) return;
        batches++;
        bytes += payload.length;
        outbox.markSent(n);
        const numbers = { handle: open.handle, n: BigInt(n), authorityRevision: BigInt(Math.min(authority, head)) };
        this.host.send({ case: "submit", value: { ...numbers, capturedAtUs: BigInt(capturedAt) * 1000n, ops: payload } });
      }
    }
  }

  /** Something is on its way that the server must answer. */
  get waiting(): boolean {
    for (const { feed } of this.opens.values()) if (feed.awaited) return true;
    for (const outbox of this.outboxes.values()) if (outbox.inFlight.batches > 0) return true;
    return false;
  }

  /** Refused: ops of a batch, or with n = 0 the opening of a document. Returns false where the connection cannot go on. */
  refused({ handle, n, ops, error }: Refused): boolean {
    const document = this.documentOf(handle);
    const code = error?.code ?? 0;
    if (document === undefined) return true;
    if (n === 0n) {
      this.opens.get(document)?.feed.close();
      this.host.moved();
      return true;
    }
    if (code === Code.NoSuchDocument && this.opens.get(document)?.feed.opened !== true) return false;
    const batch = `${document} ${this.outboxes.get(document)?.replica ?? 0} ${n}`;
    if (this.refusedBatches.has(batch)) return true;
    this.refusedBatches.add(batch);
    const board = this.boards.get(pageOf(document));
    this.host.refuse(pageOf(document), code, board?.refuse(Number(n), ops) ?? []);
    if (document === AUTHORITY) this.publishPages();
    return true;
  }

  /** The server did not know a document that was opened. */
  beCareful(): void {
    this.careful = true;
  }

  private authorityChanged(what: CodedRecord | Context): void {
    if (what instanceof Context) this.restored(AUTHORITY, what);
    else if (what.replica === this.replica) this.acknowledge(AUTHORITY, what.n);
    this.publishPages();
    if (!(what instanceof Context)) this.open();
  }

  /** The confirmed pages, with those of one's own that are on their way. */
  private publishPages(): void {
    const outbox = this.outboxes.get(AUTHORITY);
    const own = outbox?.undelivered.filter((b) => !this.refusedBatches.has(`${AUTHORITY} ${outbox.replica} ${b.n}`)) ?? [];
    const pages = own.reduce((all, b) => pagesAfter(all, b.payload), this.authority.pages);
    if (pages.join() !== this.pages.value.join()) this.pages.set(pages);
  }
}
