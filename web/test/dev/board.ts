// A board in memory: every op stands at once. Other people's work is done to it by script.
import { Board } from "../../src/ot/board.ts";
import { SPAN_UNIT } from "../../src/ot/spans.ts";
import { invert } from "../../src/ot/text.ts";
import { ElementKind, Register, key } from "../../src/ot/types.ts";
import type { Edit, ID, Key, Op, Point, Setting } from "../../src/ot/types.ts";
import { boolValue } from "../../src/ot/value.ts";
import type { BoardChange, BoardDocument, EraserWriter, LiveCursor, StrokeWriter } from "../../src/sync/api.ts";
import { Eraser } from "../../src/sync/eraser.ts";
import { Steps } from "../../src/sync/history.ts";
import { inkOps } from "../../src/sync/inkops.ts";
import { Value } from "../../src/sync/observable.ts";
import { piecesOf } from "../../src/sync/pieces.ts";

export const SELF = 1;

export class FakeBoard implements BoardDocument {
  readonly ready = new Value(true);
  readonly cursors = new Value<readonly LiveCursor[]>([]);
  readonly history = new Steps({
    get: (k) => this.get(k),
    elements: () => this.elements(),
    textOf: (k) => this.get(k)?.text,
    submitUndo: (ops) => this.apply(SELF, ops),
    undoText: (k, edit) => this.#edit(SELF, k, edit),
    now: () => performance.now(),
  });
  readonly #board = new Board();
  readonly #listeners = new Set<(change: BoardChange) => void>();
  readonly #texts = new Map<Key, Set<(edit: Edit) => void>>();
  readonly #counters = new Map<number, number>();
  #revision = 0;
  #erasers = 0;

  constructor(readonly page: string) {}

  get revision(): bigint {
    return BigInt(this.#revision);
  }

  elements = () => this.#board.elements();
  get = (k: Key) => this.#board.get(k);
  hash = (): string => [...this.#board.hash()].map((b) => b.toString(16).padStart(2, "0")).join("");

  subscribe(listener: (change: BoardChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  startStroke(settings: readonly Setting[]): StrokeWriter {
    const id = this.#next(SELF);
    let count = 0, start: number | undefined;
    this.#do(SELF, [{ kind: "create", id, element: ElementKind.Ink, settings }]);
    const alive = (): boolean => this.get(key(id))?.deleted === false;
    return {
      key: key(id),
      get alive() {
        return alive();
      },
      add: (x, y, p, at) => {
        const points = [{ x, y, p, t: Math.max(0, Math.round(at - (start ??= at))) }];
        this.apply(SELF, [{ kind: "extend", id, first: count++, ended: false, frame: new Uint8Array(0), points }]);
      },
      end: () => this.apply(SELF, [{ kind: "end", id }]),
    };
  }

  create(element: ElementKind, settings: readonly Setting[]): Key {
    const id = this.#next(SELF);
    this.submit([{ kind: "create", id, element, settings }]);
    return key(id);
  }

  createInk(settings: readonly Setting[], points: readonly Point[]): Key {
    const id = this.#next(SELF);
    this.submit(inkOps(id, settings, points));
    return key(id);
  }

  delete(keys: readonly Key[]): void {
    this.set(keys.map((k) => [k, [{ register: Register.Deleted, value: boolValue(true) }]] as const));
  }

  set(changes: Iterable<readonly [Key, readonly Setting[]]>): void {
    this.submit([...changes].flatMap(([k, settings]): Op[] => {
      const id = this.get(k)?.id;
      return id === undefined ? [] : [{ kind: "set", id, settings }];
    }));
  }

  split(k: Key): readonly Key[] {
    const element = this.get(k), visible = element?.visible();
    if (element === undefined || visible === undefined || element.count * SPAN_UNIT === 0) return [];
    const done = this.history.begin();
    const keys = piecesOf(element, visible, element.order).map(({ settings, points }) => this.createInk(settings, points));
    this.delete([k]);
    done();
    return keys;
  }

  clear(): void {
    this.submit([{ kind: "clear", base: this.revision }]);
  }

  startErasing(): EraserWriter {
    const done = this.history.begin();
    return new Eraser({ get: this.get, newEraser: () => ++this.#erasers, submit: (ops) => this.submit(ops) }, done);
  }

  submit(ops: readonly Op[]): void {
    this.#do(SELF, ops);
  }

  editText(k: Key, edit: Edit): void {
    const element = this.get(k);
    if (element === undefined) return;
    this.history.noteText(k, invert(edit, element.text));
    this.apply(SELF, [{ kind: "textEdit", id: element.id, base: 0n, edit }]);
  }

  /** What somebody else types. */
  editTextBy(replica: number, k: Key, edit: Edit): void {
    this.history.rebase(k, edit);
    this.#edit(replica, k, edit);
  }

  watchText(k: Key, listener: (edit: Edit) => void): () => void {
    const listeners = this.#texts.get(k) ?? new Set();
    this.#texts.set(k, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  selectText(): void {
    return;
  }

  pointAt(): void {
    return;
  }

  /** Does what anybody does, without a step of undo. */
  apply(replica: number, ops: readonly Op[]): void {
    const keys = this.#board.apply(++this.#revision, replica, ops);
    for (const listener of this.#listeners) listener({ all: false, keys, own: replica === SELF });
  }

  #do(replica: number, ops: readonly Op[]): void {
    if (replica === SELF) this.history.note(ops);
    this.apply(replica, ops);
  }

  #edit(replica: number, k: Key, edit: Edit): void {
    const id = this.get(k)?.id;
    if (id === undefined) return;
    this.apply(replica, [{ kind: "textEdit", id, base: 0n, edit }]);
    for (const listener of this.#texts.get(k) ?? []) listener(edit);
  }

  #next(replica: number): ID {
    const counter = (this.#counters.get(replica) ?? 0) + 1;
    this.#counters.set(replica, counter);
    return { replica, counter };
  }
}
