// With TRACE set: what was seen around each stroke that is off, and where strokes were early.
import type { Drawn, Shown } from "./score.ts";

/** Smaller errors are not told of, ms. */
const LEAST_MS = 50;
const AROUND = 4;
const MOST_LINES = 20;

/** times: the page's own shown time at each frame, room time in ms. */
export function trace(drawn: readonly Drawn[], shown: readonly Shown[], times: readonly number[]): void {
  let lines = 0, early = false;
  shown.forEach(({ strokes, heard, media }, k) => {
    const due = drawn[strokes - 1]?.due ?? -Infinity;
    const before = early;
    early = strokes > heard && due - media >= LEAST_MS;
    if (!early || before || ++lines > MOST_LINES) return;
    console.error(`${strokes} strokes, ${Math.round(due - media)} ms early; media:strokes:T-media:gap ${around(k, due)}`);
  });
  lines = 0;
  drawn.forEach(({ due }, i) => {
    const first = shown.findIndex((frame) => frame.strokes > i);
    const off = (shown[first]?.media ?? NaN) - due;
    if (!(Math.abs(off) >= LEAST_MS) || ++lines > MOST_LINES) return;
    console.error(`stroke ${i} off by ${Math.round(off)} ms; media:strokes:T-media:gap ${around(first, due)}`);
  });

  function around(index: number, due: number): string {
    const begin = Math.max(1, index - AROUND);
    return shown.slice(begin, index + AROUND + 1).map(({ media, strokes, at }, k) => {
      const time = (times[begin + k] ?? 0) - media, gap = at - (shown[begin + k - 1]?.at ?? 0);
      return [media - due, strokes, time, gap].map(Math.round).join(":");
    }).join("  ");
  }
}
