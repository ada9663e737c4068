// Tabs that are shown and hidden as a person's are. Those that Playwright opens by itself all count as seen, whichever is in front.
import { chromium, type Browser, type BrowserContext, type LaunchOptions, type Page } from "@playwright/test";
import { freePort } from "./ports.ts";

/** What Playwright adds so that a page that is not seen goes on as if it were. */
const AWAKE = ["--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding", "--disable-background-timer-throttling"];

/** A browser with one window, whose tabs these are. Whoever opens it closes the browser. */
export async function openWindow(options: LaunchOptions): Promise<{ browser: Browser; tabs: BrowserContext }> {
  const port = await freePort();
  const browser = await chromium.launch({
    ...options,
    ignoreDefaultArgs: AWAKE,
    args: [...(options.args ?? []), "--lang=en-GB", `--remote-debugging-port=${port}`],
  });
  try {
    const [tabs] = (await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true })).contexts();
    if (tabs === undefined) throw new Error("the browser has no window");
    return { browser, tabs };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

/** Has another tab in front of a page while something happens. */
export async function lookAway(page: Page, during: () => Promise<void>): Promise<void> {
  const other = await page.context().newPage();
  await other.bringToFront();
  await page.waitForFunction(() => document.visibilityState === "hidden", undefined, { polling: 100 });
  await during();
  await page.bringToFront();
  await other.close();
  await page.waitForFunction(() => document.visibilityState === "visible", undefined, { polling: 100 });
}
