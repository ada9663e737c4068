import type { BoardSample, InkBench, Tool } from "./tool.ts";

/** Points at things with light: leaves a trail that fades and nothing in the document. */
export class LaserTool implements Tool {
  readonly #bench: InkBench;
  #on = false;

  constructor(bench: InkBench) {
    this.#bench = bench;
  }

  begin(samples: readonly BoardSample[]): void {
    this.#on = false;
    this.move(samples);
  }

  move(samples: readonly BoardSample[]): void {
    for (const sample of samples) {
      this.#bench.laser(sample, this.#on);
      this.#bench.point(sample, "laser");
      this.#on = true;
    }
  }

  end(): void {
    this.#on = false;
  }

  undo(): void {
    this.end();
  }
}
