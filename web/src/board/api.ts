// What the page asks of the board: tools, styles, selection and what can be done with it.
import type { BoardDocument, Observable } from "../sync/api.ts";
import type { ElementKind, Key } from "../ot/types.ts";

export type ToolName =
  | "select" | "lasso" | "hand"
  | "pen" | "highlighter" | "eraser" | "area-eraser" | "laser"
  | "line" | "arrow" | "rectangle" | "ellipse" | "polygon" | "text";

/** How new elements look; also what the style panel writes to a selection. Widths and sizes in 1/10 px. */
export interface Style {
  /** 0xRRGGBB. */
  readonly color: number;
  readonly width: number;
  /** 0 … 255. */
  readonly opacity: number;
  /** 0xRRGGBB; undefined: not filled. */
  readonly fill: number | undefined;
  readonly dash: "solid" | "dashed" | "dotted";
  readonly size: number;
  readonly align: "left" | "center" | "right";
  readonly bold: boolean;
  readonly italic: boolean;
}

/** What is selected. A value of the style is undefined where the elements differ or have none. */
export interface Selection {
  readonly keys: ReadonlySet<Key>;
  readonly kinds: ReadonlySet<ElementKind>;
  readonly locked: boolean;
  /** All of one group. */
  readonly grouped: boolean;
  readonly style: { readonly [K in keyof Style]: Style[K] | undefined };
  /** Its box on the board in 1/10 px, turned; undefined when nothing is selected. */
  readonly box: { readonly x: number; readonly y: number; readonly w: number; readonly h: number } | undefined;
}

export type Grid = "none" | "squares" | "lines" | "dots";

/**
 * Told to the person: nothing was copied, because one paste does not take that much; images did not come along from another
 * room; the page was turned before they came, so nothing was pasted.
 */
export type Notice = "copy.toomuch" | "paste.noimages" | "paste.turned";

export interface OneOf {
  /** From 0. */
  readonly index: number;
  readonly of: number;
}

/** Done with the selection, or with the board. */
export type Command =
  | "undo" | "redo" | "select-all" | "deselect" | "delete" | "duplicate" | "copy" | "cut"
  | "front" | "forward" | "backward" | "back" | "group" | "ungroup" | "lock" | "unlock" | "clear";

/** What the page sees of the board's tools. Implemented by Board. */
export interface BoardTools {
  readonly tool: Observable<ToolName>;
  /** A shape drawn or a text placed: the tool becomes select, unless it was chosen twice (kept). */
  setTool(tool: ToolName, kept?: boolean): void;
  /** Of the tools; with a selection also written to it. */
  setStyle(style: Partial<Style>): void;
  readonly selection: Observable<Selection>;
  /** Whether there is something to do; for buttons. Follows selection, history and the board. */
  can(command: Command): boolean;
  do(command: Command): void;
  /** Moves the selection by units of 1/10 px (arrow keys); false if nothing is selected that can be moved. */
  nudge(dx: number, dy: number): boolean;
  /** Esc: gives up what is under way, else the selection; false if there was neither. */
  escape(): boolean;
  /** Pastes what the clipboard has: elements copied here (also from another page or tab), an image, or plain text. */
  paste(data: DataTransfer): Promise<void>;
  /**
   * Puts an image that the room has into the middle of the view, as large as fits; of the board that is open, or another one.
   * one: of several that are put beside each other, which one of how many.
   */
  placeImage(content: string, width: number, height: number, on?: BoardDocument, one?: OneOf): void;
  /** A text is being edited: shortcuts are for it. */
  readonly editing: Observable<boolean>;
  setGrid(grid: Grid): void;
  /** Moves and shapes snap to grid, edges and middles of others, and right angles. */
  setSnap(on: boolean): void;
  /** A ruler lies on the board: strokes along its edge are straight. It can be dragged and turned. */
  setRuler(on: boolean): void;
  /** The whole page as a picture, at 1:1. */
  exportPage(as: "png" | "svg"): Promise<Blob>;
}
