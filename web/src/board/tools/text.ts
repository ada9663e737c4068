import { ElementKind, Register } from "../../ot/types.ts";
import type { Key } from "../../ot/types.ts";
import { placeValue, settings } from "../../ot/value.ts";
import type { Vec } from "../geometry.ts";
import { styleSettings } from "../looks.ts";
import { NO_MARKS } from "../marks.ts";
import { LINE_HEIGHT } from "../style.ts";
import type { BoardSample, ShapeBench, Tool } from "./tool.ts";

/** Dragged this far (CSS px) the text wraps at where it was dragged to. */
const WRAPS = 24;

/** Places a text where it is pressed, or edits the one that lies there. */
export class TextTool implements Tool {
  readonly #bench: ShapeBench;
  #from: Vec | undefined;
  #to: Vec | undefined;

  constructor(bench: ShapeBench) {
    this.#bench = bench;
  }

  begin(samples: readonly BoardSample[]): void {
    this.#from = samples[0];
    this.#to = undefined;
    this.move(samples.slice(1));
  }

  move(samples: readonly BoardSample[]): void {
    const to = samples.at(-1);
    if (this.#from === undefined || to === undefined) return;
    this.#to = to;
    this.#bench.point(to, "text");
    const { x0, x1 } = span(this.#from, to);
    if (!this.#wraps()) return;
    const height = LINE_HEIGHT * this.#bench.style.size;
    this.#bench.show({ ...NO_MARKS, marquee: { x0, x1, y0: this.#from.y - height / 2, y1: this.#from.y + height / 2 } });
  }

  /** At the release: only then a phone shows its keyboard. */
  end(): void {
    const from = this.#from;
    if (from === undefined) return;
    const there = this.#wraps() ? undefined : this.#bench.textAt(from);
    if (there !== undefined) {
      this.undo();
      return this.#bench.write(there, from);
    }
    const step = this.#bench.begin();
    const made = this.#make(from);
    this.undo();
    this.#bench.write(made, from, step);
  }

  undo(): void {
    this.#from = this.#to = undefined;
    this.#bench.show(NO_MARKS);
  }

  hover(): string {
    return "text";
  }

  #wraps(): boolean {
    return this.#from !== undefined && this.#to !== undefined && Math.abs(this.#to.x - this.#from.x) > WRAPS * this.#bench.pixel;
  }

  /** The middle of its first line is where it was pressed. */
  #make(at: Vec): Key {
    const { style } = this.#bench;
    const { x0, x1 } = span(at, this.#wraps() ? (this.#to ?? at) : at);
    const height = Math.round(LINE_HEIGHT * style.size);
    const place = { x: Math.round(x0), y: Math.round(at.y - height / 2), w: Math.round(x1 - x0), h: height, angle: 0 };
    return this.#bench.create(ElementKind.Text, settings({ register: Register.Place, value: placeValue(place) }, ...styleSettings(ElementKind.Text, style)));
  }
}

const span = (a: Vec, b: Vec): { readonly x0: number; readonly x1: number } => ({ x0: Math.min(a.x, b.x), x1: Math.max(a.x, b.x) });
