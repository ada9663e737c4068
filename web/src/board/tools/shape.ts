import { ElementKind, Register } from "../../ot/types.ts";
import type { Key } from "../../ot/types.ts";
import { placeValue } from "../../ot/value.ts";
import type { Placement } from "../../ot/value.ts";
import type { Vec } from "../geometry.ts";
import { styleSettings } from "../looks.ts";
import { NO_MARKS } from "../marks.ts";
import { snapPoint } from "../snapping.ts";
import type { Guide } from "../snapping.ts";
import { isLine } from "../thing.ts";
import { boxFrom, straight } from "../transform.ts";
import { apart } from "./clicks.ts";
import type { BoardSample, ShapeBench, Tool } from "./tool.ts";

export type ShapeKind = typeof ElementKind.Line | typeof ElementKind.Arrow | typeof ElementKind.Rectangle | typeof ElementKind.Ellipse;

/** A shape is made once the pointer has gone this far, CSS px: a mere press makes none. */
const SLACK = 4;

interface Drawing {
  readonly from: Vec;
  /** None until it is large enough. */
  made: { readonly key: Key; readonly step: () => void } | undefined;
}

/** Draws a line, arrow, rectangle or ellipse from press to release; others see it grow. */
export class ShapeTool implements Tool {
  readonly #bench: ShapeBench;
  readonly #kind: ShapeKind;
  #drawing: Drawing | undefined;

  constructor(bench: ShapeBench, kind: ShapeKind) {
    this.#bench = bench;
    this.#kind = kind;
  }

  begin([first, ...rest]: readonly BoardSample[]): void {
    this.end();
    if (first === undefined) return;
    this.#drawing = { from: this.#snapped(first), made: undefined };
    this.move(rest);
  }

  move(samples: readonly BoardSample[]): void {
    const drawing = this.#drawing, to = samples.at(-1);
    if (drawing === undefined || to === undefined) return;
    this.#bench.point(to, "pen");
    if (drawing.made === undefined && apart(drawing.from, to) < SLACK * this.#bench.pixel) return;
    const { place, guides } = this.#place(drawing.from, to, drawing.made?.key);
    this.#bench.show({ ...NO_MARKS, guides });
    const setting = { register: Register.Place, value: placeValue(place) };
    if (drawing.made === undefined) {
      const step = this.#bench.begin();
      drawing.made = { key: this.#bench.create(this.#kind, [setting, ...styleSettings(this.#kind, this.#bench.style)]), step };
    } else if (this.#bench.alive(drawing.made.key)) {
      this.#bench.set(drawing.made.key, [setting]);
    }
  }

  end(): void {
    const made = this.#close();
    if (made !== undefined && this.#bench.alive(made)) this.#bench.made(made);
  }

  undo(): void {
    const made = this.#drawing?.made?.key;
    if (made !== undefined) this.#bench.delete([made]);
    this.#close();
  }

  hover(): string {
    return "crosshair";
  }

  #close(): Key | undefined {
    const made = this.#drawing?.made;
    if (this.#drawing !== undefined) this.#bench.show(NO_MARKS);
    this.#drawing = undefined;
    made?.step();
    return made?.key;
  }

  #snapped(p: Vec): Vec {
    return snapPoint(p, this.#bench.snapping());
  }

  /** own: the shape as it is already, which is not to come to rest on itself. */
  #place(from: Vec, to: Vec, own: Key | undefined): { readonly place: Placement; readonly guides: readonly Guide[] } {
    const { shift, alt } = this.#bench.keys;
    const snapping = this.#bench.snapping(new Set(own === undefined ? [] : [own]));
    if (!isLine(this.#kind)) {
      const at = snapPoint(to, snapping);
      return { place: boxFrom(from, at, shift, alt), guides: shift ? [] : at.guides };
    }
    const at = shift ? { ...straight(from, to), guides: [] } : snapPoint(to, snapping);
    const a = { x: Math.round(from.x), y: Math.round(from.y) };
    return { place: { ...a, w: Math.round(at.x) - a.x, h: Math.round(at.y) - a.y, angle: 0 }, guides: at.guides };
  }
}
