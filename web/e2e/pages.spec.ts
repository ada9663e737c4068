// Pages that are removed, brought back and moved by several people (PGS), on the real server.
import { agree, onBoard, type Person } from "./support/person.ts";
import { expect, test } from "./support/fixtures.ts";

const pagesOf = (one: Person): Promise<readonly string[]> => one.page.evaluate(() => window.chalkline?.pages ?? []);
const shownBy = (one: Person): Promise<string> => one.page.evaluate(() => window.chalkline?.page ?? "");
const button = (one: Person, name: string | RegExp) => one.page.getByRole("button", { name });

async function inMenu(one: Person, ...names: string[]): Promise<void> {
  await button(one, "This page").click();
  const menu = one.page.getByRole("dialog", { name: "This page" });
  for (const name of names) await menu.getByRole("button", { name, exact: true }).click();
  if (await menu.isVisible()) await one.page.keyboard.press("Escape");
}

/** Three pages; everybody looks at the second, on which one of them drew. */
async function threePages(ann: Person, bob: Person): Promise<readonly string[]> {
  for (let n = 2; n <= 3; n++) {
    await button(ann, "Add a page").click();
    await expect.poll(async () => (await pagesOf(bob)).length).toBe(n);
  }
  for (const one of [ann, bob]) await button(one, "Page 2").click();
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  await expect.poll(async () => (await bob.held()).elements.length).toBe(1);
  expect(onBoard(await agree([ann, bob]))).toMatchObject({ strokes: 1 });
  return pagesOf(ann);
}

test("PGS2, PGS4: a page that one removes goes for the other too, and undo brings it back with its ink", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const [first = "", second = "", third = ""] = await threePages(ann, bob);
  const before = await ann.held();

  await inMenu(ann, "Delete this page…", "Delete");
  for (const one of [ann, bob]) {
    await expect.poll(() => pagesOf(one)).toEqual([first, third]);
    expect(await shownBy(one)).toBe(third);
    await expect(one.page.locator(".page-list li")).toHaveCount(2);
  }
  await expect(ann.page.getByText("Page 2 is deleted")).toBeVisible();
  await expect(bob.page.getByText("That page was deleted")).toBeVisible();
  await button(ann, "Undo").last().click(); // while it is offered
  const late = await lesson.person("Cat");
  for (const one of [ann, bob, late]) await expect.poll(() => pagesOf(one)).toEqual([first, second, third]);
  expect(await shownBy(ann)).toBe(second);
  expect(await shownBy(bob)).toBe(third); // is not torn away
  for (const one of [bob, late]) await button(one, "Page 2").click();
  await expect.poll(async () => (await late.held()).hash).toBe(before.hash);
  expect((await agree([ann, bob, late])).hash).toBe(before.hash);

  for (let left = 2; left >= 1; left--) {
    await inMenu(bob, "Delete this page…", "Delete");
    await expect.poll(async () => (await pagesOf(ann)).length).toBe(left);
  }
  expect(await pagesOf(await lesson.person("Dan"))).toEqual(await pagesOf(ann));
  await button(bob, "This page").click();
  await expect(button(bob, "Delete this page…")).toBeDisabled();
});

test("PGS2: two who move one page at once end in the same order; dragging and the menu move too", async ({ lesson, server }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const [first = "", second = "", third = ""] = await threePages(ann, bob);
  const move = (one: Person, page: string, after: string) => one.page.evaluate(([p, a]) => window.chalkline?.session.movePage(p, a), [page, after] as const);
  await Promise.all([move(ann, first, third), move(bob, first, second)]);
  const orders = [[second, third, first], [second, first, third]].map((order) => order.join());
  await expect.poll(async () => (await pagesOf(ann)).join() === (await pagesOf(bob)).join() && orders.includes((await pagesOf(ann)).join())).toBe(true);
  await agree([ann, bob]);

  const mixed = await pagesOf(ann);
  await inMenu(ann, "Move this page later"); // both look at the second, which is in front now
  await expect.poll(() => pagesOf(bob)).toEqual([mixed[1], second, mixed[2]]);
  await agree([ann, bob]);

  const { mouse } = bob.page;
  const middle = async (n: number): Promise<{ x: number; y: number }> => {
    const box = await bob.page.locator(".page-list li").nth(n).boundingBox();
    return { x: (box?.x ?? 0) + (box?.width ?? 0) / 2, y: (box?.y ?? 0) + (box?.height ?? 0) / 2 };
  };
  const [from, to] = [await middle(2), await middle(0)];
  await mouse.move(from.x, from.y);
  await mouse.down();
  await mouse.move(from.x, from.y - 20, { steps: 4 });
  await mouse.move(to.x, to.y, { steps: 8 });
  await mouse.up();
  for (const one of [ann, bob]) await expect.poll(() => pagesOf(one)).toEqual([mixed[2], mixed[1], second]);
  expect(await shownBy(bob)).toBe(second); // dragging chooses nothing
  expect(await server.metric("chalkline_room_resyncs_total")).toBe(0);
});

test("a finger that rests on a page takes it up; one that moves at once scrolls", async ({ lesson }) => {
  const ann = await lesson.person("Ann", { hasTouch: true });
  const [first = "", second = "", third = ""] = await threePages(ann, await lesson.person("Bob"));
  const touch = await ann.page.context().newCDPSession(ann.page);
  const box = await ann.page.locator(".page-list li").first().boundingBox();
  const at = { x: (box?.x ?? 0) + 40, y: (box?.y ?? 0) + 30 };
  const drag = async (rests: boolean): Promise<void> => {
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [at] });
    if (rests) await expect(ann.page.locator('.page-list li[data-dragged="true"]')).toHaveCount(1);
    for (let i = 1; i <= 8; i++) await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: at.x, y: at.y + 10 * i }] });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  await drag(false);
  expect(await pagesOf(ann)).toEqual([first, second, third]);
  const moved = [second, first, third].join();
  await expect(async () => { // a page that answers a touch too late loses it to the browser: nothing is moved then
    if ((await pagesOf(ann)).join() !== moved) await drag(true);
    await expect.poll(async () => (await pagesOf(ann)).join(), { timeout: 2000 }).toBe(moved);
  }).toPass();
});
