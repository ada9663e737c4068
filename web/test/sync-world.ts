// The world of a session in simulated time: a clock, a server, and browsers whose storage outlives their pages.
import type { Clock } from "../src/sync/clock.ts";
import type { Environment, Signal } from "../src/sync/environment.ts";
import { Session } from "../src/sync/session.ts";
import { unfinished, type Batch, type Change, type Claim, type Numbers, type Saved, type Slot, type Store } from "../src/sync/store.ts";
import { Air } from "./sync-air.ts";
import { FakeClock, settle } from "./sync-clock.ts";
import { FakeServer, ROOM, ROOM_START } from "./sync-server.ts";

interface Row {
  participant: string;
  claim: Claim | undefined;
  doubt: bigint | undefined;
  documents: Map<string, Numbers>;
  batches: Map<string, Map<number, Batch>>;
  holder: Page | undefined;
}

/** The storage of one browser, with its locks. */
export class Browser {
  readonly rows = new Map<string, Row>();
  readonly notes = new Map<string, string>();
  private ids = 0;
  /** ms that a transaction takes. */
  writeMs = 3;
  /** Nothing can be written any more. */
  full = false;
  /** Nothing can be read. */
  unreadable = false;
  /** What comes before the reading of a place, and may fail. */
  reading: () => Promise<void> = () => Promise.resolve();

  constructor(readonly clock: FakeClock) {}

  store(page: Page): Store {
    return {
      take: async (_room, participant, onlyWork) => {
        await settle();
        const working = (r: Row): boolean => [...r.documents.values()].some(unfinished);
        const free = [...this.rows].filter(([, r]) => r.holder === undefined && r.participant === participant);
        free.sort(([, a], [, b]) => Number(working(b)) - Number(working(a)));
        const [id] = free.find(([, r]) => !onlyWork || working(r)) ?? [];
        if (id === undefined && onlyWork) return undefined;
        const name = id ?? `slot${++this.ids}`;
        const row = this.rows.get(name) ?? { participant, claim: undefined, doubt: undefined, documents: new Map(), batches: new Map(), holder: page };
        row.holder = page;
        this.rows.set(name, row);
        return this.slot(name, row, page);
      },
    };
  }

  private slot(name: string, row: Row, page: Page): Slot {
    return {
      kept: true,
      load: async (): Promise<Saved> => {
        await this.reading();
        if (this.unreadable) throw new Error("unreadable");
        const batches = new Map([...row.batches].map(([d, all]) => [d, [...all.values()].sort((a, b) => a.n - b.n)]));
        return { claim: row.claim, doubt: row.doubt, documents: new Map(row.documents), batches };
      },
      write: (change) =>
        new Promise((resolve, reject) =>
          page.clock.after(this.writeMs, () => {
            if (this.full) return reject(new Error("full"));
            commit(row, change);
            resolve();
          }),
        ),
      free: () => void (row.holder = undefined),
      remove: () => {
        this.rows.delete(name);
        return Promise.resolve();
      },
    };
  }
}

/** The next reading of a place waits; returns how to have it fail. */
export function holdReading(browser: Browser): () => void {
  let fail = (): void => undefined;
  browser.reading = () => {
    browser.reading = () => Promise.resolve();
    return new Promise((_, reject) => (fail = () => reject(new Error("unreadable"))));
  };
  return () => fail();
}

function commit(row: Row, change: Change): void {
  row.claim = change.claim;
  row.doubt = change.doubt;
  row.documents = new Map(change.documents);
  for (const document of change.replace) row.batches.delete(document);
  for (const [document, batches] of change.put) {
    const all = row.batches.get(document) ?? new Map<number, Batch>();
    row.batches.set(document, all);
    for (const b of batches) all.set(b.n, b);
  }
  for (const [document, gone] of change.drop) for (const n of gone) row.batches.get(document)?.delete(n);
}

/** One page with one session. kill() is a reload or a crash: nothing runs any more, locks fall, the server is not told. */
export class Page {
  readonly clock: Clock;
  readonly session: Session;
  alive = true;
  online = true;
  readonly air = new Air();
  /** While the page stands still: its timers that are due, and what came over the network. */
  private still: { readonly timers: (() => void)[]; readonly came: (() => void)[] } | undefined;
  private readonly listeners = new Set<(signal: Signal) => void>();

  constructor(
    private readonly world: World,
    readonly browser: Browser,
    readonly name: string,
    token = name,
  ) {
    const { clock } = world;
    this.clock = { now: () => clock.now(), after: (ms, call) => clock.after(ms, () => this.run("timers", call)) };
    this.session = new Session(this.environment(), { room: ROOM, token, name });
  }

  environment(): Environment {
    const { server } = this.world;
    let seed = 12345;
    const page = this;
    const network: Clock = { now: () => this.clock.now(), after: (ms, call) => this.world.clock.after(ms, () => this.run("came", call)) };
    const routes = this.air.through({
      webtransport: (events) => server.open("webtransport", events, network),
      websocket: (events) => server.open("websocket", events, network),
    });
    return {
      clock: this.clock,
      wall: () => ROOM_START + this.clock.now() + server.slept,
      random: () => (seed = (seed * 16807) % 2147483647) / 2147483647,
      routes: () =>
        new Promise((resolve, reject) => {
          if (page.air.away && !page.online) reject(new TypeError("offline"));
          if (server.frozen || page.air.away) return;
          this.clock.after(server.delayUp + server.delayDown, () => (server.up ? resolve(routes) : reject(new Error("refused"))));
        }),
      notes: { get: (n) => this.browser.notes.get(n) ?? null, set: (n, v) => void this.browser.notes.set(n, v) },
      store: this.browser.store(this),
      signals: {
        get online() {
          return page.online;
        },
        visible: true,
        subscribe: (listener) => {
          this.listeners.add(listener);
          return () => void this.listeners.delete(listener);
        },
      },
      fetch: (path, init, progress) => {
        server.requests.push({ path, init });
        progress?.(1);
        return server.up ? Promise.resolve(server.answer(path, init)) : Promise.reject(new TypeError("refused"));
      },
    };
  }

  signal(signal: Signal): void {
    for (const listener of [...this.listeners]) listener(signal);
  }

  /** Nothing of the page runs, as in a tab that is frozen. */
  freeze(): void {
    this.still = { timers: [], came: [] };
  }

  /** It goes on: first the timers that are due, then what came. */
  async thaw(): Promise<void> {
    const { timers = [], came = [] } = this.still ?? {};
    this.still = undefined;
    for (const call of [...timers, ...came]) {
      if (this.alive) call();
      await settle();
    }
  }

  private run(queue: "timers" | "came", call: () => void): void {
    if (!this.alive) return;
    if (this.still === undefined) call();
    else this.still[queue].push(call);
  }

  kill(): void {
    this.alive = false;
    for (const row of this.browser.rows.values()) if (row.holder === this) row.holder = undefined;
  }

  get kind(): string {
    return this.session.connection.value.kind;
  }
}

export class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer(this.clock);
  readonly browser = new Browser(this.clock);

  page(name: string, browser = this.browser): Page {
    return new Page(this, browser, name);
  }

  pass(ms: number): Promise<void> {
    return this.clock.pass(ms);
  }
}
