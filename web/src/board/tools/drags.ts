// What a drag does to a selection: move, resize, turn, or pull the end of a line. Each begins with the shapes as they
// were and writes what they are to be, so that nothing adds up; what was deleted meanwhile is left out by the bench.
import type { Key } from "../../ot/types.ts";
import type { Placement } from "../../ot/value.ts";
import type { Rect, Vec } from "../geometry.ts";
import { NO_MARKS } from "../marks.ts";
import { snapMove, snapPoint } from "../snapping.ts";
import type { Snapping } from "../snapping.ts";
import type { Thing } from "../thing.ts";
import { bearing, boundsOfAll, ends, growsEvenly, handleAt, middle, moved, pulled, rotated, scaled, straight, withEnd } from "../transform.ts";
import type { Side } from "../transform.ts";
import type { SelectBench } from "./tool.ts";

export interface Drag {
  to(at: Vec): void;
  /** Puts everything back. */
  back(): void;
}

/** With shift a turn goes in steps of 15°. */
const TURN_STEP = 1500;

const free = (things: readonly Thing[]): readonly Thing[] => things.filter((t) => !t.locked);

const keysOf = (things: readonly Thing[]): ReadonlySet<Key> => new Set(things.map((t) => t.key));

const putBack = (bench: SelectBench, things: readonly Thing[]): void =>
  bench.reshape(things.map((t) => ({ ...moved(t, 0, 0), size: t.text?.size })));

export class MoveDrag implements Drag {
  readonly #things: readonly Thing[];
  readonly #box: Rect;
  readonly #snapping: Snapping;

  constructor(private readonly bench: SelectBench, things: readonly Thing[], private readonly from: Vec) {
    this.#things = free(things);
    this.#box = boundsOfAll(this.#things);
    this.#snapping = bench.snapping(keysOf(this.#things));
  }

  to(at: Vec): void {
    let dx = at.x - this.from.x, dy = at.y - this.from.y;
    if (this.bench.keys.shift) [dx, dy] = Math.abs(dx) > Math.abs(dy) ? [dx, 0] : [0, dy];
    const to = this.bench.keys.shift ? { dx, dy, guides: [] } : snapMove(this.#box, dx, dy, this.#snapping);
    this.bench.reshape(this.#things.map((t) => moved(t, to.dx, to.dy)));
    this.bench.show({ ...NO_MARKS, guides: to.guides });
  }

  back(): void {
    putBack(this.bench, this.#things);
  }
}

export class ResizeDrag implements Drag {
  readonly #things: readonly Thing[];
  /** From the pointer to the handle that it took. */
  readonly #offset: Vec;
  readonly #snapping: Snapping;

  constructor(private readonly bench: SelectBench, things: readonly Thing[], private readonly frame: Placement, private readonly side: Side, from: Vec) {
    this.#things = free(things);
    const handle = handleAt(frame, side);
    this.#offset = { x: handle.x - from.x, y: handle.y - from.y };
    this.#snapping = bench.snapping(keysOf(this.#things));
  }

  to(at: Vec): void {
    const { shift, alt } = this.bench.keys;
    const corner = this.side.x !== 0 && this.side.y !== 0;
    const keep = shift || (corner && growsEvenly(this.#things));
    let to: Vec = { x: at.x + this.#offset.x, y: at.y + this.#offset.y };
    if (!keep && this.frame.angle === 0) {
      const rest = snapPoint(to, this.#snapping, { x: this.side.x !== 0, y: this.side.y !== 0 });
      this.bench.show({ ...NO_MARKS, guides: rest.guides });
      to = rest;
    }
    const scaling = pulled(this.frame, this.side, to, { keep, middle: alt });
    this.bench.reshape(this.#things.map((t) => scaled(t, scaling)));
  }

  back(): void {
    putBack(this.bench, this.#things);
  }
}

export class TurnDrag implements Drag {
  readonly #things: readonly Thing[];
  readonly #centre: Vec;
  readonly #from: number;

  constructor(private readonly bench: SelectBench, things: readonly Thing[], private readonly frame: Placement, from: Vec) {
    this.#things = free(things);
    this.#centre = middle(frame);
    this.#from = bearing(this.#centre, from);
  }

  to(at: Vec): void {
    let by = bearing(this.#centre, at) - this.#from;
    if (this.bench.keys.shift) by = Math.round((this.frame.angle + by) / TURN_STEP) * TURN_STEP - this.frame.angle;
    this.bench.reshape(this.#things.map((t) => rotated(t, this.#centre, by)));
  }

  back(): void {
    putBack(this.bench, this.#things);
  }
}

export class EndDrag implements Drag {
  readonly #things: readonly Thing[];
  readonly #offset: Vec;
  readonly #snapping: Snapping;

  constructor(private readonly bench: SelectBench, things: readonly Thing[], private readonly end: "start" | "end", from: Vec) {
    this.#things = free(things);
    const at = this.#ends()[end === "start" ? 0 : 1];
    this.#offset = { x: at.x - from.x, y: at.y - from.y };
    this.#snapping = bench.snapping(keysOf(this.#things));
  }

  to(at: Vec): void {
    const pulledTo = { x: at.x + this.#offset.x, y: at.y + this.#offset.y };
    const fixed = this.#ends()[this.end === "start" ? 1 : 0];
    const to = this.bench.keys.shift ? { ...straight(fixed, pulledTo), guides: [] } : snapPoint(pulledTo, this.#snapping);
    this.bench.reshape(this.#things.map((t) => withEnd(t, this.end, to)));
    this.bench.show({ ...NO_MARKS, guides: to.guides });
  }

  back(): void {
    putBack(this.bench, this.#things);
  }

  #ends(): readonly [Vec, Vec] {
    const [line] = this.#things;
    return line === undefined ? [NO_POINT, NO_POINT] : ends(line.box);
  }
}

const NO_POINT: Vec = { x: 0, y: 0 };
