// What the board and the page see of a room. Implemented by sync; nothing here knows a framework or the DOM.
import type { Element } from "../ot/board.ts";
import type { Edit, ElementKind, Key, Op, Point, Setting, Span } from "../ot/types.ts";

/** A value that changes. subscribe calls back at once and at every change; it returns how to stop. */
export interface Observable<T> {
  readonly value: T;
  subscribe(listener: (value: T) => void): () => void;
}

export type Route = "webtransport" | "websocket";

/** The one connection state machine (SES11). unsent counts batches that are not durable yet. */
export type Connection =
  /** Not in the lesson yet, or not any more; code: why the last attempt came to nothing, 0: none did. */
  | { readonly kind: "connecting" | "reconnecting"; readonly unsent: number; readonly code: number; readonly parameters: Readonly<Record<string, string>> }
  /**
   * fallback: WebSocket, since the network let nothing come of WebTransport; false where WebSocket is simply the way.
   * sending: some of what is unsent was made longer ago than the last strokes are on their way.
   */
  | { readonly kind: "synced"; readonly route: Route; readonly fallback: boolean; readonly rttMs: number; readonly unsent: number; readonly sending: boolean }
  /** begun: the lesson was there before the network went. */
  | { readonly kind: "offline"; readonly unsent: number; readonly begun: boolean }
  /** Over for good: the token is refused, the room is gone … */
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

export type CursorKind = "pointer" | "pen" | "eraser" | "laser" | "text" | "gone";

/** A live pointer on the board; x, y in 1/10 px. trail is the laser's path since the last one, oldest first. */
export interface LiveCursor {
  readonly replica: number;
  readonly x: number;
  readonly y: number;
  readonly kind: CursorKind;
  readonly trail: readonly { x: number; y: number }[];
  /** Kind text: the caret (anchor = head) or selection, in code points of the text as it is in the view now. */
  readonly text?: { readonly key: Key; readonly anchor: number; readonly head: number };
  /** Local time of arrival, ms (the clock given to the session). */
  readonly at: number;
}

/** What changed on a board: everything, or the elements named. own: by what was just done here, not by what came (ALN7). */
export type BoardChange = { readonly all: true } | { readonly all: false; readonly keys: ReadonlySet<Key>; readonly own: boolean };

/** A stroke being drawn. Points appear in the view at once and leave every 33 ms. */
export interface StrokeWriter {
  readonly key: Key;
  /** x, y in 1/10 px, p 0..255, at: local time in ms (performance.now()). */
  add(x: number, y: number, p: number, at: number): void;
  end(): void;
  /** False once the element was deleted under the pen: begin a new stroke. */
  readonly alive: boolean;
}

/** One gesture of the area eraser. Everything it erases is one step of undo. */
export interface EraserWriter {
  /** Erases spans of a stroke's line, as the eraser passes. Spans that are erased already cost nothing. */
  erase(key: Key, spans: readonly Span[]): void;
  end(): void;
}

/**
 * Undo and redo of one's own work on one board (OT15), at most 200 steps and 10 minutes back. A step is what is done
 * between the outermost begin and the function that it returns; an op outside of any is a step of its own, and so is a
 * stroke from its start to its end. Typing makes a step of what is typed without a pause of 1 s.
 */
export interface History {
  readonly canUndo: Observable<boolean>;
  readonly canRedo: Observable<boolean>;
  undo(): void;
  redo(): void;
  /** Begins a step (a drag, say); call what it returns when the gesture ends. Steps within a step are part of it. */
  begin(): () => void;
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
  startStroke(settings: readonly Setting[]): StrokeWriter;
  create(element: ElementKind, settings: readonly Setting[]): Key;
  /** Deletes elements (object eraser). */
  delete(keys: readonly Key[]): void;
  submit(ops: readonly Op[]): void;
  /** Writes registers of elements: move, style, order, group, lock. What is written again before it leaves is sent once. */
  set(changes: Iterable<readonly [Key, readonly Setting[]]>): void;
  /** A whole stroke at once: pasted, duplicated, or a piece of another. Points are on the board, t from 0. */
  createInk(settings: readonly Setting[], points: readonly Point[]): Key;
  /** Makes an element of its own of each visible piece of an erased stroke, and deletes the stroke. Returns their keys. */
  split(key: Key): readonly Key[];
  /** Deletes everything that the view shows. */
  clear(): void;
  startErasing(): EraserWriter;
  readonly history: History;
  /** Edits a text as the view has it, in code points. */
  editText(key: Key, edit: Edit): void;
  /**
   * Told of every edit of a text in the view but those of editText: what others typed, as it changes the view, and what
   * undo and redo changed here. Carets shift by it.
   */
  watchText(key: Key, listener: (edit: Edit) => void): () => void;
  /** Shows the others one's caret or selection in a text, in code points of the view; undefined: no more. */
  selectText(at: { readonly key: Key; readonly anchor: number; readonly head: number; readonly x: number; readonly y: number } | undefined): void;
  /** State hash of the confirmed document, 32 hex digits; for tests and diagnostics. */
  hash(): string;
  readonly revision: bigint;
  /** Live pointers of the others on this board. */
  readonly cursors: Observable<readonly LiveCursor[]>;
  /** At most 10 a second leave; call as often as you like. */
  pointAt(x: number, y: number, kind: CursorKind): void;
}

/** An image that the room has. width and height in px. */
export interface RoomImage {
  readonly content: string;
  readonly width: number;
  readonly height: number;
}

/** The room's images: stored once, by content id. */
export interface RoomImages {
  /** progress: 0 … 1. Rejects with a CodeError (UNUSABLE_IMAGE, TOO_LARGE …), or an AbortError. */
  upload(image: Blob, progress?: (part: number) => void, signal?: AbortSignal): Promise<RoomImage>;
  /** The bytes of an image; kept for as long as the session. */
  load(content: string): Promise<Blob>;
  /** The room's code. */
  readonly room: string;
  /** Gets an image that another room has, by its code, of which one may see it. Rejects with a CodeError. */
  bring(content: string, room: string): Promise<void>;
}

export type SourceKind = "camera" | "screen" | "stream";

/** What a participant publishes of one kind (MED1). */
export interface MediaSource {
  readonly number: number;
  readonly participant: string;
  readonly kind: SourceKind;
  /** Neither: its publisher is away. */
  readonly video: boolean;
  readonly audio: boolean;
  readonly paused: boolean;
  readonly wanted: boolean;
  readonly timed: boolean;
  readonly muted: boolean;
  readonly hidden: boolean;
  readonly webrtc: boolean;
  readonly live: boolean;
}

/** What everybody is shown (STG1), as of the shown time and with one's own changes. */
export interface Stage {
  /** "": none was turned to. */
  readonly page: string;
  /** Participant whose video boards are held for; "": nobody. Does not go back with the shown time. */
  readonly lead: string;
}

/** The time up to which records are shown (ALN2). */
export interface Alignment {
  /** Room time now, µs, by the client's estimate; undefined before the first joining. Never steps back. */
  now(): number | undefined;
  /** Room time at a local time (performance.now()), µs; NaN before the first joining. */
  at(local: number): number;
  /**
   * Shows what was released up to shown, µs room time; "now": all there is. Call it at every frame. More than 250 ms before what is
   * shown already: documents are asked for as of then (ALN5). The first call with a time after "now" holds what comes next.
   */
  show(shown: number | "now"): void;
  /** Told of each record that comes after its frame: by how much, ms (ALN6). Returns how to stop. */
  late(listener: (ms: number) => void): () => void;
  /** Records that wait, of all open documents. */
  readonly held: Observable<number>;
  /** The shown time went back, and the boards are still of a time after it: they are not to be seen. Ends after 3 s at the latest. */
  readonly returning: Observable<boolean>;
}

export interface RoomSession {
  readonly connection: Observable<Connection>;
  /** Whether unsent work survives a reload. False where the browser lets nothing be stored, or the storage failed. */
  readonly kept: Observable<boolean>;
  readonly roomId: bigint;
  readonly roomName: Observable<string>;
  readonly people: Observable<readonly Person[]>;
  /** Page ids in order. */
  readonly pages: Observable<readonly string[]>;
  /**
   * Makes a page the one looked at, opening its board. Boards last looked at stay open, at most 8. Where the page was looked at
   * long ago, nobody watches its board and nothing can be undone on it, this is another one.
   */
  look(page: string): BoardDocument;
  addPage(after: string): string;
  /** Pages that are removed and can be restored, the last removed behind. They are not among pages. */
  readonly removedPages: Observable<readonly string[]>;
  /** Takes a page out of everybody's sight, or brings it back with all that is on it (PGS2). Refused: as any op. */
  removePage(page: string): void;
  restorePage(page: string): void;
  /** Puts a page behind another one, first if after is "". */
  movePage(page: string, after: string): void;
  /** The page that is looked at where this one was: itself, or if it is removed the one beside it (PGS4); "" if it is unknown. */
  shownPage(page: string): string;
  readonly images: RoomImages;
  /** One's own participant; "" before the first Welcome. */
  readonly participant: string;
  readonly sources: Observable<readonly MediaSource[]>;
  readonly stage: Observable<Stage>;
  /** Turns everybody to a page (PageTurned), or makes a participant the lead (LeadChanged). Refused: as any op. */
  turn(page: string): void;
  lead(participant: string): void;
  readonly alignment: Alignment;
  /** A request to the server about this room, "pages/<page>.png" say, with the token. Rejects with a CodeError. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Refused work that could not be sent, so that the page can offer it; page "" is none. parameters: of the code. */
  readonly refused: Observable<readonly { page: string; code: number; parameters: Readonly<Record<string, string>>; ops: readonly Op[] }[]>;
  /** Stops for good: tells the server, keeps what is unsent in the store. */
  leave(): Promise<void>;
}
