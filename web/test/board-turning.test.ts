// Turning to another page: what the window shows while its tiles are drawn. The canvases know only what colours lie on them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InkLayer } from "../src/board/inklayer.ts";
import { Painter } from "../src/board/paint.ts";
import { Scene } from "../src/board/scene.ts";
import type { Context } from "../src/board/surface.ts";
import { lookOf } from "../src/board/theme.ts";
import type { Viewport } from "../src/board/viewport.ts";
import { Fake, measure, row } from "./scene-fake.ts";

const VIEW: Viewport = { x: 0, y: 0, zoom: 1, width: 1000, height: 800 };
const RED = "#ff0000", BLUE = "#0000ff";

class Sheet {
  readonly colors = new Set<string>();
  readonly #context = new Proxy<Record<string | symbol, unknown>>({ canvas: this, fillStyle: "" }, {
    get: (own, name) => {
      if (name in own) return own[name];
      return (...given: unknown[]): void => {
        if (name === "clearRect" || name === "fillRect") this.colors.clear();
        if (name === "fill") this.colors.add(String(own["fillStyle"]));
        if (name === "drawImage") for (const color of (given[0] as Sheet).colors) this.colors.add(color);
      };
    },
  });

  constructor(public width = 0, public height = 0) {}

  getContext(): unknown {
    return this.#context;
  }
}

Object.assign(globalThis, { OffscreenCanvas: Sheet, Path2D: class { moveTo(): void {} lineTo(): void {} arc(): void {} closePath(): void {} } });

/** A page full of strokes of one colour. */
function page(color: number): Scene {
  const board = new Fake();
  for (let i = 0; i < 75; i++) board.put(`1.${i}`, row(100 + i * 100, 100, 9900), { color, open: false });
  return new Scene(board, measure);
}

/** A layer on which a frame has time for one tile, and what its window shows. */
function layer(): { readonly ink: InkLayer; readonly shown: () => string[] } {
  const window = new Sheet();
  let now = 0;
  const clock = { now: () => (now += 10), frame: () => 0, cancelFrame: () => undefined, later: () => 0, cancelLater: () => undefined };
  const ink = new InkLayer(window as unknown as HTMLCanvasElement, clock, lookOf("white"), VIEW);
  ink.resize(VIEW, 1);
  return { ink, shown: () => [...window.colors] };
}

function finish(ink: InkLayer): number {
  let frames = 1;
  while (ink.frame()) frames++;
  return frames;
}

test("while a page is drawn nothing of the page before is seen, at the zoom that it had or another", () => {
  const { ink, shown } = layer();
  for (const zoom of [1, 0.3]) {
    ink.look({ ...VIEW, zoom });
    ink.show(page(0xff0000));
    finish(ink);
    assert.deepEqual(shown(), [RED]);
    ink.look(VIEW);
    ink.show(page(0x0000ff));
    let frames = 0;
    for (let more = true; more; frames++) {
      more = ink.frame();
      assert.deepEqual(shown(), [BLUE], `frame ${frames}, before at ${zoom}`);
    }
    assert.ok(frames > 2, "it takes several frames");
  }
});

test("a page that changes all over shows what it was until it is drawn", () => {
  const { ink, shown } = layer();
  ink.show(page(0xff0000));
  finish(ink);
  ink.refresh();
  assert.ok(ink.frame());
  assert.deepEqual(shown(), [RED]);
});

test("a page that is gone leaves paper", () => {
  const { ink, shown } = layer();
  ink.show(page(0xff0000));
  finish(ink);
  ink.show(undefined);
  ink.frame();
  assert.deepEqual(shown(), []);
});

test("paths that are kept for drawing keep nothing that has gone from the board", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const painter = new Painter(lookOf("white")), context = new Sheet().getContext() as Context;
  const draw = (): WeakRef<object>[] =>
    [...page(0xff0000).items()].map((item) => {
      painter.item(context, item);
      return new WeakRef(item);
    });
  const gone = draw();
  await setImmediate();
  collect();
  assert.equal(gone.filter((item) => item.deref() !== undefined).length, 0);
  assert.equal(draw().length, gone.length); // by the same painter
});
