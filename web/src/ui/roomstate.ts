// The state of a room's page: which page is looked at, the boards that are open, what the panels show.
import { signal } from "@preact/signals";
import type { Board } from "../board/index.ts";
import type { BoardDocument, Person, RoomSession } from "../sync/api.ts";
import { roomCode } from "./code.ts";
import { recent, remember } from "./settings.ts";

export type Panel = "" | "invite" | "people" | "connection" | "more" | "pen" | "pages" | "keys";

export class RoomState {
  readonly session: RoomSession;
  readonly code: string;
  /** The board that is looked at. */
  readonly board = signal<BoardDocument | undefined>(undefined);
  /** Boards that were looked at, by page; their miniatures are drawn. */
  readonly opened = signal<ReadonlyMap<string, BoardDocument>>(new Map());
  readonly panel = signal<Panel>("");
  readonly zoom = signal(1);
  /** The canvas, once it is there. */
  readonly canvas = signal<Board | undefined>(undefined);
  #people = new Map<number, Person>();
  readonly #stops: (() => void)[] = [];

  constructor(session: RoomSession, room: bigint) {
    this.session = session;
    this.code = roomCode(room);
    this.#stops.push(
      session.pages.subscribe((pages) => this.#pagesChanged(pages)),
      session.roomName.subscribe(() => this.#remember()),
      session.people.subscribe((people) => {
        this.#people = new Map(people.map((p) => [p.replica, p]));
        this.canvas.peek()?.namesChanged();
      }),
    );
  }

  nameOf(replica: number): string {
    return this.#people.get(replica)?.name ?? "";
  }

  look(page: string): void {
    const board = this.session.look(page);
    this.board.value = board;
    this.opened.value = new Map(this.opened.peek()).set(page, board);
    this.#remember();
  }

  addPage(): void {
    const pages = this.session.pages.value;
    this.look(this.session.addPage(this.board.peek()?.page ?? pages.at(-1) ?? ""));
  }

  /** To the page before or behind this one. */
  turn(by: 1 | -1): void {
    const pages = this.session.pages.value;
    const next = pages[pages.indexOf(this.board.peek()?.page ?? "") + by];
    if (next !== undefined) this.look(next);
  }

  /** Opens a panel, or closes it if it is open. */
  toggle(panel: Panel): void {
    this.panel.value = this.panel.peek() === panel ? "" : panel;
  }

  close(): void {
    for (const stop of this.#stops) stop();
    void this.session.leave();
  }

  /** Looks at a page as soon as there is one: the one looked at last time, else the first. */
  #pagesChanged(pages: readonly string[]): void {
    const now = this.board.peek()?.page;
    if (pages.length === 0 || (now !== undefined && pages.includes(now))) return;
    const before = recent.peek().find((r) => r.code === this.code)?.page ?? "";
    const first = pages[0];
    if (first !== undefined) this.look(pages.includes(before) ? before : first);
  }

  /** A room is worth remembering once it is known to exist. */
  #remember(): void {
    const title = this.session.roomName.value;
    if (title !== "") remember({ code: this.code, title, page: this.board.peek()?.page ?? "" });
  }
}
