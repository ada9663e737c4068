// What a page's miniature shows, in px of its canvas, and when. The canvases note what is drawn on them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { drawThumbnail } from "../src/board/thumbnail.ts";
import { Board } from "../src/ot/board.ts";
import { ElementKind, Register, type Op, type Setting } from "../src/ot/types.ts";
import { boolValue, colorValue, placeValue, widthValue } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { inkOps } from "../src/sync/inkops.ts";
import { measure } from "./scene-fake.ts";

/** Of the canvas, px: 100 units of the board each. */
const WIDTH = 409.6, HEIGHT = 256;

type Path = [x: number, y: number][];

class Trace {
  readonly points: Path = [];

  moveTo(x: number, y: number): void {
    this.points.push([x, y]);
  }

  lineTo(x: number, y: number): void {
    this.points.push([x, y]);
  }

  closePath(): void {}
}

/** A line that was drawn, or an area. */
interface Mark {
  readonly color: string;
  readonly alpha: number;
  readonly width: number;
  readonly path: Path;
}

/** A context that knows its transform. */
class Noted {
  fillStyle = "";
  strokeStyle = "";
  lineWidth = 1;
  globalAlpha = 1;
  lineCap = "";
  lineJoin = "";
  marks: Mark[] = [];
  private path = new Trace();
  private matrix = [1, 0, 0, 1, 0, 0];
  private readonly kept: number[][] = [];

  constructor(readonly canvas: { readonly width: number; readonly height: number }) {}

  setTransform(...matrix: number[]): void {
    this.matrix = matrix;
  }

  transform(...[a = 1, b = 0, c = 0, d = 1, e = 0, f = 0]: number[]): void {
    const [ma = 1, mb = 0, mc = 0, md = 1, me = 0, mf = 0] = this.matrix;
    this.matrix = [ma * a + mc * b, mb * a + md * b, ma * c + mc * d, mb * c + md * d, ma * e + mc * f + me, mb * e + md * f + mf];
  }

  save(): void {
    this.kept.push(this.matrix);
  }

  restore(): void {
    this.matrix = this.kept.pop() ?? this.matrix;
  }

  setLineDash(): void {}

  beginPath(): void {
    this.path = new Trace();
  }

  lineTo(x: number, y: number): void {
    this.path.lineTo(x, y);
  }

  fill(): void {
    this.marks.push({ color: this.fillStyle, alpha: this.globalAlpha, width: 0, path: [] });
  }

  stroke(path = this.path): void {
    const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = this.matrix;
    const seen = path.points.map(([x, y]): [number, number] => [Math.round(a * x + c * y + e), Math.round(b * x + d * y + f)]);
    this.marks.push({ color: this.strokeStyle, alpha: this.globalAlpha, width: this.lineWidth * Math.hypot(a, b), path: seen });
  }

  fillRect(x: number, y: number, w: number, h: number): void {
    this.marks.push({ color: this.fillStyle, alpha: 1, width: 0, path: [[x, y], [x + w, y + h]] });
  }

  drawImage(canvas: Sheet): void {
    this.marks.push(...canvas.context.marks);
  }
}

class Sheet {
  readonly context = new Noted(this);

  constructor(readonly width: number, readonly height: number) {}

  getContext(): Noted {
    return this.context;
  }
}

Object.assign(globalThis, { OffscreenCanvas: Sheet, Path2D: Trace });

const color = (rgb: number): Setting => ({ register: Register.Color, value: colorValue(rgb) });
const width = (units: number): Setting => ({ register: Register.Width, value: widthValue(units) });
const place = (x: number, y: number, w: number, h: number, angle = 0): Setting =>
  ({ register: Register.Place, value: placeValue({ x, y, w, h, angle }) });

/** Ops of the element with this number. */
const shape = (counter: number, ...settings: Setting[]): Op[] =>
  [{ kind: "create", id: { replica: 1, counter }, element: ElementKind.Rectangle, settings }];
const ink = (counter: number, points: Path, ...settings: Setting[]): Op[] =>
  inkOps({ replica: 1, counter }, settings, points.map(([x, y], i) => ({ x, y, p: 128, t: 8 * i })));

/** What the miniature of a board shows; each look at the clock takes so many ms. */
async function thumbnail(ops: readonly Op[], lookTakes = 0): Promise<{ readonly marks: readonly Mark[]; readonly rests: number }> {
  const board = new Board();
  board.apply(1, 1, ops);
  const { context } = new Sheet(WIDTH, HEIGHT);
  let now = 0, rests = 0;
  const later = (_: number, go: () => void): number => {
    assert.deepEqual(context.marks, [], "nothing is shown before all of it is there");
    rests++;
    go();
    return 0;
  };
  const clock = { now: () => (now += lookTakes), frame: () => 0, cancelFrame: () => undefined, later, cancelLater: () => undefined };
  await drawThumbnail(context as unknown as CanvasRenderingContext2D, board as unknown as BoardDocument, "white", measure, undefined, clock);
  return { marks: context.marks, rests };
}

const PAPER: Mark = { color: "#ffffff", alpha: 1, width: 0, path: [[0, 0], [WIDTH, HEIGHT]] };

test("a miniature shows lines where they lie on the board, in their order and colours, on paper", async () => {
  const { marks } = await thumbnail([
    ...ink(1, [[1000, 2000], [3000, 2500], [5000, 2000]], color(0xcc0000), width(200)),
    ...shape(2, place(10_000, 5000, 6000, 3000), color(0x0044cc), width(100)),
  ]);
  assert.deepEqual(marks, [
    PAPER,
    { color: "#cc0000", alpha: 1, width: 2, path: [[10, 20], [30, 25], [50, 20]] },
    { color: "#0044cc", alpha: 1, width: 1, path: [[100, 50], [160, 50], [160, 80], [100, 80]] },
  ]);
});

test("ink that was moved, sized and turned is where it was brought to", async () => {
  // From 2000 × 1000 at its place of writing to 4000 × 1000 around (12 000, 5500), upright.
  const { marks } = await thumbnail(ink(1, [[1000, 1000], [3000, 2000]], place(10_000, 5000, 4000, 1000, 9000)));
  assert.deepEqual(marks[1]?.path, [[125, 35], [115, 75]]);
});

test("thin lines are seen, points nearer than a px left out", async () => {
  const { marks } = await thumbnail([
    ...ink(1, [[1000, 1000], [1040, 1000], [1080, 1000], [1120, 1000], [1160, 1000]], width(20)),
    ...shape(2, place(3000, 3000, 1000, 1000), width(20)),
  ]);
  assert.deepEqual(marks.slice(1).map((m) => m.width.toFixed(3)), ["0.700", "0.700"]);
  assert.deepEqual(marks[1]?.path, [[10, 10], [11, 10], [12, 10]]);
});

test("what lies below the top of the page, and what is deleted or erased, is not on it", async () => {
  const at = { replica: 1, counter: 4 };
  const { marks } = await thumbnail([
    ...ink(1, [[1000, 100_000], [5000, 100_000]]),
    ...shape(2, place(1000, 50_000, 1000, 1000)),
    ...ink(3, [[1000, 1000], [5000, 1000]]),
    { kind: "eraseSpans", id: { replica: 1, counter: 3 }, eraser: 1, spans: [{ from: 0, to: 512 }] },
    ...ink(4, [[1000, 2000], [5000, 2000]]),
    { kind: "set", id: at, settings: [{ register: Register.Deleted, value: boolValue(true) }] },
  ]);
  assert.deepEqual(marks, [PAPER]);
});

test("a full page is drawn in slices, and shown when all of it is there", async () => {
  const page = Array.from({ length: 8 }, (_, i) => ink(i + 1, [[1000, 1000 * i], [5000, 1000 * i]])).flat();
  const { marks, rests } = await thumbnail(page, 1);
  assert.equal(marks.length, 9);
  assert.ok(rests >= 2, `${rests} rests`);
  assert.deepEqual((await thumbnail(page)).rests, 0);
});
