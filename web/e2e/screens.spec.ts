// The tools on a phone and on a classroom's touch screen, on the page by itself (test/dev).
import { expect } from "@playwright/test";
import { ElementKind } from "../src/ot/types.ts";
import { PHONE, TOUCH, WALL, accessible, drag, drawn, elements, picture, press, selected, swipe, test, toolNow, view } from "./support/devpage.ts";

test("a phone has every tool in reach of the thumb, and the selection's bar at the top", async ({ open }) => {
  const page = await open(PHONE);
  const cdp = await page.context().newCDPSession(page);
  const small = await page.locator(".room button").evaluateAll((all) =>
    all.map((b) => b.getBoundingClientRect()).filter((r) => r.width > 0 && Math.min(r.width, r.height) < 44).length);
  expect(small).toBe(0);
  await page.getByRole("button", { name: "矩形" }).tap();
  await page.getByRole("button", { name: /^矩形/ }).tap();
  await accessible(page);
  await picture(page, "phone-options");
  // Chosen once it makes way for selecting after a shape.
  await page.getByRole("button", { name: "笔", exact: true }).tap();
  await page.getByRole("button", { name: "矩形" }).tap();
  await swipe(cdp, [[100, 300], [150, 340], [200, 380], [260, 420]]);
  expect(await drawn(page)).toMatchObject([{ kind: ElementKind.Rectangle }]);
  await expect.poll(() => selected(page)).toBe(1);
  await picture(page, "phone-selection");
  await accessible(page);
  const bar = await page.locator(".selection-bar").boundingBox();
  expect((bar?.y ?? 1000) + (bar?.height ?? 0)).toBeLessThan(150);
  await page.locator(".selection-bar").getByRole("button", { name: "删除" }).tap();
  expect(await elements(page)).toBe(0);
  await page.getByRole("button", { name: "撤销" }).tap();
  expect(await elements(page)).toBe(1);
  // The row of tools scrolls to its last one.
  const hand = page.getByRole("button", { name: "移动画面" });
  await hand.scrollIntoViewIfNeeded();
  await hand.tap();
  expect(await toolNow(page)).toBe("hand");
  await picture(page, "phone-hand");
});

test("on a phone of any width half of a tool tells that there are more", async ({ open }) => {
  const page = await open(PHONE);
  const seen = () => page.locator(".tools-scroll").evaluate((row) => {
    const end = row.getBoundingClientRect().right;
    const cut = [...row.querySelectorAll(".tool")].map((tool) => tool.getBoundingClientRect()).find((tool) => tool.right > end);
    return cut === undefined ? 0 : (end - cut.left) / cut.width;
  });
  for (const pages of [1, 40]) {
    await page.evaluate((n) => window.fake?.room?.pages.set(["a", ...Array.from({ length: n - 1 }, (_, i) => `p${i}`)]), pages);
    await expect(page.locator(".tools .tool-text")).toContainText(`/${pages}`);
    for (const width of [320, 360, 375, 390, 412, 430]) {
      await page.setViewportSize({ width, height: 844 });
      await expect.poll(seen, { message: `${width} px, ${pages} pages` }).toBeGreaterThan(0.4);
      expect(await seen(), `${width} px, ${pages} pages`).toBeLessThan(0.6);
    }
  }
});

test("on a phone the connection's words cover nothing and push nothing away, however many they are", async ({ open }) => {
  for (const locale of ["zh-CN", "en-GB"]) {
    const page = await open({ ...PHONE, locale });
    await page.evaluate(() => {
      window.fake?.room?.kept.set(false);
      window.fake?.room?.connection.set({ kind: "reconnecting", unsent: 1234, code: 0, parameters: {} });
    });
    await expect(page.locator(".pill-text")).toContainText("1234");
    for (const width of [390, 360]) {
      await page.setViewportSize({ width, height: 844 });
      const overlaps = () => page.locator(".bar").evaluate((bar) => {
        const boxes = [...bar.querySelectorAll("button")].map((b) => b.getBoundingClientRect());
        const text = bar.querySelector(".pill-text")?.getBoundingClientRect(), pill = bar.querySelector(".pill")?.getBoundingClientRect();
        const inside = text !== undefined && pill !== undefined && text.left > pill.left && text.right <= pill.right && text.height <= pill.height;
        return [inside ? [] : ["text"], boxes.map((b, i) => (b.left < (boxes[i - 1]?.right ?? 0) || b.right > innerWidth ? [i] : []))].flat(2);
      });
      await expect.poll(overlaps, { message: `${locale}, ${width} px` }).toEqual([]);
    }
    await picture(page, `phone-reconnecting-${locale}`);
  }
});

test("of many pages the one that is looked at is in sight, and so is the way to a new one", async ({ open }) => {
  for (const device of [{}, PHONE]) {
    const page = await open(device);
    await page.evaluate(() => window.fake?.room?.pages.set(["a", ...Array.from({ length: 39 }, (_, i) => `p${i + 2}`)]));
    const phone = device === PHONE;
    await press(page, ...Array.from({ length: 29 }, () => "PageDown"));
    if (phone) await page.getByRole("button", { name: "页面 30/40" }).tap();
    await expect(page.getByRole("button", { name: "第 30 页" })).toBeInViewport({ ratio: 1 });
    await expect(page.getByRole("button", { name: "加一页" })).toBeInViewport({ ratio: 1 });
    if (phone) await expect(page.getByRole("button", { name: "关闭" })).toBeInViewport({ ratio: 1 });
    await picture(page, phone ? "phone-many-pages" : "many-pages");
  }
});

test("on a large touch screen what is in panels is large as well, and the tool bar may stand at a side", async ({ open }) => {
  const page = await open(WALL);
  const cdp = await page.context().newCDPSession(page);
  const small = () => page.locator(".room button:not(.grip)").evaluateAll((all) =>
    all.map((b) => [b.getBoundingClientRect(), b.outerHTML.slice(0, 80)] as const)
      .filter(([r]) => r.width > 0 && Math.min(r.width, r.height) < 48).map(([, html]) => html));
  await page.tap(".grip");
  await expect(page.locator(".room")).toHaveAttribute("data-dock", "left");
  await page.getByRole("button", { name: "文字" }).tap();
  await page.getByRole("button", { name: /^文字/ }).tap();
  await accessible(page);
  expect(await small()).toEqual([]);
  await picture(page, "wall-options");
  await page.getByRole("button", { name: "椭圆" }).or(page.getByRole("button", { name: "矩形" })).tap();
  await swipe(cdp, [[700, 300], [800, 400], [1000, 600]]);
  await expect.poll(() => selected(page)).toBe(1);
  await page.locator(".selection-bar").getByRole("button", { name: "样式" }).tap();
  await accessible(page);
  expect(await small()).toEqual([]);
  await picture(page, "wall-selection");
});

test("on a large screen whose px are as small as a desk's words and targets are larger, with a mouse too", async ({ open }) => {
  const page = await open({ viewport: { width: 3840, height: 2160 } });
  const narrowest = () => page.locator(".room button:not(.grip)").evaluateAll((all) =>
    Math.min(...all.map((b) => b.getBoundingClientRect()).filter((r) => r.width > 0).map((r) => Math.min(r.width, r.height))));
  expect(await narrowest()).toBeGreaterThanOrEqual(64);
  expect(await page.locator(".pill-text").evaluate((e) => parseFloat(getComputedStyle(e).fontSize))).toBeGreaterThan(20);
  await press(page, "r");
  await drag(page, [[1500, 1500], [1700, 1700]]);
  await expect.poll(() => selected(page)).toBe(1);
  await page.locator(".selection-bar").getByRole("button", { name: "样式" }).click();
  const [panel, bar] = [await page.locator(".beside-selection").boundingBox(), await page.locator(".selection-bar").boundingBox()];
  expect(panel?.x ?? 0).toBeGreaterThanOrEqual((bar?.x ?? 0) + (bar?.width ?? Infinity));
  await accessible(page);
  await picture(page, "vast-selection");
});

test("a tablet stays one while its keyboard is open, and a phone on its side is a phone", async ({ open }) => {
  const page = await open({ ...TOUCH, viewport: { width: 1280, height: 800 } });
  const cdp = await page.context().newCDPSession(page);
  const device = (width: number, height: number, screenHeight: number): Promise<unknown> =>
    cdp.send("Emulation.setDeviceMetricsOverride", { width, height, screenWidth: width, screenHeight, deviceScaleFactor: 1, mobile: true });
  const seenHeight = () => expect.poll(() => page.evaluate(() => innerHeight));
  const list = await page.locator(".strip .page-list").elementHandle();
  await press(page, "t");
  await page.locator(".board").tap({ position: { x: 300, y: 200 } });
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await device(1280, 380, 800);
  await seenHeight().toBe(380);
  await expect.poll(async () => (await view(page)).height).toBeLessThan(380);
  await expect(page.locator("html")).toHaveAttribute("data-size", "large");
  expect(await list?.evaluate((element) => element.isConnected)).toBe(true);
  await device(844, 390, 390);
  await expect(page.locator("html")).toHaveAttribute("data-size", "phone");
});

test("a window that comes to a screen of another resolution is drawn as sharp as that, at the same size", async ({ open }) => {
  const page = await open({ viewport: { width: 1280, height: 800 } });
  const cdp = await page.context().newCDPSession(page);
  // Emulated, another resolution is told to the page only with another size of the window: the board's stays.
  await page.addStyleTag({ content: ".board { position: fixed; width: 1000px; height: 600px; }" });
  const sizes = () => page.locator(".board canvas").evaluateAll((all) => all.map((c) => (c as HTMLCanvasElement).width));
  await expect.poll(sizes).toEqual([1000, 1000, 1000]);
  for (const [i, deviceScaleFactor] of [2, 1.5, 1].entries()) {
    await cdp.send("Emulation.setDeviceMetricsOverride", { width: 1280, height: 801 + i, deviceScaleFactor, mobile: false });
    const width = 1000 * deviceScaleFactor;
    await expect.poll(sizes).toEqual([width, width, width]);
  }
});

test("on a phone the keyboard covers nothing of the text that it writes, which wraps before the edge", async ({ open }) => {
  const page = await open(PHONE);
  await press(page, "+", "+", "+", "+", "+", "t");
  const place = await page.locator(".board").boundingBox();
  await page.touchscreen.tap(230, (place?.y ?? 0) + (place?.height ?? 0) - 130);
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await page.setViewportSize({ width: 390, height: 500 });
  const caretHidden = async (): Promise<number> => {
    const [field, tools] = [await page.locator(".board-texts textarea").boundingBox(), await page.locator(".tools").boundingBox()];
    return (field?.y ?? 0) + (field?.height ?? 0) - (tools?.y ?? 0);
  };
  await expect.poll(caretHidden).toBeLessThanOrEqual(0);
  await page.keyboard.insertText("今天我们学习分数的加法，先看一个例子。");
  await page.keyboard.type(" one two three four five six seven eight nine ten");
  await expect.poll(caretHidden).toBeLessThanOrEqual(0);
  const [text] = await drawn(page);
  const { x, width, zoom } = await view(page);
  expect(text?.place?.w).toBeGreaterThan(0);
  expect((((text?.place?.x ?? 0) + (text?.place?.w ?? 0) - x) * zoom) / 10).toBeLessThanOrEqual(width);
  await picture(page, "phone-writing");
});

test("the sheet of shortcuts names every tool", async ({ open }) => {
  const page = await open();
  await press(page, "?");
  const sheet = page.getByRole("dialog", { name: "快捷键" });
  for (const name of ["选择", "荧光笔", "多边形", "撤销", "置于顶层", "适合宽度"]) await expect(sheet.getByText(name, { exact: true })).toBeVisible();
  await accessible(page);
  await picture(page, "keys");
});

test("a tool at hand stays marked as such under the pointer", async ({ open }) => {
  const page = await open({ viewport: { width: 1280, height: 800 } });
  const tool = page.locator('.tool[aria-pressed="true"]');
  const marked = await tool.evaluate((e) => getComputedStyle(e).backgroundColor);
  await tool.hover();
  await expect(tool).toHaveCSS("background-color", marked);
});

test("in high contrast colours stay what they are, and what is chosen has an outline", async ({ open }) => {
  const page = await open(WALL);
  const dot = page.locator(".pill .dot").first();
  const told = await dot.evaluate((e) => getComputedStyle(e).backgroundColor);
  await page.emulateMedia({ forcedColors: "active" });
  await expect(dot).toHaveCSS("background-color", told);
  await page.getByRole("button", { name: /^笔/ }).first().click(); // has its options when it is pressed again
  const tool = page.locator('.tool[aria-pressed="true"]');
  await expect(tool).toHaveCSS("outline-style", "solid");
  const colors = await page.locator(".swatch").evaluateAll((all) => all.map((s) => getComputedStyle(s).backgroundColor));
  expect(new Set(colors).size).toBeGreaterThan(4);
  await picture(page, "wall-high-contrast");
});
