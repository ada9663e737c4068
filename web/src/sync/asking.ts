// How documents are asked for, and asked for again: with what is held of them, or as of the shown time (REC3, ALN5).
import { retryOf } from "../protocol/codes.ts";
import type { Request } from "../protocol/messages.ts";
import type { Clock } from "./clock.ts";
import type { Feed } from "./feed.ts";
import type { Claiming } from "./feedhost.ts";
import type { Open } from "./opens.ts";

export interface AskingHost {
  send(request: Request): void;
  readonly connected: boolean;
  /** A document came up or was lost. */
  moved(): void;
}

/** A document as it is asked for. */
export interface OpenDocument extends Claiming {
  readonly handle: number;
  readonly document: string;
}

export class Asking {
  /** Counts connections. */
  private connection = 0;

  /** inDoubt: only a snapshot of now tells what of a document's own batches is durable, none of the past does (SES10). */
  constructor(
    private readonly host: AskingHost,
    private readonly clock: Clock,
    private readonly inDoubt: (document: string) => boolean,
  ) {}

  disconnected(): void {
    this.connection++;
  }

  /** Marks a document as asked for and says how. */
  ask({ handle, feed }: Open): OpenDocument {
    return { handle, document: feed.document, ...this.claim(feed) };
  }

  /** Opens a document on the connection there is. */
  open(open: Open): void {
    this.host.send({ case: "changeBoard", value: { open: this.ask(open), look: false } });
  }

  /** Its stream broke, or it was not opened. reason: for metrics. */
  repair(open: Open, reason: number): void {
    const { feed, repairs } = open;
    const wait = repairs.wait(this.clock.now());
    const { connection } = this;
    const send = (): void => {
      repairs.done(this.clock.now());
      if (connection !== this.connection || !this.host.connected || !feed.awaited) return;
      if (feed.opened) this.sync(open, reason);
      else this.open(open);
    };
    if (wait <= 0) send();
    else this.clock.after(wait, send);
    this.host.moved();
  }

  /** The shown time is before what is shown of it. Returns whether it was asked for as of then. */
  seek(open: Open): boolean {
    const { feed } = open;
    if (!this.host.connected || !feed.opened || this.inDoubt(feed.document)) return false;
    this.sync(open, 0);
    this.host.moved();
    return true;
  }

  /** The server refused to open it, or as of the shown time: that may be asked for too often, or be too far back. */
  refused(open: Open, code: number): void {
    const { feed } = open;
    const never = retryOf(code) === "never";
    if (never && !feed.opened) {
      feed.close();
      return this.host.moved();
    }
    if (never) feed.giveUp();
    this.repair(open, code);
  }

  /** More of it waits than may: it is closed until half of that is shown. */
  park({ handle, feed }: Open): void {
    feed.park();
    this.host.send({ case: "closeDocument", value: { handle } });
    this.host.moved();
  }

  /** Half of what waited of a parked document is shown. Without a connection the next one opens it. */
  unpark(open: Open): void {
    if (this.host.connected) this.open(open);
    else open.feed.parked = false;
  }

  private sync(open: Open, reason: number): void {
    this.host.send({ case: "syncState", value: { handle: open.handle, reason, ...this.claim(open.feed) } });
  }

  private claim(feed: Feed): Claiming {
    return feed.claim(this.inDoubt(feed.document));
  }
}
