// Random lessons and random viewers: whatever the shown time does, nothing is shown before it, and in the end all is there.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ElementKind, key, type Key } from "../src/ot/types.ts";
import type { BoardDocument, StrokeWriter } from "../src/sync/api.ts";
import { Browser, World, type Page } from "./sync-world.ts";
import { BOARD, PEN } from "./sync-people.ts";

/** So much after T a snapshot may be (ALN5), ms. */
const AHEAD = 250;

function random(seed: number): (n: number) => number {
  let state = seed * 2654435761 + 1;
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (((state ^ (state >>> 13)) >>> 0) % 1_000_003) % n;
  };
}

/** Somebody who does one thing after the other. */
class Author {
  private stroke: StrokeWriter | undefined;
  private readonly made: Key[] = [];

  constructor(
    private readonly w: World,
    readonly page: Page,
    readonly board: BoardDocument,
    private readonly any: (n: number) => number,
  ) {}

  static async join(w: World, name: string, any: (n: number) => number): Promise<Author> {
    const page = w.page(name, new Browser(w.clock));
    await w.pass(200);
    const board = page.session.look("p1");
    await w.pass(100);
    return new Author(w, page, board, any);
  }

  act(): void {
    const { any, board } = this;
    const k = this.made[any(this.made.length + 1)];
    switch (any(8)) {
      case 0:
      case 1:
      case 2:
        return this.draw();
      case 3:
        return void this.made.push(board.create(any(2) === 0 ? ElementKind.Text : ElementKind.Rectangle, PEN));
      case 4:
        if (k !== undefined) board.delete([k]);
        return;
      case 5:
        return board.history.undo();
      case 6:
        return this.type(k);
      default:
        return any(3) === 0 ? this.page.session.turn(`p${any(3)}`) : this.page.session.lead(`n${any(3)}`);
    }
  }

  end(): void {
    this.stroke?.end();
    this.stroke = undefined;
  }

  private draw(): void {
    if (this.any(4) === 0) this.end();
    if (this.stroke?.alive !== true) {
      this.stroke = this.board.startStroke(PEN);
      this.made.push(this.stroke.key);
    }
    for (let i = 0; i < 5; i++) this.stroke.add(this.any(9000), this.any(9000), this.any(255), this.w.clock.now());
  }

  private type(k: Key | undefined): void {
    const text = [...this.board.elements()].find((e) => e.kind === ElementKind.Text && (k === undefined || e.key !== k));
    if (text !== undefined) this.board.editText(key(text.id), [{ kind: "insert", text: String.fromCharCode(97 + this.any(26)) }]);
  }
}

/** What the viewer shows, as a time: release_at of the last record of the confirmed board, ms. */
const shownOf = (w: World, board: BoardDocument): number => w.server.doc(BOARD).records[Number(board.revision) - 1]?.release ?? 0;

async function lesson(seed: number, back: boolean): Promise<void> {
  const any = random(seed);
  const w = new World();
  const [bob, viewer] = [await Author.join(w, "bob", any), await Author.join(w, "ann", any)];
  const { session } = viewer.page;
  let t = w.server.roomTime() - 300;
  let shown = 0;
  const look = (): void => {
    const now = shownOf(w, viewer.board);
    const most = back ? t + AHEAD : Math.max(t, shown);
    if (now > shown) assert.ok(now <= most, `seed ${seed}: ${now - t} ms early`);
    shown = now;
  };
  viewer.board.subscribe(look);
  const show = (): void => {
    session.alignment.show(t === Infinity ? "now" : t * 1000);
    look();
  };
  show();
  for (let step = 0; step < 150; step++) {
    bob.act();
    if (any(4) === 0) viewer.act();
    const pause = any(120);
    await w.pass(pause);
    look();
    const now = w.server.roomTime();
    if (t === Infinity) t = back && any(4) === 0 ? now - any(2000) : Infinity;
    else if (any(12) === 0 && back) t = any(6) === 0 ? Infinity : t - any(3000);
    else t = Math.min(now, t + pause + any(40));
    show();
    if (any(40) === 0) {
      w.server.kill();
      await w.pass(any(500));
      w.server.up = true;
    }
  }
  bob.end();
  viewer.end();
  await w.pass(20_000);
  const records = w.server.doc(BOARD);
  const { revision } = viewer.board;
  assert.ok(revision >= records.revisionAt(t) && revision <= records.revisionAt(t + AHEAD), `seed ${seed}: not what was released by T`);
  t = Infinity;
  show();
  await w.pass(25_000);
  const context = `seed ${seed}`;
  assert.equal(bob.board.hash(), w.server.hash(BOARD), context);
  assert.equal(viewer.board.hash(), w.server.hash(BOARD), context);
  assert.deepEqual([...viewer.board.elements()].map((e) => [e.key, e.count, e.text]), [...bob.board.elements()].map((e) => [e.key, e.count, e.text]), context);
  assert.deepEqual(session.stage.value, bob.page.session.stage.value, context);
  assert.deepEqual([session.connection.value.kind, session.connection.value.unsent, session.alignment.held.value], ["synced", 0, 0], context);
}

describe("ALN2: nothing is shown before its time, and in the end the viewer has what everybody has", () => {
  for (let seed = 1; seed <= 12; seed++) test(`T goes on, seed ${seed}`, () => lesson(seed, false));
  for (let seed = 101; seed <= 125; seed++) test(`T jumps, seed ${seed}`, () => lesson(seed, true));
});
