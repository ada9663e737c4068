import type { Vec } from "../geometry.ts";
import { Clicks } from "./clicks.ts";
import type { BoardSample, Tool } from "./tool.ts";

/** The text that is being written. */
export interface WritingBench {
  readonly pixel: number;
  select(from: Vec, to: Vec): void;
  selectWord(at: Vec): void;
}

/** Puts the caret into the text that is being written, or selects in it. */
export class CaretTool implements Tool {
  readonly #bench: WritingBench;
  readonly #clicks = new Clicks();
  #from: Vec | undefined;

  constructor(bench: WritingBench) {
    this.#bench = bench;
  }

  begin([first, ...rest]: readonly BoardSample[]): void {
    if (first === undefined) return;
    if (this.#clicks.press(first, this.#bench.pixel)) return this.#bench.selectWord(first);
    this.#from = first;
    this.#bench.select(first, first);
    this.move(rest);
  }

  move(samples: readonly BoardSample[]): void {
    const to = samples.at(-1);
    if (this.#from !== undefined && to !== undefined) this.#bench.select(this.#from, to);
  }

  end(): void {
    this.#from = undefined;
  }

  undo(): void {
    this.end();
  }
}
