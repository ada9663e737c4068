// When to try again (docs/protocol.md, Codes).
import { retryOf } from "../../protocol/codes.ts";

/** First wait after a break, ms: soon enough that nobody notices, not all at the same moment. */
const FIRST = 200;
/** After a server restart pages are back within 3 s, slow ones too: a page that is looked at waits no longer than this, ms. */
const VISIBLE_CAP = 1000;
const HIDDEN_CAP = 10_000;
/** For servers that ask to be left alone (2xxx), ms. */
const BUSY_FIRST = 1000;
const BUSY_CAP = 30_000;

/** Waits between attempts; they double from attempt to attempt. */
export class Backoff {
  private attempts = 0;

  /** random: 0 … 1. */
  constructor(private readonly random: () => number) {}

  /** ms to wait after an attempt or connection that ended with a code (0: it broke). */
  next(code: number, visible: boolean): number {
    const busy = code !== 0 && retryOf(code) === "back-off";
    const first = busy ? BUSY_FIRST : FIRST;
    const cap = busy ? BUSY_CAP : visible ? VISIBLE_CAP : HIDDEN_CAP;
    const most = Math.min(cap, first * 2 ** Math.min(this.attempts++, 16));
    return most * (0.5 + this.random() / 2);
  }

  /** A connection stood: the next wait is a first one. */
  reset(): void {
    this.attempts = 0;
  }
}
