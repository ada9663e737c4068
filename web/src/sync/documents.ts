// The documents of a session: which are open, how they are followed and repaired, and what is gathered for them.
import type { Op } from "../ot/types.ts";
import { Code } from "../protocol/codes.ts";
import type { DocumentHeader, DocumentMessage, JoinRoomResult, Position, Refused } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { MAX_OPEN_DOCUMENTS } from "../protocol/limits.ts";
import type { Request } from "../protocol/messages.ts";
import { Context, type CodedRecord } from "../protocol/record.ts";
import type { CursorKind } from "./api.ts";
import { Authority, AUTHORITY, pageAdded, pagesAfter } from "./authority.ts";
import { LiveBoard, type BoardHost } from "./board.ts";
import type { Clock, RoomClock } from "./clock.ts";
import { Feed } from "./feed.ts";
import { boardOf, pageOf } from "./names.ts";
import { Value } from "./observable.ts";
import type { Outbox } from "./outbox.ts";
import type { Selecting } from "./pointer.ts";
import { Work, type Joined, type WorkHost } from "./work.ts";

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
  /** Shows the others a caret; without text: no more. */
  select(handle: number, x: number, y: number, text: Selecting | undefined): void;
}

interface Open {
  readonly handle: number;
  readonly feed: Feed;
  repairs: number;
  repairedAt: number;
}

export class Documents implements BoardHost, WorkHost {
  readonly pages = new Value<readonly string[]>([]);
  readonly work: Work;
  private readonly authority: Authority;
  private readonly opens = new Map<string, Open>();
  private readonly boards = new Map<string, LiveBoard>();
  private readonly streams = new Map<number, Feed>();
  private readonly refusedBatches = new Set<string>();
  /** Pages by when they were looked at, the newest last. */
  private looked: string[] = [];
  /** The page that the server knows to be looked at. */
  private told = "";
  /** Counts connections. */
  private connection = 0;
  /** The server did not know a document: the next joining opens only the authority. */
  private careful = false;
  private gathering = new Set<LiveBoard>();
  private lastGather = -GATHER_MS;

  constructor(
    private readonly host: DocumentsHost,
    private readonly clock: Clock,
    room: RoomClock,
  ) {
    this.work = new Work(this, clock, room);
    this.authority = new Authority((what) => this.authorityChanged(what));
    this.openOf(AUTHORITY);
  }

  // ---- Joining.

  /** What JOIN_ROOM opens at once. */
  opening(): { handle: number; document: string; position?: Position }[] {
    const wanted = this.careful ? [] : this.wanted().filter((document) => this.authority.pages.includes(pageOf(document)));
    return [AUTHORITY, ...wanted].map((document) => this.ask(document));
  }

  /** The answer to JOIN_ROOM. */
  joined(result: JoinRoomResult): Joined {
    this.flush();
    if (this.work.joined(result) === "new replica") return "new replica";
    for (const board of this.boards.values()) if (board.state.view.replica !== this.outbox(board.document)?.replica) board.showOutbox();
    this.open();
    return "in";
  }

  /** SES10: the replica is somebody else's now. What it has durable only snapshots tell. */
  takenOver(): void {
    this.work.giveUpReplica(true);
    for (const { feed } of this.opens.values()) if (this.work.has(feed.document)) feed.distrust();
  }

  disconnected(): void {
    this.streams.clear();
    this.told = "";
    this.connection++;
    for (const { feed } of this.opens.values()) feed.reconnected();
    this.work.disconnected();
    for (const board of this.boards.values()) board.cursors.set([]);
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
      this.openOf(board.document);
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
    const working = this.work.unfinished().filter((document) => document !== AUTHORITY);
    return [...new Set([...looked, ...working])].slice(0, MAX_OPEN_DOCUMENTS - 1);
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
    if (this.work.isUnfinished(document) && !this.pages.value.includes(page)) this.addPage(page, this.pages.value.at(-1) ?? "");
  }

  /** Closes boards that were not looked at for long and have nothing left to deliver. */
  private evict(): void {
    for (const page of this.looked.slice(0, -MAX_LOOKED)) {
      const document = boardOf(page);
      const open = this.opens.get(document);
      if (open === undefined || this.work.isUnfinished(document)) continue;
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
    this.work.ready(document);
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
    for (const board of this.boards.values()) board.tick();
    return [...this.opens.values()].filter((o) => o.feed.live).map((o) => ({ handle: o.handle, revision: BigInt(o.feed.revision) }));
  }

  // ---- Own work: what boards ask for.

  get replica(): number {
    return this.work.replica;
  }

  outbox(document: string): Outbox | undefined {
    return this.work.outbox(document);
  }

  submit(document: string, payload: Uint8Array, ops: readonly Op[], at: number): void {
    this.work.submit(document, payload, ops, at);
  }

  confirmed(document: string, n: number): void {
    this.work.acknowledge(document, n);
  }

  restored(document: string, context: Context): void {
    this.work.restored(document, context);
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

  addPage(page: string, after: string): void {
    this.work.submit(AUTHORITY, pageAdded(page, after), [], this.clock.now());
    this.publishPages();
  }

  point(board: LiveBoard, x: number, y: number, kind: CursorKind): void {
    const open = this.opens.get(board.document);
    if (open?.feed.opened) this.host.point(open.handle, x, y, kind);
  }

  select(board: LiveBoard, x: number, y: number, text: Selecting | undefined): void {
    const open = this.opens.get(board.document);
    if (open?.feed.opened) this.host.select(open.handle, x, y, text);
  }

  textsWait(): void {
    this.work.textsWait();
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
    if (document !== undefined) this.work.acknowledge(document, n);
  }

  /** Something is on its way that the server must answer. */
  get waiting(): boolean {
    for (const { feed } of this.opens.values()) if (feed.awaited) return true;
    return this.work.inFlight.batches > 0;
  }

  // ---- What work asks for.

  get connected(): boolean {
    return this.host.connected;
  }

  get authorityRevision(): number {
    return this.openOf(AUTHORITY).feed.revision;
  }

  send(request: Request): void {
    this.host.send(request);
  }

  counted(): void {
    this.host.counted();
  }

  handleOf(document: string): number | undefined {
    const open = this.opens.get(document);
    // Before a board was ever here nothing could be made of what is refused of it: a text has to be put beside the old one.
    return open?.feed.opened === true && open.feed.known ? open.handle : undefined;
  }

  revisionOf(document: string): number {
    return this.opens.get(document)?.feed.revision ?? 0;
  }

  drawing(document: string): ReadonlySet<number> {
    const board = this.boards.get(pageOf(document));
    board?.flush();
    return board?.drawing ?? new Set();
  }

  rekeyed(outbox: Outbox, renamed: ReadonlyMap<number, number>): void {
    this.boards.get(pageOf(outbox.document))?.rekeyed(renamed, outbox);
  }

  // ---- Refusals and the authority.

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
    const batch = `${document} ${this.outbox(document)?.replica ?? 0} ${n}`;
    if (this.refusedBatches.has(batch)) return true;
    this.refusedBatches.add(batch);
    const left = this.boards.get(pageOf(document))?.refuse(Number(n), ops, code) ?? [];
    // A text is not lost: it stands beside the old one.
    if (code !== Code.TextBaseTooOld || left.length > 0) this.host.refuse(pageOf(document), code, left);
    if (document === AUTHORITY) this.publishPages();
    return true;
  }

  /** The server did not know a document that was opened. */
  beCareful(): void {
    this.careful = true;
  }

  private authorityChanged(what: CodedRecord | Context): void {
    if (what instanceof Context) this.work.restored(AUTHORITY, what);
    else if (what.replica === this.replica) this.work.acknowledge(AUTHORITY, what.n);
    this.publishPages();
    if (!(what instanceof Context)) this.open();
  }

  /** The confirmed pages, with those of one's own that are on their way. */
  private publishPages(): void {
    const replica = this.outbox(AUTHORITY)?.replica ?? 0;
    const own = this.work.undeliveredOf(AUTHORITY).filter((b) => !this.refusedBatches.has(`${AUTHORITY} ${replica} ${b.n}`));
    const pages = own.reduce((all, b) => pagesAfter(all, b.payload), this.authority.pages);
    if (pages.join() !== this.pages.value.join()) this.pages.set(pages);
  }
}
