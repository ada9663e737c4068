// Writing what a client instance keeps, in the order it came about and without holding up who draws.
import type { Clock } from "./clock.ts";
import type { Batch, Change, Numbers, Slot, Standing } from "./store.ts";

/** What is only forgotten, not added, may wait so long for company, ms. */
const LAZY_MS = 1000;

/** What the journal asks its owner. */
export interface JournalOwner {
  readonly standing: Standing;
  numbers(): ReadonlyMap<string, Numbers>;
  /** All batches to be kept, by document. */
  batches(): ReadonlyMap<string, readonly Batch[]>;
  /** These batches of a document would survive a reload: they may be sent. */
  stored(document: string, batches: readonly Batch[]): void;
  /** The store failed: nothing more survives a reload. */
  failed(): void;
}

/**
 * One write at a time; what comes meanwhile makes up the next. A batch is sent only once it is written: a number that
 * was sent is never given to other content, whatever happens to the page. A write that fails is followed by one of everything, since the
 * storage may have been cleared or shut under the page; if that fails too, work goes on without it.
 */
export class Journal {
  private put = new Map<string, Batch[]>();
  private drop = new Map<string, number[]>();
  private replace = new Set<string>();
  private dirty = false;
  private failed = false;
  private writing: Promise<void> | undefined;
  private cancelLazy: (() => void) | undefined;

  constructor(
    private readonly slot: Slot,
    private readonly clock: Clock,
    private readonly owner: JournalOwner,
  ) {}

  add(document: string, batch: Batch): void {
    entry(this.put, document).push(batch);
    this.write();
  }

  /** These batches need not be kept any more. */
  forget(document: string, gone: readonly number[]): void {
    if (gone.length > 0) entry(this.drop, document).push(...gone);
    this.dirty = true;
    this.cancelLazy ??= this.clock.after(LAZY_MS, () => this.write());
  }

  /** All batches of a document are others now. */
  replaceAll(document: string, batches: readonly Batch[]): void {
    this.replace.add(document);
    this.put.set(document, [...batches]);
    this.drop.delete(document);
    this.write();
  }

  /** Claim or numbers changed. */
  write(): void {
    this.dirty = true;
    if (this.writing === undefined) this.writing = this.run();
  }

  /** Resolves when everything is written. */
  async settled(): Promise<void> {
    if (this.dirty) this.write();
    while (this.writing !== undefined) await this.writing;
  }

  private async run(): Promise<void> {
    await undefined; // a store that fails at once must not end this before write() has noted that it runs
    while (this.dirty) {
      let change = this.take();
      try {
        if (!this.failed) await this.slot.write(change);
      } catch {
        change = this.everything();
        await this.tryAgain(change);
      }
      for (const [document, batches] of change.put) this.owner.stored(document, batches);
    }
    this.writing = undefined;
  }

  private async tryAgain(change: Change): Promise<void> {
    try {
      await this.slot.write(change);
    } catch {
      this.failed = true; // full or forbidden
      this.owner.failed();
    }
  }

  private everything(): Change {
    const put = this.owner.batches();
    return { ...this.take(), replace: new Set(put.keys()), put, drop: new Map() };
  }

  private take(): Change {
    const { put, drop, replace } = this;
    this.put = new Map();
    this.drop = new Map();
    this.replace = new Set();
    this.dirty = false;
    this.cancelLazy?.();
    this.cancelLazy = undefined;
    return { ...this.owner.standing, documents: this.owner.numbers(), replace, put, drop };
  }
}

function entry<T>(map: Map<string, T[]>, name: string): T[] {
  let list = map.get(name);
  if (list === undefined) map.set(name, (list = []));
  return list;
}
