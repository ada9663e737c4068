// The document "authority": the pages of the room (server/classroom has the same rules).
import { create, fromBinary, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { AuthorityEventSchema, AuthorityStateSchema } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { Writer } from "../ot/bytes.ts";
import * as fnv from "../ot/fnv.ts";
import { utf8 } from "../ot/utf8.ts";
import { MAX_PAGES } from "../protocol/limits.ts";
import type { CodedRecord } from "../protocol/record.ts";
import type { DocumentState, Restoring } from "./documentstate.ts";
import type { Context } from "../protocol/record.ts";

export const AUTHORITY = "authority";

/** All pages in order, and which of them are removed, in the order in which they were (PGS2). */
export type Arranged = Pick<State, "pages" | "removed">;

interface State {
  readonly opSemantics: number;
  readonly createdAtUs: bigint;
  /** In order, the removed ones where they were. */
  readonly pages: readonly string[];
  readonly removed: readonly string[];
}

const EMPTY: State = { opSemantics: 0, createdAtUs: 0n, pages: [], removed: [] };

/** The confirmed pages of the room. */
export class Authority implements DocumentState {
  readonly lengths = undefined;
  private state = EMPTY;

  /** changed: after every record and snapshot; confirmed: of an own batch. */
  constructor(private readonly changed: (record: CodedRecord | Context) => void) {}

  /** The page was added once; it may be removed. */
  has(page: string): boolean {
    return this.state.pages.includes(page);
  }

  /** With events of one's own that are not confirmed yet. */
  with(own: readonly Uint8Array[]): Arranged {
    return own.reduce(after, this.state);
  }

  apply(record: CodedRecord): void {
    this.state = after(this.state, record.payload);
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

/** What is done to a page. after: it stands behind that one, first if it is unknown. */
export type PageEvent = Extract<MessageInitShape<typeof AuthorityEventSchema>["event"], { case: `page${string}` }>;

export function pageEvent(event: PageEvent): Uint8Array {
  return toBinary(AuthorityEventSchema, create(AuthorityEventSchema, { event }));
}

/** Pages that people see. */
export const seen = ({ pages, removed }: Arranged): string[] => pages.filter((page) => !removed.includes(page));

/** The page that is looked at where this one was: itself, or if it is removed the next one, else the one before (PGS4). */
export function shownFor(state: Arranged, page: string): string {
  const at = state.pages.indexOf(page);
  const there = (p: string): boolean => !state.removed.includes(p);
  return at < 0 ? "" : (state.pages.slice(at).find(there) ?? state.pages.slice(0, at).findLast(there) ?? "");
}

/** A page behind another one. */
function placed(pages: readonly string[], { page, after }: { readonly page: string; readonly after: string }): string[] {
  const others = pages.filter((p) => p !== page);
  others.splice(others.indexOf(after) + 1, 0, page);
  return others;
}

function after(state: State, payload: Uint8Array): State {
  const { event } = fromBinary(AuthorityEventSchema, payload);
  const { pages, removed } = state;
  switch (event.case) {
    case "roomCreated":
      return state.opSemantics === 0 ? { ...state, ...event.value } : state;
    case "pageAdded": {
      const { page } = event.value;
      if (!/^[0-9A-Za-z_-]{1,32}$/.test(page) || pages.includes(page) || pages.length >= MAX_PAGES) return state;
      return { ...state, pages: placed(pages, event.value) };
    }
    case "pageRemoved": {
      const { page } = event.value;
      const goes = pages.includes(page) && !removed.includes(page) && pages.length - removed.length > 1;
      return goes ? { ...state, removed: [...removed, page] } : state;
    }
    case "pageRestored":
      return { ...state, removed: removed.filter((page) => page !== event.value.page) };
    case "pageMoved":
      return pages.includes(event.value.page) && event.value.page !== event.value.after ? { ...state, pages: placed(pages, event.value) } : state;
    case undefined:
      return state;
  }
}

function hashOf({ opSemantics, createdAtUs, pages, removed }: State): Uint8Array {
  const w = new Writer();
  w.uvarint(opSemantics);
  w.biguvarint(createdAtUs);
  w.uvarint(pages.length);
  for (const page of [...pages, ...removed]) w.bytes(utf8(page));
  return fnv.hashOf(w);
}
