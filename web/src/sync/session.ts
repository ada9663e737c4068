// One room for one client instance: finds a connection, keeps it, comes back after a loss (docs/protocol.md, SES).
import { Code, CodeError, retryOf } from "../protocol/codes.ts";
import type { JoinRoomResult, Welcome } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { DEFAULT_WINDOW } from "../protocol/limits.ts";
import { decodeDocument, decodeReply, encodeRequest, type Request } from "../protocol/messages.ts";
import type { Alignment, BoardDocument, Connection, CursorKind, MediaSource, RoomImages, RoomSession, Route } from "./api.ts";
import { RoomClock } from "./clock.ts";
import { advance, sameConnection, shown, type Phase, type PhaseEvent } from "./connection.ts";
import { Documents, type DocumentsHost } from "./documents.ts";
import { helloOf, type Environment, type SessionOptions, type Signal } from "./environment.ts";
import { Heart } from "./heart.ts";
import { Images, RoomRequests } from "./http.ts";
import { newPage } from "./names.ts";
import { Value } from "./observable.ts";
import type { Selecting } from "./pointer.ts";
import { Presence } from "./presence.ts";
import type { Slot } from "./store.ts";
import { sourcesOf } from "./sources.ts";
import type { Work } from "./work.ts";
import { Backoff } from "./transport/backoff.ts";
import { Choice } from "./transport/choice.ts";
import type { Dialed } from "./transport/dial.ts";
import type { Link, LinkEvents } from "./transport/link.ts";
import { Reach } from "./transport/reach.ts";

/** A connection that stood for so long makes the next wait a first one, ms. */
const STEADY_MS = 2000;
/** The last strokes are always on their way, for less than this as a rule, ms. */
const ON_ITS_WAY_MS = 2000;
/** Refused batches that are offered: the last. */
const MAX_REFUSED = 10_000;
/** Closings for breaking the rules that are taken for accidents, in a row. */
const MAX_FAULTS = 3;

export class Session implements RoomSession, DocumentsHost {
  readonly connection = new Value<Connection>({ kind: "connecting", unsent: 0, code: 0, parameters: {} });
  readonly roomName = new Value("");
  readonly refused = new Value<RoomSession["refused"]["value"]>([]);
  readonly sources = new Value<readonly MediaSource[]>([]);
  participant = "";
  private readonly presence: Presence;
  private readonly documents: Documents;
  private readonly work: Work;
  private readonly room: RoomClock;
  private readonly choice: Choice;
  private readonly reach: Reach;
  private readonly backoff: Backoff;
  private readonly requests: RoomRequests;
  readonly images: RoomImages;
  private readonly unsubscribe: () => void;

  private phase: Phase = "resting";
  private everSynced = false;
  /** Why the last attempt, or the whole, came to nothing; code 0: it did not. */
  private why = new CodeError(0);
  private faults = 0;
  private slot: Slot | undefined;
  /** Counts attempts and connections: what an older one still tells is not heard. */
  private attempt = 0;
  private link: Link | undefined;
  private heart: Heart | undefined;
  private heartTickMs: number = DEFAULT_WINDOW.heartTickMs;
  private joinAsked = false;
  private joinAskedAt = 0;
  /** Messages of documents that overtook JOIN_ROOM_RESULT. */
  private early: { stream: number; bytes: Uint8Array }[] = [];
  private pings = 0;
  private retryAfter = 0;
  private cancelRest: (() => void) | undefined;
  private courier: Session | undefined;

  /** deliver: the slot whose left work this session delivers, and nothing else. */
  constructor(
    private readonly env: Environment,
    private readonly options: SessionOptions,
    private readonly deliver?: Slot,
  ) {
    this.room = new RoomClock(env.clock);
    this.documents = new Documents(this, env.clock, this.room);
    this.work = this.documents.work;
    this.choice = new Choice(env.notes, () => env.wall());
    this.reach = new Reach(() => env.routes(), this.choice, helloOf(options), env.clock);
    this.backoff = new Backoff(() => env.random());
    this.presence = this.newPresence();
    this.requests = new RoomRequests(env.fetch, options.room, options.token);
    this.images = new Images(this.requests);
    this.unsubscribe = env.signals.subscribe((signal) => this.signal(signal));
    this.dial();
  }

  // ---- RoomSession.

  get roomId(): bigint {
    return this.options.room;
  }

  get kept(): RoomSession["kept"] {
    return this.work.kept;
  }

  get people(): RoomSession["people"] {
    return this.presence.list;
  }

  get pages(): RoomSession["pages"] {
    return this.documents.pages;
  }

  get removedPages(): RoomSession["removedPages"] {
    return this.documents.removed;
  }

  get stage(): RoomSession["stage"] {
    return this.documents.stage.view;
  }

  get alignment(): Alignment {
    return this.documents.aligned;
  }

  turn(page: string): void {
    this.documents.turn(page);
  }

  lead(participant: string): void {
    this.documents.lead(participant);
  }

  look(page: string): BoardDocument {
    return this.documents.look(page);
  }

  addPage(after: string): string {
    const page = newPage(() => this.env.random());
    this.documents.arrange({ case: "pageAdded", value: { page, after } });
    return page;
  }

  removePage(page: string): void {
    this.documents.arrange({ case: "pageRemoved", value: { page } });
  }

  restorePage(page: string): void {
    this.documents.arrange({ case: "pageRestored", value: { page } });
  }

  movePage(page: string, after: string): void {
    this.documents.arrange({ case: "pageMoved", value: { page, after } });
  }

  shownPage(page: string): string {
    return this.documents.shown(page);
  }

  request(path: string, init?: RequestInit): Promise<Response> {
    return this.requests.send(path, init);
  }

  async leave(): Promise<void> {
    if (this.phase === "ended") return;
    this.documents.flush();
    this.send({ case: "leave", value: {} });
    this.end(new CodeError(0));
    await this.work.settled();
  }

  // ---- The way to a connection.

  private move(event: PhaseEvent): void {
    this.phase = advance(this.phase, event);
    this.publish();
  }

  private publish(): void {
    const next = shown(this.phase, {
      everSynced: this.everSynced,
      online: this.env.signals.online,
      route: this.link?.route ?? "webtransport",
      fallback: this.choice.fallback,
      rttMs: Math.round(this.room.rtt),
      unsent: this.work.undelivered,
      sending: this.work.oldest < this.room.now() - ON_ITS_WAY_MS,
      code: this.why.code,
      parameters: this.why.parameters,
    });
    if (!sameConnection(next, this.connection.value)) this.connection.set(next);
  }

  private dial(): void {
    this.cancelRest?.();
    this.cancelRest = undefined;
    this.move("dial");
    this.attempt++;
    this.reach.start({ won: (dialed) => this.welcomed(dialed), failed: (error) => this.lose(error) });
  }

  private welcomed({ link, welcome }: Dialed): LinkEvents {
    const { attempt } = this;
    this.link = link;
    this.takeWelcome(welcome);
    const heart = (this.heart = new Heart(this.env.clock, {
      tick: () => this.tick(),
      ping: () => this.ping(),
      silent: () => this.silent(link.route),
      wall: () => this.env.wall(),
      waiting: () => this.joinAsked || this.pings > 0 || this.documents.waiting,
    }));
    this.early = [];
    this.move("welcomed");
    void this.enter(attempt);
    const mine = (handle: () => void): void => {
      if (attempt !== this.attempt) return;
      heart.heard();
      handle();
    };
    return {
      opened: () => {},
      control: (message) => mine(() => this.control(message)),
      document: (stream, message) => mine(() => this.document(stream, message)),
      datagram: (message) => mine(() => this.presence.datagram(message)),
      closed: (code) => {
        if (attempt === this.attempt) this.lose(new CodeError(code));
      },
    };
  }

  private takeWelcome(welcome: Welcome): void {
    this.participant = welcome.participant;
    this.heartTickMs = welcome.heartTickMs || DEFAULT_WINDOW.heartTickMs;
    this.work.window = {
      batches: welcome.maxUnacknowledgedBatches || DEFAULT_WINDOW.batches,
      bytes: welcome.maxUnacknowledgedBytes || DEFAULT_WINDOW.bytes,
    };
  }

  /** JOIN_ROOM, the first time after a slot was found. */
  private async enter(attempt: number): Promise<void> {
    if (this.slot === undefined) await this.takeSlot().catch(() => undefined);
    if (this.slot === undefined && this.deliver !== undefined) return this.end(new CodeError(0)); // its slot may be another's by the next attempt
    if (attempt !== this.attempt || this.link === undefined) return;
    if (this.slot === undefined) return this.lose(new CodeError(0));
    const { claim } = this.work;
    this.joinAsked = true;
    this.joinAskedAt = this.env.clock.now();
    const value = { roomId: this.options.room, displayName: this.options.name, open: this.documents.opening() };
    this.send({ case: "joinRoom", value: claim === undefined ? value : { ...value, replica: claim } });
  }

  private async takeSlot(): Promise<void> {
    const slot = this.deliver ?? (await this.env.store.take(this.options.room, this.participant, false));
    if (slot === undefined) throw new Error("no slot");
    const saved = await slot.load().catch((error: unknown) => {
      if (slot !== this.slot) slot.free();
      throw error;
    });
    if (this.slot !== undefined || this.phase === "ended") return slot === this.slot ? undefined : slot.free();
    try {
      this.work.adopt(slot, saved);
    } catch (error) {
      await slot.remove(); // damaged: the next attempt begins with a new one
      throw error;
    }
    this.slot = slot;
  }

  private joined(result: JoinRoomResult): void {
    this.joinAsked = false;
    if (result.result < 0) return this.lose(new CodeError(-result.result));
    this.room.restart();
    this.room.sample(this.joinAskedAt, Number(result.roomTimeUs) / 1000);
    if (this.documents.joined(result) === "new replica") return this.lose(new CodeError(Code.Resync));
    this.roomName.set(result.name);
    this.sources.set(sourcesOf(result.sources));
    this.presence.joined(result.present, this.documents.replica);
    this.move("joined");
    this.heart?.joined(this.heartTickMs);
    for (const { stream, bytes } of this.early.splice(0)) this.document(stream, bytes);
    this.moved();
  }

  // ---- Losing it.

  private silent(route: Route): void {
    this.choice.silent(route);
    this.link?.close(Code.Silent);
    this.lose(new CodeError(0), 0);
  }

  /** The connection or the attempt is over: for good, or until the next attempt, which follows the retry rule unless a wait is given (ms). */
  private lose(error: CodeError, soon?: number): void {
    if (this.phase === "ended") return;
    this.hangUp();
    const { code } = error;
    if (code !== 0) this.why = error; // why it was lost, not that it is still so
    if (retryOf(code) === "never" && !this.survives(code)) return this.end(error);
    this.move("lost");
    const asked = this.retryAfter > 0 ? this.retryAfter * (1 + this.env.random() / 4) : undefined;
    this.retryAfter = 0;
    this.cancelRest = this.env.clock.after(soon ?? asked ?? this.backoff.next(code, this.env.signals.visible), () => this.dial());
  }

  /** Codes that forbid to try again as it is, where something else can be done. */
  private survives(code: number): boolean {
    switch (code) {
      case Code.TakenOver:
        this.documents.takenOver();
        return true;
      case Code.NoSuchDocument:
        this.documents.beCareful();
        return ++this.faults <= MAX_FAULTS;
      case Code.BadMessage:
      case Code.TooLarge:
      case Code.OutOfOrder:
        return ++this.faults <= MAX_FAULTS;
      default:
        return false;
    }
  }

  private hangUp(): void {
    this.attempt++;
    this.reach.cancel();
    this.link?.close(Code.GoingAway);
    this.link = undefined;
    this.heart?.stop();
    this.heart = undefined;
    this.joinAsked = false;
    this.pings = 0;
    this.presence.disconnected();
    this.documents.disconnected();
  }

  private end(error: CodeError): void {
    this.documents.flush();
    this.work.end();
    this.hangUp();
    this.why = error;
    this.cancelRest?.();
    this.unsubscribe();
    void this.courier?.leave();
    this.move("over");
    const { slot } = this;
    const finish = this.deliver !== undefined && this.work.undelivered === 0 ? () => slot?.remove() : () => slot?.free();
    void this.work.settled().then(finish);
  }

  private signal(signal: Signal): void {
    switch (signal) {
      case "online":
      case "visible":
        if (this.phase === "resting") {
          this.backoff.reset();
          this.dial();
        } else this.ping();
        break;
      case "offline":
        this.ping();
        break;
      case "hidden":
        this.documents.flush();
        break;
    }
    this.publish();
  }

  // ---- What arrives.

  private control(message: Uint8Array): void {
    let reply: ReturnType<typeof decodeReply>;
    try {
      reply = decodeReply(message);
    } catch {
      this.link?.close(Code.BadMessage);
      return this.lose(new CodeError(0));
    }
    switch (reply.case) {
      case "joinRoomResult":
        if (this.phase === "joining") this.joined(reply.value);
        return;
      case "ack":
        return this.documents.acked(reply.value.handle, Number(reply.value.n));
      case "refused":
        if (!this.documents.refused(reply.value)) this.lose(new CodeError(Code.Resync));
        return;
      case "pong":
        this.pings = Math.max(0, this.pings - 1);
        this.room.sample(Number(reply.value.clientTimeUs) / 1000, Number(reply.value.roomTimeUs) / 1000);
        return this.publish();
      case "error":
        return this.lose(new CodeError(reply.value.code, reply.value.parameters));
      case "goingAway":
        this.retryAfter = reply.value.retryAfterMs;
        return this.lose(new CodeError(reply.value.error?.code ?? Code.GoingAway, reply.value.error?.parameters));
      case "roster":
        return this.presence.changed(reply.value, this.documents.replica);
      case "sources":
        return this.sources.set(sourcesOf(reply.value));
      case "welcome":
      case "createRoomResult":
      case undefined:
        return; // out of place, or of a newer server
    }
  }

  private document(stream: number, bytes: Uint8Array): void {
    if (this.phase === "joining") return void this.early.push({ stream, bytes: bytes.slice() });
    let message: ReturnType<typeof decodeDocument>;
    try {
      message = decodeDocument(bytes);
    } catch {
      return this.documents.opens.undecodable(stream);
    }
    this.documents.opens.message(stream, message);
  }

  // ---- DocumentsHost, and what goes with the heart beat.

  get connected(): boolean {
    return this.link !== undefined && (this.phase === "catching-up" || this.phase === "synced");
  }

  send(request: Request): void {
    if (this.link === undefined) return;
    this.link.send(encodeRequest(request));
    if (request.case !== "leave" && request.case !== "closeDocument" && request.case !== "trace") this.heart?.asked();
  }

  moved(): void {
    const { phase } = this;
    if (phase !== "catching-up" && phase !== "synced") return;
    if (!this.documents.live) return this.move("behind");
    this.move("caught-up");
    if (phase === "synced") return;
    this.everSynced = true;
    this.why = new CodeError(0);
    const { attempt } = this;
    this.env.clock.after(STEADY_MS, () => {
      if (attempt !== this.attempt) return;
      this.backoff.reset();
      this.faults = 0;
    });
    this.counted();
    void this.deliverLeft();
  }

  counted(): void {
    this.publish();
    if (this.deliver !== undefined && this.phase === "synced" && this.work.undelivered === 0) void this.leave();
  }

  point(handle: number, x: number, y: number, kind: CursorKind): void {
    this.presence.point(handle, x, y, kind);
  }

  select(handle: number, x: number, y: number, text: Selecting | undefined): void {
    this.presence.select(handle, x, y, text);
  }

  private newPresence(): Presence {
    const { documents, room } = this;
    return new Presence(
      {
        sendDatagram: (datagram) => this.link?.sendDatagram(datagram),
        sendTrace: (value) => {
          if (this.connected) this.send({ case: "trace", value });
        },
        roomTimeAt: (local) => room.at(local),
        get cursorDelay() {
          return documents.aligned.cursorDelay;
        },
        pointed: (message) => documents.boardOfHandle(message.handle)?.pointed(message),
        sweep: (present) => documents.sweep(present),
      },
      this.env.clock,
    );
  }

  refuse(refused: RoomSession["refused"]["value"][number]): void {
    this.refused.set([...this.refused.value, refused].slice(-MAX_REFUSED));
  }

  private tick(): void {
    if (this.work.stalled()) return this.lose(new CodeError(Code.Resync)); // sent again on the next connection
    const received = this.documents.tick();
    this.send({ case: "heartTick", value: { received, mediaDelayMs: Math.round(this.documents.aligned.delay) } });
    this.presence.tick();
    this.publish();
    void this.deliverLeft();
  }

  private ping(): void {
    if (!this.connected) return;
    this.pings++;
    this.send({ case: "ping", value: { clientTimeUs: BigInt(Math.round(this.env.clock.now() * 1000)) } });
  }

  /** Work that a closed tab left behind is delivered under its own replica, over a connection of its own. */
  private async deliverLeft(): Promise<void> {
    if (this.deliver !== undefined || (this.courier !== undefined && this.courier.phase !== "ended")) return;
    const slot = await this.env.store.take(this.options.room, this.participant, true).catch(() => undefined);
    if (slot === undefined) return;
    if (this.phase === "ended" || (this.courier !== undefined && this.courier.phase !== "ended")) return slot.free();
    this.courier = new Session(this.env, this.options, slot);
  }
}
