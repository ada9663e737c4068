// The streams of a connection as QUIC carries them: each in order, but one overtakes the other. And, as no network does,
// records that get lost on the way, which the heart has to find (REC3).
import { decodeDocument } from "../src/protocol/messages.ts";
import { Once, type OpenLink } from "../src/sync/transport/link.ts";

export class BadStreams {
  /** Messages of records that were lost. */
  lost = 0;

  constructor(
    /** The most that a message waits for by itself, ms. */
    private readonly most: number,
    /** One message of records in so many is lost; 0: none. */
    private readonly odds: number,
    private readonly random: () => number,
  ) {}

  /** What a link tells, through these streams. */
  through(open: OpenLink): OpenLink {
    return (events) => {
      const to = new Once(events);
      const waiting = new Map<number | "control", (() => void)[]>();
      const after = (call: () => void): unknown => setTimeout(call, this.random() * this.most);
      /** Whichever moment comes first is the oldest message's. */
      const inOrder = (stream: number | "control", tell: () => void): void => {
        const queue = waiting.get(stream) ?? [];
        waiting.set(stream, queue);
        queue.push(tell);
        after(() => queue.shift()?.());
      };
      const link = open({
        opened: () => to.opened(),
        control: (message) => inOrder("control", () => to.control(message)),
        document: (stream, message) => this.loses(message) || inOrder(stream, () => to.document(stream, message)),
        datagram: (message) => void after(() => to.datagram(message)),
        closed: (code) => to.closed(code),
      });
      return {
        ...link,
        close: (code) => {
          to.mute();
          link.close(code);
        },
      };
    };
  }

  private loses(message: Uint8Array): boolean {
    if (this.odds === 0 || this.random() * this.odds >= 1) return false;
    if (decodeDocument(message).case !== "records") return false;
    this.lost++;
    return true;
  }
}
