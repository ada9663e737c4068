// Asking and listening: heart ticks, pings, and a watch for a connection that has gone silent (SES4, SES6).
import type { Clock } from "./clock.ts";
import { SILENCE } from "./transport/dial.ts";

/** Pings after joining, until the clock is known well; later one goes with each heart tick. */
const FIRST_PINGS = 4;
/**
 * So often whoever heard nothing for half of it asks whether the server is still there, ms. Only the answer to something
 * sent tells a page that merely looks on that the server was started anew, and it is to be back within 3 s of that.
 */
const PING_MS = 1200;
/** The machine's own time and the clock go apart by so much only where the machine slept, or was set, ms. */
const APART_MS = 1000;
/** A timer this late means that the machine or the page slept, ms. */
const LATE_MS = 1500;

export interface HeartEvents {
  tick(): void;
  ping(): void;
  /** Nothing was heard for 4 s while something was asked. */
  silent(): void;
  /** Whether an answer is still awaited. */
  waiting(): boolean;
  /** The machine's own time, ms since 1970. */
  wall(): number;
}

/** Beats while a connection stands. */
export class Heart {
  private cancels = new Set<() => void>();
  private askedAt = 0;
  private heardAt = 0;
  private watching = false;
  private stopped = false;
  /** From the clock to the machine's own time. */
  private apart = 0;

  constructor(
    private readonly clock: Clock,
    private readonly events: HeartEvents,
  ) {}

  /** In the room: beats every tickMs. */
  joined(tickMs: number): void {
    // In two halves: a page that stood still reads what came meanwhile before a tick judges what did not.
    const wait = (): void => this.later(tickMs / 2, () => this.later(tickMs / 2, beat));
    const beat = (): void => {
      this.events.tick();
      this.events.ping();
      wait();
    };
    wait();
    const ping = (left: number): void => {
      const quiet = this.clock.now() - this.heardAt >= PING_MS / 2;
      if (left > 0 || quiet) this.events.ping();
      this.later(PING_MS, () => ping(this.slept() ? FIRST_PINGS : left - 1));
    };
    this.slept();
    ping(FIRST_PINGS);
  }

  /** Something was sent that has an answer. */
  asked(): void {
    if (this.watching || this.stopped) return;
    this.watching = true;
    this.askedAt = this.clock.now();
    this.watch(SILENCE);
  }

  heard(): void {
    this.heardAt = this.clock.now();
  }

  stop(): void {
    this.stopped = true;
    for (const cancel of this.cancels) cancel();
    this.cancels.clear();
  }

  /** Whether the clock stood still since the last look, as some do while the machine sleeps. */
  private slept(): boolean {
    const before = this.apart;
    this.apart = this.events.wall() - this.clock.now();
    return Math.abs(this.apart - before) > APART_MS;
  }

  private watch(ms: number): void {
    const due = this.clock.now() + ms;
    this.later(ms, () => {
      this.watching = false;
      if (!this.events.waiting()) return;
      const now = this.clock.now();
      if (now - due > LATE_MS) {
        this.events.ping(); // slept: what came meanwhile has not been read yet
        return this.asked();
      }
      const silent = now - Math.max(this.askedAt, this.heardAt);
      if (silent > SILENCE - 1) return this.events.silent();
      this.watching = true;
      this.watch(SILENCE - silent);
    });
  }

  private later(ms: number, call: () => void): void {
    if (this.stopped) return;
    const cancel = this.clock.after(ms, () => {
      this.cancels.delete(cancel);
      call();
    });
    this.cancels.add(cancel);
  }
}
