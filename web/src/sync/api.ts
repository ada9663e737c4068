// What the board and the page see of a room. Implemented by sync; nothing here knows a framework or the DOM.
import type { Element } from "../ot/board.ts";
import type { ElementKind, Key, Op, Setting } from "../ot/types.ts";

/** A value that changes. subscribe calls back at once and at every change; it returns how to stop. */
export interface Observable<T> {
  readonly value: T;
  subscribe(listener: (value: T) => void): () => void;
}

export type Route = "webtransport" | "websocket";

/** The one connection state machine (WB-20). unsent counts batches that are not durable yet. */
export type Connection =
  | { readonly kind: "connecting"; readonly unsent: number }
  | { readonly kind: "synced"; readonly route: Route; readonly rttMs: number; readonly unsent: number }
  | { readonly kind: "reconnecting"; readonly unsent: number; readonly code: number }
  | { readonly kind: "offline"; readonly unsent: number }
  /** Over for good: another device took over, the token is refused, the room is gone … */
  | { readonly kind: "ended"; readonly code: number; readonly parameters: Readonly<Record<string, string>>; readonly unsent: number };

export interface Person {
  readonly replica: number;
  readonly participant: string;
  readonly name: string;
  readonly role: string;
  /** Page that this person looks at, "" if unknown. */
  readonly page: string;
  readonly self: boolean;
}

export type CursorKind = "pointer" | "pen" | "eraser" | "laser" | "gone";

/** A live pointer on the board; x, y in 1/10 px. trail is the laser's path since the last one, oldest first. */
export interface LiveCursor {
  readonly replica: number;
  readonly x: number;
  readonly y: number;
  readonly kind: CursorKind;
  readonly trail: readonly { x: number; y: number }[];
  /** Local time of arrival, ms (the clock given to the session). */
  readonly at: number;
}

/** What changed on a board: everything, or the elements named. */
export type BoardChange = { readonly all: true } | { readonly all: false; readonly keys: ReadonlySet<Key> };

/** A stroke being drawn. Points appear in the view at once and leave every 33 ms. */
export interface StrokeWriter {
  readonly key: Key;
  /** x, y in 1/10 px, p 0..255, at: local time in ms (performance.now()). */
  add(x: number, y: number, p: number, at: number): void;
  end(): void;
  /** False once the element was deleted under the pen: begin a new stroke. */
  readonly alive: boolean;
}

/** One board: the confirmed document and the overlay of own ops, as one view. */
export interface BoardDocument {
  readonly page: string;
  /** False until the first snapshot or resume. */
  readonly ready: Observable<boolean>;
  /** Elements to draw, in drawing order, deleted ones left out. */
  elements(): Iterable<Element>;
  get(key: Key): Element | undefined;
  subscribe(listener: (change: BoardChange) => void): () => void;
  startStroke(settings: readonly Setting[], at: number): StrokeWriter;
  create(element: ElementKind, settings: readonly Setting[]): Key;
  /** Deletes elements (object eraser). */
  delete(keys: readonly Key[]): void;
  submit(ops: readonly Op[]): void;
  /** State hash of the confirmed document, 32 hex digits; for tests and diagnostics. */
  hash(): string;
  readonly revision: bigint;
  /** Live pointers of the others on this board. */
  readonly cursors: Observable<readonly LiveCursor[]>;
  /** At most 10 a second leave; call as often as you like. */
  pointAt(x: number, y: number, kind: CursorKind): void;
}

export interface RoomSession {
  readonly connection: Observable<Connection>;
  readonly roomId: bigint;
  readonly roomName: Observable<string>;
  readonly people: Observable<readonly Person[]>;
  /** Page ids in order. */
  readonly pages: Observable<readonly string[]>;
  /** Makes a page the one looked at, opening its board (boards last looked at stay open, at most 8). */
  look(page: string): BoardDocument;
  addPage(after: string): string;
  /** Refused work that could not be sent, so that the page can offer it. */
  readonly refused: Observable<readonly { page: string; code: number; ops: readonly Op[] }[]>;
  /** Stops for good: tells the server, keeps what is unsent in the store. */
  leave(): Promise<void>;
}
