// The page by itself, on a room without a server (test/dev): what a person does with mouse, finger, pen and keyboard, and
// what axe says of every view.
import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { PHONE, ROOM, TOUCH, accessible, drag, drawn, elements, test, touch, view } from "./support/devpage.ts";

const pageNow = (page: Page): Promise<string> => page.evaluate(() => window.chalkline?.page ?? "");
const inside = (page: Page, selector: string): Promise<boolean> =>
  page.evaluate((s) => document.activeElement?.closest(s) !== null, selector);

test("the start asks for what is missing, where it is missing", async ({ open }) => {
  const page = await open({}, "/", "");
  await accessible(page);
  await page.getByRole("button", { name: "开始上课" }).click();
  await expect(page.locator("#name-hint")).toHaveText("先写上你的名字。");
  await expect(page.locator("#name")).toBeFocused();
  const invalid = (id: string) => page.locator(`#${id}`).getAttribute("aria-invalid");
  expect([await invalid("name"), await invalid("join")]).toEqual(["true", "false"]);
  await page.fill("#name", "小明");
  await page.fill("#join", "abc");
  await page.getByRole("button", { name: "加入", exact: true }).click();
  await expect(page.locator("#join-hint")).toContainText("不是课堂码");
  expect([await invalid("name"), await invalid("join")]).toEqual(["false", "true"]);
  await page.fill("#create", "!");
  await page.getByRole("button", { name: "开始上课" }).click();
  await expect(page.locator("#create-hint")).toContainText("2003");
  await page.fill("#create", "语文");
  await page.getByRole("button", { name: "开始上课" }).click();
  await page.waitForURL(/\/r\/[0-9A-Z]{5}-[0-9A-Z]{5}$/);
  await page.goBack();
  await expect(page.locator(".recent-room")).toHaveCount(1);
});

test("a link asks who comes, once; a broken one says so", async ({ open }) => {
  const page = await open({}, ROOM, "");
  await accessible(page);
  await page.fill("#name", "安娜");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".board canvas");
  await page.reload();
  await page.waitForSelector(".board canvas");
  await page.goto(new URL("/r/nope", page.url()).href);
  await expect(page.locator(".notice")).toContainText("这个链接不完整");
});

test("the mouse writes, moves, erases and points; then the page is idle", async ({ open }) => {
  const page = await open();
  await accessible(page);
  await drag(page, [[400, 300], [480, 340], [600, 280]]);
  expect(await elements(page)).toBe(1);
  const before = await view(page);
  await page.keyboard.down(" ");
  await drag(page, [[500, 500], [500, 400]]);
  await page.keyboard.up(" ");
  expect((await view(page)).y).toBeGreaterThan(before.y);
  expect(await elements(page)).toBe(1);
  await page.keyboard.press("e");
  await drag(page, [[480, 100], [480, 400]]);
  expect(await elements(page)).toBe(0);
  await page.keyboard.press("k");
  await drag(page, [[400, 300], [480, 340]]);
  expect(await elements(page)).toBe(0);
  // Quiet for half a second: nothing asks for frames any more.
  await expect.poll(() => page.evaluate(async () => {
    window.chalkline?.reset();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return window.chalkline?.frames?.frames;
  })).toBe(0);
});

test("pages are added and turned", async ({ open }) => {
  const page = await open();
  await page.getByRole("button", { name: "加一页" }).click();
  expect(await pageNow(page)).toBe("p2");
  await page.keyboard.press("PageUp");
  expect(await pageNow(page)).toBe("a");
  await page.getByRole("button", { name: "第 2 页" }).click();
  expect(await pageNow(page)).toBe("p2");
});

test("panels keep the focus and give it back", async ({ open }) => {
  const page = await open();
  const invite = page.getByRole("button", { name: "邀请" });
  await invite.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await accessible(page);
  for (let i = 0; i < 7; i++) {
    await page.keyboard.press("Tab");
    expect(await inside(page, ".popover")).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(invite).toBeFocused();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "快捷键" })).toBeVisible();
  await accessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(invite).toBeFocused();
});

test("language, theme, paper and pen are remembered", async ({ open }) => {
  const page = await open();
  await page.getByRole("button", { name: "更多" }).click();
  await page.getByRole("radio", { name: "English" }).click();
  await page.getByRole("radio", { name: "Blackboard" }).click();
  await page.getByRole("radio", { name: "Dark" }).click();
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.keyboard.press("p");
  await accessible(page);
  await page.keyboard.press("ArrowRight");
  await page.reload();
  await page.waitForSelector(".board canvas");
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  expect(await page.evaluate(() => JSON.parse(localStorage.getItem("chalkline.style.pen") ?? "{}").color)).toBe(0xd1495b);
});

test("on a large touch screen a finger writes, two zoom the board, and after a pen one moves it", async ({ open }) => {
  const page = await open(TOUCH);
  const cdp = await page.context().newCDPSession(page);
  await accessible(page);
  const small = await page.locator(".room button:not(.grip)").evaluateAll((all) =>
    all.map((b) => b.getBoundingClientRect()).filter((r) => r.width > 0 && Math.min(r.width, r.height) < 56).length);
  expect(small).toBe(0);

  await touch(cdp, "touchStart", [[400, 300]]);
  for (let i = 1; i < 15; i++) await touch(cdp, "touchMove", [[400 + i * 10, 300]]);
  await touch(cdp, "touchEnd", []);
  expect(await elements(page)).toBe(1);

  const { zoom } = await view(page);
  await touch(cdp, "touchStart", [[400, 300]]);
  await touch(cdp, "touchStart", [[400, 300], [500, 300]]);
  for (let i = 1; i < 15; i++) await touch(cdp, "touchMove", [[400 - i * 5, 300], [500 + i * 5, 300]]);
  await touch(cdp, "touchEnd", []);
  expect((await view(page)).zoom).toBeGreaterThan(zoom * 1.8);
  expect(await page.evaluate(() => visualViewport?.scale)).toBe(1);
  expect(await elements(page)).toBe(1);

  const pen = (type: "mousePressed" | "mouseMoved" | "mouseReleased", x: number, force: number): Promise<unknown> =>
    cdp.send("Input.dispatchMouseEvent", { type, x, y: 500, button: "left", buttons: type === "mouseReleased" ? 0 : 1, pointerType: "pen", force });
  await pen("mousePressed", 500, 0.2);
  for (let i = 1; i < 20; i++) await pen("mouseMoved", 500 + i * 8, i / 20);
  await pen("mouseReleased", 652, 0);
  const pressures = await page.evaluate(() => {
    const [, stroke] = window.chalkline?.session.look("a").elements() ?? [];
    return stroke === undefined ? [] : [...stroke.points.subarray(0, 4 * stroke.count)].filter((_, i) => i % 4 === 2);
  });
  expect(Math.max(...pressures) - Math.min(...pressures)).toBeGreaterThan(100);

  // Longer ago than a palm counts as one.
  await page.waitForFunction((since) => performance.now() - since > 700, await page.evaluate(() => performance.now()));
  const from = await view(page);
  await touch(cdp, "touchStart", [[400, 300]]);
  for (let i = 1; i < 15; i++) await touch(cdp, "touchMove", [[400, 300 - i * 5]]);
  await touch(cdp, "touchEnd", []);
  expect(await elements(page)).toBe(2);
  expect((await view(page)).y).toBeGreaterThan(from.y);

  await page.tap(".grip");
  await expect(page.locator(".room")).toHaveAttribute("data-dock", "left");
});

test("a hand that rests beside the pen draws nothing, whether it comes first or later", async ({ open }) => {
  const page = await open(TOUCH);
  const cdp = await page.context().newCDPSession(page);
  const pen = (type: "mousePressed" | "mouseMoved" | "mouseReleased", x: number): Promise<unknown> =>
    cdp.send("Input.dispatchMouseEvent", { type, x, y: 300, button: "left", buttons: type === "mouseReleased" ? 0 : 1, pointerType: "pen", force: 0.5 });
  /** The pen goes from x on, while a palm shifts below it and the edge of the hand rests beside that. */
  const write = async (x: number): Promise<void> => {
    await pen("mousePressed", x);
    for (let i = 1; i < 20; i++) {
      await pen("mouseMoved", x + i * 8);
      await touch(cdp, "touchMove", [[x + 60 + i * 2, 420 + (i % 3) * 4], [x + 160, 460]]);
    }
    await pen("mouseReleased", x + 160);
    await touch(cdp, "touchMove", [[x + 120, 440], [x + 160, 460]]);
  };
  const before = await view(page);

  // As a finger the palm has begun to draw when the pen comes.
  await touch(cdp, "touchStart", [[360, 420]]);
  for (let i = 1; i < 5; i++) await touch(cdp, "touchMove", [[360 + i * 6, 420]]);
  await expect.poll(() => elements(page)).toBe(1);
  await touch(cdp, "touchStart", [[384, 420], [460, 460]]);
  await write(300);
  await touch(cdp, "touchEnd", []);
  const strokes = async (): Promise<number[]> => (await drawn(page)).map(({ points }) => points);
  await expect.poll(async () => (await strokes()).length).toBe(1);
  expect((await strokes())[0]).toBeGreaterThan(1);
  expect(await view(page)).toEqual(before);

  // It lies down while the pen writes.
  await pen("mousePressed", 600);
  await pen("mouseMoved", 620);
  await touch(cdp, "touchStart", [[680, 420]]);
  await touch(cdp, "touchStart", [[680, 420], [760, 460]]);
  await pen("mouseReleased", 620);
  await write(600);
  await touch(cdp, "touchEnd", []);
  expect(await elements(page)).toBe(3);
  expect((await drawn(page)).every(({ points }) => points > 1)).toBe(true);
  const heights = await page.evaluate(() => {
    const { chalkline } = window;
    return chalkline === undefined ? [] : [...chalkline.session.look("a").elements()].flatMap((e) => [...e.points.subarray(0, 4 * e.count)].filter((_, i) => i % 4 === 1));
  });
  expect(Math.max(...heights) - Math.min(...heights), "all of it is the pen's, which went along a line").toBeLessThan(20);
  expect(await view(page)).toEqual(before);
});

test("a phone has the whole board and its pages in a sheet from below", async ({ open }) => {
  const page = await open(PHONE);
  await accessible(page);
  await page.getByRole("button", { name: /^页面/ }).tap();
  await expect(page.getByRole("dialog", { name: "页面" })).toBeVisible();
  await accessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});
