// Chance that can be repeated: the seed is $SEED, else the test's own.
import { test } from "@playwright/test";

/** Numbers from 0 up to 1 (mulberry32); the report names the seed. */
export function seeded(own: number): () => number {
  const seed = Number(process.env["SEED"] ?? own);
  test.info().annotations.push({ type: "seed", description: String(seed) });
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
