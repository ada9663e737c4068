// People at the pages of the fake world: they come, draw, and what they see is compared with the server.
import assert from "node:assert/strict";
import { Register, type Setting } from "../src/ot/types.ts";
import { colorValue, widthValue } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import type { Page, World } from "./sync-world.ts";

export const PEN: readonly Setting[] = [
  { register: Register.Color, value: colorValue(0x123456) },
  { register: Register.Width, value: widthValue(30) },
];
export const BOARD = "board::p1";

/** Joins and opens the first page. */
export async function enter(w: World, name: string, browser = w.browser): Promise<{ page: Page; board: BoardDocument }> {
  const page = w.page(name, browser);
  await w.pass(200);
  assert.equal(page.kind, "synced", name);
  const board = page.session.look("p1");
  await w.pass(100);
  assert.equal(board.ready.value, true);
  return { page, board };
}

/** Draws n points 8 ms apart and lifts the pen. */
export async function draw(w: World, board: BoardDocument, n: number, x = 100): Promise<void> {
  const stroke = board.startStroke(PEN, w.clock.now());
  for (let i = 0; i < n; i++) {
    stroke.add(x + 3 * i, 200 + i, 128, w.clock.now());
    await w.pass(8);
  }
  stroke.end();
}

export const points = (board: BoardDocument): number[] => [...board.elements()].map((e) => e.count);

/** All pages show what the server has, nothing waits. */
export function atRest(w: World, ...boards: BoardDocument[]): void {
  for (const board of boards) assert.equal(board.hash(), w.server.hash(BOARD));
}

/** Every (document, replica, n) was submitted with one content only, however often. */
export function noNumberReused(w: World): void {
  const seen = new Map<string, string>();
  for (const { document, replica, n, ops } of w.server.submitted) {
    const at = `${document} ${replica} ${n}`;
    const content = Buffer.from(ops).toString("hex");
    assert.equal(seen.get(at) ?? content, content, at);
    seen.set(at, content);
  }
}
