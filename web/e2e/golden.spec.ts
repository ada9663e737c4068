// The canvas and the server's renderer draw the same: golden boards (server/render/testdata/golden), drawn here by the
// page's own layer in a real Chromium and compared with the pictures that the renderer made of them.
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page, TestInfo } from "@playwright/test";
import { build } from "esbuild";
import { ElementKind, Register, type Setting } from "../src/ot/types.ts";
import * as value from "../src/ot/value.ts";
import type { Comparison, Golden } from "../test/dev/golden.ts";
import { expect, test } from "./support/fixtures.ts";
import { agree } from "./support/person.ts";

const web = fileURLToPath(new URL("..", import.meta.url));
const folder = fileURLToPath(new URL("../../server/render/testdata/golden/", import.meta.url));

/** What two pictures may differ by, of Comparison's figures. */
interface Bounds {
  readonly share: number;
  readonly lack: number;
}

const BOUNDS: Bounds = { share: 0.0002, lack: 0.14 };
/** Letters come from the fonts of each machine, and the edges of small ones from its smoothing. */
const TEXT_BOUNDS: Bounds = { ...BOUNDS, share: 0.08 };
/** The outer edges of turned images are in steps on the server's pictures, and smooth on a canvas. */
const IMAGES_BOUNDS: Bounds = { ...BOUNDS, share: 0.002 };
/** Dots finer than a pixel are heavier on a canvas. */
const DASHES_BOUNDS: Bounds = { ...BOUNDS, lack: 0.5 };

const OWN_BOUNDS: Readonly<Record<string, Bounds>> = { text: TEXT_BOUNDS, images: IMAGES_BOUNDS, dashes: DASHES_BOUNDS };

const names = readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));

let script = "";
test.beforeAll(async () => {
  const built = await build({ absWorkingDir: web, entryPoints: ["test/dev/golden.ts"], bundle: true, write: false, format: "iife", target: "es2022" });
  script = built.outputFiles[0]?.text ?? "";
});

test("there are golden boards of every kind of element", () => {
  expect(names).toEqual(expect.arrayContaining(["handwriting", "shapes", "dashes", "erased", "moved", "text", "images"]));
});

type How = "canvas" | "png" | "svg";

const HOWS: Readonly<Record<How, string>> = { canvas: "canvas draws", png: "page exports as PNG", svg: "page exports as SVG" };

interface Files {
  readonly golden: Golden;
  /** A data URL. */
  readonly png: string;
}

const filesOf = (name: string): Files => ({
  golden: JSON.parse(readFileSync(`${folder}${name}.json`, "utf8")) as Golden,
  png: `data:image/png;base64,${readFileSync(`${folder}${name}.png`).toString("base64")}`,
});

/** Draws a golden board in the page in one of its ways and compares it with the server's picture. */
async function compared(page: Page, { golden, png }: Files, how: How): Promise<Comparison> {
  await page.addScriptTag({ content: script });
  return page.evaluate(async ([board, other, way]) => {
    const { drawGolden, exportGolden, comparePictures } = window;
    if (drawGolden === undefined || exportGolden === undefined || comparePictures === undefined) throw new Error("no page");
    return comparePictures(await (way === "canvas" ? drawGolden(board) : exportGolden(board, way)), other);
  }, [golden, png, how] as const);
}

const holds = ({ share, lack }: Comparison, bounds: Bounds): boolean => share < bounds.share && lack < bounds.lack;

async function judge(info: TestInfo, name: string, result: Comparison, bounds: Bounds): Promise<void> {
  for (const part of ["picture", "marked"] as const) {
    await info.attach(`${name}-${part}.png`, { body: Buffer.from(result[part].split(",")[1] ?? "", "base64"), contentType: "image/png" });
  }
  const { share, lack, inked } = result;
  const percent = (part: number): string => `${(100 * part).toFixed(3)} %`;
  console.log(`${name}: ${percent(share)} of the ink differs, a square lacks ${percent(lack)} of its own; ${percent(inked)} is drawn on`);
  expect(inked).toBeGreaterThan(0.001);
  expect(holds(result, bounds), JSON.stringify({ share, lack, bounds })).toBe(true);
}

for (const name of names) {
  for (const how of ["canvas", "png", "svg"] as const) {
    // What a text covers is its box here and its letters there: exports of it are cut differently.
    if (name === "text" && how !== "canvas") continue;
    test(`the board ${name}: what the ${HOWS[how]} is what the server draws`, async ({ page }, info) =>
      judge(info, `${name}-${how}`, await compared(page, filesOf(name), how), OWN_BOUNDS[name] ?? BOUNDS));
  }
}

test("a text that the canvas does not draw is noticed, whichever it is", async ({ page }) => {
  const { golden, png } = filesOf("text");
  const { batches } = golden;
  // One batch makes a text, the next writes it.
  for (let i = 1; i < batches.length; i += 2) {
    const result = await compared(page, { golden: { ...golden, batches: batches.toSpliced(i, 1) }, png }, "canvas");
    expect(holds(result, TEXT_BOUNDS), `without batch ${i + 1}`).toBe(false);
  }
});

const place = (x: number, y: number, w: number, h: number, angle = 0): Setting =>
  ({ register: Register.Place, value: value.placeValue({ x, y, w, h, angle }) });
const color = (rgb: number): Setting => ({ register: Register.Color, value: value.colorValue(rgb) });
const width = (units: number): Setting => ({ register: Register.Width, value: value.widthValue(units) });

/** One of each kind that needs no file. The frame is around all, so that both pictures are cut alike. */
const ELEMENTS: readonly (readonly [ElementKind, readonly Setting[]])[] = [
  [ElementKind.Rectangle, [place(1000, 1000, 12_000, 8000), color(0x1d2321), width(40)]],
  [ElementKind.Line, [place(1500, 1500, 3000, 1000), color(0xcc0000), width(60)]],
  [ElementKind.Arrow, [place(6000, 3000, -3000, 1500), color(0x0044cc), width(60)]],
  [ElementKind.Ellipse, [place(7000, 1500, 4000, 2000, 2500), color(0x8800aa), width(50), { register: Register.Fill, value: value.fillValue(0xffee00) }]],
  [ElementKind.Polygon, [place(1500, 5000, 3000, 3000), color(0x008800), width(30),
    { register: Register.Vertices, value: value.verticesValue([{ x: 0, y: 65_535 }, { x: 32_000, y: 0 }, { x: 65_535, y: 65_535 }]) }]],
  [ElementKind.Text, [place(6000, 5000, 5000, 0), color(0x1d2321), { register: Register.Size, value: value.sizeValue(500) }]],
];

test("the server's picture of a page is what its board shows in the page", async ({ lesson }, info) => {
  const ann = await lesson.person("Ann");
  const made = ELEMENTS.map(([kind, list]) => [kind, value.settings(...list).map((s) => [s.register, [...s.value]] as const)] as const);
  await ann.page.evaluate((elements) => {
    const { chalkline } = window;
    if (chalkline === undefined) throw new Error("no diagnostics");
    const board = chalkline.session.look(chalkline.page);
    for (const [kind, list] of elements) {
      const key = board.create(kind, list.map(([register, bytes]) => ({ register, value: Uint8Array.from(bytes) })));
      if (kind === 7) board.editText(key, [{ kind: "insert", text: "三角形的内角和 is 180°" }]);
    }
  }, made);
  await ann.draw({ x: 200, y: 180, width: 150, height: 60 });
  await agree([ann]);
  await ann.page.evaluate(script);
  const results = await ann.page.evaluate(async () => {
    const { chalkline, exportBoard, comparePictures } = window;
    if (chalkline === undefined || exportBoard === undefined || comparePictures === undefined) throw new Error("no page");
    const served = await (await chalkline.session.request(`pages/${chalkline.page}.png`)).blob();
    const url = await new Promise<string>((done) => {
      const reader = new FileReader();
      reader.onload = () => done(String(reader.result));
      reader.readAsDataURL(served);
    });
    const board = chalkline.session.look(chalkline.page);
    const all = [...board.elements()];
    const drawn = async (elements: typeof all): Promise<Comparison> =>
      comparePictures(await exportBoard({ elements: () => elements, get: (key) => board.get(key) }, "png"), url);
    const without: Comparison[] = [];
    for (const one of all) without.push(await drawn(all.filter((e) => e !== one)));
    return { all: await drawn(all), without };
  });
  await judge(info, "served", results.all, TEXT_BOUNDS);
  expect(results.without).toHaveLength(ELEMENTS.length + 1);
  for (const [i, result] of results.without.entries()) expect(holds(result, TEXT_BOUNDS), `without element ${i + 1}`).toBe(false);
});
