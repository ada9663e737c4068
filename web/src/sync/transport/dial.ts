// Finding a route to the server (SES4): one is started, 400 ms later the other; the first Welcome wins.
import type { Welcome } from "../../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { Code, CodeError } from "../../protocol/codes.ts";
import { decodeReply } from "../../protocol/messages.ts";
import type { Route } from "../api.ts";
import type { Clock } from "../clock.ts";
import type { Link, LinkEvents, OpenLink } from "./link.ts";

/** Head start of the first route, ms. */
const HEAD_START = 400;
/** A route that has answered nothing for so long is given up, ms. */
export const SILENCE = 4000;

/** Where the server is: the answer of GET /api/connect. */
export interface Routes {
  /** Absent where the browser has no WebTransport. */
  readonly webtransport?: OpenLink;
  readonly websocket: OpenLink;
}

export interface Dialed {
  readonly link: Link;
  readonly welcome: Welcome;
  /** WebTransport began first and had neither worked nor failed; undefined: it did not begin first. */
  readonly unanswered: boolean | undefined;
}

export interface DialEvents {
  /** A route is open and has said Welcome; its further events go to the result. */
  won(dialed: Dialed): LinkEvents;
  /** No route; 0 where none was reached, else the code that the server gave. */
  failed(error: CodeError): void;
}

/** One attempt to reach the server on either route. */
export class Dial {
  private readonly waiting: OpenLink[];
  private readonly running = new Set<Attempt>();
  private readonly cancels: (() => void)[] = [];
  private over = false;

  /** hello: the framed message; first: the route that gets the head start. */
  constructor(
    routes: Routes,
    private readonly first: Route,
    private readonly hello: Uint8Array<ArrayBuffer>,
    private readonly clock: Clock,
    private readonly events: DialEvents,
  ) {
    const both = routes.webtransport === undefined ? [routes.websocket] : [routes.webtransport, routes.websocket];
    this.waiting = first === "websocket" ? both.reverse() : both;
    this.startNext();
    this.cancels.push(clock.after(HEAD_START, () => this.startNext()));
  }

  /** Gives all attempts up; no event follows. */
  cancel(): void {
    if (this.over) return;
    this.end();
    for (const attempt of this.running) attempt.close();
  }

  private startNext(): void {
    const open = this.waiting.shift();
    if (open === undefined || this.over) return;
    const attempt = new Attempt(open, this.hello, {
      welcomed: (a, welcome) => this.win(a, welcome),
      failed: (a, error) => this.lose(a, error),
    });
    this.running.add(attempt);
    this.cancels.push(this.clock.after(SILENCE, () => attempt.giveUp()));
    attempt.start();
  }

  private win(winner: Attempt, welcome: Welcome): LinkEvents {
    this.end();
    for (const attempt of this.running) if (attempt !== winner) attempt.close();
    const unanswered = this.first === "webtransport" ? this.running.size > 1 : undefined;
    return this.events.won({ link: winner.link, welcome, unanswered });
  }

  private lose(attempt: Attempt, error: CodeError): void {
    this.running.delete(attempt);
    // What the server said counts for either route; a route that broke only for itself.
    if (error.code === 0 && (this.running.size > 0 || this.waiting.length > 0)) {
      if (this.running.size === 0) this.startNext();
      return;
    }
    this.cancel();
    this.events.failed(error);
  }

  private end(): void {
    this.over = true;
    for (const cancel of this.cancels) cancel();
  }
}

interface AttemptEvents {
  welcomed(attempt: Attempt, welcome: Welcome): LinkEvents;
  failed(attempt: Attempt, error: CodeError): void;
}

/** One route up to its Welcome, then a pass-through. */
class Attempt implements LinkEvents {
  private opening: Link | undefined;
  private to: LinkEvents | undefined;
  private done = false;

  constructor(
    private readonly open: OpenLink,
    private readonly hello: Uint8Array<ArrayBuffer>,
    private readonly events: AttemptEvents,
  ) {}

  get link(): Link {
    if (this.opening === undefined) throw new Error("not started");
    return this.opening;
  }

  start(): void {
    try {
      this.opening = this.open(this);
    } catch {
      this.fail(new CodeError(0)); // the browser refuses the address
    }
  }

  close(): void {
    this.done = true;
    this.opening?.close(Code.GoingAway);
  }

  giveUp(): void {
    if (this.done || this.to !== undefined) return;
    this.opening?.close(Code.Silent);
    this.fail(new CodeError(0));
  }

  opened(): void {
    this.link.send(this.hello);
  }

  control(message: Uint8Array): void {
    if (this.to !== undefined) return this.to.control(message);
    if (!this.done) this.greet(message);
  }

  document(stream: number, message: Uint8Array): void {
    this.to?.document(stream, message);
  }

  datagram(message: Uint8Array): void {
    this.to?.datagram(message);
  }

  closed(code: number): void {
    if (this.to !== undefined) this.to.closed(code);
    else this.fail(new CodeError(code));
  }

  /** The first message of the connection: Welcome, or why not. */
  private greet(message: Uint8Array): void {
    const reply = replyOrNothing(message);
    if (reply?.case === "welcome") {
      this.to = this.events.welcomed(this, reply.value);
      return;
    }
    this.opening?.close(Code.OutOfOrder);
    if (reply?.case === "error") this.fail(new CodeError(reply.value.code, reply.value.parameters));
    else if (reply?.case === "goingAway") this.fail(new CodeError(reply.value.error?.code ?? Code.GoingAway));
    else this.fail(new CodeError(0));
  }

  private fail(error: CodeError): void {
    if (this.done) return;
    this.done = true;
    this.events.failed(this, error);
  }
}

function replyOrNothing(message: Uint8Array): ReturnType<typeof decodeReply> | undefined {
  try {
    return decodeReply(message);
  } catch {
    return undefined;
  }
}
