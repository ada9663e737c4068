// A network between pages and server that can be bad: it carries TCP and UDP, drops both, or stands for a NAT that
// forgets. Pages are opened on its url; what they are told about WebTransport is pointed at it too (see person.ts).
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Server as TCPServer, type Socket } from "node:net";
import { freePort } from "./ports.ts";
import type { Server } from "./server.ts";

const HOST = "127.0.0.1";

/** How a TCP connection of a WebSocket begins; the browser makes a new one for each. */
const WEBSOCKET = /^GET \/ws[ ?]/;

export class Relay {
  /** WebSockets that pages asked for. */
  webSockets = 0;
  private online = true;
  private udp = true;
  private ws = true;
  private readonly seen = new Set<number>();
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private readonly webSocketPairs = new Set<readonly [Socket, Socket]>();
  /** Towards the server, by port of the client. */
  private readonly upstream = new Map<number, Datagrams>();

  private constructor(
    /** On TCP and on UDP. */
    readonly port: number,
    private readonly server: Server,
    private readonly tcp: TCPServer,
    private readonly front: Datagrams,
  ) {
    tcp.on("connection", (socket) => this.accept(socket));
    front.on("message", (message, from) => this.forward(message, from.port));
  }

  static async open(server: Server): Promise<Relay> {
    const port = await freePort();
    const tcp = createServer({ pauseOnConnect: true }).listen(port, HOST);
    const front = createSocket("udp4").bind(port, HOST);
    await Promise.all([once(tcp, "listening"), once(front, "listening")]);
    return new Relay(port, server, tcp, front);
  }

  /** Sources of UDP seen: at least one per WebTransport session that was tried. */
  get udpSources(): number {
    return this.seen.size;
  }

  /** Where pages find the server through it. */
  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** No network: nothing is carried, nobody is told. TCP goes on where it was, as it does. */
  setOnline(online: boolean): void {
    this.online = online;
    for (const [a, b] of this.pairs) for (const socket of [a, b]) online ? socket.resume() : socket.pause();
  }

  /** UDP as behind a firewall: the port is there and silent. */
  setUDP(carried: boolean): void {
    this.udp = carried;
  }

  /** The page and its API are reachable, the room is not, on either route. */
  setRoom(reachable: boolean): void {
    this.udp = this.ws = reachable;
    if (!reachable) for (const pair of this.webSocketPairs) drop(pair);
  }

  /** The NAT forgets: from here on the server sees every client's UDP come from another port. */
  rebind(): void {
    for (const socket of this.upstream.values()) socket.close();
    this.upstream.clear();
  }

  async close(): Promise<void> {
    this.online = false;
    this.rebind();
    for (const pair of this.pairs) drop(pair);
    await Promise.all([new Promise<void>((done) => this.front.close(done)), new Promise((done) => this.tcp.close(done))]);
  }

  private accept(client: Socket): void {
    const server = connect(this.server.port, HOST);
    const pair = [client, server] as const;
    this.pairs.add(pair);
    const end = (): void => {
      this.pairs.delete(pair);
      this.webSocketPairs.delete(pair);
      drop(pair);
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    client.once("data", (first) => {
      if (!WEBSOCKET.test(first.toString("latin1"))) return;
      this.webSockets++;
      this.webSocketPairs.add(pair);
      if (!this.ws) end();
    });
    client.on("data", (data) => server.writable && server.write(data));
    server.on("data", (data) => client.writable && client.write(data));
    server.pause();
    if (this.online) for (const socket of pair) socket.resume();
  }

  private forward(message: Buffer, from: number): void {
    this.seen.add(from);
    if (!this.online || !this.udp) return;
    let socket = this.upstream.get(from);
    if (socket === undefined) {
      socket = createSocket("udp4");
      socket.on("error", () => {}); // the server is not there: as good as lost
      socket.on("message", (answer) => this.online && this.udp && this.front.send(answer, from, HOST));
      this.upstream.set(from, socket);
    }
    socket.send(message, this.server.port, HOST);
  }
}

function drop(pair: readonly [Socket, Socket]): void {
  for (const socket of pair) socket.destroy();
}
