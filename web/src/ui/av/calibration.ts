// How far behind a stream is, from flashes that were shown and jumps of brightness that came back. Pure.

/** Mean brightness of a frame, 0 … 255, and its time: the stamp, µs. */
export interface Bright {
  readonly at: number;
  readonly level: number;
}

/** Flashes that must be found again. */
const ENOUGH = 3;
/** Delays of the same stream are so near to each other, µs. */
const NEAR = 100_000;
/** What counts as a flash: by how much (levels of 255) a frame is brighter than those before it. */
const JUMP = 18;
/** Frames that what is before is judged by. */
const BEFORE = 4;

/** When flashes began, by the stamps: somewhere between the last frame without and the first one with it, so halfway. */
export function jumps(frames: readonly Bright[]): number[] {
  const found: number[] = [];
  let lit = false;
  for (const [i, { at, level }] of frames.entries()) {
    const before = frames.slice(Math.max(0, i - BEFORE), i);
    const last = before.at(-1);
    if (before.length < BEFORE || last === undefined) continue;
    const base = Math.min(...before.map((frame) => frame.level));
    if (!lit && level - base >= JUMP) found.push((last.at + at) / 2);
    lit = level - base >= JUMP / 2;
  }
  return found;
}

/**
 * The delay that most flashes agree on, µs: the median of (jump − flash) over those pairs. Flashes come at uneven times, so
 * that only the right pairs agree. Stamps are earlier than the arrival by the offset that the stream has already, µs: the delay
 * is so much more. Undefined: fewer than three agree.
 */
export function delayOf(flashes: readonly number[], found: readonly number[], offset: number): number | undefined {
  let best: number[] = [];
  for (const flash of flashes) {
    for (const jump of found) {
      const near = agreeing(flashes, found, jump - flash);
      if (near.length > best.length) best = near;
    }
  }
  const median = best.sort((a, b) => a - b)[best.length >> 1];
  return best.length < ENOUGH || median === undefined ? undefined : Math.max(0, median + offset);
}

/** Of each flash the delay nearest to a guess, where there is one near. */
function agreeing(flashes: readonly number[], found: readonly number[], guess: number): number[] {
  return flashes.flatMap((flash) => {
    const [nearest] = found.map((jump) => jump - flash).sort((a, b) => Math.abs(a - guess) - Math.abs(b - guess));
    return nearest !== undefined && Math.abs(nearest - guess) <= NEAR ? [nearest] : [];
  });
}
