// What the board needs of its surroundings: canvases to draw on and a clock. Tests hand in their own.

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Time and frames. now is performance.now(). */
export interface Clock {
  now(): number;
  frame(callback: () => void): number;
  cancelFrame(id: number): void;
  later(ms: number, callback: () => void): number;
  cancelLater(id: number): void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  frame: (callback) => requestAnimationFrame(() => callback()),
  cancelFrame: (id) => cancelAnimationFrame(id),
  later: (ms, callback) => setTimeout(callback, ms) as unknown as number,
  cancelLater: (id) => clearTimeout(id),
};

/** The context of a canvas, or an error that names what is missing. */
export function context2d(canvas: HTMLCanvasElement, options: CanvasRenderingContext2DSettings = {}): CanvasRenderingContext2D {
  const context = canvas.getContext("2d", options);
  if (context === null) throw new Error("board: no 2d context");
  return context;
}

export function offscreen2d(width: number, height = width): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (context === null) throw new Error("board: no 2d context");
  return context;
}

/** Runs work once in the next frame however often it is asked for; idle it asks for no frames. */
export class Frames {
  readonly #clock: Clock;
  readonly #work: (now: number) => void;
  #pending: number | undefined;

  constructor(clock: Clock, work: (now: number) => void) {
    this.#clock = clock;
    this.#work = work;
  }

  request(): void {
    this.#pending ??= this.#clock.frame(() => {
      this.#pending = undefined;
      this.#work(this.#clock.now());
    });
  }

  stop(): void {
    if (this.#pending !== undefined) this.#clock.cancelFrame(this.#pending);
    this.#pending = undefined;
  }
}
