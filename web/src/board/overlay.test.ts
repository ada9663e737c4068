import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveCursor } from "../sync/api.ts";
import { Overlay } from "./overlay.ts";
import type { Viewport } from "./viewport.ts";

const VIEW: Viewport = { x: 0, y: 0, zoom: 1, width: 800, height: 600 };

/** A canvas that knows whether anything is drawn on it. */
function sheet(): { readonly canvas: HTMLCanvasElement; drawn: boolean } {
  const state = { drawn: false, canvas: undefined as unknown as HTMLCanvasElement };
  const canvas = { width: 0, height: 0, style: {} };
  const context = new Proxy<Record<string | symbol, unknown>>({ canvas }, {
    get: (own, name) => name in own ? own[name] : (): unknown => {
      if (name === "clearRect") state.drawn = false;
      if (name === "fill" || name === "fillText") state.drawn = true;
      return { width: 10 };
    },
  });
  state.canvas = Object.assign(canvas, { getContext: () => context }) as unknown as HTMLCanvasElement;
  return state;
}

const cursor = (at: number): LiveCursor => ({ replica: 2, x: 100, y: 100, kind: "pointer", trail: [], at });

test("a cursor and a trail are wiped away however late the frame comes after they have faded", () => {
  for (const late of [1, 60, 60_000]) {
    for (const shown of [0, 2000, 2990]) {
      const at = sheet();
      const overlay = new Overlay(at.canvas, () => ({ name: "Ann", color: "#000" }));
      overlay.setCursors([cursor(0)]);
      overlay.frame(VIEW, 1, shown);
      assert.equal(at.drawn, true);
      overlay.frame(VIEW, 1, 3000 + late);
      assert.equal(at.drawn, false, `${late} ms after it was gone, drawn at ${shown}`);
      assert.equal(overlay.frame(VIEW, 1, 3001 + late), undefined);
    }
    const at = sheet();
    const overlay = new Overlay(at.canvas, () => ({ name: "", color: "#000" }));
    overlay.laser({ x: 10, y: 10 }, 0, false);
    assert.equal(overlay.frame(VIEW, 1, 100), 0);
    assert.equal(at.drawn, true);
    overlay.frame(VIEW, 1, 1500 + late);
    assert.equal(at.drawn, false, `trail, ${late} ms after it was gone`);
  }
});
