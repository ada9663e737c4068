// What a phone holds of a board: the heap of scripts, and the pixels of all canvases, after all of the board was looked at.
import type { CDPSession, Page } from "@playwright/test";
import { device, Person } from "../support/person.ts";
import { expect, test } from "../support/fixtures.ts";
import { Server } from "../support/server.ts";
import { entered, fill, fullRoom, pause, report, round, still } from "./page.ts";

const POINTS = Number(process.env["POINTS"] ?? 100_000);
/** Of which six in ten are strokes of 20 points. */
const ELEMENTS = Math.ceil(POINTS / 12);
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true };
const MB = 1 << 20;

interface Held {
  readonly heap_mb: number;
  readonly buffers_mb: number;
  readonly canvases_mb: number;
  readonly tiles_mb: number;
  readonly total_mb: number;
}

/** The heap after garbage was collected, with array buffers; canvases at four bytes a pixel, tiles and images as the board counts them. */
async function held(page: Page, cdp: CDPSession): Promise<Held> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize = 0 } = (await cdp.send("Runtime.getHeapUsage")) as { usedSize: number; backingStorageSize?: number };
  const { canvases, tiles } = await page.evaluate(() => ({
    canvases: [...document.querySelectorAll("canvas")].reduce((sum, c) => sum + c.width * c.height * 4, 0),
    tiles: window.chalkline?.tileBytes ?? 0,
  }));
  const total = usedSize + backingStorageSize + canvases + tiles;
  const mb = (bytes: number): number => round(bytes / MB);
  return { heap_mb: mb(usedSize), buffers_mb: mb(backingStorageSize), canvases_mb: mb(canvases), tiles_mb: mb(tiles), total_mb: mb(total) };
}

test("memory of a whole board on a phone", async ({ browser, server }) => {
  const room = await fullRoom(server, POINTS);
  const context = await device(browser, "Ann", PHONE);
  const ann = await Person.open(context, `${server.url}${room}`);
  await ann.synced();
  await expect.poll(async () => (await ann.held()).elements.reduce((sum, e) => sum + e.points, 0)).toBeGreaterThanOrEqual(POINTS - 8);
  await entered(ann, (await ann.held()).elements.length);
  const cdp = await context.newCDPSession(ann.page);
  const tell = async (view: string): Promise<void> => {
    const zoom = await ann.page.evaluate(() => window.chalkline?.view?.zoom ?? 0);
    report("page-memory", { view, points: POINTS, zoom: round(zoom), ...(await held(ann.page, cdp)) });
  };
  await tell("opened");
  for (const zoom of [1, 2]) {
    await zoomed(ann.page, zoom);
    for (let i = 0; i < 40; i++) await ann.page.mouse.wheel(i % 8 < 4 ? 350 : -350, i % 4 === 3 ? 700 : 0);
    await still(ann.page);
    await tell(`looked around at ${zoom * 100} %`);
  }
  await context.close();
});

test.describe("with a short purge-after", () => {
  test.use({
    server: async ({}, use) => {
      const server = await Server.start("--purge-after", "2");
      await use(server);
      await server.close();
    },
  });

  test("memory of a page that was filled and cleared ten times", async ({ lesson }) => {
    test.setTimeout(600_000);
    const ann = await lesson.person("Ann"), ben = await lesson.person("Ben");
    const [toAnn, toBen] = [await ann.page.context().newCDPSession(ann.page), await ben.page.context().newCDPSession(ben.page)];
    const tell = async (when: string): Promise<void> => {
      report("page-fills", { when, who: "who fills", elements: ELEMENTS, ...(await held(ann.page, toAnn)) });
      report("page-fills", { when, who: "who looks on", elements: ELEMENTS, ...(await held(ben.page, toBen)) });
    };
    await tell("empty");
    for (let times = 1; times <= 10; times++) {
      await fill(ann, ELEMENTS);
      await entered(ben, ELEMENTS);
      if (times === 1) await tell("one fill");
      await ann.page.evaluate(() => window.chalkline?.session.look(window.chalkline.page)?.clear());
      await entered(ben, 0);
    }
    await pause(10_000); // all is purged
    await tell("ten fills, cleared");
  });
});

/** By its keys, from wherever it is. */
async function zoomed(page: Page, zoom: number): Promise<void> {
  await page.locator(".board").focus();
  await page.mouse.move(195, 400);
  const now = (): Promise<number> => page.evaluate(() => window.chalkline?.view?.zoom ?? 0);
  for (let i = 0; i < 40 && (await now()) < zoom * 0.99; i++) await page.keyboard.press("+");
  await still(page);
}
