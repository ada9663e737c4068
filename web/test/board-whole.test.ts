// A whole board with a pointer and a keyboard, on the page's own sync.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ElementKind } from "../src/ot/types.ts";
import type { Placement } from "../src/ot/value.ts";
import type { BoardDocument, RoomImage, RoomImages } from "../src/sync/api.ts";
import { Window } from "./board-dom.ts";
import { Browser, World } from "./sync-world.ts";

/** A window on the first of two pages. */
async function window(images?: RoomImages): Promise<{ w: World; board: Window; one: BoardDocument; two: BoardDocument }> {
  const w = new World();
  const { session } = w.page("ann", new Browser(w.clock));
  const one = session.look("p1");
  await w.pass(300);
  const two = session.look("p2");
  await w.pass(300);
  const board = new Window(images);
  board.open(one);
  return { w, board, one, two };
}

/** Where the last line of the newest text begins in the window, CSS px. */
function lastLineY({ board }: Window, doc: BoardDocument): number {
  const text = [...doc.elements()].at(-1), { y, zoom } = board.view;
  if (text?.place === undefined) return NaN;
  return ((text.place.y + (text.text.split("\n").length - 1) * text.place.h - y) * zoom) / 10;
}

const texts = (doc: BoardDocument): string[] => [...doc.elements()].map((e) => e.text);

describe("a whole board", () => {
  test("samples that the browser brings together in one event are points of their own", async () => {
    const { board, one } = await window();
    const pen = { pointerType: "pen" };
    board.pointer("down", 100, 100, pen);
    const at = board.now;
    const samples = [1, 2, 3].map((i) => ({ ...pen, buttons: 1, clientX: 100 + 10 * i, clientY: 100 + i, pressure: i / 5, timeStamp: at + 4 * i }));
    board.pointer("move", 130, 103, { ...pen, getCoalescedEvents: () => samples });
    const [stroke] = one.elements(), { x, y, zoom } = board.board.view;
    const points = Array.from({ length: stroke?.count ?? 0 }, (_, i) => stroke?.point(i) ?? { x: 0, y: 0, p: 0, t: 0 });
    assert.deepEqual(points.map((at) => [((at.x - x) * zoom) / 10, ((at.y - y) * zoom) / 10].map(Math.round)), [[100, 100], [110, 101], [120, 102], [130, 103]]);
    assert.deepEqual(points.slice(1).map(({ p, t }) => [p, t]), [[51, 4], [102, 8], [153, 12]]);
  });

  test("a stroke of a finger that becomes a pinch is no step of undo", async () => {
    const { board, one } = await window();
    board.pointer("down", 100, 100);
    board.pointer("move", 200, 100);
    board.pointer("up", 200, 100);
    const kept = [...one.elements()].map((e) => e.key);
    assert.equal(kept.length, 1);
    const finger = (pointerId: number): Record<string, unknown> => ({ pointerId, pointerType: "touch" });
    board.pointer("down", 300, 300, finger(2));
    board.pointer("move", 350, 300, finger(2));
    assert.equal([...one.elements()].length, 2, "it draws");
    board.pointer("down", 500, 300, finger(3));
    for (const id of [2, 3]) board.pointer("up", 500, 300, finger(id));
    assert.deepEqual([...one.elements()].map((e) => e.key), kept);
    board.board.do("undo");
    assert.deepEqual([...one.elements()], [], "the stroke before is taken back, not the mark brought back");
  });

  test("a page is turned while the text tool is pressed: nothing is left on the one, nothing written on the other", async () => {
    const { board, one, two } = await window();
    board.board.setTool("text");
    board.pointer("down", 300, 300);
    board.open(two);
    board.pointer("up", 300, 300);
    assert.deepEqual([board.board.editing.value, board.field, texts(one), texts(two)], [false, undefined, [], []]);
    board.board.setTool("text");
    board.click(300, 300);
    assert.equal(board.field?.attributes.get("aria-label"), "words");
    board.field.type("ab");
    assert.deepEqual([texts(one), texts(two)], [[], ["ab"]]);
  });

  test("a text and what is typed first are one step of undo: no text without letters is left", async () => {
    const { w, board, one } = await window();
    board.board.setTool("text");
    board.click(300, 300);
    for (const letter of ["a", "b"]) board.field?.type(letter);
    await w.pass(2000);
    board.field?.type("c");
    board.board.setTool("pen");
    const seen: (string | undefined)[] = [];
    for (const command of ["undo", "undo", "redo", "redo"] as const) {
      board.board.do(command);
      await w.pass(300);
      seen.push(texts(one)[0]);
    }
    assert.deepEqual(seen, ["ab", undefined, "ab", "abc"]);
  });

  test("the view follows what is written, under a keyboard that opens as well", async () => {
    const { board, one } = await window();
    const isSeen = (height: number): void => {
      const y = lastLineY(board, one);
      assert.ok(y > 0 && y < height - 60, `the caret is at ${y}`);
    };
    board.board.setTool("text");
    board.click(300, 740);
    assert.equal(board.board.view.y, 0, "nothing is hidden yet");
    board.board.resize(1000, 320, 1);
    isSeen(320);
    board.board.panBy(0, -2000);
    board.field?.type("a\nb");
    isSeen(320);
    board.board.escape();
    board.board.setTool("pen");
    const { y } = board.board.view;
    board.board.resize(1000, 200, 1);
    assert.equal(board.board.view.y, y, "nothing is written");
  });

  test("a text that comes to the board's edge, or to what its writer sees, wraps there, with the letter that brings it there", async () => {
    const { board, one } = await window();
    const write = (x: number, y: number): Placement => {
      board.board.setTool("text");
      board.click(x, y);
      for (let i = 0; i < 30; i++) board.field?.type("文字");
      board.board.setTool("pen");
      const made = [...one.elements()].at(-1);
      assert.ok(made?.text === "文字".repeat(30) && made.place !== undefined);
      return made.place;
    };
    const far = write(800, 100);
    assert.ok(far.w > 0 && far.x + far.w <= 40_960, `${far.x} + ${far.w}`);
    const near = write(995, 300);
    assert.ok(near.w > 500 && near.x + near.w <= 40_960, `${near.x} + ${near.w}`);
    assert.equal(write(10, 500).w, 0);

    board.board.zoomTo(0.5);
    const { x, width, zoom } = board.board.view;
    const seen = write(700, 700);
    assert.ok(seen.w > 0 && seen.x + seen.w <= x + (10 * width) / zoom, `${seen.x} + ${seen.w}`);
    board.board.do("undo");
    const left = [...one.elements()].at(-1);
    assert.equal(left?.place?.w, 0);
    assert.ok(left.text.length > 0 && left.text.length < 60, "the letters since then go with the width");
  });

  test("an image lies on the page that it was meant for, whatever is looked at when it comes", async () => {
    const { board, one, two } = await window();
    board.board.placeImage("c", 400, 300, two);
    assert.deepEqual([one, two].map((doc) => [...doc.elements()].map((e) => e.kind)), [[], [ElementKind.Image]]);
    assert.deepEqual([board.board.tool.value, board.board.selection.value.keys.size], ["pen", 0]);
    board.pointer("down", 100, 100);
    board.board.placeImage("c", 400, 300);
    assert.equal(board.board.tool.value, "pen", "whoever writes goes on writing");
    board.pointer("up", 100, 100);
    board.board.placeImage("c", 400, 300, one);
    assert.deepEqual([board.board.tool.value, board.board.selection.value.keys.size], ["select", 1]);
  });

  test("a pasted image that comes late lies where it was pasted and changes nothing of what one does meanwhile", async () => {
    let arrive: (image: RoomImage) => void = () => undefined;
    const { board, one, two } = await window({ upload: () => new Promise((done) => (arrive = done)), load: () => Promise.reject(new Error("none")), room: "", bring: () => Promise.reject(new Error("none")) });
    board.board.setTool("select");
    const pasted = board.board.paste({ getData: () => "", files: [new File([], "a.png", { type: "image/png" })] } as unknown as DataTransfer);
    board.open(two);
    board.board.setTool("pen");
    arrive({ content: "c", width: 40, height: 30 });
    await pasted;
    assert.deepEqual([one, two].map((doc) => [...doc.elements()].length), [1, 0]);
    assert.equal(board.board.tool.value, "pen");
  });

  test("another tool is chosen while the text tool is pressed: no text is left", async () => {
    const { board, one } = await window();
    board.board.setTool("text");
    board.pointer("down", 300, 300);
    board.board.setTool("pen");
    assert.deepEqual([board.board.tool.value, board.board.editing.value, texts(one)], ["pen", false, []]);
    assert.equal(one.history.canUndo.value, false);
  });
});
