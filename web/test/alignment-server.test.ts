// Boards that wait for the video, against the real server: the stage, documents as of a time, and what follows them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../e2e/support/server.ts";
import { ElementKind, Register } from "../src/ot/types.ts";
import { colorValue } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { createRoomIn } from "../src/sync/createroom.ts";
import { environment, KeptStore, NodePage } from "./simulation-page.ts";

const PATIENCE_MS = 20_000;
const PEN = [{ register: Register.Color, value: colorValue(0x123456) }];

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !holds(); await sleep(5)) assert.ok(performance.now() < end, what);
}

/** A room on a server of its own, and its pages. */
class Lesson {
  private readonly pages: NodePage[] = [];
  private room = 0n;

  private constructor(readonly server: Server) {}

  static async begin(): Promise<Lesson> {
    const lesson = new Lesson(await Server.start());
    const at = { port: lesson.server.port, store: new KeptStore(), random: Math.random };
    lesson.room = await createRoomIn(environment(at), await lesson.token("tom"), "lesson");
    return lesson;
  }

  /** Somebody with the first page open; shown: T from the start, µs. */
  async join(name: string, shown?: number): Promise<{ page: NodePage; board: BoardDocument; first: string }> {
    const { port } = this.server;
    const page = new NodePage({ room: this.room, token: await this.token(name), name, port, store: new KeptStore(), random: Math.random });
    this.pages.push(page);
    if (shown !== undefined) page.session.alignment.show(shown);
    await until(`${name} finds no page`, () => page.session.pages.value.length > 0);
    const first = page.session.pages.value[0] ?? "";
    const board = page.look(first);
    await until(`${name} has no board`, () => board.ready.value);
    return { page, board, first };
  }

  async end(): Promise<void> {
    for (const page of this.pages) page.kill();
    await this.server.close();
  }

  private async token(name: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.server.port}/api/token`, { method: "POST", body: JSON.stringify({ name }) });
    return ((await response.json()) as { token: string }).token;
  }
}

const seen = (board: BoardDocument): number => [...board.elements()].length;

test("ALN2, ALN5, STG1: a viewer of a late video, who seeks, and one who joins there, see what was there then", async () => {
  const lesson = await Lesson.begin();
  try {
    const [tom, ann] = [await lesson.join("tom"), await lesson.join("ann")];
    const now = (): number => tom.page.session.alignment.now() ?? NaN;
    const times: number[] = [];
    tom.page.session.lead(tom.page.session.participant);
    for (let n = 1; n <= 3; n++) {
      tom.board.create(ElementKind.Line, PEN);
      if (n === 2) tom.page.session.turn(tom.first);
      await until(`ann sees ${n} lines`, () => seen(ann.board) === n);
      await sleep(400);
      times.push(now());
      await sleep(400);
    }
    const [one = NaN, two = NaN, three = NaN] = times;
    const viewer = ann.page.session;
    await until("the stage comes", () => viewer.stage.value.page === tom.first);
    viewer.alignment.show(one);
    await until("the board as of the first line", () => seen(ann.board) === 1);
    await until("the stage as of the first line", () => viewer.stage.value.page === "");
    assert.equal(viewer.stage.value.lead, tom.page.session.participant);
    await until("the records since wait", () => viewer.alignment.held.value >= 3);
    viewer.alignment.show(two);
    assert.deepEqual([seen(ann.board), viewer.stage.value.page], [2, tom.first]);
    const eve = await lesson.join("eve", one);
    assert.equal(seen(eve.board), 1);
    tom.board.create(ElementKind.Line, PEN);
    await until("the fourth line waits too", () => viewer.alignment.held.value >= 2);
    assert.equal(seen(ann.board), 2);
    viewer.alignment.show(three);
    assert.equal(seen(ann.board), 3);
    for (const { page, board } of [ann, eve]) {
      page.session.alignment.show("now");
      await until("the board of now", () => board.hash() === tom.board.hash() && seen(board) === 4);
    }
  } finally {
    await lesson.end();
  }
});
