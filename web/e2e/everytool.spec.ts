// Every tool with real pointer events on the real server: what comes of it is the same for the other, and after a reload.
import { ElementKind } from "../src/ot/types.ts";
import { drag, drawn, picture, press, selected, type At, type Drawn } from "./support/devpage.ts";
import { expect, test } from "./support/fixtures.ts";
import { agree, type Person } from "./support/person.ts";
import { difference, pictureOf, samePicture } from "./support/picture.ts";

/** What both see, once they agree. */
async function both(a: Person, b: Person): Promise<Drawn[]> {
  await expect(async () => expect(await drawn(b.page)).toEqual(await drawn(a.page))).toPass(); // one's own work is seen at once
  await agree([a, b]);
  return drawn(b.page);
}

/** Both hold and see the same, and do so after a reload. */
async function lasts(a: Person, b: Person): Promise<void> {
  const held = await agree([a, b]);
  await samePicture(a, b);
  const before = await pictureOf(b);
  const seen = await drawn(b.page);
  for (const one of [a, b]) {
    await one.reload();
    await one.synced();
  }
  expect(await agree([a, b])).toEqual(held);
  expect(await both(a, b)).toEqual(seen);
  await samePicture(a, b);
  expect(difference(before, await pictureOf(b)), "pixels that differ after a reload").toBe(0);
}

const choose = async (one: Person, count: number): Promise<void> =>
  expect.poll(() => selected(one.page), { message: "selected" }).toBe(count);

test("what each tool draws, and what the erasers leave of it", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const tools: readonly (readonly [key: string, kind: ElementKind, path: readonly At[], how?: Partial<Drawn>])[] = [
    ["p", ElementKind.Ink, [[200, 180], [500, 180]], { pen: 0, opacity: 255 }],
    ["m", ElementKind.Ink, [[200, 260], [500, 270]], { pen: 2, color: 0xf2c14e }],
    ["l", ElementKind.Line, [[600, 160], [760, 240]]],
    ["a", ElementKind.Arrow, [[850, 160], [1010, 240]]],
    ["r", ElementKind.Rectangle, [[200, 350], [360, 450]]],
    ["o", ElementKind.Ellipse, [[450, 350], [610, 450]]],
  ];
  for (const [i, [key, kind, path, how = {}]] of tools.entries()) {
    await press(ann.page, key);
    await drag(ann.page, path, 12);
    const seen = await both(ann, bob);
    expect(seen).toHaveLength(i + 1);
    expect(seen.at(-1)).toMatchObject({ kind, ...how });
  }
  await press(ann.page, "g");
  for (const [x, y] of [[700, 350], [860, 330], [900, 430], [760, 470], [700, 350]] as const) await drag(ann.page, [[x, y]]);
  expect((await both(ann, bob)).at(-1)).toMatchObject({ kind: ElementKind.Polygon });
  await press(ann.page, "t");
  await ann.page.mouse.click(1000, 350);
  await expect.poll(() => ann.page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await ann.page.keyboard.type("Chalk");
  await ann.page.keyboard.press("Escape");
  expect((await both(ann, bob)).at(-1)).toMatchObject({ kind: ElementKind.Text, text: "Chalk" });
  await picture(bob.page, "everytool-drawn");
  await press(ann.page, "k");
  await drag(ann.page, [[300, 550], [500, 560]]);
  const [stroke, marker, ...rest] = await both(ann, bob);
  expect(rest).toHaveLength(6);

  await press(ann.page, "Shift+E");
  await drag(ann.page, [[350, 120], [350, 230]], 12);
  expect((await both(ann, bob))[0]).toMatchObject({ key: stroke?.key, pieces: 2 });
  await press(bob.page, "v");
  await bob.page.mouse.click(250, 180);
  await choose(bob, 1);
  await drag(bob.page, [[250, 180], [250, 560]], 8);
  const split = await both(ann, bob);
  expect(split).toHaveLength(9);
  expect(split.filter((e) => e.kind === ElementKind.Ink && e.place !== undefined)).toHaveLength(1);
  await press(bob.page, "e");
  await drag(bob.page, [[400, 240], [400, 290]], 8);
  expect((await both(ann, bob)).map((e) => e.key)).toEqual(split.map((e) => e.key).filter((key) => key !== marker?.key));
  await picture(bob.page, "everytool-erased");
  await lasts(ann, bob);
});

test("what is selected is moved, sized, turned, grouped, put in order, locked, doubled, cut and pasted", async ({ lesson }) => {
  const ann = await lesson.person("Ann", { permissions: ["clipboard-read", "clipboard-write"] });
  const bob = await lesson.person("Bob");
  const { page } = ann;
  const rectangle = async (from: At, to: At): Promise<Drawn | undefined> => {
    await press(page, "r");
    await drag(page, [from, to]);
    await choose(ann, 1);
    return (await both(ann, bob)).at(-1);
  };
  const first = await rectangle([400, 300], [600, 400]);
  const { key } = first ?? {};
  const now = async (): Promise<Drawn["place"]> => (await both(ann, bob)).find((e) => e.key === key)?.place;
  await drag(page, [[500, 350], [600, 300]], 8);
  const moved = await now();
  expect(moved).toMatchObject({ w: first?.place?.w, h: first?.place?.h, angle: 0 });
  expect(moved?.x).toBeGreaterThan(first?.place?.x ?? Infinity);
  await drag(page, [[700, 350], [760, 420]], 8);
  const sized = await now();
  expect(sized).toMatchObject({ x: moved?.x, y: moved?.y, angle: 0 });
  expect(sized?.w).toBeGreaterThan(moved?.w ?? Infinity);
  await drag(page, [[630, 222], [700, 260], [760, 335]], 8);
  const turned = await now();
  expect(turned).toMatchObject({ w: sized?.w, h: sized?.h });
  expect(turned?.angle).not.toBe(0);

  const second = await rectangle([300, 500], [400, 580]);
  const third = await rectangle([450, 500], [550, 580]);
  await press(page, "Escape", "v");
  await drag(page, [[250, 470], [650, 620]]);
  await choose(ann, 2);
  await press(page, "Control+g");
  expect((await both(ann, bob)).map((e) => e.grouped)).toEqual([false, true, true]);
  await press(bob.page, "v");
  await bob.page.mouse.click(300, 540);
  await choose(bob, 2);
  await press(bob.page, "Control+Shift+g");
  expect((await both(ann, bob)).some((e) => e.grouped)).toBe(false);

  await press(page, "Escape", "q");
  await drag(page, [[280, 480], [420, 480], [420, 600], [280, 600], [280, 480]], 6);
  await choose(ann, 1);
  await picture(page, "everytool-lasso");
  await press(page, "ArrowRight");
  expect((await both(ann, bob))[1]?.place?.x).toBeGreaterThan(second?.place?.x ?? Infinity);
  const order = async (): Promise<(string | undefined)[]> => (await both(ann, bob)).map((e) => e.key);
  await press(page, "Shift+]");
  expect(await order()).toEqual([key, third?.key, second?.key]);
  await press(page, "Shift+[");
  expect(await order()).toEqual([second?.key, key, third?.key]);

  await press(page, "Control+d");
  expect(await order()).toHaveLength(4);
  await press(page, "Control+l");
  const locked = (await both(ann, bob)).filter((e) => e.locked);
  expect(locked).toHaveLength(1);
  await press(bob.page, "Control+a", "Delete");
  expect(await both(ann, bob)).toEqual(locked);
  await press(bob.page, "Control+z");
  expect(await order()).toHaveLength(4);
  await press(page, "Control+Shift+l");
  expect((await both(ann, bob)).some((e) => e.locked)).toBe(false);
  await press(page, "Control+x");
  expect(await order()).toEqual([second?.key, key, third?.key]);
  await press(page, "Control+v");
  await expect.poll(async () => (await drawn(page)).length).toBe(4);
  expect(await order()).toHaveLength(4);
  await lasts(ann, bob);
});
