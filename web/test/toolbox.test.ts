// What the page's buttons and keys do to the board.
import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import { ElementKind } from "../src/ot/types.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import type { RoomState } from "../src/ui/roomstate.ts";
import { Window } from "./board-dom.ts";
import { Browser, World } from "./sync-world.ts";

Object.defineProperty(globalThis, "navigator", { value: { languages: ["zh-CN"] }, configurable: true });
Object.assign(globalThis, { localStorage: { getItem: () => null, setItem: () => undefined } });

test("clearing a page is taken back there, whatever page is looked at by then, and not once something else was done", async () => {
  const { clearPage, command } = await import("../src/ui/toolbox.ts");
  const w = new World();
  const { session } = w.page("ann", new Browser(w.clock));
  const window = new Window();
  const room = { board: signal<BoardDocument | undefined>(undefined), canvas: signal(window.board), toast: signal(undefined), panel: signal("page"), writes: signal(true) } as unknown as RoomState;
  const show = async (page: string): Promise<BoardDocument> => {
    const doc = session.look(page);
    await w.pass(300);
    window.open((room.board.value = doc));
    return doc;
  };
  const count = (doc: BoardDocument): number => [...doc.elements()].length;
  const one = await show("p1");
  one.create(ElementKind.Rectangle, []);
  clearPage(room);
  assert.equal(count(one), 0);
  const undo = room.toast.value?.undo;
  const two = await show("p2");
  two.create(ElementKind.Rectangle, []);
  undo?.();
  assert.deepEqual([count(one), count(two)], [1, 1]);
  clearPage(room);
  command(room, "undo");
  assert.equal(room.toast.value, undefined);
});
