// A WebSocket for Node, of which version 20 has none: as much of RFC 6455 as the page's own code needs of a browser's.
import { randomBytes } from "node:crypto";
import { connect, type Socket as TCP } from "node:net";
import { APPLICATION } from "../src/protocol/limits.ts";
import type { Socket } from "../src/sync/transport/websocket.ts";

const OPEN = 1;
const CLOSED = 3;
const CONTINUED = 0;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const END_OF_HEAD = "\r\n\r\n";

export class NodeSocket implements Socket {
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { reason: string }) => void) | null = null;
  readyState = 0;
  private readonly tcp: TCP;
  private unread = Buffer.alloc(0);
  private parts: Buffer[] = [];
  private reason = "";

  constructor(port: number, path: string) {
    this.tcp = connect({ port, host: "127.0.0.1", noDelay: true });
    this.tcp.on("connect", () => this.tcp.write(head(port, path)));
    this.tcp.on("data", (bytes) => this.take(bytes));
    this.tcp.on("error", () => {}); // close follows
    this.tcp.on("close", () => this.over());
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState === OPEN) this.tcp.write(frame(BINARY, data));
  }

  close(code = 1000, reason = ""): void {
    const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
    if (this.readyState === OPEN) this.tcp.end(frame(CLOSE, payload));
    else this.tcp.destroy();
  }

  /** The page is gone: nothing is told to anybody. */
  destroy(): void {
    this.onopen = this.onmessage = this.onclose = null;
    this.tcp.destroy();
  }

  private take(bytes: Buffer): void {
    this.unread = Buffer.concat([this.unread, bytes]);
    if (this.readyState === 0 && !this.welcomed()) return;
    for (let f = cutFrame(this.unread); f !== undefined; f = cutFrame(this.unread)) {
      this.unread = this.unread.subarray(f.size);
      this.frame(f.opcode, f.last, f.payload);
    }
  }

  private welcomed(): boolean {
    const end = this.unread.indexOf(END_OF_HEAD);
    if (end < 0) return false;
    const status = this.unread.toString("latin1", 0, end);
    this.unread = this.unread.subarray(end + END_OF_HEAD.length);
    if (!status.startsWith("HTTP/1.1 101")) {
      this.tcp.destroy();
      return false;
    }
    this.readyState = OPEN;
    this.onopen?.();
    return true;
  }

  private frame(opcode: number, last: boolean, payload: Buffer): void {
    switch (opcode) {
      case CONTINUED:
      case BINARY: {
        this.parts.push(payload);
        if (!last) return;
        const whole = Uint8Array.from(Buffer.concat(this.parts.splice(0)));
        return this.onmessage?.({ data: whole.buffer });
      }
      case PING:
        return void this.tcp.write(frame(PONG, payload));
      case CLOSE:
        this.reason = payload.toString("utf8", 2);
        return void this.tcp.end();
    }
  }

  private over(): void {
    if (this.readyState === CLOSED) return;
    this.readyState = CLOSED;
    this.onclose?.({ reason: this.reason });
  }
}

const head = (port: number, path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Protocol: ${APPLICATION}`,
    END_OF_HEAD,
  ]
    .join("\r\n")
    .slice(0, -2);

/** A frame as a client sends it: masked, with a mask of zeros. */
function frame(opcode: number, payload: Uint8Array): Buffer {
  const masked = 0x80;
  const mask = [0, 0, 0, 0];
  const n = payload.length;
  const length = n < 126 ? [masked | n] : n < 65536 ? [masked | 126, n >> 8, n & 0xff] : [masked | 127, 0, 0, 0, 0, n >>> 24, (n >> 16) & 0xff, (n >> 8) & 0xff, n & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length, ...mask]), payload]);
}

interface Frame {
  readonly opcode: number;
  readonly last: boolean;
  readonly payload: Buffer;
  readonly size: number;
}

/** The first frame of what a server sent, not masked; undefined if it is not whole yet. */
function cutFrame(b: Buffer): Frame | undefined {
  if (b.length < 2) return undefined;
  const short = b.readUInt8(1) & 0x7f;
  const begin = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (b.length < begin) return undefined;
  const n = short < 126 ? short : short === 126 ? b.readUInt16BE(2) : Number(b.readBigUInt64BE(2));
  if (b.length < begin + n) return undefined;
  const first = b.readUInt8(0);
  return { opcode: first & 0xf, last: (first & 0x80) !== 0, payload: b.subarray(begin, begin + n), size: begin + n };
}
