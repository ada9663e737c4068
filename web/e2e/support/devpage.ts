// The page by itself, on a room without a server (test/dev), and what a person does to it with mouse, finger and keyboard.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test as base, type Browser, type BrowserContextOptions, type CDPSession, type Page } from "@playwright/test";
import { serve } from "../../test/dev/serve.mjs";

export const ROOM = "/r/3F7KQ-9XW2M?diagnostics";
export const TOUCH: BrowserContextOptions = { hasTouch: true, isMobile: true };
export const PHONE: BrowserContextOptions = { ...TOUCH, viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };
/** A classroom's touch screen. */
export const WALL: BrowserContextOptions = { ...TOUCH, viewport: { width: 1920, height: 1080 } };

export type At = readonly [x: number, y: number];

interface Fixtures {
  /** Opens a page of somebody who has a name already, in the room if no other path is said. */
  readonly open: (options?: BrowserContextOptions, path?: string, name?: string) => Promise<Page>;
}

export const test = base.extend<Fixtures, { readonly site: Server }>({
  site: [
    async ({}, use) => {
      const site = await serve(0);
      await use(site);
      site.close();
    },
    { scope: "worker" },
  ],
  open: async ({ site, browser }, use) => {
    await use((options, path, name) => open(browser, `http://127.0.0.1:${(site.address() as AddressInfo).port}`, options, path, name));
  },
});

async function open(browser: Browser, site: string, options: BrowserContextOptions = {}, path = ROOM, name = "王老师"): Promise<Page> {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 1280, height: 800 }, ...options });
  await context.addInitScript((who) => {
    if (localStorage.getItem("chalkline.name") === null) localStorage.setItem("chalkline.name", JSON.stringify(who));
  }, name);
  const page = await context.newPage();
  page.on("pageerror", (error) => {
    throw error;
  });
  await page.goto(site + path);
  await page.waitForSelector(path === ROOM && name !== "" ? ".board canvas" : ".start");
  return page;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe says of the page as it is once it is still: nothing. */
export async function accessible(page: Page): Promise<void> {
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
  });
  expect(violations).toEqual([]);
}

/** An element as it is drawn. */
export interface Drawn {
  readonly key: string;
  readonly kind: number;
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number; readonly angle: number } | undefined;
  readonly color: number;
  readonly width: number;
  readonly opacity: number;
  readonly fill: number | undefined;
  readonly dash: number;
  readonly pen: number;
  readonly size: number;
  readonly bold: boolean;
  readonly locked: boolean;
  readonly grouped: boolean;
  readonly text: string;
  readonly points: number;
  /** Parts of ink that are seen, of those it has; undefined: all of it. */
  readonly pieces: number | undefined;
}

/** What the board that is looked at shows, the lowest first. */
export const drawn = (page: Page): Promise<Drawn[]> =>
  page.evaluate(() => {
    const { chalkline } = window;
    if (chalkline === undefined) return [];
    return [...chalkline.session.look(chalkline.page).elements()].map((e) => ({
      key: String(e.key), kind: e.kind, place: e.place, color: e.color, width: e.width, opacity: e.opacity, fill: e.fill, dash: e.dash,
      pen: e.pen, size: e.size, bold: e.bold, locked: e.locked, grouped: e.group !== undefined, text: e.text, points: e.count,
      pieces: e.visible()?.length,
    }));
  });

export const elements = async (page: Page): Promise<number> => (await drawn(page)).length;
export const view = (page: Page) => page.evaluate(() => window.chalkline?.view ?? { x: 0, y: 0, zoom: 0, width: 0, height: 0 });
export const toolNow = (page: Page): Promise<string> => page.evaluate(() => window.chalkline?.tool ?? "");
export const selected = (page: Page): Promise<number> => page.evaluate(() => window.chalkline?.selected.length ?? 0);

/** Where a point of the window is on the board, in 1/10 px. */
export async function onBoard(page: Page, [x, y]: At): Promise<{ x: number; y: number }> {
  const seen = await view(page);
  const box = await page.locator(".board").boundingBox();
  const scale = seen.zoom / 10;
  return { x: seen.x + (x - (box?.x ?? 0)) / scale, y: seen.y + (y - (box?.y ?? 0)) / scale };
}

/** Draws with the mouse, or whatever else the tool at hand does. */
export async function drag(page: Page, path: readonly At[], steps = 4): Promise<void> {
  for (const [i, [x, y]] of path.entries()) {
    await page.mouse.move(x, y, { steps });
    if (i === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

/** Chooses a tool, or does something else, by its key; the board has the focus. */
export async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  await page.locator(".board").focus();
  for (const key of keys) await page.keyboard.press(key);
}

export const touch = (cdp: CDPSession, type: "touchStart" | "touchMove" | "touchEnd", fingers: readonly At[]): Promise<unknown> =>
  cdp.send("Input.dispatchTouchEvent", { type, touchPoints: fingers.map(([x, y], id) => ({ x, y, id })) });

/** One finger along a path. */
export async function swipe(cdp: CDPSession, path: readonly At[]): Promise<void> {
  for (const [i, at] of path.entries()) await touch(cdp, i === 0 ? "touchStart" : "touchMove", [at]);
  await touch(cdp, "touchEnd", []);
}

/** For people to look at: build/e2e/<name>.png. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(base.info().project.outputDir, `${name}.png`), animations: "disabled" });
}
