// A stream is messages, each behind its varint length (SES2); chunks are cut anywhere.
import { Writer } from "../ot/bytes.ts";

/** The framing of a stream is broken: nothing after this point can be read. */
export class FrameError extends Error {
  override name = "FrameError";
}

/** Puts a message behind its length. */
export function frame(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new Writer(5);
  head.uvarint(message.length);
  const framed = new Uint8Array(head.length + message.length);
  framed.set(head.take());
  framed.set(message, head.length);
  return framed;
}

/** Puts the chunks of one stream together to messages. */
export class Deframer {
  private length = 0;
  private lengthBytes = 0;
  private body: Uint8Array | undefined;
  private filled = 0;

  /** limit: bytes of the longest message; a longer one is refused before anything is kept of it. */
  constructor(private readonly limit: number) {}

  /** The messages that end in this chunk, in order. They may be views of it. Throws FrameError. */
  push(chunk: Uint8Array): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.body === undefined) {
        if (!this.readLength(chunk[at++] ?? 0)) continue;
        if (this.length <= chunk.length - at) {
          messages.push(chunk.subarray(at, at + this.length));
          at += this.length;
          this.restart();
          continue;
        }
        this.body = new Uint8Array(this.length);
      }
      const part = chunk.subarray(at, at + this.length - this.filled);
      this.body.set(part, this.filled);
      this.filled += part.length;
      at += part.length;
      if (this.filled === this.length) {
        messages.push(this.body);
        this.restart();
      }
    }
    return messages;
  }

  /** Takes one byte of a length; true when it was the last. */
  private readLength(b: number): boolean {
    this.length += (b & 0x7f) * 128 ** this.lengthBytes++;
    if (b >= 0x80 && this.lengthBytes < 5) return false;
    if (b >= 0x80 || (b === 0 && this.lengthBytes > 1)) throw new FrameError("length is no varint");
    if (this.length > this.limit) throw new FrameError(`message of ${this.length} bytes, limit ${this.limit}`);
    return true;
  }

  private restart(): void {
    this.length = this.lengthBytes = this.filled = 0;
    this.body = undefined;
  }
}
