// The document "authority": the pages of the room (server/classroom has the same rules).
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { AuthorityEventSchema, AuthorityStateSchema } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { bytes, start, update } from "../ot/fnv.ts";
import { Writer } from "../ot/bytes.ts";
import { MAX_PAGES } from "../protocol/limits.ts";
import type { CodedRecord } from "../protocol/record.ts";
import type { DocumentState, Restoring } from "./documentstate.ts";
import type { Context } from "../protocol/record.ts";

export const AUTHORITY = "authority";

interface State {
  readonly opSemantics: number;
  readonly createdAtUs: bigint;
  readonly pages: readonly string[];
}

const EMPTY: State = { opSemantics: 0, createdAtUs: 0n, pages: [] };

/** The confirmed pages of the room. */
export class Authority implements DocumentState {
  readonly lengths = undefined;
  private state = EMPTY;

  /** changed: after every record and snapshot; confirmed: of an own batch. */
  constructor(private readonly changed: (record: CodedRecord | Context) => void) {}

  get pages(): readonly string[] {
    return this.state.pages;
  }

  apply(record: CodedRecord): void {
    if (record.payload.length > 0) this.state = after(this.state, record.payload);
    this.changed(record);
  }

  restore(table: Uint8Array): Restoring {
    const next: State = fromBinary(AuthorityStateSchema, table);
    return {
      chunk: () => {
        throw new Error("ink in the authority document");
      },
      hash: () => hashOf(next),
      commit: (context) => {
        this.state = next;
        this.changed(context);
      },
    };
  }

  hash(): Uint8Array {
    return hashOf(this.state);
  }
}

/** The payload that puts a page behind another one (first if after is unknown). */
export function pageAdded(page: string, afterPage: string): Uint8Array {
  return toBinary(AuthorityEventSchema, create(AuthorityEventSchema, { event: { case: "pageAdded", value: { page, after: afterPage } } }));
}

/** Pages after an event, for those of one's own that are not confirmed yet. */
export function pagesAfter(pages: readonly string[], payload: Uint8Array): readonly string[] {
  return after({ ...EMPTY, pages }, payload).pages;
}

function after(state: State, payload: Uint8Array): State {
  const { event } = fromBinary(AuthorityEventSchema, payload);
  switch (event.case) {
    case "roomCreated":
      return state.opSemantics === 0 ? { ...event.value, pages: state.pages } : state;
    case "pageAdded": {
      const { page } = event.value;
      if (!/^[0-9A-Za-z_-]{1,32}$/.test(page) || state.pages.includes(page) || state.pages.length >= MAX_PAGES) return state;
      const pages = [...state.pages];
      pages.splice(pages.indexOf(event.value.after) + 1, 0, page);
      return { ...state, pages };
    }
    case undefined:
      return state;
  }
}

function hashOf({ opSemantics, createdAtUs, pages }: State): Uint8Array {
  const w = new Writer();
  w.uvarint(opSemantics);
  w.biguvarint(createdAtUs);
  w.uvarint(pages.length);
  for (const page of pages) w.bytes(new TextEncoder().encode(page));
  const h = start();
  update(h, w.buffer, w.length);
  return bytes(h);
}
