// Who is here and where they point (PRE): roster, the own pointer and its trace, and the pointers of the others.
import type { Cursors, Roster } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { decodeDatagram, type Request } from "../protocol/messages.ts";
import type { CursorKind } from "./api.ts";
import type { Clock } from "./clock.ts";
import { CursorQueue } from "./cursorqueue.ts";
import { People } from "./people.ts";
import { Pointer, type Selecting } from "./pointer.ts";
import { Tracer } from "./trace.ts";

export interface PresenceHost {
  sendDatagram(datagram: Uint8Array<ArrayBuffer>): void;
  sendTrace(trace: Extract<Request, { case: "trace" }>["value"]): void;
  /** Room time in whole ms at a local time. */
  roomTimeAt(local: number): number;
  /** How long pointers that come now wait, ms; undefined: they are not shown (ALN8). */
  readonly cursorDelay: number | undefined;
  /** Pointers on the board of a handle are to be shown. */
  pointed(message: Cursors): void;
  /** Others' pointers go once they have left. */
  sweep(present: ReadonlySet<number>): void;
}

export class Presence {
  private readonly people = new People();
  private readonly pointer: Pointer;
  private readonly tracer: Tracer;
  private readonly cursors: CursorQueue;

  constructor(
    private readonly host: PresenceHost,
    clock: Clock,
  ) {
    this.pointer = new Pointer(clock, (datagram) => host.sendDatagram(datagram));
    this.tracer = new Tracer(clock, ({ handle, at, ink }) => {
      host.sendTrace({ handle, capturedAtUs: BigInt(host.roomTimeAt(at)) * 1000n, ink });
    });
    this.cursors = new CursorQueue(clock);
  }

  get list(): People["list"] {
    return this.people.list;
  }

  joined(...[present, self]: Parameters<People["joined"]>): void {
    this.people.joined(present, self);
  }

  /** self: the own replica. */
  changed(roster: Roster, self: number): void {
    this.people.changed(roster, self);
    this.sweep();
  }

  disconnected(): void {
    this.cursors.clear();
  }

  /** A heart tick. */
  tick(): void {
    this.pointer.again();
    this.sweep();
  }

  point(handle: number, x: number, y: number, kind: CursorKind): void {
    this.pointer.at(handle, x, y, kind);
    if (kind === "laser") this.tracer.at(handle, x, y);
    else this.tracer.end();
  }

  select(handle: number, x: number, y: number, text: Selecting | undefined): void {
    this.pointer.selects(handle, x, y, text);
  }

  datagram(bytes: Uint8Array): void {
    try {
      const message = decodeDatagram(bytes);
      if (message.case === "cursors") this.cursors.add(this.host.cursorDelay, () => this.host.pointed(message.value));
    } catch {
      // Soft state: the next one will do.
    }
  }

  private sweep(): void {
    this.host.sweep(new Set(this.list.value.map((p) => p.replica)));
  }
}
