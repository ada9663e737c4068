// Several people on one board at once: the same picture and the same state for all of them.
import { agree, drawnBy, onBoard, Person } from "./support/person.ts";
import { inked, pictureOf, samePicture } from "./support/picture.ts";
import { expect, test } from "./support/fixtures.ts";
import { seeded } from "./support/random.ts";

test("two pages draw at once and show the same; a third that joins later does too", async ({ lesson }) => {
  const random = seeded(1);
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  for (const one of [ann, bob]) expect(await one.connection()).toMatchObject({ kind: "synced" });

  const pens = [ann.keepDrawing(random), bob.keepDrawing(random)];
  await expect.poll(async () => (await drawnBy([ann, bob])).strokes).toBeGreaterThan(12);
  await Promise.all(pens.map((pen) => pen.stop()));

  expect(onBoard(await agree([ann, bob]))).toEqual(await drawnBy([ann, bob]));
  expect(inked(await pictureOf(ann))).toBeGreaterThan(0.001);
  await samePicture(ann, bob);

  const eve = await lesson.person("Eve");
  const held = await agree([ann, bob, eve]);
  expect(held.elements.every((e) => e.points > 0)).toBe(true);
  await samePicture(ann, eve);
  await expect(eve.page.getByRole("button", { name: "People, 3 online" })).toBeVisible();
});

test("what one draws the other sees grow, and what one erases is gone for both", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const { mouse } = ann.page;
  await mouse.move(300, 300);
  await mouse.down();
  for (let i = 1; i <= 20; i++) await mouse.move(300 + 10 * i, 300 + 2 * i);
  const points = async (): Promise<number> => onBoard(await bob.held()).points;
  await expect.poll(points, { message: "before the pen is up" }).toBeGreaterThan(15);
  await mouse.up();
  await bob.draw({ x: 600, y: 250, width: 200, height: 60 });
  expect((await agree([ann, bob])).elements).toHaveLength(2);

  await bob.page.keyboard.press("e");
  await bob.draw({ x: 390, y: 260, width: 20, height: 110 });
  await expect.poll(async () => (await ann.held()).elements.length).toBe(1);
  expect((await agree([ann, bob])).elements).toHaveLength(1);
  await samePicture(ann, bob);
});

test("a stroke erased under the pen ends there and goes on as a new one", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const { mouse } = ann.page;
  await mouse.move(300, 300);
  await mouse.down();
  for (let i = 1; i <= 10; i++) await mouse.move(300 + 10 * i, 300);
  await expect.poll(async () => (await bob.held()).elements.length).toBe(1);
  await bob.page.keyboard.press("e");
  await bob.draw({ x: 345, y: 250, width: 10, height: 100 });
  await expect.poll(async () => (await ann.held()).elements.length).toBe(0);
  for (let i = 1; i <= 10; i++) await mouse.move(400 + 10 * i, 300);
  await mouse.up();
  expect(onBoard(await agree([ann, bob]))).toMatchObject({ strokes: 1 });
});

test("pages are boards of their own, and everyone has all of them", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  await ann.draw({ x: 300, y: 200, width: 200, height: 60 });
  await ann.page.getByRole("button", { name: "Add a page" }).click();
  await expect.poll(() => ann.page.evaluate(() => window.chalkline?.pages.length)).toBe(2);
  await expect.poll(async () => (await ann.held()).elements.length).toBe(0);
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  await ann.draw({ x: 300, y: 400, width: 200, height: 60 });

  await expect(bob.page.getByRole("button", { name: "Page 2" })).toBeVisible();
  expect((await bob.held()).elements).toHaveLength(1);
  await bob.page.getByRole("button", { name: "Page 2" }).click();
  await expect.poll(async () => (await bob.held()).elements.length).toBe(2);
  expect((await agree([ann, bob])).elements).toHaveLength(2);
  for (const one of [ann, bob]) await one.page.keyboard.press("PageUp");
  await expect.poll(async () => (await bob.held()).elements.length).toBe(1);
  expect((await agree([ann, bob])).elements).toHaveLength(1);
});

for (const [language, locale, join] of [["Chinese", "zh-CN", "加入"], ["English", "en-GB", "Join"]] as const) {
  test(`a code is typed at the start as people type it, in ${language}, and leads into the lesson`, async ({ lesson, server }) => {
    const ann = await lesson.person("Ann");
    await ann.draw({ x: 300, y: 200, width: 200, height: 60 });
    const code = lesson.room.slice("/r/".length), plain = code.replace("-", "");
    const careless = code.replace(/0/g, "o").replace(/1/g, "l").toLowerCase();
    const wide = Array.from(plain, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)).join("");
    const bob = await Person.open(await lesson.device("Bob", { locale }), server.url);
    const { page } = bob;
    for (const typed of [code, plain, plain.toLowerCase(), careless, ` ${code.replace("-", " – ")} `, wide]) {
      await page.goto(`${server.url}/?diagnostics`);
      await page.locator("#join").pressSequentially(typed);
      await page.getByRole("button", { name: join, exact: true }).click();
      await page.waitForURL(`${server.url}${lesson.room}*`);
      await bob.synced();
      await expect.poll(async () => (await ann.page.evaluate(() => window.chalkline?.session.people.value.map((p) => p.name)))?.toSorted()).toEqual(["Ann", "Bob"]);
      expect((await agree([ann, bob])).elements).toHaveLength(1);
    }
    const last = plain.at(-1) === "Z" ? "Y" : "Z";
    await page.goto(`${server.url}/?diagnostics`);
    await page.locator("#join").fill(plain.slice(0, -1));
    await page.locator("#join").press("Enter");
    await expect(page.locator("#join-hint")).toContainText("3F7KQ-9XW2M");
    await page.locator("#join").fill(plain.slice(0, -1) + last);
    await page.locator("#join").press("Enter");
    await expect(page.getByRole("alert")).toContainText(language === "English" ? "no such lesson" : "没有这个课堂");
    await expect(page.locator(".board-note")).toHaveCount(0);
  });
}
