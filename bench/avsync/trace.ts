// With TRACE set: what was seen around each stroke that is off.
import type { Drawn, Shown } from "./score.ts";

/** Smaller errors are not told of, ms. */
const LEAST_MS = 50;
const AROUND = 4;
const MOST_LINES = 20;

/** times: the page's own shown time at each frame, room time in ms. */
export function trace(drawn: readonly Drawn[], shown: readonly Shown[], times: readonly number[]): void {
  let lines = 0;
  drawn.forEach(({ due }, i) => {
    const first = shown.findIndex((frame) => frame.strokes > i);
    const off = (shown[first]?.media ?? NaN) - due;
    if (!(Math.abs(off) >= LEAST_MS) || ++lines > MOST_LINES) return;
    const begin = Math.max(1, first - AROUND);
    const around = shown.slice(begin, first + AROUND + 1).map(({ media, strokes, at }, k) => {
      const time = (times[begin + k] ?? 0) - media, gap = at - (shown[begin + k - 1]?.at ?? 0);
      return [media - due, strokes, time, gap].map(Math.round).join(":");
    });
    console.error(`stroke ${i} off by ${Math.round(off)} ms; media:strokes:T-media:gap ${around.join("  ")}`);
  });
}
