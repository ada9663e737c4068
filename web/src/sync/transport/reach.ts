// From "not connected" to a route that has said Welcome: ask where the server is, then dial.
import { CodeError } from "../../protocol/codes.ts";
import type { Clock } from "../clock.ts";
import type { Choice } from "./choice.ts";
import { Dial, SILENCE, type DialEvents, type Routes } from "./dial.ts";

/** If the answer hangs for so long, the server is tried where it was last, ms. */
const ROUTES_MS = 400;

/** Makes attempts, one at a time. */
export class Reach {
  private known: Routes | undefined;
  private dial: Dial | undefined;
  /** Counts attempts: what an older one still brings is not used. */
  private attempt = 0;

  /** routes: where the server is now; hello: the framed first message. */
  constructor(
    private readonly routes: () => Promise<Routes>,
    private readonly choice: Choice,
    private readonly hello: Uint8Array<ArrayBuffer>,
    private readonly clock: Clock,
  ) {}

  /**
   * Begins an attempt. That the server answers where it is also shows that it is there: no WebTransport is opened towards
   * a dead one, which Chromium would punish with ever slower opens. The certificate may be another one than last time.
   */
  start(events: DialEvents): void {
    const attempt = ++this.attempt;
    const open = (): boolean => attempt === this.attempt && this.dial === undefined;
    const begin = (): void => {
      if (this.known !== undefined) this.dial = new Dial(this.known, this.choice.first, this.hello, this.clock, this.once(events));
    };
    const fail = (): void => {
      this.attempt++;
      events.failed(new CodeError(0));
    };
    this.routes().then(
      (routes) => {
        this.known = routes;
        if (open()) begin();
      },
      () => open() && fail(),
    );
    const patience = this.known === undefined ? SILENCE : ROUTES_MS;
    this.clock.after(patience, () => {
      if (!open()) return;
      if (this.known === undefined) fail();
      else begin();
    });
  }

  /** Gives the attempt up; no event follows. */
  cancel(): void {
    this.attempt++;
    this.dial?.cancel();
    this.dial = undefined;
  }

  private once(events: DialEvents): DialEvents {
    return {
      won: (dialed) => {
        this.dial = undefined;
        this.attempt++;
        this.choice.won(dialed.link.route, dialed.unanswered);
        return events.won(dialed);
      },
      failed: (error) => {
        this.dial = undefined;
        this.attempt++;
        events.failed(error);
      },
    };
  }
}
