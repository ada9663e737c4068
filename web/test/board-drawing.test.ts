// Shapes, polygons and texts that the board's tools make.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PolygonTool } from "../src/board/tools/polygon.ts";
import { ShapeTool } from "../src/board/tools/shape.ts";
import { TextTool } from "../src/board/tools/text.ts";
import { ElementKind } from "../src/ot/types.ts";
import type { Key } from "../src/ot/types.ts";
import { seats } from "./board-seat.ts";

describe("drawing", () => {
  test("a shape grows from press to release, is selected then, and is one step of undo", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const tool = new ShapeTool(ann.table, ElementKind.Rectangle);
    ann.press(tool, [1000, 1000], [1010, 1000]);
    assert.deepEqual(ann.order(), [], "a mere press makes none");
    tool.move([ann.at(3000, 2000)]);
    await w.pass(200);
    assert.deepEqual(bob.place(bob.order()[0] as Key), { x: 1000, y: 1000, w: 2000, h: 1000, angle: 0 });
    ann.keys({ shift: true });
    tool.move([ann.at(3000, 1500)]);
    tool.end();
    assert.deepEqual(ann.place(ann.shape), { x: 1000, y: 1000, w: 2000, h: 2000, angle: 0 });
    assert.deepEqual(ann.picked, [ann.made]);
    ann.do("undo");
    assert.deepEqual(ann.order(), []);
    ann.press(tool, [1000, 1000], [3000, 3000]);
    tool.undo();
    assert.deepEqual(ann.order(), []);
  });

  test("a line goes by its ends, with shift straight", async () => {
    const { at: [ann] } = await seats("ann");
    const tool = new ShapeTool(ann.table, ElementKind.Arrow);
    ann.drag(tool, [3000, 1000], [1000, 1100]);
    assert.deepEqual(ann.place(ann.shape), { x: 3000, y: 1000, w: -2000, h: 100, angle: 0 });
    ann.keys({ shift: true });
    ann.drag(tool, [3000, 5000], [1000, 5100]);
    assert.deepEqual(ann.place(ann.shape), { x: 3000, y: 5000, w: -2000, h: 0, angle: 0 });
    ann.drag(ann.select, [1000, 5000], [3000, 3000]);
    assert.deepEqual(ann.place(ann.shape), { x: 3000, y: 5000, w: 0, h: -2000, angle: 0 });
  });

  test("a shape that somebody deletes while it is drawn stays deleted", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const tool = new ShapeTool(ann.table, ElementKind.Ellipse);
    ann.press(tool, [1000, 1000], [2000, 2000]);
    await w.pass(200);
    bob.doc.delete(bob.order());
    await w.pass(200);
    tool.move([ann.at(3000, 3000)]);
    tool.end();
    await w.pass(200);
    assert.deepEqual([ann.made, ann.order(), bob.order()], [undefined, [], []]);
  });

  test("a polygon is closed by its first corner, by a double click or by Enter, and given up by Esc", async () => {
    const { at: [ann] } = await seats("ann");
    const tool = new PolygonTool(ann.table);
    const corners: [number, number][] = [[1000, 1000], [3000, 1000], [3000, 3000]];
    for (const corner of [...corners, [1050, 1050] as [number, number]]) ann.drag(tool, corner);
    assert.deepEqual(ann.site.get(ann.shape)?.vertices, [{ x: 0, y: 0 }, { x: 65_535, y: 0 }, { x: 65_535, y: 65_535 }]);
    ann.made = undefined;
    for (const corner of corners) ann.drag(tool, corner);
    assert.equal(tool.cancel(), true);
    assert.equal(tool.cancel(), false);
    assert.equal(ann.order().length, 1);
    for (const corner of corners) ann.drag(tool, corner);
    tool.finish();
    assert.deepEqual(ann.place(ann.shape), { x: 1000, y: 1000, w: 2000, h: 2000, angle: 0 });
    ann.made = undefined;
    for (const [x, y] of corners.slice(0, 2)) ann.drag(tool, [x, y]);
    ann.doubleClick(tool, 3000, 3000);
    assert.equal(ann.site.get(ann.order().at(-1) ?? "1.1")?.vertices.length, 3);
  });

  test("with snapping a shape comes to rest on the edges of others, and the line is shown", async () => {
    const { at: [ann] } = await seats("ann");
    ann.box(5000, 5000);
    ann.site.snaps = true;
    const tool = new ShapeTool(ann.table, ElementKind.Rectangle);
    ann.press(tool, [1000, 1000], [4960, 3000]);
    assert.deepEqual(ann.marks.guides.map((g) => [g.axis, g.at]), [["x", 5000]]);
    tool.end();
    assert.equal(ann.place(ann.shape).w, 4000);
  });

  test("with snapping a shape follows the pointer by any little, and does not come to rest on itself", async () => {
    const { at: [ann] } = await seats("ann");
    ann.site.snaps = true;
    for (const kind of [ElementKind.Rectangle, ElementKind.Line] as const) {
      const tool = new ShapeTool(ann.table, kind);
      ann.press(tool, [1000, 1000], [3000, 4000]);
      for (const by of [10, 20, 50, 20]) {
        tool.move([ann.at(3000 + by, 4000 + by)]);
        const { w, h } = ann.place(ann.order().at(-1) ?? "1.1");
        assert.deepEqual([w, h], [2000 + by, 3000 + by]);
      }
      tool.undo();
    }
  });

  test("a step that made something and took it away again leaves nothing on the board, whichever way one goes", async () => {
    const { w, at: [ann] } = await seats("ann");
    const end = ann.site.begin();
    ann.doc.delete([ann.text(1000, 1000, "")]);
    end();
    ann.doc.history.undo();
    await w.pass(100);
    assert.deepEqual(ann.order(), []);
    ann.doc.history.redo();
    await w.pass(100);
    assert.deepEqual(ann.order(), []);
  });

  test("the text tool edits the text that is pressed, else makes one, wrapping where it was dragged to", async () => {
    const { at: [ann] } = await seats("ann");
    const there = ann.text(1000, 1000, "abc");
    const tool = new TextTool(ann.table);
    ann.drag(tool, [1100, 1100]);
    assert.equal(ann.written, there);
    ann.drag(tool, [5000, 5000]);
    const made = ann.written as Key;
    assert.notEqual(made, there);
    assert.equal(ann.place(made).w, 0);
    ann.drag(tool, [5000, 8000], [7000, 8000]);
    assert.equal(ann.place(ann.written as Key).w, 2000);
    ann.now += 5000;
    ann.doubleClick(ann.select, 1100, 1100);
    assert.equal(ann.written, there);
  });
});
