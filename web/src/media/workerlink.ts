// The page's end of its worker: the room clock given to it, frames sent through it, and its ticks.
import type { Alignment as RoomTime } from "../sync/api.ts";
import type { Clock } from "../sync/clock.ts";
import type { FrameWorker } from "./environment.ts";
import type { FromWorker, ReceiveNews, SendNews } from "./workermessages.ts";

/** The worker ticks so often, ms. */
const TICK_MS = 20;
/** The clock is given anew so often, ms: room time drifts from the machine's by less than 0.5 ms in between. */
const CLOCK_MS = 1000;
/** Pings at the start, until the worker's clock is known well. */
const FIRST_PINGS = 5;
/** How many pings the estimate looks back on. */
const WINDOW = 16;

/** Follows how far the worker's performance.now() is from the page's: their origins differ, and may be of two wall clocks. */
class WorkerOffset {
  private readonly samples: { readonly trip: number; readonly offset: number }[] = [];

  /** A ping left at page time at, was answered at worker time worker, and the answer came at page time now. */
  sample(at: number, worker: number, now: number): void {
    this.samples.push({ trip: now - at, offset: worker - (at + now) / 2 });
    if (this.samples.length > WINDOW) this.samples.shift();
  }

  /** Worker time less page time, by the shortest trip, ms. */
  get value(): number | undefined {
    let best = this.samples[0];
    for (const sample of this.samples) if (best === undefined || sample.trip < best.trip) best = sample;
    return best?.offset;
  }
}

export class WorkerLink {
  private readonly offset = new WorkerOffset();
  private readonly tickers = new Set<() => void>();
  private stopTimer: (() => void) | undefined;
  private senders = 0;

  constructor(
    private readonly worker: FrameWorker,
    private readonly clock: Clock,
    private readonly time: RoomTime,
  ) {
    worker.listen((message) => this.hear(message));
  }

  /**
   * Has a sender's frames stamped, where the browser can. To be called before the sender sends. Returns how to tell it the
   * way from the camera to the transform in ms, and how to stop.
   */
  stamp(sender: RTCRtpSender): { delay(ms: number): void; stop(): void } {
    const { port1, port2 } = new MessageChannel();
    const transform = this.worker.transform("send", port2);
    if (transform === undefined) return { delay: () => undefined, stop: () => undefined };
    sender.transform = transform;
    if (this.senders++ === 0) this.ping(FIRST_PINGS);
    let over = false;
    return {
      delay: (delay) => port1.postMessage({ delay } satisfies SendNews),
      stop: () => {
        if (over) return;
        over = true;
        port1.close();
        if (--this.senders === 0) this.stopTimer?.();
      },
    };
  }

  /**
   * Tells the stamps of a receiver's frames. To be called in the task that made the receiver: later the browser goes by
   * the transform without a word. Returns how to stop; undefined: the browser cannot.
   */
  read(receiver: RTCRtpReceiver, listener: (news: ReceiveNews) => void): (() => void) | undefined {
    const { port1, port2 } = new MessageChannel();
    const transform = this.worker.transform("receive", port2);
    if (transform === undefined) return undefined;
    receiver.transform = transform;
    port1.onmessage = ({ data }: MessageEvent<ReceiveNews>) => listener(data);
    return () => port1.close();
  }

  /** Calls back every TICK_MS, whether the page is hidden or not. Returns how to stop. */
  ticks(call: () => void): () => void {
    const ticker = (): void => call();
    this.tickers.add(ticker);
    if (this.tickers.size === 1) this.worker.post({ kind: "tick", every: TICK_MS });
    return () => {
      if (this.tickers.delete(ticker) && this.tickers.size === 0) this.worker.post({ kind: "tick", every: 0 });
    };
  }

  stop(): void {
    this.stopTimer?.();
    this.tickers.clear();
    this.worker.post({ kind: "tick", every: 0 });
  }

  private ping(left: number): void {
    this.worker.post({ kind: "ping", at: this.clock.now() });
    this.stopTimer = this.clock.after(left > 0 ? CLOCK_MS / 10 : CLOCK_MS, () => this.ping(left - 1));
  }

  private hear(message: FromWorker): void {
    if (message.kind === "tick") {
      for (const ticker of [...this.tickers]) ticker();
      return;
    }
    const now = this.clock.now();
    this.offset.sample(message.at, message.worker, now);
    const room = this.time.at(now);
    const offset = this.offset.value;
    if (offset !== undefined && Number.isFinite(room)) this.worker.post({ kind: "clock", worker: now + offset, room });
  }
}
