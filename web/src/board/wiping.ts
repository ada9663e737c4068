// One gesture of the area eraser on a site: what it passes over is erased, and can be taken back as a whole.
import type { Key } from "../ot/types.ts";
import type { EraserWriter } from "../sync/api.ts";
import type { Vec } from "./geometry.ts";
import type { Site } from "./site.ts";
import type { Wiper } from "./tools/tool.ts";

export class Wiping implements Wiper {
  readonly #site: Site;
  readonly #writer: EraserWriter | undefined;
  readonly #hit: (a: Vec, b: Vec) => readonly Key[];
  readonly #radius: () => number;
  /** Something was erased, so there is a step to undo. */
  #wiped = false;

  /** hit: what the eraser meets and may erase; radius: of the eraser in units. */
  constructor(site: Site, hit: (a: Vec, b: Vec) => readonly Key[], radius: () => number) {
    this.#site = site;
    this.#writer = site.document?.startErasing();
    this.#hit = hit;
    this.#radius = radius;
  }

  wipe(a: Vec, b: Vec): void {
    for (const key of this.#hit(a, b)) {
      const spans = this.#site.scene?.spansUnder(key, a, b, this.#radius()) ?? [];
      if (spans.length === 0) continue;
      const before = this.#site.get(key)?.erasures;
      this.#writer?.erase(key, spans);
      // What was erased already is not erased again, and makes no step.
      if (this.#site.get(key)?.erasures !== before) this.#wiped = true;
    }
  }

  end(): void {
    this.#writer?.end();
  }

  takeBack(): void {
    this.end();
    if (this.#wiped) this.#site.document?.history.undo();
    this.#wiped = false;
  }
}
