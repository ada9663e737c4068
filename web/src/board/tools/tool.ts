// A tool is a small state machine: begin, move …, end or undo. What it may do to the board stands in the benches.
import type { ElementKind, Key, Setting } from "../../ot/types.ts";
import type { Placement } from "../../ot/value.ts";
import type { CursorKind, StrokeWriter } from "../../sync/api.ts";
import type { Style, ToolName } from "../api.ts";
import type { Vec } from "../geometry.ts";
import type { Keys } from "../gestures.ts";
import type { Marks } from "../marks.ts";
import type { Ruler } from "../ruler.ts";
import type { Snapping } from "../snapping.ts";
import type { Thing } from "../thing.ts";
import type { Shape } from "../transform.ts";
import type { ToolPen } from "../looks.ts";
import type { Mark } from "../wetlayer.ts";

export type { ToolName };

/** A sample of the pointer on the board: units, pressure 0..255, at in ms. */
export interface BoardSample extends Mark {
  readonly at: number;
}

export interface Tool {
  begin(samples: readonly BoardSample[]): void;
  move(samples: readonly BoardSample[]): void;
  /** Where the pointer is expected next, for show only. */
  predict?(samples: readonly BoardSample[]): void;
  end(): void;
  /** Ends it as if it had not been. */
  undo(): void;
  /** The pointer is there, nothing pressed. Returns the CSS cursor that says what a press would do. */
  hover?(at: Vec): string | undefined;
  /** Esc: gives up what is under way between presses; false if nothing is. */
  cancel?(): boolean;
  /** Enter: completes what is under way between presses. */
  finish?(): void;
}

/** What every tool may do. */
interface Common {
  /** Units per CSS px at the present zoom. */
  readonly pixel: number;
  readonly keys: Keys;
  /** Tells the others where the pointer is. */
  point(at: Vec, kind: CursorKind): void;
}

/** What pens, erasers and the laser work on. */
export interface InkBench extends Common {
  readonly pen: ToolPen;
  readonly ruler: Ruler | undefined;
  /** Begins a step of undo; call what it returns when the gesture ends. */
  begin(): () => void;
  write(pen: ToolPen): StrokeWriter;
  /** The wet layer shows this pen's marks until wetEnd. */
  wetBegin(pen: ToolPen, key: Key): void;
  wetAdd(mark: Mark): void;
  wetPredict(marks: readonly Mark[]): void;
  wetEnd(): void;
  /** Elements that the eraser meets on its way from a to b, but locked ones. */
  hit(a: Vec, b: Vec): Key[];
  fade(keys: Iterable<Key>, faded: boolean): void;
  delete(keys: readonly Key[]): void;
  /** Erases what the eraser covers of ink on its way from a to b. */
  startErasing(): Wiper;
  laser(at: BoardSample, joined: boolean): void;
  ring(at: Vec | undefined): void;
}

/** One gesture of the area eraser. */
export interface Wiper {
  wipe(a: Vec, b: Vec): void;
  end(): void;
  /** Ends it and brings back what it wiped. */
  takeBack(): void;
}

/** What shapes and texts are made on. */
export interface ShapeBench extends Common {
  readonly style: Style;
  snapping(except?: ReadonlySet<Key>): Snapping;
  show(marks: Marks): void;
  /** Begins a step of undo; call what it returns when the gesture ends. */
  begin(): () => void;
  create(kind: ElementKind, settings: readonly Setting[]): Key;
  set(key: Key, settings: readonly Setting[]): void;
  /** False once it was deleted. */
  alive(key: Key): boolean;
  delete(keys: readonly Key[]): void;
  /** A shape is there: it is selected, and the tool gives way to select unless it was chosen to stay. */
  made(key: Key): void;
  /** The text at a place, if there is one that may be edited. */
  textAt(at: Vec): Key | undefined;
  /** Opens the editor on a text, with the caret at a place. made: ends the step in which the text was made for it. */
  write(key: Key, at: Vec, made?: () => void): void;
}

/** What the selection tools work on. */
export interface SelectBench extends Common {
  /** What is selected and still there, the lowest first. */
  readonly picked: ReadonlySet<Key>;
  /** The same as things; one list until something of it changes. */
  readonly things: readonly Thing[];
  /** The frame around it. */
  readonly frame: Placement | undefined;
  pick(keys: Iterable<Key>): void;
  /** The group whose members are picked one by one. */
  entered: Key | undefined;
  thing(key: Key): Thing | undefined;
  /** The topmost element at a place, locked ones too. */
  at(p: Vec): Key | undefined;
  /**
   * Elements that lie whole within a marquee, given by its corners, or that a lasso has caught; no locked ones. Of an
   * erased stroke the pieces: they are made elements.
   */
  within(ring: readonly Vec[], shape: "marquee" | "lasso"): Key[];
  /** All of an element's group, or itself. */
  members(key: Key): readonly Key[];
  /** Elements with all others of their groups. */
  withGroups(keys: readonly Key[]): readonly Key[];
  /** Makes pieces of an erased stroke elements; the one that is seen at a place, or the key itself if it was not erased. */
  piece(key: Key, at: Vec): Key | undefined;
  begin(): () => void;
  /** Gives elements their shapes, as far as they are still there. */
  reshape(shapes: readonly Shape[]): void;
  /** Copies of elements, where they are. */
  duplicate(keys: readonly Key[]): Key[];
  snapping(except: ReadonlySet<Key>): Snapping;
  show(marks: Marks): void;
  write(key: Key, at: Vec): void;
}

/** What the ruler is moved on. */
export interface RulerBench {
  ruler: Ruler | undefined;
}
