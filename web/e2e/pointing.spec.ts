// What one sees of others above the board, between two real pages: their cursors with names, lasers and carets.
import type { LiveCursor } from "../src/sync/api.ts";
import { agree, Person } from "./support/person.ts";
import { expect, test, type Class } from "./support/fixtures.ts";

declare global {
  interface Window {
    /** What was last written above the board: names, and where, CSS px of the board. */
    plate?: { readonly text: string; readonly x: number; readonly y: number };
  }
}

/** Somebody whose page notes names that it draws. */
async function observer(lesson: Class, name: string): Promise<Person> {
  const device = await lesson.device(name);
  await device.addInitScript(() => {
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) {
      window.plate = { text, x, y };
      write.call(this, text, x, y, ...rest);
    };
  });
  const one = await lesson.enter(device);
  await one.synced();
  return one;
}

/** What somebody's page knows of others' cursors. */
const cursors = ({ page }: Person): Promise<LiveCursor[]> =>
  page.evaluate(() => {
    const { chalkline } = window;
    return chalkline === undefined ? [] : [...chalkline.session.look(chalkline.page).cursors.value];
  });

interface Marks {
  /** Pixels that are drawn on, and those of them that are red as a laser. */
  readonly all: number;
  readonly red: number;
  /** Where the first of them from the left is, and how far they reach, CSS px of the window; of none -1. */
  readonly left: number;
  readonly wide: number;
}

/** What is drawn above the board between two corners, CSS px of the window, once what the page knows now is drawn. */
const above = ({ page }: Person, x0: number, y0: number, x1: number, y1: number): Promise<Marks> =>
  page.evaluate(async ([from, top, to, bottom]) => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const canvas = [...document.querySelectorAll<HTMLCanvasElement>(".board canvas")].at(2);
    const context = canvas?.getContext("2d");
    if (canvas === undefined || context === null || context === undefined) throw new Error("nothing is above the board");
    const box = canvas.getBoundingClientRect();
    const width = to - from, { data } = context.getImageData(from - box.left, top - box.top, width, bottom - top);
    let all = 0, red = 0, left = Infinity, right = -1;
    for (let i = 0; i < data.length / 4; i++) {
      const [r = 0, g = 0, b = 0, a = 0] = data.subarray(4 * i, 4 * i + 4);
      if (a === 0) continue;
      all++;
      if (r > 200 && g < 110 && b < 110) red++;
      [left, right] = [Math.min(left, i % width), Math.max(right, i % width)];
    }
    return { all, red, left: right < 0 ? -1 : from + left, wide: right < 0 ? 0 : right - left };
  }, [x0, y0, x1, y1] as const);

const WINDOW = [0, 60, 1280, 800] as const;

test("others' cursors are seen where they are, with their names, and fade when they rest", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await observer(lesson, "Bob");
  const place = await bob.page.locator(".board").boundingBox();
  const offset = { x: place?.x ?? 0, y: place?.y ?? 0 };
  for (const [x, y] of [[500, 400], [800, 300]] as const) {
    // Moves on until it is seen: it is shown for 3 s.
    let beside = 0;
    await expect.poll(async () => {
      await ann.page.mouse.move(x + (beside = 1 - beside), y);
      const { all } = await above(bob, x, y, x + 18, y + 20);
      return all > 60 ? await bob.page.evaluate(() => window.plate) : undefined;
    }, { message: "the arrow, and the name beside it" }).toMatchObject({ text: "Ann" });
    const plate = await bob.page.evaluate(() => window.plate);
    expect(Math.abs((plate?.x ?? 0) + offset.x - x), "px beside the pointer").toBeLessThan(40);
    expect(Math.abs((plate?.y ?? 0) + offset.y - y), "px below it").toBeLessThan(60);
  }
  expect(await cursors(bob)).toMatchObject([{ kind: "pointer" }]);
  await expect.poll(async () => (await above(bob, ...WINDOW)).all, { message: "pixels above the board" }).toBe(0);
});

test("another's laser is seen while it moves, fades, and leaves nothing on the board but its trace in the log", async ({ lesson, server }) => {
  const ann = await lesson.person("Ann");
  const bob = await observer(lesson, "Bob");
  await ann.draw({ x: 300, y: 550, width: 200, height: 60 });
  const before = await agree([ann, bob]);
  const state = ({ page }: Person): Promise<string> => page.evaluate(() => `${window.chalkline?.revision} ${window.chalkline?.hash()}`);
  const stood = await state(bob);

  await ann.page.locator(".board").focus();
  await ann.page.keyboard.press("k");
  const { mouse } = ann.page;
  await mouse.move(400, 300);
  await mouse.down();
  let last = await above(bob, 380, 280, 720, 340);
  await expect.poll(async () => {
    for (let x = 400; x <= 700; x += 20) await mouse.move(x, 300 + (x % 40) / 2);
    last = await above(bob, 380, 280, 720, 340);
    return last.red > 300 && last.wide > 150;
  }, { message: "a red trail" }).toBe(true);
  expect((await cursors(bob)).map((c) => c.kind)).toEqual(["laser"]);
  expect(await bob.page.evaluate(() => window.plate?.text)).toBe("Ann");
  await mouse.up();
  await expect.poll(() => server.metric("chalkline_room_traces_total", "logged")).toBeGreaterThan(0);

  for (const one of [ann, bob]) await expect.poll(async () => (await above(one, ...WINDOW)).red, { message: "red pixels" }).toBe(0);
  expect((await agree([ann, bob])).elements).toEqual(before.elements);
  for (const one of [ann, bob]) expect(await state(one)).toBe(stood);
  const eve = await lesson.person("Eve");
  expect((await agree([bob, eve])).elements).toEqual(before.elements);
});

test("another's caret and selection are seen in the text that they write", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await observer(lesson, "Bob");
  const { page } = ann;
  await page.locator(".board").focus();
  await page.keyboard.press("t");
  await page.mouse.click(400, 300);
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await page.keyboard.insertText("blackboard"); // at once, as an input method does
  await agree([ann, bob]);
  const [text] = (await bob.held()).elements;

  /** Puts the caret or the selection there, again if it has faded, until it and its name are seen there: so far from the left in the text's line, px. */
  const sees = async (keys: readonly string[], at: { readonly anchor: number; readonly head: number }, least: number, most: number, wide = 0): Promise<void> => {
    let seen: Marks = { all: 0, red: 0, left: -1, wide: 0 };
    await expect(async () => {
      for (const key of keys) await page.keyboard.press(key);
      await expect.poll(async () => {
        const [one] = await cursors(bob);
        seen = await above(bob, 380, 286, 700, 312);
        const left = seen.left - 400;
        return seen.all > 20 && seen.wide >= wide && left >= least && left <= most ? one?.text : seen;
      }, { message: keys.join(" "), timeout: 2500 }).toEqual({ key: text?.key, ...at });
    }).toPass();
  };
  await sees([], { anchor: 10, head: 10 }, 60, 200);
  await sees(["ArrowLeft", "End"], { anchor: 10, head: 10 }, 60, 200);
  await sees(["End", "Home"], { anchor: 0, head: 0 }, -8, 8);
  // Wider than the name beside the caret.
  await sees(["Home", "Shift+End"], { anchor: 0, head: 10 }, -8, 8, 80);
  await page.keyboard.press("Escape");
  await expect.poll(async () => (await cursors(bob)).filter((c) => c.text !== undefined), { message: "carets" }).toEqual([]);
});
