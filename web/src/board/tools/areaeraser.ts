import type { BoardSample, InkBench, Tool, Wiper } from "./tool.ts";

/** Wipes ink where it passes; what is erased in one gesture is one step of undo. Shapes, texts and images stay whole. */
export class AreaEraserTool implements Tool {
  readonly #bench: InkBench;
  #erasing: Wiper | undefined;
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
    this.#reset();
  }

  /** It was a palm, or the first finger of a pinch. */
  undo(): void {
    this.#erasing?.takeBack();
    this.#reset();
  }

  #reset(): void {
    this.#erasing = undefined;
    this.#last = undefined;
    this.#bench.ring(undefined);
  }
}
