import type { Key } from "../../ot/types.ts";
import type { BoardSample, InkBench, Tool } from "./tool.ts";

/** Erases whole elements: those it meets turn pale at once and go when it is lifted. */
export class EraserTool implements Tool {
  readonly #bench: InkBench;
  readonly #marked = new Set<Key>();
  #last: BoardSample | undefined;

  constructor(bench: InkBench) {
    this.#bench = bench;
  }

  begin(samples: readonly BoardSample[]): void {
    this.undo();
    this.move(samples);
  }

  move(samples: readonly BoardSample[]): void {
    const met: Key[] = [];
    for (const sample of samples) {
      for (const key of this.#bench.hit(this.#last ?? sample, sample)) {
        if (!this.#marked.has(key)) met.push(key);
        this.#marked.add(key);
      }
      this.#last = sample;
    }
    if (met.length > 0) this.#bench.fade(met, true);
    if (this.#last === undefined) return;
    this.#bench.ring(this.#last);
    this.#bench.point(this.#last, "eraser");
  }

  end(): void {
    const keys = [...this.#marked];
    this.#reset();
    // What somebody else deleted meanwhile is gone already; what was refused must be seen again.
    this.#bench.fade(keys, false);
    if (keys.length > 0) this.#bench.delete(keys);
  }

  undo(): void {
    const keys = [...this.#marked];
    this.#reset();
    if (keys.length > 0) this.#bench.fade(keys, false);
  }

  #reset(): void {
    this.#marked.clear();
    this.#last = undefined;
    this.#bench.ring(undefined);
  }
}
