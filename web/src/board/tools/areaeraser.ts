import type { BoardSample, InkBench, Tool } from "./tool.ts";

/** Wipes ink where it passes; what is erased in one gesture is one step of undo. Shapes, texts and images stay whole. */
export class AreaEraserTool implements Tool {
  readonly #bench: InkBench;
  #erasing: ReturnType<InkBench["startErasing"]> | undefined;
  #last: BoardSample | undefined;

  constructor(bench: InkBench) {
    this.#bench = bench;
  }

  begin(samples: readonly BoardSample[]): void {
    this.end();
    this.#erasing = this.#bench.startErasing();
    this.move(samples);
  }

  move(samples: readonly BoardSample[]): void {
    for (const sample of samples) {
      this.#erasing?.wipe(this.#last ?? sample, sample);
      this.#last = sample;
    }
    if (this.#last === undefined) return;
    this.#bench.ring(this.#last);
    this.#bench.point(this.#last, "eraser");
  }

  end(): void {
    this.#erasing?.end();
    this.#erasing = undefined;
    this.#last = undefined;
    this.#bench.ring(undefined);
  }

  /** A palm or the first finger of a pinch has wiped a few points at most: undo has them. */
  undo(): void {
    this.end();
  }
}
