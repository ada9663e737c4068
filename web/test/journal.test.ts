import assert from "node:assert/strict";
import { test } from "node:test";
import { Journal } from "../src/sync/journal.ts";
import type { Batch, Slot } from "../src/sync/store.ts";

const batch = (n: number): Batch => ({ n, payload: new Uint8Array([n]), capturedAt: n, authority: 1 });

/** A slot whose writes do what is given. */
const slotThat = (write: Slot["write"]): Slot => ({
  load: () => Promise.reject(new Error("not used")),
  write,
  free: () => {},
  remove: () => Promise.resolve(),
});

const failures: readonly (readonly [string, Slot["write"]])[] = [
  ["later, as where the disk is full", () => Promise.reject(new Error("full"))],
  ["at once, as where the storage was cleared under the page", () => {
    throw new Error("closed");
  }],
];

for (const [how, write] of failures) {
  test(`a store that fails ${how}, holds nothing up`, async () => {
    const stored: number[] = [];
    const clock = { now: () => 0, after: () => () => {} };
    const journal = new Journal(slotThat(write), clock, {
      standing: { claim: undefined, doubt: undefined },
      numbers: () => new Map(),
      stored: (_document, batches) => void stored.push(...batches.map((b) => b.n)),
    });
    for (const n of [1, 2, 3]) {
      journal.add("board::p1", batch(n));
      await journal.settled();
    }
    assert.deepEqual(stored, [1, 2, 3]);
  });
}
