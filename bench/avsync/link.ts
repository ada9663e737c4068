// A bad network for UDP: late, uneven, lossy. Pages are pointed at it instead of at the server's port.
import { createSocket, type Socket } from "node:dgram";
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

export class Link {
  /** Carried, and lost. */
  carried = 0;
  lost = 0;
  online = true;
  private readonly servers = new Map<number, Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(
    private readonly front: Socket,
    private readonly target: number,
    public weather: Weather,
  ) {
    front.on("message", (message, from) => this.toServer(message, from.port));
  }

  /** Carries to a port of this machine. */
  static async open(target: number, weather: Weather): Promise<Link> {
    const front = createSocket({ type: "udp4", recvBufferSize: 4 << 20 }).bind(0, HOST);
    await once(front, "listening");
    return new Link(front, target, weather);
  }

  get port(): number {
    return this.front.address().port;
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    for (const socket of [this.front, ...this.servers.values()]) socket.close();
  }

  private toServer(message: Buffer, from: number): void {
    let server = this.servers.get(from);
    if (server === undefined) {
      server = createSocket({ type: "udp4", recvBufferSize: 4 << 20 });
      server.on("error", () => {}); // nobody there: as good as lost
      server.on("message", (answer) => this.carry(answer, this.weather.down ?? 0, () => this.front.send(answer, from, HOST)));
      this.servers.set(from, server);
    }
    const to = server;
    this.carry(message, this.weather.up ?? 0, () => to.send(message, this.target, HOST));
  }

  private carry(message: Buffer, delay: number, send: () => void): void {
    const first = message[0] ?? 0;
    const media = first >= 128 && first < 192;
    if (!this.online || (media && Math.random() < (this.weather.loss ?? 0))) {
      this.lost++;
      return;
    }
    this.carried++;
    const wait = delay + Math.random() * (this.weather.jitter ?? 0);
    if (wait < 1) return send();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      send();
    }, wait);
    this.timers.add(timer);
  }
}
