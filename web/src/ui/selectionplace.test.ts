import assert from "node:assert/strict";
import { test } from "node:test";
import { boxOnScreen, placeBeside } from "./selectionplace.ts";
import type { Box, Spot } from "./selectionplace.ts";

const bar = { width: 300, height: 50, panel: 280 };
const view = { width: 1200, height: 700 };

const covers = (spot: Spot, box: Box): boolean =>
  spot.x < box.x + box.w && spot.x + bar.width > box.x && spot.y < box.y + box.h && spot.y + bar.height > box.y;

test("the selection's bar stands above it where there is room, else below", () => {
  assert.ok(placeBeside({ x: 500, y: 300, w: 100, h: 100 }, bar, view).y < 300 - bar.height);
  assert.ok(placeBeside({ x: 500, y: 20, w: 100, h: 100 }, bar, view).y > 120);
});

test("the selection's bar never lies on it, as long as there is a place that is free", () => {
  for (let x = -400; x < 1200; x += 90) {
    for (let y = -400; y < 700; y += 70) {
      for (const [w, h] of [[10, 10], [300, 200], [100, 2000], [2000, 100]] as const) {
        const box = { x, y, w, h };
        const spot = placeBeside(box, bar, view);
        assert.ok(spot.x >= 8 && spot.x + bar.width <= view.width && spot.y >= 8 && spot.y + bar.height <= view.height, "in view");
        const free = y >= 110 || y + h <= 500 || x >= 330 || x + w <= 870;
        if (free) assert.ok(!covers(spot, box), JSON.stringify({ box, spot }));
      }
    }
  }
});

test("a panel of the bar lies beside what it changes, right or left of it", () => {
  const right = placeBeside({ x: 300, y: 300, w: 400, h: 100 }, bar, view);
  assert.equal(right.x + (right.panel ?? 0), 300 + 400 + 14);
  const left = placeBeside({ x: 600, y: 300, w: 500, h: 100 }, bar, view);
  assert.equal(left.x + (left.panel ?? 0), 600 - 14 - bar.panel);
  assert.equal(placeBeside({ x: 100, y: 300, w: 1000, h: 100 }, bar, view).panel, undefined);
});

test("what is seen of a box follows pan and zoom", () => {
  const at = boxOnScreen({ x: 1000, y: 2000, zoom: 0.5, width: 1, height: 1 }, { x: 3000, y: 2400, w: 400, h: 200 });
  assert.deepEqual(at, { x: 100, y: 20, w: 20, h: 10 });
});
