// What tests and benchmarks may see of a page. With ?diagnostics in the address, window.chalkline is there while a room
// is shown:
//
//   hash()       state hash of the confirmed board that is looked at, 32 hex digits; "" if none is open
//   revision     its revision, -1n if none is open
//   connection   as sync/api.ts describes it
//   page         id of the page looked at
//   pages        ids of all pages in order
//   elements     how many elements are to be drawn
//   tool         the tool at hand
//   selected     keys of the elements that are selected
//   editing      whether a text is being written
//   view         x, y (1/10 px), zoom, width, height of what is seen
//   frames       frame times, see board/meter.ts; strokes, tileBytes likewise
//   reset()      forgets the frame times so far
//   media        the page's Media; alignment, stage and sources are what it and the session say now
//   shown()      room time up to which records are shown, µs; "now": all there is
//   drawn(page)  keys of the elements that a page shows, in drawing order; none if its board is not open, or is not to be seen
//   session      the RoomSession itself
//
// With ?diagnostics=open the panel with the figures of media is open from the start.
import type { ToolName } from "../board/api.ts";
import type { BoardDiagnostics, Viewport } from "../board/index.ts";
import type { Alignment, Media } from "../media/api.ts";
import type { Connection, MediaSource, RoomSession, Stage } from "../sync/api.ts";
import type { RoomState } from "./roomstate.ts";
import { tool } from "./settings.ts";

export interface Diagnostics {
  hash(): string;
  readonly revision: bigint;
  readonly connection: Connection;
  readonly page: string;
  readonly pages: readonly string[];
  readonly elements: number;
  readonly tool: ToolName;
  readonly selected: readonly string[];
  readonly editing: boolean;
  readonly view: Viewport | undefined;
  readonly frames: BoardDiagnostics["frames"] | undefined;
  readonly strokes: number | undefined;
  readonly tileBytes: number | undefined;
  readonly media: Media;
  readonly alignment: Alignment;
  readonly stage: Stage;
  readonly sources: readonly MediaSource[];
  readonly session: RoomSession;
  shown(): number | "now";
  drawn(page: string): readonly string[];
  reset(): void;
}

declare global {
  interface Window {
    chalkline?: Diagnostics;
  }
}

/** Publishes the room's diagnostics if the address asks for them; returns how to take them back. */
export function publishDiagnostics(room: RoomState): () => void {
  const asked = new URLSearchParams(location.search).get("diagnostics");
  if (asked === null) return () => undefined;
  room.av.figures.value = asked === "open";
  window.chalkline = diagnosticsOf(room);
  return () => delete window.chalkline;
}

/** Notes what the boards are told to show; nobody else needs to ask. */
function watchShown({ session: { alignment } }: RoomState): () => number | "now" {
  let shown: number | "now" = "now";
  const show = alignment.show.bind(alignment);
  alignment.show = (next) => {
    shown = next;
    show(next);
  };
  return () => shown;
}

function diagnosticsOf(room: RoomState): Diagnostics {
  const shown = watchShown(room);
  return {
    hash: () => room.board.peek()?.hash() ?? "",
    get revision() {
      return room.board.peek()?.revision ?? -1n;
    },
    get connection() {
      return room.session.connection.value;
    },
    get page() {
      return room.board.peek()?.page ?? "";
    },
    get pages() {
      return room.session.pages.value;
    },
    get elements() {
      return [...(room.board.peek()?.elements() ?? [])].length;
    },
    get tool() {
      return tool.peek();
    },
    get selected() {
      return [...(room.selection.peek()?.keys ?? [])];
    },
    get editing() {
      return room.editing.peek();
    },
    get view() {
      return room.canvas.peek()?.view;
    },
    get frames() {
      return room.canvas.peek()?.diagnostics.frames;
    },
    get strokes() {
      return room.canvas.peek()?.diagnostics.strokes;
    },
    get tileBytes() {
      return room.canvas.peek()?.diagnostics.tileBytes;
    },
    media: room.av.media,
    get alignment() {
      return room.av.media.alignment.value;
    },
    get stage() {
      return room.session.stage.value;
    },
    get sources() {
      return room.session.sources.value;
    },
    shown,
    drawn: (page) => room.session.alignment.returning.value ? [] : [...(room.opened.peek().get(page)?.elements() ?? [])].map((e) => e.key),
    session: room.session,
    reset: () => room.canvas.peek()?.resetDiagnostics(),
  };
}
