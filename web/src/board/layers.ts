// What lies above the board besides cursors and lasers, from the lowest up: ruler, selection, marks of tools, text that is
// written and others' carets.
import type { LiveCursor } from "../sync/api.ts";
import { drawRuler, drawSelection } from "./adorn.ts";
import { drawOthersCaret, drawWriting, untilBlink } from "./carets.ts";
import type { Desk } from "./desk.ts";
import { NO_MARKS, drawMarks } from "./marks.ts";
import type { Marks } from "./marks.ts";
import type { Layer, Nameplate } from "./overlay.ts";
import type { Site } from "./site.ts";
import type { Look } from "./theme.ts";
import { cursorStrength } from "./trail.ts";
import type { Viewport } from "./viewport.ts";
import type { Writing } from "./writing.ts";

interface Parts {
  readonly site: Site;
  readonly desk: () => Desk;
  readonly writing: () => Writing;
  readonly look: () => Look;
  readonly cursors: () => readonly LiveCursor[];
  readonly plates: (replica: number) => Nameplate;
  /** A drag is under way: the selection shows no handles. */
  readonly busy: () => boolean;
}

export class Layers {
  marks: Marks = NO_MARKS;
  /** When the caret was last moved, ms. */
  movedAt = 0;
  readonly all: readonly Layer[];
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.all = [
      { draw: (context, view) => this.#ruler(context, view) },
      { draw: (context, view) => this.#selection(context, view) },
      { draw: (context, view) => drawMarks(context, view, this.marks) },
      {
        draw: (context, view, now) => this.#written(context, view, now),
        wait: (now) => (parts.writing().key === undefined ? undefined : untilBlink(now, this.movedAt)),
      },
      { draw: (context, view, now) => this.#carets(context, view, now) },
    ];
  }

  #ruler(context: CanvasRenderingContext2D, view: Viewport): boolean {
    const { ruler } = this.#parts.desk();
    if (ruler !== undefined) drawRuler(context, view, ruler);
    return ruler !== undefined;
  }

  #selection(context: CanvasRenderingContext2D, view: Viewport): boolean {
    const { site, writing } = this.#parts;
    const { things, frame } = site.picked;
    if (things.length === 0 || writing().key !== undefined) return false;
    drawSelection(context, view, things, frame, this.#parts.busy());
    return true;
  }

  #written(context: CanvasRenderingContext2D, view: Viewport, now: number): boolean {
    const text = this.#parts.writing().frame();
    if (text !== undefined) drawWriting(context, view, text, this.#parts.look(), now, this.movedAt);
    return text !== undefined;
  }

  #carets(context: CanvasRenderingContext2D, view: Viewport, now: number): boolean {
    let some = false;
    for (const cursor of this.#parts.cursors()) {
      const strength = cursor.kind === "gone" ? 0 : cursorStrength(now - cursor.at);
      if (strength === 0 || cursor.text === undefined) continue;
      some = this.#caret(context, view, cursor.text, this.#parts.plates(cursor.replica).color, strength) || some;
    }
    return some;
  }

  #caret(context: CanvasRenderingContext2D, view: Viewport, at: NonNullable<LiveCursor["text"]>, color: string, strength: number): boolean {
    const writing = this.#parts.writing();
    const own = writing.key === at.key ? writing.frame() : undefined;
    if (own !== undefined) {
      const shown = { ...at, anchor: writing.fromView(at.anchor), head: writing.fromView(at.head) };
      drawOthersCaret(context, view, own.layout, own.frame, shown, color, strength);
      return true;
    }
    const item = this.#parts.site.item(at.key);
    if (item?.body.kind !== "text") return false;
    drawOthersCaret(context, view, item.body.layout, item.frame, at, color, strength);
    return true;
  }
}
