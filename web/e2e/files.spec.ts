// Images and exports on the page by itself (test/dev): what goes in as a file and what comes out as one.
import { readFile, writeFile } from "node:fs/promises";
import { expect, type Page } from "@playwright/test";
import type { FakeGateway } from "../test/dev/fake.ts";
import { accessible, drag, drawn, elements, picture, press, test, view } from "./support/devpage.ts";
import { readPdf } from "./support/pdf.ts";

declare global {
  interface Window {
    /** The stand-in for the server. */
    fake?: FakeGateway;
    /** Lets what waits go on. */
    goOn?: () => void;
  }
}

/** A red PNG of 40 × 30 px. */
async function png(page: Page): Promise<Buffer> {
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(40, 30);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("no 2d context");
    context.fillStyle = "#d1495b";
    context.fillRect(0, 0, 40, 30);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  return Buffer.from(bytes);
}

/** Uploads and exports wait until window.goOn() is called. */
const holdUp = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const { room } = window.fake ?? {};
    if (room !== undefined) room.slow = new Promise((resolve) => (window.goOn = resolve));
  });

async function choose(page: Page, file: { name: string; mimeType: string; buffer: Buffer }): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await press(page, "i");
  await (await chooser).setFiles(file);
}

const notice = (page: Page) => page.locator(".notices .notice");

test("an image is uploaded with progress and placed in the middle of what is seen", async ({ open }) => {
  const page = await open();
  await holdUp(page);
  await choose(page, { name: "题目.png", mimeType: "image/png", buffer: await png(page) });
  await expect(notice(page)).toContainText("正在上传 题目.png");
  await expect(page.locator("progress")).toHaveAttribute("value", "40");
  await accessible(page);
  await picture(page, "files-upload");
  await page.evaluate(() => window.goOn?.());
  await expect.poll(() => elements(page)).toBe(1);
  const [image] = await drawn(page);
  expect(image).toMatchObject({ kind: 8 });
  expect((image?.place?.w ?? 0) / (image?.place?.h ?? 1)).toBeCloseTo(4 / 3, 1);
  await expect(notice(page)).toHaveCount(0);
  await picture(page, "files-image");
});

test("an upload can be stopped; what goes wrong is said where it happened", async ({ open }) => {
  const page = await open();
  const buffer = await png(page);
  await holdUp(page);
  await choose(page, { name: "a.png", mimeType: "image/png", buffer });
  await page.getByRole("button", { name: "取消" }).click();
  await expect(notice(page)).toHaveCount(0);
  await page.evaluate(() => window.goOn?.());
  expect(await elements(page)).toBe(0);

  await choose(page, { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
  await expect(notice(page)).toContainText("这不是图片");
  await accessible(page);
  await picture(page, "files-refused");
  await page.getByRole("button", { name: "关闭" }).click();
  await choose(page, { name: "big.png", mimeType: "image/png", buffer: Buffer.alloc(21 * 1024 * 1024) });
  await expect(notice(page)).toContainText("最多 20 MB");
  await page.getByRole("button", { name: "关闭" }).click();
  await choose(page, { name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no image") });
  await expect(notice(page)).toContainText("3014");
  await page.getByRole("button", { name: "关闭" }).click();

  await page.evaluate(() => window.fake?.room?.connection.set({ kind: "offline", unsent: 0, begun: true }));
  await choose(page, { name: "a.png", mimeType: "image/png", buffer });
  await expect(notice(page)).toContainText("现在没有连上");
  await page.evaluate(() => window.fake?.room?.connection.set({ kind: "synced", route: "websocket", fallback: false, rttMs: 9, unsent: 0, sending: false }));
  await page.getByRole("button", { name: "再试一次" }).click();
  await expect.poll(() => elements(page)).toBe(1);
});

test("images come by drop and by paste too; text is pasted as text", async ({ open }, info) => {
  const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  const buffer = await png(page);
  const path = info.outputPath("b.png");
  await writeFile(path, buffer);
  const cdp = await page.context().newCDPSession(page);
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await cdp.send("Input.dispatchDragEvent", { type, x: 500, y: 300, data: { items: [], files: [path], dragOperationsMask: 1 } });
  }
  await expect.poll(() => elements(page)).toBe(1);

  await page.evaluate((bytes) => navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([new Uint8Array(bytes)], { type: "image/png" }) })]), [...buffer]);
  await press(page, "Control+v");
  await expect.poll(() => elements(page)).toBe(2);
  await page.evaluate(() => navigator.clipboard.writeText("早上好"));
  await press(page, "Control+v");
  await expect.poll(() => elements(page)).toBe(3);
  expect((await drawn(page)).map((e) => e.kind)).toEqual([8, 8, 7]);
  expect((await drawn(page)).at(-1)?.text).toBe("早上好");
});

test("several images lie beside each other, and who chooses too many is told how many were left out", async ({ open }) => {
  const page = await open();
  const buffer = await png(page);
  const chosen = Array.from({ length: 23 }, (_, i) => ({ name: `${i}.png`, mimeType: "image/png", buffer }));
  const chooser = page.waitForEvent("filechooser");
  await press(page, "i");
  await (await chooser).setFiles(chosen);
  await expect.poll(() => elements(page)).toBe(20);
  await expect(notice(page)).toHaveCount(1);
  await expect(notice(page)).toContainText("还有 3 张 没有放上：一次最多 20 张");
  await accessible(page);
  await picture(page, "files-many");
  const places = (await drawn(page)).flatMap(({ place }) => (place === undefined ? [] : [place]));
  const apart = places.every((a, i) => places.slice(i + 1).every((b) => a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y));
  expect(apart).toBe(true);
  const { x, y, width, height, zoom } = await view(page);
  for (const p of places) {
    expect(p.x >= x && p.y >= y && p.x + p.w <= x + (10 * width) / zoom && p.y + p.h <= y + (10 * height) / zoom).toBe(true);
  }
});

test("the page is cleared once it is asked, and comes back by undo", async ({ open }) => {
  const page = await open();
  for (const y of [200, 300]) await drag(page, [[300, y], [500, y + 20]]);
  const before = await drawn(page);
  await page.getByRole("button", { name: "这一页" }).click();
  await accessible(page);
  await picture(page, "page-menu");
  await page.getByRole("button", { name: "清空这一页…" }).click();
  await accessible(page);
  await picture(page, "page-clear");
  await page.getByRole("button", { name: "清空", exact: true }).click();
  expect(await elements(page)).toBe(0);
  await expect(page.locator(".toast")).toBeVisible();
  await accessible(page);
  await page.locator(".toast").getByRole("button", { name: "撤销" }).click();
  expect(await drawn(page)).toEqual(before);
  await expect(page.locator(".toast")).toHaveCount(0);
});

test("a question about a page goes when the page is turned", async ({ open }) => {
  const page = await open();
  await page.evaluate(() => window.fake?.room?.pages.set(["a", "b", "c"]));
  await page.getByRole("button", { name: "第 2 页" }).click();
  await drag(page, [[300, 200], [500, 220]]);
  await page.getByRole("button", { name: "第 1 页" }).click();
  await drag(page, [[300, 300], [500, 320]]);
  const turn = (to: string): Promise<void> => page.evaluate((name) => window.fake?.room?.turn(name), to);
  for (const row of ["清空这一页…", "删除此页…"]) {
    await turn("a");
    await page.getByRole("button", { name: "这一页" }).click();
    await page.getByRole("button", { name: row }).click();
    await expect(page.getByRole("group", { name: "这一页" }).or(page.getByRole("group", { name: "删除此页" }))).toBeVisible();
    for (const to of ["b", "a"]) {
      await turn(to);
      await expect.poll(() => page.evaluate(() => window.chalkline?.page)).toBe(to);
      await expect(page.locator(".ask")).toHaveCount(0);
      await expect(page.getByRole("button", { name: row })).toBeVisible();
    }
    await page.keyboard.press("Escape");
  }
  expect(await elements(page)).toBe(1);
});

test("this page is saved as PNG and SVG, all pages as PDF, which can be stopped", async ({ open }) => {
  const page = await open();
  await drag(page, [[300, 200], [500, 220]]);
  const save = async (name: string): Promise<Buffer> => {
    await page.getByRole("button", { name: "这一页" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name }).click();
    const file = await download;
    expect(file.suggestedFilename()).toContain("三年级数学");
    return readFile(await file.path());
  };
  const bitmap = await save("这一页存为 PNG");
  expect(bitmap.subarray(1, 4).toString()).toBe("PNG");
  expect(bitmap.length).toBeGreaterThan(500);
  expect((await save("这一页存为 SVG")).toString()).toMatch(/^(<\?xml[^>]*>\s*)?<svg [^]*<path/);
  expect((await save("全部页存为 PDF")).subarray(0, 5).toString()).toBe("%PDF-");

  await holdUp(page);
  await page.getByRole("button", { name: "这一页" }).click();
  await page.getByRole("button", { name: "全部页存为 PDF" }).click();
  await expect(notice(page)).toContainText("正在导出");
  await page.getByRole("button", { name: "取消" }).click();
  await expect(notice(page)).toHaveCount(0);
});

test("without a connection all pages are saved as PDF from the boards that are open", async ({ open }) => {
  const page = await open();
  await page.evaluate(() => window.fake?.room?.pages.set(["a", "b"]));
  await drag(page, [[300, 200], [500, 220]]);
  await page.evaluate(() => window.fake?.room?.connection.set({ kind: "offline", unsent: 0, begun: true }));
  const saveAll = async (): Promise<void> => {
    await page.getByRole("button", { name: "这一页" }).click();
    await page.getByRole("button", { name: "全部页存为 PDF" }).click();
  };
  await saveAll();
  await expect(notice(page)).toContainText("缺第 2 页");
  await accessible(page);
  await page.getByRole("button", { name: "关闭" }).click();

  await page.getByRole("button", { name: "第 2 页" }).click();
  await drag(page, [[300, 200], [500, 220]]);
  await drag(page, [[300, 400], [500, 420]]);
  const download = page.waitForEvent("download");
  await saveAll();
  const file = await (await download).path();
  const [first, second, ...more] = readPdf(file);
  expect([first?.size, second?.size, more.length]).toEqual(["3072 x 1728 pts", "3072 x 1728 pts", 0]);
  expect(first?.dark).toBeGreaterThan(10);
  expect((second?.dark ?? 0) / (first?.dark ?? 0)).toBeGreaterThan(1.5);
});

test("grid, snapping and ruler are remembered on this device", async ({ open }) => {
  const page = await open();
  await page.getByRole("button", { name: "这一页" }).click();
  await page.getByRole("radio", { name: "方格" }).click();
  await page.getByRole("switch", { name: "对齐吸附" }).click();
  await page.getByRole("switch", { name: "直尺" }).click();
  await page.keyboard.press("Escape");
  await picture(page, "page-grid-ruler");
  await page.reload();
  await page.waitForSelector(".board canvas");
  await page.getByRole("button", { name: "这一页" }).click();
  await expect(page.getByRole("radio", { name: "方格" })).toHaveAttribute("aria-checked", "true");
  await expect(page.getByRole("switch", { name: "对齐吸附" })).toHaveAttribute("aria-checked", "false");
  await expect(page.getByRole("switch", { name: "直尺" })).toHaveAttribute("aria-checked", "true");
});

test("pages whose boards are not open have a picture from the server", async ({ open }) => {
  const page = await open();
  await page.evaluate(() => window.fake?.room?.pages.set(["a", "b", "c"]));
  await expect(page.locator(".strip img")).toHaveCount(2);
  expect(await page.evaluate(() => window.fake?.room?.requests.toSorted())).toEqual(["pages/b.png?width=192", "pages/c.png?width=192"]);
  await page.getByRole("button", { name: "第 2 页" }).click();
  await expect(page.locator(".strip img")).toHaveCount(1);
  await accessible(page);
  await picture(page, "thumbnails");
});

test("PGS1 who only looks on may not add, delete or move pages", async ({ open }) => {
  const page = await open();
  await page.evaluate(() => window.fake?.room?.pages.set(["a", "b"]));
  await page.getByRole("button", { name: "这一页" }).click();
  const names = ["这一页前移", "这一页后移", "删除此页…"];
  for (const name of names) await expect(page.getByRole("button", { name })).toBeVisible();
  await accessible(page);
  await picture(page, "page-menu-pages");
  await page.evaluate(() => {
    const { room } = window.fake ?? {};
    room?.people.set(room.people.value.map((p) => ({ ...p, role: "observer" })));
  });
  for (const name of [...names, "加一页"]) await expect(page.getByRole("button", { name })).toHaveCount(0);
  const [from, to] = await Promise.all([0, 1].map((n) => page.locator(".page-list li").nth(n).boundingBox()));
  await page.keyboard.press("Escape");
  await page.mouse.move((from?.x ?? 0) + 20, (from?.y ?? 0) + 20);
  await page.mouse.down();
  await page.mouse.move((to?.x ?? 0) + 20, (to?.y ?? 0) + 30, { steps: 5 });
  await page.mouse.up();
  expect(await page.evaluate(() => window.fake?.room?.pages.value)).toEqual(["a", "b"]);
});
