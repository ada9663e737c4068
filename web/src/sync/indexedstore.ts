// The Store of a browser: IndexedDB for what is kept, Web Locks for who has it.
import { unfinished, VolatileStore, type Batch, type Change, type Numbers, type Saved, type Slot, type Standing, type Store } from "./store.ts";

const DATABASE = "chalkline";
const VERSION = 2;
const SLOTS = "slots";
const BATCHES = "batches";

/** A row of SLOTS, by [room, slot]. */
interface SlotRow extends Standing {
  readonly participant: string;
  readonly documents: ReadonlyMap<string, Numbers>;
}

/**
 * A slot that no page has is free; the name of its lock tells it apart from those of other rooms. Where the browser lets
 * nothing be kept (storage that is forbidden, private windows of some), nothing is.
 */
export class IndexedStore implements Store {
  private database: Promise<IDBDatabase> | undefined;

  constructor(
    private readonly factory: IDBFactory,
    private readonly locks: LockManager,
  ) {}

  async take(room: bigint, participant: string, onlyWork: boolean): Promise<Slot | undefined> {
    for (const _ of ["as it is open", "opened anew"]) {
      try {
        return await this.find(room, participant, onlyWork);
      } catch {
        this.shut();
      }
    }
    return new VolatileStore().take(room, participant, onlyWork);
  }

  opened(): Promise<IDBDatabase> {
    return (this.database ??= open(this.factory));
  }

  /** Opens it anew at the next use. */
  shut(): void {
    this.database?.then((db) => db.close(), () => undefined);
    this.database = undefined;
  }

  private async find(room: bigint, participant: string, onlyWork: boolean): Promise<Slot | undefined> {
    for (const id of await this.candidates(await this.opened(), room, participant)) {
      const slot = await this.lock(room, participant, id);
      const row = await slot?.row().catch((error: unknown) => {
        slot.free();
        throw error;
      });
      if (slot === undefined || row === undefined) slot?.free();
      else if (!onlyWork || hasWork(row)) return slot;
      else await slot.remove(); // nobody's, and nothing in it
    }
    return onlyWork ? undefined : this.lock(room, participant, crypto.randomUUID());
  }

  /** Slots of the participant in the room, those with unfinished documents first. */
  private async candidates(db: IDBDatabase, room: bigint, participant: string): Promise<string[]> {
    const slots = db.transaction(SLOTS).objectStore(SLOTS);
    const range = IDBKeyRange.bound([String(room)], [String(room), []]);
    const [keys, rows] = await Promise.all([done(slots.getAllKeys(range)), done<SlotRow[]>(slots.getAll(range))]);
    const all = keys.map((key, i) => ({ id: (key as string[])[1] ?? "", row: rows[i] }));
    const own = all.filter(({ row }) => row?.participant === participant);
    const working = ({ row }: { row: SlotRow | undefined }): number => (row !== undefined && hasWork(row) ? 0 : 1);
    return own.sort((a, b) => working(a) - working(b)).map(({ id }) => id);
  }

  /** The slot, if no page has it. */
  private async lock(room: bigint, participant: string, id: string): Promise<IndexedSlot | undefined> {
    const free = await acquire(this.locks, `chalkline ${room} ${id}`);
    return free === undefined ? undefined : new IndexedSlot(this, [String(room), id], participant, free);
  }
}

class IndexedSlot implements Slot {
  readonly kept = true;

  constructor(
    private readonly store: IndexedStore,
    private readonly key: readonly [room: string, slot: string],
    private readonly participant: string,
    readonly free: () => void,
  ) {}

  async row(): Promise<SlotRow | undefined> {
    return done((await this.store.opened()).transaction(SLOTS).objectStore(SLOTS).get([...this.key]));
  }

  async load(): Promise<Saved> {
    const tx = (await this.store.opened()).transaction([SLOTS, BATCHES]);
    const stored = tx.objectStore(BATCHES);
    const [row, keys, rows] = await Promise.all([
      done<SlotRow | undefined>(tx.objectStore(SLOTS).get([...this.key])),
      done(stored.getAllKeys(this.all())),
      done<Batch[]>(stored.getAll(this.all())),
    ]);
    const batches = new Map<string, Batch[]>();
    keys.forEach((key, i) => {
      const [, , document = ""] = key as string[];
      const batch = rows[i];
      const list = batches.get(document) ?? [];
      if (batch !== undefined) list.push(batch);
      batches.set(document, list);
    });
    return { claim: row?.claim, doubt: row?.doubt, documents: row?.documents ?? new Map(), batches };
  }

  async write(change: Change): Promise<void> {
    try {
      await this.commit(await this.store.opened(), change);
    } catch (error) {
      this.store.shut();
      throw error;
    }
  }

  private commit(db: IDBDatabase, change: Change): Promise<void> {
    const tx = db.transaction([SLOTS, BATCHES], "readwrite", { durability: "relaxed" });
    const row: SlotRow = { participant: this.participant, claim: change.claim, doubt: change.doubt, documents: change.documents };
    tx.objectStore(SLOTS).put(row, [...this.key]);
    const stored = tx.objectStore(BATCHES);
    for (const document of change.replace) stored.delete(this.all(document));
    for (const [document, batches] of change.put) for (const b of batches) stored.put(b, [...this.key, document, b.n]);
    for (const [document, gone] of change.drop) for (const n of gone) stored.delete([...this.key, document, n]);
    return committed(tx);
  }

  async remove(): Promise<void> {
    try {
      const tx = (await this.store.opened()).transaction([SLOTS, BATCHES], "readwrite");
      tx.objectStore(SLOTS).delete([...this.key]);
      tx.objectStore(BATCHES).delete(this.all());
      await committed(tx);
    } finally {
      this.free();
    }
  }

  /** Keys of the batches of the slot, or of one document of it. */
  private all(...document: string[]): IDBKeyRange {
    const from = [...this.key, ...document];
    return IDBKeyRange.bound(from, [...from, []]);
  }
}

const hasWork = (row: SlotRow): boolean => [...row.documents.values()].some(unfinished);

async function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, VERSION);
  request.onupgradeneeded = () => {
    for (const name of [SLOTS, BATCHES]) {
      // What an older version kept is work of op semantics that no server speaks.
      if (request.result.objectStoreNames.contains(name)) request.result.deleteObjectStore(name);
      request.result.createObjectStore(name);
    }
  };
  const blocked = new Promise<never>((_, reject) => {
    request.onblocked = () => reject(new Error("indexeddb: a page of an older version has it open"));
  });
  const opened = done(request).then((db) => {
    db.onversionchange = () => db.close(); // a page of a newer version needs it
    return db;
  });
  return Promise.race([opened, blocked]);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("indexeddb: request failed"));
  });
}

function committed(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    // Where the storage is cleared under the page, Chromium may leave it at the error and never tell of the abort.
    tx.onabort = tx.onerror = () => reject(tx.error ?? new Error("indexeddb: transaction aborted"));
  });
}

/** Takes a lock if it is free; the result lets go of it, as does the end of the page. */
function acquire(locks: LockManager, name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise<void>((free) => resolve(free));
      })
      .catch(reject);
  });
}
