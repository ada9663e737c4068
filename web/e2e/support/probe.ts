// What runs in the page before everything else: it notes what the connection has been and what the pen put down.
import type { Diagnostics } from "../../src/ui/diagnostics.ts";
import type { BoardDocument, Connection } from "../../src/sync/api.ts";

/** A change of the connection. */
export interface Heard {
  /** ms since the page was opened, and since 1970. */
  readonly at: number;
  readonly wall: number;
  readonly kind: Connection["kind"];
  /** The route while it is synced, else "". */
  readonly route: string;
}

export interface Drawn {
  readonly strokes: number;
  readonly points: number;
}

declare global {
  interface Window {
    heard?: Heard[];
    /** By page of the room. */
    drawn?: Record<string, { strokes: number; points: number }>;
  }
}

/** Runs in the page, so it leans on nothing outside itself. */
export function watchPage(): void {
  const heard: Heard[] = (window.heard = []);
  const drawn: NonNullable<Window["drawn"]> = (window.drawn = {});
  const watched = new WeakSet<BoardDocument>();

  function watchBoard(board: BoardDocument): BoardDocument {
    if (watched.has(board)) return board;
    watched.add(board);
    const count = (drawn[board.page] ??= { strokes: 0, points: 0 });
    const start = board.startStroke.bind(board);
    board.startStroke = (settings) => {
      const writer = start(settings);
      const add = writer.add.bind(writer);
      let begun = false;
      writer.add = (...mark) => {
        if (writer.alive) {
          if (!begun) count.strokes++;
          begun = true;
          count.points++;
        }
        add(...mark);
      };
      return writer;
    };
    return board;
  }

  function watch(diagnostics: Diagnostics): void {
    const { session } = diagnostics;
    const look = session.look.bind(session);
    session.look = (page) => watchBoard(look(page));
    session.connection.subscribe((c) => {
      const route = c.kind === "synced" ? c.route : "";
      const last = heard.at(-1);
      if (last?.kind !== c.kind || last.route !== route) heard.push({ at: performance.now(), wall: Date.now(), kind: c.kind, route });
    });
  }

  Object.defineProperty(window, "chalkline", {
    configurable: true,
    set(diagnostics: Diagnostics) {
      Object.defineProperty(window, "chalkline", { value: diagnostics, configurable: true, writable: true });
      watch(diagnostics);
    },
  });
}
