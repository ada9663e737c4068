// A network between one client and the server: it delays, stalls, breaks connections, and may be down.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class BadNetwork {
  /** ms that a piece of data takes, from … to. */
  delay: readonly [number, number] = [0, 0];
  private readonly sockets = new Set<Socket>();
  private stalledUntil = 0;
  private down = false;

  private constructor(
    private readonly front: Server,
    private readonly target: number,
    private readonly random: () => number,
  ) {
    front.on("connection", (socket) => this.accept(socket));
  }

  /** target: the server's port. random: 0 … 1. */
  static async open(target: number, random: () => number): Promise<BadNetwork> {
    const front = createServer({ noDelay: true }).listen(0, "127.0.0.1");
    await once(front, "listening");
    return new BadNetwork(front, target, random);
  }

  /** Where the client finds the server. */
  get port(): number {
    return (this.front.address() as AddressInfo).port;
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  setDown(down: boolean): void {
    this.down = down;
    if (down) this.cut();
  }

  /** Nothing arrives for so long, ms; then everything. */
  stall(ms: number): void {
    this.stalledUntil = performance.now() + ms;
  }

  async close(): Promise<void> {
    this.setDown(true);
    this.front.close();
    await once(this.front, "close");
  }

  private accept(near: Socket): void {
    if (this.down) return void near.destroy();
    const far = connect({ port: this.target, host: "127.0.0.1", noDelay: true });
    for (const [from, to] of [[near, far], [far, near]] as const) {
      this.sockets.add(from);
      this.carry(from, to);
      from.on("error", () => {}); // close follows
      from.on("close", () => {
        this.sockets.delete(from);
        to.destroy();
      });
    }
  }

  /** In order: each timer lets the oldest piece go. */
  private carry(from: Socket, to: Socket): void {
    const waiting: Buffer[] = [];
    let last = 0;
    from.on("data", (bytes) => {
      const now = performance.now();
      const [least, most] = this.delay;
      last = Math.max(last, this.stalledUntil, now + least + this.random() * (most - least));
      waiting.push(bytes);
      setTimeout(() => {
        const next = waiting.shift();
        if (next !== undefined && to.writable) to.write(next);
      }, last - now);
    });
  }
}
