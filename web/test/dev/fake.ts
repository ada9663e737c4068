// A room without a server, for looking at the page: boards in memory, other people moved by script.
import { Board } from "../../src/ot/board.ts";
import { Register } from "../../src/ot/types.ts";
import type { ElementKind, ID, Key, Op, Setting } from "../../src/ot/types.ts";
import { boolValue } from "../../src/ot/value.ts";
import type { BoardChange, BoardDocument, Connection, CursorKind, LiveCursor, Person, RoomSession, StrokeWriter } from "../../src/sync/api.ts";
import { Value } from "../../src/sync/observable.ts";
import type { Gateway } from "../../src/ui/gateway.ts";

const SELF = 1;

export class FakeBoard implements BoardDocument {
  readonly ready = new Value(true);
  readonly cursors = new Value<readonly LiveCursor[]>([]);
  readonly #board = new Board();
  readonly #listeners = new Set<(change: BoardChange) => void>();
  readonly #counters = new Map<number, number>();
  #revision = 0;

  constructor(readonly page: string) {}

  get revision(): bigint {
    return BigInt(this.#revision);
  }

  elements = () => this.#board.elements();
  get = (key: Key) => this.#board.get(key);
  hash = (): string => [...this.#board.hash()].map((b) => b.toString(16).padStart(2, "0")).join("");

  subscribe(listener: (change: BoardChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  startStroke(settings: readonly Setting[], at: number): StrokeWriter {
    return this.strokeBy(SELF, settings, at);
  }

  /** A stroke of anybody's. */
  strokeBy(replica: number, settings: readonly Setting[], start: number): StrokeWriter {
    const id = this.#next(replica);
    let count = 0;
    this.#apply(replica, [{ kind: "create", id, element: 1, settings }]);
    return {
      key: `${id.replica}.${id.counter}`,
      alive: true,
      add: (x, y, p, at) => {
        const points = [{ x, y, p, t: Math.max(0, Math.round(at - start)) }];
        this.#apply(replica, [{ kind: "extend", id, first: count++, ended: false, frame: new Uint8Array(0), points }]);
      },
      end: () => this.#apply(replica, [{ kind: "end", id }]),
    };
  }

  create(element: ElementKind, settings: readonly Setting[]): Key {
    const id = this.#next(SELF);
    this.#apply(SELF, [{ kind: "create", id, element, settings }]);
    return `${id.replica}.${id.counter}`;
  }

  delete(keys: readonly Key[]): void {
    const settings = [{ register: Register.Deleted, value: boolValue(true) }];
    this.#apply(SELF, keys.map((key): Op => {
      const [replica = 0, counter = 0] = key.split(".").map(Number);
      return { kind: "set", id: { replica, counter }, settings };
    }));
  }

  submit(ops: readonly Op[]): void {
    this.#apply(SELF, ops);
  }

  pointAt(_x: number, _y: number, _kind: CursorKind): void {
    return;
  }

  #next(replica: number): ID {
    const counter = (this.#counters.get(replica) ?? 0) + 1;
    this.#counters.set(replica, counter);
    return { replica, counter };
  }

  #apply(replica: number, ops: readonly Op[]): void {
    const keys = this.#board.apply(++this.#revision, replica, ops);
    for (const listener of this.#listeners) listener({ all: false, keys });
  }
}

export class FakeRoom implements RoomSession {
  readonly connection = new Value<Connection>({ kind: "synced", route: "webtransport", rttMs: 38, unsent: 0 } as Connection);
  readonly roomName = new Value("三年级数学");
  readonly people = new Value<readonly Person[]>([]);
  readonly pages = new Value<readonly string[]>(["a"]);
  readonly refused = new Value<RoomSession["refused"]["value"]>([]);
  readonly boards = new Map<string, FakeBoard>();

  constructor(readonly roomId: bigint, name: string) {
    this.people.set([{ replica: SELF, participant: "p1", name, role: "teacher", page: "a", self: true }]);
  }

  look(page: string): FakeBoard {
    let board = this.boards.get(page);
    if (board === undefined) this.boards.set(page, (board = new FakeBoard(page)));
    return board;
  }

  addPage(after: string): string {
    const page = `p${this.pages.value.length + 1}`;
    const at = this.pages.value.indexOf(after) + 1;
    this.pages.set(this.pages.value.toSpliced(at, 0, page));
    return page;
  }

  async leave(): Promise<void> {
    return;
  }
}

/** Always makes the same room, the last of which is at hand for scripts. */
export class FakeGateway implements Gateway {
  room: FakeRoom | undefined;

  async create(title: string): Promise<bigint> {
    if (title === "!") throw Object.assign(new Error("full"), { code: 2003 });
    return 123_456_789_012_345n;
  }

  async connect(id: bigint, name: string): Promise<FakeRoom> {
    return (this.room = new FakeRoom(id, name));
  }
}
