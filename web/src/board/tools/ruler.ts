import type { Vec } from "../geometry.ts";
import { gripAt, movedRuler, turnedRuler } from "../ruler.ts";
import type { Ruler } from "../ruler.ts";
import type { BoardSample, RulerBench, Tool } from "./tool.ts";

interface Taken {
  readonly ruler: Ruler;
  readonly from: Vec;
  readonly turning: boolean;
}

/** Moves the ruler, or turns it by one of its ends. */
export class RulerTool implements Tool {
  readonly #bench: RulerBench;
  #taken: Taken | undefined;

  constructor(bench: RulerBench) {
    this.#bench = bench;
  }

  begin([first, ...rest]: readonly BoardSample[]): void {
    const { ruler } = this.#bench;
    if (ruler === undefined || first === undefined) return;
    this.#taken = { ruler, from: first, turning: gripAt(ruler, first) === "end" };
    this.move(rest);
  }

  move(samples: readonly BoardSample[]): void {
    const to = samples.at(-1), taken = this.#taken;
    if (to === undefined || taken === undefined || this.#bench.ruler === undefined) return;
    this.#bench.ruler = taken.turning ? turnedRuler(taken.ruler, taken.from, to) : movedRuler(taken.ruler, to.x - taken.from.x, to.y - taken.from.y);
  }

  end(): void {
    this.#taken = undefined;
  }

  undo(): void {
    if (this.#taken !== undefined) this.#bench.ruler = this.#taken.ruler;
    this.end();
  }
}
