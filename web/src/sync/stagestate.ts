// The document "stage": what everybody is shown (STG1; server/classroom has the same rules), and one's own changes on it.
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { Writer } from "../ot/bytes.ts";
import * as fnv from "../ot/fnv.ts";
import { utf8 } from "../ot/utf8.ts";
import { StageEventSchema, StageStateSchema } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { CodedRecord, Context } from "../protocol/record.ts";
import type { Stage } from "./api.ts";
import type { DocumentState, Restoring } from "./documentstate.ts";
import { Value } from "./observable.ts";
import type { Outbox } from "./outbox.ts";

export const STAGE = "stage";

const EMPTY: Stage = { page: "", lead: "" };

export interface StageEvents {
  /** An own record stands in the confirmed stage. */
  confirmed(n: number): void;
  /** A snapshot replaced the confirmed stage; returns the last own batch that it has. */
  restored(context: Context): number;
}

/** The confirmed stage, and the view of it with own events that are not in it yet. */
export class StageState implements DocumentState {
  readonly lengths = undefined;
  readonly view = new Value<Stage>(EMPTY);
  private confirmed = EMPTY;
  /** Of the newest revision that was shown, and where that is: who leads does not go back with the shown time (ALN2). */
  private led = { lead: "", revision: 0, epoch: 0n };
  /** The own replica, 0 while there is none. */
  replica = 0;
  /** Own payloads that are not confirmed, by n. */
  private pending = new Map<number, Uint8Array>();

  constructor(private readonly events: StageEvents) {}

  apply(record: CodedRecord): void {
    this.take(after(this.confirmed, record.payload), record.revision, this.led.epoch);
    if (record.replica === this.replica) {
      this.pending.delete(record.n);
      this.events.confirmed(record.n);
    }
    this.publish();
  }

  restore(table: Uint8Array): Restoring {
    const { page, lead } = fromBinary(StageStateSchema, table);
    const next = { page, lead };
    return {
      chunk: () => {
        throw new Error("ink in the stage");
      },
      hash: () => hashOf(next),
      commit: (context, revision, epoch) => {
        this.take(next, revision, epoch);
        const last = this.events.restored(context);
        for (const n of [...this.pending.keys()]) if (n <= last) this.pending.delete(n);
        this.publish();
      },
    };
  }

  hash(): Uint8Array {
    return hashOf(this.confirmed);
  }

  /** An own event is visible from here on. */
  add(n: number, payload: Uint8Array): void {
    this.pending.set(n, payload);
    this.publish();
  }

  /** An own event was refused. */
  refuse(n: number): void {
    this.pending.delete(n);
    this.publish();
  }

  /** Shows what an outbox holds: after a reload, or under another replica. */
  show({ replica, undelivered }: Outbox): void {
    this.replica = replica;
    this.pending = new Map(undelivered.map(({ n, payload }) => [n, payload]));
    this.publish();
  }

  private take(confirmed: Stage, revision: number, epoch: bigint): void {
    this.confirmed = confirmed;
    if (epoch !== this.led.epoch || revision >= this.led.revision) this.led = { lead: confirmed.lead, revision, epoch };
  }

  private publish(): void {
    const { page, lead } = [...this.pending.values()].reduce(after, { ...this.confirmed, lead: this.led.lead });
    if (page !== this.view.value.page || lead !== this.view.value.lead) this.view.set({ page, lead });
  }
}

type Event = Exclude<MessageInitShape<typeof StageEventSchema>["event"], undefined>;

const payloadOf = (event: Event): Uint8Array => toBinary(StageEventSchema, create(StageEventSchema, { event }));

/** The payload that turns everybody to a page. */
export const pageTurned = (page: string): Uint8Array => payloadOf({ case: "pageTurned", value: { page } });

/** The payload that makes a participant the lead; "": nobody. */
export const leadChanged = (participant: string): Uint8Array => payloadOf({ case: "leadChanged", value: { participant } });

function after(stage: Stage, payload: Uint8Array): Stage {
  const { event } = fromBinary(StageEventSchema, payload);
  switch (event.case) {
    case "pageTurned":
      return { ...stage, page: event.value.page };
    case "leadChanged":
      return { ...stage, lead: event.value.participant };
    case undefined:
      return stage;
  }
}

function hashOf({ page, lead }: Stage): Uint8Array {
  const w = new Writer();
  for (const text of [page, lead]) w.bytes(utf8(text));
  return fnv.hashOf(w);
}
