// The state of a room's page: which page is looked at, the boards that are open, what the panels show.
import { signal } from "@preact/signals";
import type { Selection } from "../board/api.ts";
import type { Board, Viewport } from "../board/index.ts";
import type { Media } from "../media/api.ts";
import type { BoardDocument, Person, RoomSession } from "../sync/api.ts";
import { roomCode } from "../sync/names.ts";
import { Follow } from "./av/follow.ts";
import { Av } from "./av/state.ts";
import { recent, remember } from "./settings.ts";
import { Tasks } from "./tasks.ts";
import type { Parameters, TextKey } from "./texts.ts";

export type Panel =
  | "" | "invite" | "people" | "connection" | "more" | "options" | "pages" | "keys" | "page" | "style" | "order"
  | "camera" | "screen" | "alignment"
  /** The options of a source. */
  | `tile:${number}`;

/** Something said in passing, with a way to take back what was done if one may. */
export interface Toast {
  readonly text: TextKey;
  readonly parameters?: Parameters;
  readonly undo?: () => void;
}

/** Boards that a session keeps open at once. */
const OPEN_BOARDS = 8;

export class RoomState {
  readonly session: RoomSession;
  readonly code: string;
  readonly av: Av;
  readonly follow: Follow;
  /** The board that is looked at. */
  readonly board = signal<BoardDocument | undefined>(undefined);
  /** Boards that are open, by page, the one looked at last behind; their miniatures are drawn from them. */
  readonly opened = signal<ReadonlyMap<string, BoardDocument>>(new Map());
  readonly panel = signal<Panel>("");
  /** What is seen of the board. */
  readonly view = signal<Viewport>({ x: 0, y: 0, zoom: 1, width: 1, height: 1 });
  readonly selection = signal<Selection | undefined>(undefined);
  /** A text is being written: keys are for it. */
  readonly editing = signal(false);
  readonly toast = signal<Toast | undefined>(undefined);
  readonly tasks = new Tasks();
  /** One may write on the boards; who may not looks on (SYN6). */
  readonly writes = signal(true);
  /** One may add, remove, restore and move pages (PGS1). */
  readonly arranges = signal(true);
  /** The canvas, once it is there. */
  readonly canvas = signal<Board | undefined>(undefined);
  #people = new Map<number, Person>();
  readonly #stops: (() => void)[] = [];

  constructor(session: RoomSession, media: Media, room: bigint) {
    this.session = session;
    this.code = roomCode(room);
    this.av = new Av(session, media);
    const { av } = this;
    this.follow = new Follow(session, {
      current: () => this.board.peek()?.page ?? "",
      show: (page) => this.#show(page),
      get presents() {
        return av.presents;
      },
    });
    this.#stops.push(
      session.pages.subscribe((pages) => this.#pagesChanged(pages)),
      session.roomName.subscribe(() => this.#remember()),
      session.people.subscribe((people) => {
        this.#people = new Map(people.map((p) => [p.replica, p]));
        const role = people.find((p) => p.self)?.role;
        if (role !== undefined) this.arranges.value = this.writes.value = role !== "observer";
        this.canvas.peek()?.namesChanged();
      }),
    );
  }

  nameOf(replica: number): string {
    return this.#people.get(replica)?.name ?? "";
  }

  /** The person chooses a page. */
  look(page: string): void {
    this.toast.value = undefined;
    this.#show(page);
    this.follow.looked(page);
  }

  #show(page: string): void {
    const board = this.session.look(page);
    this.board.value = board;
    const others = [...this.opened.peek()].filter(([other]) => other !== page);
    this.opened.value = new Map([...others, [page, board] as const].slice(-OPEN_BOARDS));
    this.#remember();
  }

  addPage(): void {
    const pages = this.session.pages.value;
    const page = this.session.addPage(this.board.peek()?.page ?? pages.at(-1) ?? "");
    if (this.session.pages.value.includes(page)) this.look(page); // else there are as many as may be, and it is refused
  }

  /** Removes the page that is looked at; the one beside it is looked at instead. */
  removePage(): void {
    const page = this.board.peek()?.page ?? "", n = this.number;
    this.session.removePage(page);
    if (!this.session.pages.value.includes(page)) this.#sayRemoved(page, { text: "page.removed", parameters: { n } });
  }

  restorePage(page: string): void {
    this.session.restorePage(page);
    this.look(page);
  }

  /** Puts a page where it is the one with this index. */
  placePage(page: string, index: number): void {
    const others = this.session.pages.value.filter((p) => p !== page);
    this.session.movePage(page, others[index - 1] ?? "");
  }

  #sayRemoved(page: string, what: Toast): void {
    this.toast.value = this.arranges.peek() ? { ...what, undo: () => this.restorePage(page) } : what;
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

  /** Place of the page looked at among the pages, from 1; 0 while there is none. */
  get number(): number {
    return this.session.pages.value.indexOf(this.board.peek()?.page ?? "") + 1;
  }

  close(): void {
    this.tasks.close();
    this.follow.close();
    this.av.close();
    for (const stop of this.#stops) stop();
    void this.session.leave();
  }

  /** Looks at a page as soon as there is one: the one looked at last time, else the first. From a removed page it goes to the one beside it (PGS4). */
  #pagesChanged(pages: readonly string[]): void {
    const now = this.board.peek()?.page;
    if (pages.length === 0 || (now !== undefined && pages.includes(now))) return;
    const beside = this.session.shownPage(now ?? "");
    if (now !== undefined && beside !== "") {
      this.#show(beside);
      return this.#sayRemoved(now, { text: "page.gone" });
    }
    const before = recent.peek().find((r) => r.code === this.code)?.page ?? "";
    const first = pages[0];
    if (first !== undefined) this.#show(pages.includes(before) ? before : first);
  }

  /** A room is worth remembering once it is known to exist. */
  #remember(): void {
    const title = this.session.roomName.value;
    if (title !== "") remember({ code: this.code, title, page: this.board.peek()?.page ?? "" });
  }
}
