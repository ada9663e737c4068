// A WebRTC connection that is kept up: offered, watched, and made anew with back-off when it breaks.
import type { Clock } from "../sync/clock.ts";
import type { MediaFault } from "./api.ts";
import { BackOff } from "./backoff.ts";
import type { MediaEnvironment } from "./environment.ts";
import { linkFault, NoRoute } from "./faults.ts";
import { negotiate, type IceServers, type Request, type Resource } from "./resource.ts";

/** Candidates are waited for at most so long, ms: those of the machine are there at once. */
const GATHER_MS = 1000;
/** A connection stands within so long, ms, or not at all. */
const CONNECT_MS = 12_000;
/** "disconnected" may heal by itself for so long, ms. */
const HEAL_MS = 4000;
/** It held for so long: the next break is the first again, ms. */
const HELD_MS = 20_000;

export interface LineEvents {
  /** Adds transceivers, in the task that made the connection. */
  prepare(peer: RTCPeerConnection): void;
  /** The answer stands. */
  answered?(peer: RTCPeerConnection, resource: Resource): void;
  up(peer: RTCPeerConnection, resource: Resource): void;
  /** It broke or could not be made, and is tried again unless final; called before the wait. */
  down(fault: MediaFault, final: boolean): void;
  /** After the wait: why it is not to be tried again. closed: it was the server that ended it. */
  forbids?(closed: boolean): MediaFault | undefined;
}

/** How one connection ended; without a fault it is to be made anew at once. */
interface End {
  readonly fault?: MediaFault;
  readonly final: boolean;
  readonly closed: boolean;
}

const AGAIN: End = { final: false, closed: false };

/** The server ended the connection. */
class Closed extends NoRoute {
  override name = "Closed";
}

/** One connection after the other, until stopped or refused for good. */
export class Line {
  peer: RTCPeerConnection | undefined;
  resource: Resource | undefined;
  private readonly over = new AbortController();
  private readonly backOff: BackOff;
  private wake: (() => void) | undefined;
  private again: (() => void) | undefined;
  private readonly stops: readonly (() => void)[];

  constructor(
    private readonly env: MediaEnvironment,
    private readonly request: Request,
    private readonly ice: IceServers,
    /** Where offers go, asked for each. */
    private readonly path: () => string,
    private readonly events: LineEvents,
  ) {
    this.backOff = new BackOff(() => env.random());
    this.stops = [
      env.signals.subscribe((signal) => {
        if (signal === "online") this.wake?.();
      }),
      env.leaving(() => this.stop()),
    ];
    void this.run();
  }

  /** Makes the connection anew at once: other tracks are to be had. */
  restart(): void {
    this.backOff.reset();
    this.wake?.();
    this.again?.();
  }

  stop(): void {
    this.over.abort();
    for (const stop of this.stops) stop();
    this.wake?.();
    this.again?.();
    this.drop();
  }

  private async run(): Promise<void> {
    while (!this.over.signal.aborted) {
      const { fault, final, closed } = await this.once();
      this.drop();
      if (this.over.signal.aborted) return;
      if (fault === undefined) continue;
      this.events.down(fault, final);
      if (final) return this.stop();
      await this.pause(this.backOff.next());
      const forbidden = this.over.signal.aborted ? undefined : this.events.forbids?.(closed);
      if (forbidden === undefined) continue;
      this.events.down(forbidden, true);
      this.stop();
    }
  }

  /** One connection, from the offer to its end. No fault: it is to be made anew. */
  private async once(): Promise<End> {
    let restarted = false;
    const gone = new AbortController();
    this.again = () => {
      restarted = true;
      gone.abort();
    };
    try {
      const servers = await this.ice.get();
      if (gone.signal.aborted) return AGAIN;
      await this.connect(servers, gone.signal);
      return AGAIN;
    } catch (error) {
      return restarted ? AGAIN : { ...linkFault(error), closed: error instanceof Closed };
    } finally {
      this.again = undefined;
    }
  }

  private async connect(iceServers: RTCIceServer[], signal: AbortSignal): Promise<void> {
    const peer = this.env.peer({ iceServers, bundlePolicy: "max-bundle" });
    this.peer = peer;
    this.events.prepare(peer);
    await peer.setLocalDescription();
    await gathered(peer, this.env.clock);
    const { answer, resource } = await negotiate(this.request, this.path(), peer.localDescription?.sdp ?? "", signal);
    this.resource = resource;
    signal.throwIfAborted();
    await peer.setRemoteDescription({ type: "answer", sdp: answer });
    this.events.answered?.(peer, resource);
    await reached(peer, this.env.clock, signal);
    this.events.up(peer, resource);
    const held = this.env.clock.after(HELD_MS, () => this.backOff.reset());
    try {
      await broken(peer, this.env.clock, signal);
    } finally {
      held();
    }
  }

  private drop(): void {
    this.peer?.close();
    this.resource?.remove().catch(() => undefined); // the server finds out
    this.peer = undefined;
    this.resource = undefined;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.env.clock.after(ms, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

function gathered(peer: RTCPeerConnection, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(GATHER_MS, resolve);
    const look = (): void => {
      if (peer.iceGatheringState !== "complete") return;
      cancel();
      resolve();
    };
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
}

/** Resolves when it is connected; rejects when it fails or takes too long. */
function reached(peer: RTCPeerConnection, clock: Clock, signal: AbortSignal): Promise<void> {
  return watch(peer, signal, (settle) => {
    const cancel = clock.after(CONNECT_MS, () => settle(new NoRoute("no connection in time")));
    return {
      cancel,
      look(state) {
        if (state === "connected") settle();
        if (state === "failed" || state === "closed") settle(new NoRoute(`connection ${state}`));
      },
    };
  });
}

/** Rejects when a connection that stood is lost. */
function broken(peer: RTCPeerConnection, clock: Clock, signal: AbortSignal): Promise<void> {
  return watch(peer, signal, (settle) => {
    let cancel: (() => void) | undefined;
    const transport = peer.getTransceivers()[0]?.receiver.transport;
    const closed = (): void => {
      // The server said good-bye (DTLS close_notify); the connection's own state notices only when checks go unanswered.
      if (transport?.state === "closed") settle(new Closed("ended by the server"));
    };
    transport?.addEventListener("statechange", closed);
    return {
      cancel: () => {
        cancel?.();
        transport?.removeEventListener("statechange", closed);
      },
      look(state) {
        cancel?.();
        cancel = undefined;
        if (state === "failed" || state === "closed") settle(new NoRoute(`connection ${state}`));
        if (state === "disconnected") cancel = clock.after(HEAL_MS, () => settle(new NoRoute("connection lost")));
      },
    };
  });
}

type Settle = (error?: Error) => void;

function watch(peer: RTCPeerConnection, signal: AbortSignal, begin: (settle: Settle) => { look(state: RTCPeerConnectionState): void; cancel(): void }): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => watcher.look(peer.connectionState);
    const abort = (): void => settle(new NoRoute("stopped"));
    const settle: Settle = (error) => {
      watcher.cancel();
      peer.removeEventListener("connectionstatechange", look);
      signal.removeEventListener("abort", abort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const watcher = begin(settle);
    peer.addEventListener("connectionstatechange", look);
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    else look();
  });
}
