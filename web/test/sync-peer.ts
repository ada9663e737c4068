// A client's connection as the server of a simulated world has it: messages are late, and may be lost.
import { create, toBinary } from "@bufbuild/protobuf";
import { Deframer } from "../src/protocol/framing.ts";
import { DatagramSchema, DocumentMessageSchema, ServerMessageSchema, type Cursors } from "../src/protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { Clock } from "../src/sync/clock.ts";
import type { LinkEvents } from "../src/sync/transport/link.ts";
import type { FakeServer } from "./sync-server.ts";

type Reply = Parameters<typeof create<typeof ServerMessageSchema>>[1];
type Doc = Parameters<typeof create<typeof DocumentMessageSchema>>[1];

/** One client's connection, as the server has it. */
export class Peer {
  readonly views = new Map<number, { document: string; stream: number; generation: number }>();
  readonly deframer = new Deframer(1 << 20);
  replica = 0;
  open = true;
  private streams = 0;
  /** Streams of boards. */
  readonly boards = new Set<number>();
  generation = 0;
  /** Documents as of a time that it may ask for (server/room/past.go), as of a local time. */
  private times = { left: 32, at: 0 };

  constructor(
    private readonly server: FakeServer,
    private readonly clock: Clock,
    private readonly events: LinkEvents,
  ) {}

  control(message: NonNullable<Reply>["message"]): void {
    const bytes = toBinary(ServerMessageSchema, create(ServerMessageSchema, { message } as Reply));
    this.down(() => this.events.control(bytes));
  }

  /** Whether it may ask for one more document as of a time. */
  mayAsk(now: number): boolean {
    const left = Math.min(32, this.times.left + (now - this.times.at) / 1000);
    if (left < 1) return false;
    this.times = { left: left - 1, at: now };
    return true;
  }

  newStream(): number {
    return this.streams++;
  }

  document(stream: number, message: NonNullable<Doc>["message"]): void {
    const bytes = toBinary(DocumentMessageSchema, create(DocumentMessageSchema, { message } as Doc));
    if (this.server.lose?.(message?.case ?? "", this) === true) return;
    const more = message?.case !== "header" && this.boards.has(stream) ? this.server.boardsLate : 0;
    this.down(() => this.events.document(stream, bytes), more);
  }

  cursors(value: Partial<Cursors> & { handle: number }): void {
    const bytes = toBinary(DatagramSchema, create(DatagramSchema, { message: { case: "cursors", value } } as never));
    this.down(() => this.events.datagram(bytes));
  }

  close(code: number): void {
    if (!this.open) return;
    this.open = false;
    this.server.gone(this);
    this.clock.after(this.server.delayDown, () => this.events.closed(code));
  }

  private down(deliver: () => void, more = 0): void {
    this.server.traffic.down++;
    this.clock.after(this.server.delayDown + more, () => {
      if (this.open && !this.server.frozen) deliver();
    });
  }
}
