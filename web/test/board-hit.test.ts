import assert from "node:assert/strict";
import { test } from "node:test";
import type { Key } from "../src/ot/types.ts";
import { Fake, box, measure, row } from "./scene-fake.ts";
import type { Vec } from "../src/board/geometry.ts";
import { isInside } from "../src/board/hit.ts";
import { Scene } from "../src/board/scene.ts";

const at = (x: number, y: number): Vec => ({ x, y });

function sceneOf(fill: (board: Fake) => void): Scene {
  const board = new Fake();
  fill(board);
  return new Scene(board, measure);
}

test("a filled shape is hit inside, one that is not near its outline only", () => {
  const scene = sceneOf((b) => {
    b.shape("1.1", "rectangle", box(0, 0, 2000, 1000), { fill: 1, width: 20 });
    b.shape("1.2", "rectangle", box(5000, 0, 2000, 1000), { width: 20 });
  });
  assert.equal(scene.at(at(1000, 500), 10), "1.1");
  assert.equal(scene.at(at(6000, 500), 10), undefined);
  assert.equal(scene.at(at(6000, 15), 10), "1.2");
  assert.equal(scene.at(at(6000, 25), 10), undefined);
});

test("the topmost of several is hit", () => {
  const scene = sceneOf((b) => {
    b.shape("1.1", "ellipse", box(0, 0, 1000, 1000), { fill: 1 });
    b.text("1.2", "abcdefghij", box(0, 400, 0, 0));
  });
  assert.equal(scene.at(at(500, 500), 0), "1.2");
  assert.equal(scene.at(at(500, 900), 0), "1.1");
});

test("an ellipse is not hit in the corners of its box", () => {
  const scene = sceneOf((b) => void b.shape("1.1", "ellipse", box(0, 0, 1000, 1000), { fill: 1, width: 10 }));
  assert.equal(scene.at(at(60, 60), 5), undefined);
  assert.equal(scene.at(at(160, 160), 5), "1.1");
});

test("a turned shape is hit where it is drawn", () => {
  const scene = sceneOf((b) => void b.shape("1.1", "line", box(0, 0, 2000, 0, 9000), { width: 20 }));
  assert.equal(scene.at(at(200, 0), 20), undefined);
  assert.equal(scene.at(at(1000, -900), 20), "1.1");
  const bounds = Object.values(scene.get("1.1")?.bounds ?? {}).map(Math.round);
  assert.deepEqual(bounds, [990, -1010, 1010, 1010]);
});

test("texts and images are hit anywhere in their boxes", () => {
  const scene = sceneOf((b) => {
    b.text("1.1", "ab\ncd", box(0, 0, 0, 0));
    b.image("1.2", "x", box(5000, 0, 300, 300));
  });
  assert.deepEqual(scene.get("1.1")?.box, box(0, 0, 200, 560));
  assert.equal(scene.at(at(190, 550), 0), "1.1");
  assert.equal(scene.at(at(210, 550), 0), undefined);
  assert.equal(scene.at(at(5150, 150), 0), "1.2");
});

test("a line runs against its box when width or height are below 0", () => {
  const scene = sceneOf((b) => void b.shape("1.1", "line", box(2000, 2000, -1000, -500), { width: 20 }));
  assert.equal(scene.at(at(1500, 1750), 5), "1.1");
  assert.equal(scene.at(at(1000, 2000), 5), undefined);
});

test("an arrow has a head of 12 px, or of four widths", () => {
  const scene = sceneOf((b) => {
    b.shape("1.1", "arrow", box(0, 0, 1000, 0), { width: 20 });
    b.shape("1.2", "arrow", box(0, 3000, 1000, 0), { width: 60 });
  });
  const [x, y] = [1000 - 120 * Math.cos(Math.PI / 7.2), 120 * Math.sin(Math.PI / 7.2)];
  assert.equal(scene.at(at(x, y), 1), "1.1");
  assert.equal(scene.at(at(x, -y), 1), "1.1");
  assert.equal(scene.at(at(1000 - 240 * Math.cos(Math.PI / 7.2), 3000 + 240 * Math.sin(Math.PI / 7.2)), 1), "1.2");
});

test("ink with a place is scaled to it, and its line's width is not", () => {
  const scene = sceneOf((b) => void b.put("1.1", [[1000, 1000], [1500, 1000], [2000, 1000]], { open: false, place: box(0, 0, 4000, 0) }));
  const bounds = scene.get("1.1")?.bounds;
  assert.ok(bounds !== undefined && Math.abs(bounds.x1 - bounds.x0 - 4100) < 1, "length and two caps");
  assert.ok(Math.abs(bounds.y1 - bounds.y0 - 100) < 1);
  assert.equal(scene.at(at(3900, 0), 5), "1.1");
});

test("a turned stroke is erased where it is seen", () => {
  const scene = sceneOf((b) => void b.put("1.1", row(0, 0, 1000), { open: false, place: box(0, 0, 1000, 0, 9000) }));
  assert.deepEqual(scene.spansUnder("1.1", at(500, 0), at(600, 0), 40).map(({ from, to }) => (from + to) / 2 / 256), [5]);
  const [end] = scene.spansUnder("1.1", at(450, 480), at(550, 480), 100);
  assert.equal(end?.to, 11 * 256, "to the end of the line");
});

test("a rectangle touches what crosses it and holds what lies in it whole", () => {
  const scene = sceneOf((b) => {
    b.put("1.1", row(500, 0, 5000), { open: false });
    b.shape("1.2", "rectangle", box(-5000, -5000, 20_000, 20_000));
    b.shape("1.3", "rectangle", box(-5000, -5000, 20_000, 20_000), { fill: 1 });
    b.shape("1.4", "line", box(200, 200, 100, 100));
    b.text("1.5", "x", box(3000, 0, 0, 0));
  });
  const rect = { x0: 0, y0: 0, x1: 1000, y1: 1000 };
  assert.deepEqual(scene.touching(rect), ["1.1", "1.3", "1.4"]);
  assert.deepEqual(scene.inside(rect), ["1.4"]);
  assert.deepEqual(scene.inside({ x0: -6000, y0: -6000, x1: 16_000, y1: 16_000 }).length, 5);
});

test("a lasso catches what it has at least half of", () => {
  const scene = sceneOf((b) => {
    b.put("1.1", row(500, 0, 1000), { open: false });
    b.put("1.2", row(600, 900, 3000), { open: false });
    b.shape("1.3", "polygon", box(100, 100, 500, 500), { vertices: [{ x: 0, y: 0 }, { x: 65_535, y: 0 }, { x: 0, y: 65_535 }] });
  });
  const ring = [at(-100, -100), at(1200, -100), at(1200, 1200), at(-100, 1200)];
  assert.deepEqual(scene.enclosed(ring), ["1.1", "1.3"]);
  assert.deepEqual(scene.enclosed(ring.slice(0, 2)), []);
});

test("the object eraser meets every kind", () => {
  const scene = sceneOf((b) => {
    b.put("1.1", row(0, 0, 1000), { open: false });
    b.shape("1.2", "arrow", box(0, 200, 1000, 0));
    b.shape("1.3", "ellipse", box(0, 400, 1000, 100));
    b.text("1.4", "abcdefghijk", box(0, 700, 0, 0));
    b.image("1.5", "c", box(0, 1200, 1000, 100));
  });
  assert.deepEqual(scene.hit(at(500, -100), at(500, 1400), 10).sort(), ["1.1", "1.2", "1.3", "1.4", "1.5"]);
});

test("elements larger than any board are found everywhere", () => {
  const scene = sceneOf((b) => void b.shape("1.1", "rectangle", box(-(2 ** 30), -(2 ** 30), 2 ** 31 - 1, 2 ** 31 - 1), { fill: 1 }));
  assert.equal(scene.at(at(20_000, 20_000), 0), "1.1");
});

test("edges and middles of the others are there to snap to", () => {
  const scene = sceneOf((b) => {
    b.shape("1.1", "rectangle", box(1000, 2000, 400, 200));
    b.shape("1.2", "rectangle", box(0, 0, 400, 200));
  });
  const lines = scene.snapLines(new Set<Key>(["1.2"]), { x0: 0, y0: 0, x1: 5000, y1: 5000 });
  assert.deepEqual(lines.filter((l) => l.axis === "x").map((l) => l.at), [1000, 1200, 1400]);
  assert.deepEqual(lines.filter((l) => l.axis === "y").map((l) => [l.at, l.from, l.to]), [[2000, 1000, 1400], [2100, 1000, 1400], [2200, 1000, 1400]]);
});

test("inside a ring is what the even-odd rule says", () => {
  const ring = [at(0, 0), at(10, 0), at(10, 10), at(5, 5), at(0, 10)];
  assert.deepEqual([at(5, 2), at(5, 8), at(1, 7), at(-1, 1)].map((p) => isInside(p, ring)), [true, false, true, false]);
});
