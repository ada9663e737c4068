import assert from "node:assert/strict";
import { test } from "node:test";
import { Journal } from "../src/sync/journal.ts";
import type { Batch, Change, Slot } from "../src/sync/store.ts";

const batch = (n: number): Batch => ({ n, payload: new Uint8Array([n]), capturedAt: n, authority: 1 });

/** A slot whose writes do what is given. */
const slotThat = (write: Slot["write"]): Slot => ({
  kept: true,
  load: () => Promise.reject(new Error("not used")),
  write,
  free: () => {},
  remove: () => Promise.resolve(),
});

const clock = { now: () => 0, after: () => () => {} };

const failures: readonly (readonly [string, Slot["write"]])[] = [
  ["later, as where the disk is full", () => Promise.reject(new Error("full"))],
  ["at once, as where the storage was cleared under the page", () => {
    throw new Error("closed");
  }],
];

for (const [how, write] of failures) {
  test(`a store that fails ${how}, holds nothing up`, async () => {
    const stored: number[] = [];
    let failed = 0;
    const journal = new Journal(slotThat(write), clock, {
      standing: { claim: undefined, doubt: undefined },
      numbers: () => new Map(),
      batches: () => new Map([["board::p1", stored.length === 0 ? [batch(1)] : []]]),
      stored: (_document, batches) => void stored.push(...batches.map((b) => b.n)),
      failed: () => void failed++,
    });
    for (const n of [1, 2, 3]) {
      journal.add("board::p1", batch(n));
      await journal.settled();
    }
    assert.deepEqual(stored, [1, 2, 3]);
    assert.equal(failed, 1, "it is told, once");
  });
}

test("a storage that was cleared under the page is written anew, with all that there is", async () => {
  const all: Batch[] = [];
  const written: Change[] = [];
  let fails = false, failed = false;
  const write = (change: Change): Promise<void> => {
    if (fails) {
      fails = false;
      return Promise.reject(new Error("cleared"));
    }
    written.push(change);
    return Promise.resolve();
  };
  const stored: number[] = [];
  const journal = new Journal(slotThat(write), clock, {
    standing: { claim: undefined, doubt: undefined },
    numbers: () => new Map(),
    batches: () => new Map([["board::p1", [...all]]]),
    stored: (_document, batches) => void stored.push(...batches.map((b) => b.n)),
    failed: () => void (failed = true),
  });
  const add = async (n: number): Promise<void> => {
    all.push(batch(n));
    journal.add("board::p1", batch(n));
    await journal.settled();
  };
  await add(1);
  for (const n of [2, 3]) {
    fails = true;
    await add(n);
    const last = written.at(-1);
    assert.deepEqual([[...(last?.replace ?? [])], last?.put.get("board::p1")?.map((b) => b.n)], [["board::p1"], all.map((b) => b.n)]);
  }
  await add(4);
  assert.deepEqual(written.at(-1)?.put.get("board::p1")?.map((b) => b.n), [4]);
  assert.equal(failed, false);
  assert.deepEqual([...new Set(stored)], [1, 2, 3, 4]);
});
