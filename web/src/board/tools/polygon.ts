import { ElementKind, Register } from "../../ot/types.ts";
import { MAX_VERTEX, MAX_VERTICES, MIN_VERTICES, placeValue, settings, verticesValue } from "../../ot/value.ts";
import type { Vec } from "../geometry.ts";
import { styleSettings } from "../looks.ts";
import { NO_MARKS } from "../marks.ts";
import { snapPoint } from "../snapping.ts";
import { straight } from "../transform.ts";
import { Clicks, apart } from "./clicks.ts";
import type { BoardSample, ShapeBench, Tool } from "./tool.ts";

/** A press this near (CSS px) to the first corner closes the polygon. */
const CLOSE = 12;

/** Sets corners, press by press; a double click, Enter or the first corner closes, Esc gives up. */
export class PolygonTool implements Tool {
  readonly #bench: ShapeBench;
  readonly #clicks = new Clicks();
  #corners: Vec[] = [];
  #next: Vec | undefined;

  constructor(bench: ShapeBench) {
    this.#bench = bench;
  }

  begin([first, ...rest]: readonly BoardSample[]): void {
    if (first === undefined) return;
    if (this.#clicks.press(first, this.#bench.pixel)) return this.finish();
    this.#next = this.#placed(first);
    this.move(rest);
    this.#show();
  }

  move(samples: readonly BoardSample[]): void {
    const to = samples.at(-1);
    if (to !== undefined) this.hover(to);
  }

  end(): void {
    const [first] = this.#corners;
    const at = this.#next;
    if (at === undefined) return;
    this.#next = undefined;
    const closes = first !== undefined && this.#corners.length >= MIN_VERTICES && apart(first, at) <= CLOSE * this.#bench.pixel;
    if (!closes) this.#corners.push(at);
    if (closes || this.#corners.length === MAX_VERTICES) return this.finish();
    this.#show();
  }

  undo(): void {
    this.#next = undefined;
    this.#show();
  }

  hover(at: Vec): string {
    this.#bench.point(at, "pen");
    if (this.#corners.length > 0 || this.#next !== undefined) {
      this.#next = this.#placed(at);
      this.#show();
    }
    return "crosshair";
  }

  cancel(): boolean {
    const some = this.#corners.length > 0;
    this.#clear();
    return some;
  }

  finish(): void {
    const corners = this.#corners.filter((c, i, all) => i === 0 || apart(c, all[i - 1] ?? c) >= 1);
    this.#clear();
    if (corners.length < MIN_VERTICES) return;
    const step = this.#bench.begin();
    this.#bench.made(this.#bench.create(ElementKind.Polygon, polygonSettings(corners, styleSettings(ElementKind.Polygon, this.#bench.style))));
    step();
  }

  #placed(at: Vec): Vec {
    const before = this.#corners.at(-1);
    if (this.#bench.keys.shift && before !== undefined) return straight(before, at);
    return snapPoint(at, this.#bench.snapping());
  }

  #clear(): void {
    this.#corners = [];
    this.#next = undefined;
    this.#clicks.forget();
    this.#bench.show(NO_MARKS);
  }

  #show(): void {
    const path = this.#next === undefined ? this.#corners : [...this.#corners, this.#next];
    this.#bench.show({ ...NO_MARKS, path });
  }
}

/** A polygon with these corners on the board: its place is their box, its vertices are parts of it. */
function polygonSettings(corners: readonly Vec[], style: ReturnType<typeof styleSettings>): ReturnType<typeof styleSettings> {
  const xs = corners.map((c) => c.x), ys = corners.map((c) => c.y);
  const x = Math.round(Math.min(...xs)), y = Math.round(Math.min(...ys));
  const w = Math.round(Math.max(...xs)) - x, h = Math.round(Math.max(...ys)) - y;
  const part = (v: number, whole: number): number => (whole === 0 ? 0 : (v / whole) * MAX_VERTEX);
  return settings(
    { register: Register.Place, value: placeValue({ x, y, w, h, angle: 0 }) },
    { register: Register.Vertices, value: verticesValue(corners.map((c) => ({ x: part(c.x - x, w), y: part(c.y - y, h) }))) },
    ...style,
  );
}
