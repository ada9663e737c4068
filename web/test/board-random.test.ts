// A whole board under anything that hands do, in any order: fingers, pen and mouse at once, tools and pages changed in the
// midst of it, others who delete what is under them.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command, ToolName } from "../src/board/api.ts";
import { ElementKind } from "../src/ot/types.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { Window } from "./board-dom.ts";
import { Browser, World } from "./sync-world.ts";

/** What ends with a text to be written is chosen more often. */
const TOOLS: readonly ToolName[] = [
  "select", "lasso", "hand", "pen", "highlighter", "eraser", "area-eraser", "laser", "line", "arrow", "rectangle", "ellipse", "polygon",
  "text", "text", "text", "text", "select", "select",
];
const COMMANDS: readonly Command[] = [
  "undo", "redo", "select-all", "deselect", "delete", "duplicate", "copy", "cut", "front", "forward", "backward", "back", "group",
  "ungroup", "lock", "unlock", "clear",
];
const ACTS = 250;
const SEEDS = 12;

type Pointer = Readonly<Record<string, unknown>> & { readonly pointerId: number };

class Hands {
  readonly #held = new Map<number, Pointer>();

  constructor(
    readonly below: (n: number) => number,
    readonly window: Window,
    readonly own: readonly BoardDocument[],
    readonly others: readonly BoardDocument[],
  ) {}

  act(): void {
    const { below, window } = this, { board } = window;
    const [x, y] = [50 + below(800), 50 + below(600)];
    switch (below(18)) {
      case 0:
        return board.setTool(this.#one(TOOLS) ?? "pen", below(4) === 0);
      case 1:
        return this.#command(this.#one(COMMANDS) ?? "undo");
      case 2:
        return void (below(2) === 0 ? board.escape() : window.open(this.#one(this.own)));
      case 3:
        return void board.nudge(10, 0);
      case 4:
        return window.field?.type("字a");
      case 5:
        return this.#disturb(this.#one(this.others));
      case 6:
        return board.holdToPan(below(2) === 0);
      case 7:
      case 8:
      case 9:
        return this.#press(x, y);
      case 10:
      case 11:
      case 12:
      case 13:
        return this.#with((p) => window.pointer("move", x, y, p));
      default:
        return this.#with((p) => this.#release(p, below(5) === 0 ? "cancel" : "up", x, y));
    }
  }

  letGo(): void {
    for (const p of [...this.#held.values()]) this.#release(p, "up", 10, 10);
    this.window.board.holdToPan(false);
    this.window.board.setTool("pen");
  }

  #one<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length || 1)];
  }

  #with(work: (p: Pointer) => void): void {
    const p = this.#one([...this.#held.values()]);
    if (p !== undefined) work(p);
  }

  #command(command: Command): void {
    if (this.window.board.can(command)) this.window.board.do(command);
  }

  #press(x: number, y: number): void {
    const kind = this.#one(["mouse", "touch", "touch", "pen"]);
    const pointerId = kind === "mouse" ? 1 : kind === "pen" ? 2 : 3 + this.below(3);
    if (this.#held.has(pointerId)) return;
    const pointer = { pointerId, pointerType: kind, shiftKey: this.below(5) === 0, altKey: this.below(8) === 0 };
    this.#held.set(pointerId, pointer);
    this.window.pointer("down", x, y, pointer);
  }

  #release(p: Pointer, how: "up" | "cancel", x: number, y: number): void {
    this.#held.delete(p.pointerId);
    this.window.pointer(how, x, y, p);
  }

  /** Somebody else deletes something, or erases of it. */
  #disturb(doc: BoardDocument | undefined): void {
    const e = this.#one([...(doc?.elements() ?? [])]);
    if (e === undefined || doc === undefined) return;
    if (e.ink === undefined || this.below(2) === 0) return doc.delete([e.key]);
    const eraser = doc.startErasing();
    eraser.erase(e.key, [{ from: 0, to: 256 }]);
    eraser.end();
  }
}

function numbers(seed: number): (n: number) => number {
  let state = (seed * 7919) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Nothing is left of what was begun: no text without letters, no stroke that is open, no step of undo that goes on. */
function check(doc: BoardDocument): void {
  for (const e of doc.elements()) {
    assert.ok(e.kind !== ElementKind.Text || e.text !== "", `${e.key}: a text without letters`);
    assert.ok(!e.open, `${e.key}: an open stroke`);
  }
  const count = (): number => [...doc.elements()].length;
  const before = count();
  for (let i = 0; i < 2; i++) doc.create(ElementKind.Rectangle, []);
  doc.history.undo();
  assert.equal(count(), before + 1, "one step");
  doc.history.undo();
  assert.equal(count(), before, "another step");
}

for (let seed = 50; seed < 50 + SEEDS; seed++) {
  test(`seed ${seed}: whatever hands do, nothing of it is left open`, async () => {
    const below = numbers(seed);
    const w = new World();
    const boards = async (name: string): Promise<BoardDocument[]> => {
      const { session } = w.page(name, new Browser(w.clock));
      const docs: BoardDocument[] = [];
      for (const page of ["p1", "p2"]) {
        docs.push(session.look(page));
        await w.pass(300);
      }
      return docs;
    };
    const own = await boards("ann"), others = await boards("bob");
    const window = new Window();
    window.open(own[0]);
    const hands = new Hands(below, window, own, others);
    for (let i = 0; i < ACTS; i++) {
      hands.act();
      if (below(20) === 0) await w.pass(50 + below(400));
    }
    hands.letGo();
    await w.pass(1500);
    assert.deepEqual([window.board.editing.value, window.field], [false, undefined]);
    for (const doc of own) check(doc);
    await w.pass(1500);
    own.forEach((doc, i) => assert.equal(doc.hash(), others[i]?.hash()));
  });
}
