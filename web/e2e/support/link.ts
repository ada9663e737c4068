// A bad network: late, uneven, lossy. What is to go through it, UDP and TCP, is pointed at it instead of at the server's port.
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Server, type Socket as Stream } from "node:net";
import { freePort } from "./ports.ts";
import { carryStream } from "./streams.ts";

export interface Weather {
  /** One way, ms: to the server, and back. */
  readonly up?: number;
  readonly down?: number;
  /** Up to so much more, at random, ms; packets may overtake, what is in a stream may not. */
  readonly jitter?: number;
  /** 0 … 1, of UDP packets, both ways. */
  readonly loss?: number;
}

const HOST = "127.0.0.1";

/** Chromium's payload type of Opus. */
const OPUS = 111;

/** The narrow end of a line, which several links share: packets wait for each other, and what would wait too long is dropped. */
export class Queue {
  private free = 0;

  /** kbit/s, and ms. */
  constructor(private readonly rate: number, private readonly longest = 500) {}

  /** How long a packet takes through it, ms; undefined: it is dropped, or would be sent again until it is not. */
  take(bytes: number, again = false): number | undefined {
    const now = performance.now();
    const begin = Math.max(now, this.free);
    if (begin - now > this.longest && !again) return undefined;
    this.free = begin + (bytes * 8) / this.rate;
    return this.free - now;
  }
}

export class Link {
  /** False: packets are lost, and what is in streams waits. */
  online = true;
  /** False: of media sound alone comes through, and what is said about them. */
  pictures = true;
  /** Of media, so far. */
  packets = 0;
  /** By whom they carry for. */
  private readonly servers = new Map<string, Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly streams = new Set<Stream>();

  private constructor(
    private readonly front: Socket,
    private readonly door: Server,
    private readonly target: number,
    readonly weather: Weather,
    private readonly queue: Queue | undefined,
  ) {
    front.on("message", (message, from) => this.toServer(message, from));
    door.on("connection", (stream) => this.toServerInOrder(stream));
  }

  /** Carries to a port of this machine; what comes back passes the queue. */
  static async open(target: number, weather: Weather, queue?: Queue): Promise<Link> {
    const port = await freePort();
    const front = createSocket({ type: "udp4", recvBufferSize: 4 << 20 }).bind(port, HOST);
    const door = createServer({ allowHalfOpen: true, noDelay: true }).listen(port, HOST);
    await Promise.all([once(front, "listening"), once(door, "listening")]);
    return new Link(front, door, target, weather, queue);
  }

  /** Of the server's page. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  get port(): number {
    return (this.door.address() as AddressInfo).port;
  }

  /** There and back, ms. */
  get roundTrip(): number {
    return (this.weather.up ?? 0) + (this.weather.down ?? 0);
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    for (const stream of this.streams) stream.destroy();
    for (const socket of [this.front, ...this.servers.values()]) socket.close();
    this.door.close();
  }

  private toServerInOrder(from: Stream): void {
    const to = connect({ port: this.target, host: HOST, allowHalfOpen: true, noDelay: true });
    for (const [one, other] of [[from, to], [to, from]] as const) {
      this.streams.add(one);
      one.on("error", () => other.destroy()).on("close", () => this.streams.delete(one));
    }
    const { up = 0, down = 0, jitter = 0 } = this.weather;
    const late = (ms: number, bytes: number, queue?: Queue): number => ms + Math.random() * jitter + (queue?.take(bytes, true) ?? 0);
    const opening = performance.now() + this.roundTrip; // SYN and its answer
    carryStream(from, to, (bytes) => late(Math.max(opening - performance.now(), 0) + up, bytes), () => this.online);
    carryStream(to, from, (bytes) => late(down, bytes, this.queue), () => this.online);
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
    const [first = 0, second = 0] = message;
    const media = first >= 128 && first < 192; // RFC 7983
    const picture = media && (second < 192 || second > 223) && (second & 127) !== OPUS; // RFC 5761
    const dropped = !this.online || (picture && !this.pictures) || Math.random() < (this.weather.loss ?? 0);
    const queued = dropped || queue === undefined ? 0 : queue.take(message.length);
    if (dropped || queued === undefined) return;
    if (media) this.packets++;
    const wait = queued + delay + Math.random() * (this.weather.jitter ?? 0);
    if (wait < 1) return send();
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      send();
    }, wait);
    this.timers.add(timer);
  }
}
