// Pages under Node: the page's own sync code against a real server, with a store that outlives them.
import type { BoardDocument } from "../src/sync/api.ts";
import type { Environment } from "../src/sync/environment.ts";
import { Session } from "../src/sync/session.ts";
import type { Batch, Change, Saved, Slot, Store } from "../src/sync/store.ts";
import type { OpenLink } from "../src/sync/transport/link.ts";
import { webSocketLink } from "../src/sync/transport/websocket.ts";
import type { BadStreams } from "./bad-streams.ts";
import { NodeSocket } from "./node-socket.ts";

/** ms that a transaction of the store takes. */
const WRITE_MS = 2;

/** What one browser keeps of one person in one room: one page after the other has it. */
export class KeptStore {
  private saved: Saved = { claim: undefined, doubt: undefined, documents: new Map(), batches: new Map() };

  /** The store as a page sees it; nothing is written once that is dead. */
  of(alive: () => boolean): Store {
    const slot: Slot = {
      kept: true,
      load: () => Promise.resolve(this.saved),
      write: (change) => new Promise((done) => setTimeout(() => alive() && done(this.commit(change)), WRITE_MS)),
      free: () => {},
      remove: () => Promise.resolve(),
    };
    return { take: (_room, _participant, onlyWork) => Promise.resolve(onlyWork ? undefined : slot) };
  }

  private commit({ claim, doubt, documents, replace, put, drop }: Change): void {
    const batches = new Map([...this.saved.batches].filter(([document]) => !replace.has(document)));
    const keep = (document: string, all: readonly Batch[]): void => void batches.set(document, all);
    for (const [document, more] of put) {
      const byN = new Map([...(batches.get(document) ?? []), ...more].map((b) => [b.n, b]));
      keep(document, [...byN.values()].sort((a, b) => a.n - b.n));
    }
    for (const [document, gone] of drop) keep(document, (batches.get(document) ?? []).filter((b) => !gone.includes(b.n)));
    this.saved = { claim, doubt, documents: new Map(documents), batches };
  }
}

/** Where a page is and who looks at it. */
export interface Place {
  readonly room: bigint;
  readonly token: string;
  readonly name: string;
  /** Port at which it finds the server. */
  readonly port: number;
  readonly store: KeptStore;
  readonly random: () => number;
  /** What lies between it and the connection; undefined: nothing. */
  readonly streams?: BadStreams;
}

/** A world for a session that ends at once when the page does. */
export function environment({ port, store, random, streams }: Omit<Place, "room" | "token" | "name">): Environment & { kill(): void } {
  let alive = true;
  const notes = new Map<string, string>();
  const sockets = new Set<NodeSocket>();
  const open: OpenLink = (events) => {
    const socket = new NodeSocket(port, "/ws");
    sockets.add(socket);
    return webSocketLink(socket, events);
  };
  return {
    clock: {
      now: () => performance.now(),
      after: (ms, call) => {
        const timer = setTimeout(() => alive && call(), ms).unref(); // a dead page keeps nobody waiting
        return () => clearTimeout(timer);
      },
    },
    wall: () => Date.now(),
    random,
    routes: () =>
      Promise.resolve({
        websocket: streams?.through(open) ?? open,
      }),
    notes: { get: (name) => notes.get(name) ?? null, set: (name, value) => void notes.set(name, value) },
    store: store.of(() => alive),
    signals: { online: true, visible: true, subscribe: () => () => {} },
    fetch: () => Promise.reject(new Error("no requests here")),
    kill: () => {
      alive = false;
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One page. */
export class NodePage {
  readonly session: Session;
  private readonly world: ReturnType<typeof environment>;

  constructor(place: Place) {
    this.world = environment(place);
    this.session = new Session(this.world, { room: place.room, token: place.token, name: place.name });
  }

  look(page: string): BoardDocument {
    return this.session.look(page);
  }

  /** Closed or crashed: nothing runs any more, nobody is told. */
  kill(): void {
    this.world.kill();
  }
}
