import assert from "node:assert/strict";
import { test } from "node:test";
import { alongEdge, edgeAt, gripAt, turnedRuler, wheeledRuler } from "./ruler.ts";
import { RulerTool } from "./tools/ruler.ts";

const ruler = { x: 1000, y: 1000, angle: 0, length: 2000, breadth: 200 };
const near = (a: { x: number; y: number }, x: number, y: number): void => assert.ok(Math.hypot(a.x - x, a.y - y) < 1e-6, `${a.x}, ${a.y}`);

test("the ruler is taken in its middle, or by its ends", () => {
  assert.equal(gripAt(ruler, { x: 1000, y: 1050 }), "body");
  assert.equal(gripAt(ruler, { x: 1950, y: 1000 }), "end");
  assert.equal(gripAt(ruler, { x: 1000, y: 1150 }), undefined);
});

test("strokes run along the edge that they begin beside, half their width outside", () => {
  assert.equal(edgeAt(ruler, { x: 500, y: 1110 }, 20), 1);
  assert.equal(edgeAt(ruler, { x: 500, y: 895 }, 20), -1);
  assert.equal(edgeAt(ruler, { x: 500, y: 1130 }, 20), undefined);
  assert.equal(edgeAt(ruler, { x: 2500, y: 1100 }, 20), undefined);
  near(alongEdge(ruler, 1, { x: 700, y: 1400 }, 5), 700, 1105);
  near(alongEdge({ ...ruler, angle: 9000 }, 1, { x: 0, y: 1200 }, 5), 895, 1200);
});

test("turned by hand it rests at steps of 15°, by the wheel it goes in whole degrees", () => {
  assert.equal(turnedRuler(ruler, { x: 2000, y: 1000 }, { x: 1000, y: 2000 }).angle, 9000);
  assert.equal(turnedRuler(ruler, { x: 2000, y: 1000 }, { x: 2000, y: 1010 }).angle, 0);
  assert.equal(turnedRuler(ruler, { x: 2000, y: 1000 }, { x: 2000, y: 1123 }).angle, 701);
  assert.equal(wheeledRuler(ruler, -1).angle, 35_900);
});

test("the ruler's tool moves it, turns it by its end, and puts it back", () => {
  const bench = { ruler: { ...ruler } as typeof ruler | undefined };
  const tool = new RulerTool(bench);
  const at = (x: number, y: number) => ({ x, y, p: 0, at: 0 });
  tool.begin([at(1000, 1000)]);
  tool.move([at(1100, 1050)]);
  tool.end();
  assert.deepEqual([bench.ruler?.x, bench.ruler?.y, bench.ruler?.angle], [1100, 1050, 0]);
  tool.begin([at(2050, 1050)]);
  tool.move([at(1100, 2000)]);
  assert.equal(bench.ruler?.angle, 9000);
  tool.undo();
  assert.equal(bench.ruler?.angle, 0);
});
