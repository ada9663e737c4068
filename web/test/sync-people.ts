// People at the pages of the fake world: they come, draw, and what they see is compared with the server.
import assert from "node:assert/strict";
import { decodeOps } from "../src/ot/codec.ts";
import { ElementKind, Register, type Edit, type Key, type Op, type Setting } from "../src/ot/types.ts";
import { colorValue, placeValue, widthValue } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { Browser, type Page, type World } from "./sync-world.ts";

export const PEN: readonly Setting[] = [
  { register: Register.Color, value: colorValue(0x123456) },
  { register: Register.Width, value: widthValue(30) },
];
export const BOARD = "board::p1";

export interface Seat {
  page: Page;
  board: BoardDocument;
}

/** Joins and opens the first page. */
export async function enter(w: World, name: string, browser = w.browser): Promise<Seat> {
  const page = w.page(name, browser);
  await w.pass(200);
  assert.equal(page.kind, "synced", name);
  const board = page.session.look("p1");
  await w.pass(100);
  assert.equal(board.ready.value, true);
  return { page, board };
}

/** In a browser of one's own. */
export const enterAlone = (w: World, name: string): Promise<Seat> => enter(w, name, new Browser(w.clock));

export const color = (rgb: number): Setting => ({ register: Register.Color, value: colorValue(rgb) });
export const place = (x: number): Setting => ({ register: Register.Place, value: placeValue({ x, y: 0, w: 500, h: 100, angle: 0 }) });
export const insert = (at: number, text: string): Edit =>
  at === 0 ? [{ kind: "insert", text }] : [{ kind: "keep", n: at }, { kind: "insert", text }];

/** The ops that reached the server, batch by batch. */
export const submitted = (w: World): Op[][] => w.server.submitted.filter((s) => s.document === BOARD).map((s) => decodeOps(s.ops));
export const texts = (board: BoardDocument): string[] => [...board.elements()].filter((e) => e.kind === ElementKind.Text).map((e) => e.text);
export const textOf = (board: BoardDocument, k: Key): string => board.get(k)?.text ?? "";

/** Draws n points 8 ms apart and lifts the pen. */
export async function draw(w: World, board: BoardDocument, n: number, x = 100): Promise<void> {
  const stroke = board.startStroke(PEN);
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
