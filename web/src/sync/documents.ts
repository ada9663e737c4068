// The documents of a session: which are open, how they are followed and repaired, and what is gathered for them.
import { decodeOps } from "../ot/codec.ts";
import type { Op } from "../ot/types.ts";
import { Code } from "../protocol/codes.ts";
import type { JoinRoomResult, Refused } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { MAX_OPEN_DOCUMENTS, MAX_PAGES } from "../protocol/limits.ts";
import type { Request } from "../protocol/messages.ts";
import { Context, type CodedRecord } from "../protocol/record.ts";
import { Aligned, type AlignedHost } from "./aligned.ts";
import type { CursorKind, RoomSession } from "./api.ts";
import { Asking, type AskingHost, type OpenDocument } from "./asking.ts";
import { Authority, AUTHORITY, pageEvent, seen, shownFor, type Arranged, type PageEvent } from "./authority.ts";
import { LiveBoard, type BoardHost } from "./board.ts";
import type { Clock, RoomClock } from "./clock.ts";
import type { DocumentState } from "./documentstate.ts";
import { Feed } from "./feed.ts";
import type { Gate } from "./feedhost.ts";
import { Gatherer } from "./gatherer.ts";
import { pageOf } from "./names.ts";
import { Value } from "./observable.ts";
import { Opens, type Open } from "./opens.ts";
import type { Outbox } from "./outbox.ts";
import type { Selecting } from "./pointer.ts";
import { leadChanged, pageTurned, STAGE, StageState } from "./stagestate.ts";
import { Work, type Joined, type WorkHost } from "./work.ts";

/** Boards last looked at, which stay open. */
const MAX_LOOKED = 8;
/** Boards that are kept, open or not: those before have to come again as they are. */
const MAX_KEPT = 24;
/** Documents that are always open. */
const ALWAYS: readonly string[] = [AUTHORITY, STAGE];
/** The authority is not held for the shown time (ALN2). */
const NOW: Gate = { shown: Infinity, roomTime: () => Infinity, asked: () => {}, came: () => {}, count: () => {} };

export interface DocumentsHost extends AskingHost {
  /** The count of undelivered batches changed. */
  counted(): void;
  refuse(refused: RoomSession["refused"]["value"][number]): void;
  point(handle: number, x: number, y: number, kind: CursorKind): void;
  /** Shows the others a caret; without text: no more. */
  select(handle: number, x: number, y: number, text: Selecting | undefined): void;
}

export class Documents implements BoardHost, WorkHost, AlignedHost {
  readonly pages = new Value<readonly string[]>([]);
  readonly removed = new Value<readonly string[]>([]);
  readonly work: Work;
  readonly opens = new Opens();
  readonly aligned: Aligned;
  readonly stage: StageState;
  private readonly authority: Authority;
  /** The one last looked at behind. */
  private readonly boards = new Map<string, LiveBoard>();
  private readonly gatherer: Gatherer;
  private readonly asking: Asking;
  private readonly refusedBatches = new Set<string>();
  /** Boards last looked at, the newest last. */
  private looked: string[] = [];
  /** The board that the server knows to be looked at. */
  private told = "";
  /** Pages that were to be made again, on this connection. */
  private readonly remade = new Set<string>();
  /** The server did not know a document: the next joining opens only the authority. */
  private careful = false;

  constructor(
    private readonly host: DocumentsHost,
    private readonly clock: Clock,
    room: RoomClock,
  ) {
    this.work = new Work(this, clock, room);
    this.authority = new Authority((what) => this.authorityChanged(what));
    this.aligned = new Aligned(this, clock, room);
    this.asking = new Asking(host, clock, (document) => this.work.inDoubt(document));
    this.gatherer = new Gatherer(clock);
    this.stage = new StageState({
      confirmed: (n) => this.work.acknowledge(STAGE, n),
      restored: (context) => this.work.restored(STAGE, context),
    });
    for (const document of ALWAYS) this.openOf(document);
  }

  // ---- Joining.

  /** What JOIN_ROOM opens at once. */
  opening(): OpenDocument[] {
    if (this.careful) return [this.asking.ask(this.openOf(AUTHORITY))];
    const boards = this.wanted().filter((document) => this.authority.has(pageOf(document)) && !this.openOf(document).feed.parked);
    return [...ALWAYS, ...boards].map((document) => this.asking.ask(this.openOf(document)));
  }

  /** The answer to JOIN_ROOM. */
  joined(result: JoinRoomResult): Joined {
    this.flush();
    if (this.work.joined(result) === "new replica") return "new replica";
    for (const board of this.boards.values()) if (board.state.view.replica !== this.outbox(board.document)?.replica) board.showOutbox();
    const staged = this.outbox(STAGE);
    if (staged !== undefined && staged.replica !== this.stage.replica) this.stage.show(staged);
    this.open();
    return "in";
  }

  /** SES10: the replica is somebody else's now. What it has durable only snapshots tell. */
  takenOver(): void {
    this.work.giveUpReplica(true);
    for (const feed of this.feeds()) if (this.work.has(feed.document)) feed.distrust();
  }

  disconnected(): void {
    this.told = "";
    this.remade.clear();
    this.asking.disconnected();
    this.opens.disconnected();
    this.work.disconnected();
    for (const board of this.boards.values()) board.cursors.set([]);
    this.aligned.advance();
  }

  // ---- Opening documents.

  look(page: string): LiveBoard {
    const board = this.board(page);
    this.boards.delete(page);
    this.boards.set(page, board);
    this.looked = [...this.looked.filter((document) => document !== board.document), board.document].slice(-MAX_LOOKED);
    this.open();
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
    const known = this.opens.get(document);
    if (known !== undefined) return known;
    const state = this.stateOf(document);
    const made = this.opens.get(document);
    if (made !== undefined) return made;
    const feed = new Feed(document, state, document === AUTHORITY ? NOW : this.aligned, {
      caughtUp: () => this.caughtUp(document),
      broken: (reason) => this.asking.repair(open, reason),
      early: () => this.asking.seek(open),
      received: (replica, n, revision) => {
        if (replica !== this.replica) return;
        this.boards.get(pageOf(document))?.received(revision);
        this.work.acknowledge(document, n);
      },
      full: () => this.asking.park(open),
    });
    const open = this.opens.add(feed);
    return open;
  }

  /** Making a board opens its document. */
  private stateOf(document: string): DocumentState {
    switch (document) {
      case AUTHORITY:
        return this.authority;
      case STAGE:
        return this.stage;
      default:
        return this.board(pageOf(document)).state;
    }
  }

  /** Boards last looked at, newest first, and those with undelivered work, as many as may be open (REC1). */
  private wanted(): string[] {
    const working = this.work.unfinished().filter((document) => !ALWAYS.includes(document));
    return [...new Set([...this.looked].reverse().concat(working))].slice(0, MAX_OPEN_DOCUMENTS - ALWAYS.length);
  }

  /** Opens what is wanted and known to exist, in place of what is not wanted any more. */
  private open(): void {
    if (!this.host.connected || !this.openOf(AUTHORITY).feed.live) return;
    const wanted = [...ALWAYS, ...this.wanted()];
    this.evict(wanted);
    for (const document of wanted) {
      const open = this.openOf(document);
      const { feed } = open;
      if (!ALWAYS.includes(document) && !this.authority.has(pageOf(document))) this.restorePage(document);
      else if (!feed.live && !feed.awaited && !feed.parked) this.asking.open(open);
    }
    this.lookNow();
  }

  private lookNow(): void {
    const document = this.looked.at(-1) ?? "";
    const open = this.opens.get(document);
    if (open === undefined || document === this.told || !(open.feed.live || open.feed.awaited)) return;
    this.told = document;
    this.host.send({ case: "changeBoard", value: { open: { handle: open.handle, document }, look: true } });
  }

  /** A page with undelivered work is not in the room (an older copy of the store was put back): it is made again, or its work is offered. */
  private restorePage(document: string): void {
    const page = pageOf(document);
    const { pages } = this.arranged();
    if (!this.work.isUnfinished(document) || pages.includes(page) || this.remade.has(page)) return;
    this.remade.add(page);
    if (pages.length < MAX_PAGES) this.arrange({ case: "pageAdded", value: { page, after: this.pages.value.at(-1) ?? "" } });
    else this.host.refuse({ page, code: Code.BoardFull, parameters: { limit: "pages" }, ops: this.work.undeliveredOf(document).flatMap((b) => decodeOps(b.payload)) });
  }

  /** Closes what is not wanted any more, and forgets boards that were looked at long ago. */
  private evict(wanted: readonly string[]): void {
    for (const { handle, feed } of this.opens.all) {
      if (wanted.includes(feed.document) || feed.closed) continue;
      feed.close();
      this.board(pageOf(feed.document)).ready.set(false);
      this.host.send({ case: "closeDocument", value: { handle } });
    }
    for (const [page, board] of [...this.boards].slice(0, -MAX_KEPT)) {
      const open = this.openOf(board.document);
      if (!open.feed.closed || board.inUse || this.work.isUnfinished(board.document)) continue;
      this.boards.delete(page);
      this.opens.remove(open);
    }
  }

  // ---- Streams.

  feeds(): Iterable<Feed> {
    return this.opens.feeds();
  }

  private caughtUp(document: string): void {
    if (document === AUTHORITY) this.open();
    else if (document !== STAGE) this.board(pageOf(document)).ready.set(true);
    this.work.ready(document);
    this.aligned.lookBack();
    this.host.moved();
  }

  // ---- The shown time.

  seek(feed: Feed): void {
    this.asking.seek(this.openOf(feed.document));
  }

  advanced(): void {
    for (const open of this.opens.all) if (open.feed.light) this.asking.unpark(open);
    if (this.aligned.cursorDelay !== undefined) return;
    for (const board of this.boards.values()) if (board.cursors.value.length > 0) board.cursors.set([]);
  }

  /** Every open document follows the server, but for boards that are open to deliver only. */
  get live(): boolean {
    return this.openOf(AUTHORITY).feed.live && ![STAGE, ...this.looked].some((document) => this.opens.get(document)?.feed.awaited);
  }

  /** A heart tick: streams that were silent since the last one are repaired; what was received of the others. */
  tick(): { handle: number; revision: bigint }[] {
    for (const feed of this.feeds()) feed.quiet();
    for (const board of this.boards.values()) board.tick();
    return this.opens.all.filter((o) => o.feed.live).map((o) => ({ handle: o.handle, revision: BigInt(o.feed.received) }));
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

  restored(document: string, context: Context): number {
    return this.work.restored(document, context);
  }

  now(): number {
    return this.clock.now();
  }

  gather(board: LiveBoard): void {
    this.gatherer.gather(board);
  }

  /** Makes batches of what was gathered. */
  flush(): void {
    this.gatherer.flush();
  }

  arrange(event: PageEvent): void {
    this.work.submit(AUTHORITY, pageEvent(event), [], this.clock.now());
    this.publishPages();
  }

  shown(page: string): string {
    return shownFor(this.arranged(), page);
  }

  turn(page: string): void {
    this.submitStage(pageTurned(page));
  }

  lead(participant: string): void {
    this.submitStage(leadChanged(participant));
  }

  private submitStage(payload: Uint8Array): void {
    const n = this.outbox(STAGE)?.next;
    if (n === undefined) return;
    this.work.submit(STAGE, payload, [], this.clock.now());
    this.stage.add(n, payload);
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
    return this.boards.get(pageOf(this.documentOf(handle) ?? ""));
  }

  sweep(present: ReadonlySet<number>): void {
    for (const board of this.boards.values()) board.sweep(present);
  }

  private documentOf(handle: number): string | undefined {
    return this.opens.ofHandle(handle)?.feed.document;
  }

  acked(handle: number, n: number): void {
    this.work.acknowledge(this.documentOf(handle) ?? "", n);
  }

  /** Something is on its way that the server must answer. */
  get waiting(): boolean {
    for (const feed of this.feeds()) if (feed.awaited) return true;
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
    queueMicrotask(() => this.open()); // what is delivered makes room; not in the middle of a message
  }

  handleOf(document: string): number | undefined {
    const open = this.opens.get(document);
    // Before a board was ever here nothing could be made of what is refused of it: a text has to be put beside the old one.
    return open?.feed.opened === true && open.feed.known ? open.handle : undefined;
  }

  drawing(document: string): ReadonlySet<number> {
    const board = this.boards.get(pageOf(document));
    board?.flush();
    return board?.drawing ?? new Set();
  }

  rekeyed(outbox: Outbox, renamed: ReadonlyMap<number, number>): void {
    if (outbox.document === STAGE) this.stage.show(outbox);
    this.boards.get(pageOf(outbox.document))?.rekeyed(renamed, outbox);
  }

  // ---- Refusals and the authority.

  /** Refused: ops of a batch, or with n = 0 the opening of a document. Returns false where the connection cannot go on. */
  refused({ handle, n, ops, error }: Refused): boolean {
    const document = this.documentOf(handle);
    const code = error?.code ?? 0;
    if (document === undefined) return true;
    if (n === 0n) {
      this.asking.refused(this.openOf(document), code);
      return true;
    }
    if (code === Code.NoSuchDocument && this.opens.get(document)?.feed.opened !== true) return false;
    const batch = `${document} ${this.outbox(document)?.replica ?? 0} ${n}`;
    if (this.refusedBatches.has(batch)) return true;
    this.refusedBatches.add(batch);
    const left = this.boards.get(pageOf(document))?.refuse(Number(n), ops, code) ?? [];
    // A text is not lost: it stands beside the old one.
    if (code !== Code.TextBaseTooOld || left.length > 0) this.host.refuse({ page: pageOf(document), code, parameters: error?.parameters ?? {}, ops: left });
    if (document === AUTHORITY) this.publishPages();
    if (document === STAGE) this.stage.refuse(Number(n));
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

  /** The confirmed pages, with what is done to them here and on its way. */
  private arranged(): Arranged {
    const replica = this.outbox(AUTHORITY)?.replica ?? 0;
    const own = this.work.undeliveredOf(AUTHORITY).filter((b) => !this.refusedBatches.has(`${AUTHORITY} ${replica} ${b.n}`));
    return this.authority.with(own.map((b) => b.payload));
  }

  private publishPages(): void {
    const arranged = this.arranged();
    const pages = seen(arranged);
    if (arranged.removed.join() !== this.removed.value.join()) this.removed.set(arranged.removed);
    if (pages.join() !== this.pages.value.join()) this.pages.set(pages);
  }
}
