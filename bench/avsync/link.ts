// A bad network for UDP: late, uneven, lossy. Pages are pointed at it instead of at the server's port.
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

export interface Weather {
  /** One way, ms: to the server, and back. */
  readonly up?: number;
  readonly down?: number;
  /** Up to so much more, at random, ms; packets may overtake. */
  readonly jitter?: number;
  /** 0 … 1, of media packets only (SRTP, RFC 7983), both ways. */
  readonly loss?: number;
}

const HOST = "127.0.0.1";

/** The narrow end of a line, which several links share: packets wait for each other, and what would wait too long is dropped. */
export class Queue {
  private free = 0;

  /** kbit/s, and ms. */
  constructor(private readonly rate: number, private readonly longest = 500) {}

  /** How long a packet takes through it, ms; undefined: it is dropped. */
  take(bytes: number): number | undefined {
    const now = performance.now();
    const begin = Math.max(now, this.free);
    if (begin - now > this.longest) return undefined;
    this.free = begin + (bytes * 8) / this.rate;
    return this.free - now;
  }
}

export class Link {
  online = true;
  /** By whom they carry for. */
  private readonly servers = new Map<string, Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(
    private readonly front: Socket,
    private readonly target: number,
    public weather: Weather,
    private readonly queue: Queue | undefined,
  ) {
    front.on("message", (message, from) => this.toServer(message, from));
  }

  /** Carries to a port of this machine; what comes back passes the queue. */
  static async open(target: number, weather: Weather, queue?: Queue): Promise<Link> {
    const front = createSocket({ type: "udp4", recvBufferSize: 4 << 20 }).bind(0, HOST);
    await once(front, "listening");
    return new Link(front, target, weather, queue);
  }

  get port(): number {
    return this.front.address().port;
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    for (const socket of [this.front, ...this.servers.values()]) socket.close();
  }

  private toServer(message: Buffer, { address, port }: RemoteInfo): void {
    const from = `${address} ${port}`;
    let server = this.servers.get(from);
    if (server === undefined) {
      server = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
      server.on("error", () => {}); // nobody there: as good as lost
      server.on("message", (answer) => this.carry(answer, this.weather.down ?? 0, this.queue, () => this.front.send(answer, port, address)));
      this.servers.set(from, server);
    }
    const to = server;
    this.carry(message, this.weather.up ?? 0, undefined, () => to.send(message, this.target, HOST));
  }

  private carry(message: Buffer, delay: number, queue: Queue | undefined, send: () => void): void {
    const first = message[0] ?? 0;
    const media = first >= 128 && first < 192;
    const dropped = !this.online || (media && Math.random() < (this.weather.loss ?? 0));
    const queued = dropped || queue === undefined ? 0 : queue.take(message.length);
    if (dropped || queued === undefined) return;
    const wait = queued + delay + Math.random() * (this.weather.jitter ?? 0);
    if (wait < 1) return send();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      send();
    }, wait);
    this.timers.add(timer);
  }
}
