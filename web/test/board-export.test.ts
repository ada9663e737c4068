import assert from "node:assert/strict";
import { test } from "node:test";
import { Fake, box, measure } from "./scene-fake.ts";
import { exportPage, exportScale } from "../src/board/exportpage.ts";
import { Drawn } from "../src/board/items.ts";
import { svgOf } from "../src/board/svg.ts";
import { lookOf } from "../src/board/theme.ts";

function svg(fill: (board: Fake) => void, images = new Map<string, string>()): string {
  const board = new Fake();
  fill(board);
  const items = [...board.all()].map((facts) => new Drawn(facts, measure));
  return svgOf(items, { x0: 0, y0: 0, x1: 2000, y1: 1000 }, lookOf("white"), images);
}

test("a page is as many px as the board's", () => {
  assert.match(svg(() => undefined), /^<svg [^>]*width="200" height="100" viewBox="0 0 2000 1000">/);
});

test("shapes are paths with their line, dash and fill", () => {
  const text = svg((b) => void b.shape("1.1", "rectangle", box(100, 200, 300, 400), { color: 0xff, fill: 0xff0000, dash: "dashed", width: 20 }));
  assert.match(text, /<g transform="matrix\(1 0 0 1 100 200\)"><path d="M0 0L300 0L300 400L0 400Z" fill="#ff0000" stroke="#0000ff" stroke-width="20"/);
  assert.match(text, /stroke-dasharray="80 60"/);
});

test("ink is one path, and a translucent one is so as a whole", () => {
  const text = svg((b) => void b.put("1.1", [[0, 0], [500, 500]], { opacity: 51, open: false }));
  assert.match(text, /<g opacity="0.2"><path d="M[^"]+Z" fill="#000000"\/><\/g>/);
});

test("text is text, escaped, a line each", () => {
  const text = svg((b) => void b.text("1.1", "a<b\n \n&三", box(0, 0, 0, 0, 9000)));
  assert.match(text, /<tspan x="0" y="220">a&lt;b<\/tspan><tspan x="0" y="780">&amp;三<\/tspan>/);
  assert.match(text, /transform="matrix\(0 1 -1 0/);
});

test("no text makes a file that cannot be read", () => {
  const text = svg((b) => void b.text("1.1", "a\ufffe\uffffb", box(0, 0, 0, 0)));
  assert.match(text, />a\ufffd\ufffdb</);
});

test("images are in the file, and those that cannot be had are not", () => {
  const text = svg((b) => {
    b.image("1.1", "x", box(0, 0, 100, 50));
    b.image("1.2", "y", box(0, 0, 100, 50));
  }, new Map([["x", "data:image/png;base64,AA=="]]));
  assert.equal(text.match(/<image /g)?.length, 1);
});

test("an exported page is cut to what is on it, with a margin", async () => {
  const board = new Fake();
  board.shape("1.1", "rectangle", box(1000, 1000, 500, 500), { width: 20 });
  const blob = await exportPage(board, "svg", { measure, load: () => Promise.reject(new Error("none")) });
  assert.match(await blob.text(), /viewBox="790 790 920 920"/);
});

test("a picture is 1:1 unless it would be too large", () => {
  assert.equal(exportScale({ x0: 0, y0: 0, x1: 40_960, y1: 20_000 }), 0.1);
  const scale = exportScale({ x0: 0, y0: 0, x1: 40_960, y1: 170_650 });
  assert.ok(scale < 0.1 && 40_960 * 170_650 * scale * scale < 24_000_001);
});
