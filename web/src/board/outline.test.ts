import assert from "node:assert/strict";
import { test } from "node:test";
import { Centerline, SAMPLE } from "./centerline.ts";
import { outline } from "./outline.ts";
import type { PathSink } from "./outline.ts";

type Polygon = [number, number][];

/** Takes a path apart into polygons; circles become 32-gons. */
class Recorder implements PathSink {
  readonly shapes: Polygon[] = [];
  #open: Polygon = [];

  moveTo(x: number, y: number): void {
    this.#open = [[x, y]];
  }

  lineTo(x: number, y: number): void {
    this.#open.push([x, y]);
  }

  arc(x: number, y: number, radius: number, from: number, to: number): void {
    for (let i = 1; i < 32; i++) {
      const a = from + ((to - from) * i) / 32;
      this.#open.push([x + radius * Math.cos(a), y + radius * Math.sin(a)]);
    }
  }

  closePath(): void {
    this.shapes.push(this.#open);
    this.#open = [];
  }
}

const area = (p: Polygon): number =>
  p.reduce((sum, [x, y], i) => {
    const [nx, ny] = p[(i + 1) % p.length] ?? [0, 0];
    return sum + (x * ny - nx * y) / 2;
  }, 0);

function winding(shapes: readonly Polygon[], x: number, y: number): number {
  let turns = 0;
  for (const p of shapes) {
    for (let i = 0; i < p.length; i++) {
      const [ax, ay] = p[i] ?? [0, 0], [bx, by] = p[(i + 1) % p.length] ?? [0, 0];
      const side = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
      if (ay <= y && by > y && side > 0) turns++;
      if (ay > y && by <= y && side < 0) turns--;
    }
  }
  return turns;
}

function drawn(line: Centerline): Polygon[] {
  const sink = new Recorder();
  outline(line.samples, 0, line.count, sink);
  return sink.shapes;
}

/** A scribble with cusps, loops and changing pressure: the worst that a hand does. */
function scribble(seed: number): Centerline {
  const line = new Centerline(160);
  let state = seed, x = 5000, y = 5000, heading = 0;
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  for (let i = 0; i < 300; i++) {
    heading += random() < 0.1 ? Math.PI : (random() - 0.5) * 1.5;
    const step = random() * 80;
    line.add(Math.round((x += Math.cos(heading) * step)), Math.round((y += Math.sin(heading) * step)), Math.round(random() * 255));
  }
  line.close();
  return line;
}

test("all shapes turn the same way, so that a non-zero fill has no holes", () => {
  for (let seed = 1; seed <= 40; seed++) for (const shape of drawn(scribble(seed))) assert.ok(area(shape) >= -1e-6, `seed ${seed}`);
});

test("ink covers its whole centre line and nothing beyond its radius", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const line = scribble(seed), shapes = drawn(line), s = line.samples;
    for (let i = SAMPLE; i < line.count * SAMPLE; i += SAMPLE) {
      const x = ((s[i] ?? 0) + (s[i - 3] ?? 0)) / 2, y = ((s[i + 1] ?? 0) + (s[i - 2] ?? 0)) / 2;
      assert.ok(winding(shapes, x + 1e-4, y + 1e-4) > 0, `seed ${seed}: a gap at sample ${i / SAMPLE}`);
    }
    const b = line.bounds;
    for (const [x, y] of shapes.flat()) assert.ok(x >= b.x0 - 1 && x <= b.x1 + 1 && y >= b.y0 - 1 && y <= b.y1 + 1);
  }
});

test("a dot is one circle", () => {
  const line = new Centerline(100);
  line.add(100, 100, 128);
  line.close();
  assert.equal(drawn(line).length, 1);
});

test("a straight line is one band with two caps", () => {
  const line = new Centerline(100);
  for (let i = 0; i < 20; i++) line.add(i * 100, 0, 128);
  line.close();
  assert.equal(drawn(line).length, 3);
});

test("nothing draws nothing", () => {
  assert.deepEqual(drawn(new Centerline(100)), []);
});
