// What a board is given, and what it tells of itself.
import type { RoomImages } from "../sync/api.ts";
import type { Notice } from "./api.ts";
import type { FrameReport } from "./meter.ts";
import type { Nameplate } from "./overlay.ts";
import type { Clock } from "./surface.ts";
import type { Paper } from "./theme.ts";
import type { Viewport } from "./viewport.ts";

export interface BoardOptions {
  readonly ink: HTMLCanvasElement;
  readonly wet: HTMLCanvasElement;
  /** The topmost. */
  readonly overlay: HTMLCanvasElement;
  /** Gets the pointers and shows the cursor: what the canvases fill. */
  readonly input: HTMLElement;
  readonly clock: Clock;
  readonly paper: Paper;
  readonly plates: (replica: number) => Nameplate;
  /** Told whenever the view or the cursor's look changes. */
  readonly onView: (view: Viewport) => void;
  /** Where the field of the text editor goes, over the canvases and as large; without one it goes into input. */
  readonly text?: HTMLElement;
  /** What that field is called, for readers for the blind. */
  readonly textLabel?: () => string;
  /** Told when a pen or an eraser begins to work on the board, and after each thing that is done on it, of any kind (ALN7). */
  readonly onWrite?: () => void;
  /** The room's images: to draw them, and to upload what is pasted. */
  readonly images?: RoomImages;
  readonly onNotice?: (notice: Notice) => void;
}

/** For tests and benchmarks. */
export interface BoardDiagnostics {
  readonly frames: FrameReport;
  /** Elements of all kinds. */
  readonly strokes: number;
  /** Bytes of tiles and images. */
  readonly tileBytes: number;
}
