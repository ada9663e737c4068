import assert from "node:assert/strict";
import { test } from "node:test";
import { IndexedStore } from "../src/sync/indexedstore.ts";
import { Browser, World, type Page } from "./sync-world.ts";
import { atRest, draw, enter, points } from "./sync-people.ts";

/** Storage of a browser that opens nothing; what open() comes to is given. */
const factoryThat = (open: (request: Partial<IDBOpenDBRequest>) => void): IDBFactory =>
  ({
    open: () => {
      const request: Partial<IDBOpenDBRequest> = {};
      open(request);
      return request;
    },
  }) as unknown as IDBFactory;

const event = {} as Event;
const nobody = {} as IDBOpenDBRequest;

const ways: readonly (readonly [string, IDBFactory])[] = [
  ["throws, as where the person forbids storage", factoryThat(() => {
    throw new DOMException("denied", "SecurityError");
  })],
  ["fails, as in private windows", factoryThat((request) => queueMicrotask(() => request.onerror?.call(nobody, event)))],
  ["waits for a page of an older version", factoryThat((request) => queueMicrotask(() => request.onblocked?.call(nobody, event as IDBVersionChangeEvent)))],
];

for (const [how, factory] of ways) {
  test(`a storage that ${how}, keeps nothing and nobody out`, async () => {
    class Closed extends Browser {
      override store(_page: Page): IndexedStore {
        return new IndexedStore(factory, {} as LockManager);
      }
    }
    const w = new World();
    const { page, board } = await enter(w, "ann", new Closed(w.clock));
    await draw(w, board, 10);
    await w.pass(16_000); // the work of other pages is looked for as well
    assert.equal(page.session.connection.value.unsent, 0);
    assert.equal(page.session.kept.value, false);
    assert.deepEqual(points(board), [10]);
    atRest(w, board);
  });
}

test("a page makes way for one of a newer version", async () => {
  const db = { closed: false, onversionchange: null as (() => void) | null, close: () => void (db.closed = true) };
  const factory = factoryThat((request) =>
    queueMicrotask(() => {
      Object.assign(request, { result: db });
      request.onsuccess?.call(nobody, event);
    }),
  );
  await new IndexedStore(factory, {} as LockManager).take(1n, "ann", true);
  db.onversionchange?.();
  assert.equal(db.closed, true);
});

test("a place that cannot be removed is let go of", async () => {
  const answered = (result: unknown): IDBRequest => {
    const request = { result } as unknown as IDBRequest;
    queueMicrotask(() => request.onsuccess?.call(request, event));
    return request;
  };
  const row = { participant: "ann", documents: new Map() };
  const slots = { getAllKeys: () => answered([["1", "slot"]]), getAll: () => answered([row]), get: () => answered(row) };
  const db = {
    transaction: (_: unknown, mode?: string) => {
      if (mode === "readwrite") throw new Error("the storage fails");
      return { objectStore: () => slots };
    },
    close: () => undefined,
  };
  const factory = factoryThat((request) => queueMicrotask(() => {
    Object.assign(request, { result: db });
    request.onsuccess?.call(nobody, event);
  }));
  Object.assign(globalThis, { IDBKeyRange: { bound: () => undefined } });
  let held = 0, taken = 0;
  const locks = {
    request: async (_: string, __: unknown, use: (lock: unknown) => Promise<void>) => {
      held++;
      taken++;
      await use({});
      held--;
    },
  };
  assert.equal(await new IndexedStore(factory, locks as unknown as LockManager).take(1n, "ann", true), undefined);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([taken, held], [2, 0]);
});
