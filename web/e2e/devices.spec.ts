// The lesson on the screens that schools have: a phone, a desk, a wall; in both languages; and for everyone (axe).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { BrowserContextOptions, CDPSession, Page } from "@playwright/test";
import { picture } from "./support/devpage.ts";
import { agree, onBoard, somewhere, type Person } from "./support/person.ts";
import { expect, test } from "./support/fixtures.ts";
import { difference, inked, pictureOf } from "./support/picture.ts";
import { seeded } from "./support/random.ts";

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const WALL: BrowserContextOptions = { viewport: { width: 3840, height: 2160 }, hasTouch: true };

type Finger = readonly [x: number, y: number];

/** Fingers on the glass, as the browser gets them from the system. */
class Hand {
  private constructor(private readonly cdp: CDPSession) {}

  static async of({ page }: Person): Promise<Hand> {
    return new Hand(await page.context().newCDPSession(page));
  }

  /** One finger along a path. */
  async stroke(path: readonly Finger[]): Promise<void> {
    for (const [i, at] of path.entries()) await this.touch(i === 0 ? "touchStart" : "touchMove", [at]);
    await this.touch("touchEnd", []);
  }

  /** Two fingers move apart, from one distance to another. */
  async pinch([x, y]: Finger, from: number, to: number, steps = 12): Promise<void> {
    const at = (d: number): Finger[] => [[x - d / 2, y], [x + d / 2, y]];
    await this.touch("touchStart", at(from));
    for (let i = 1; i <= steps; i++) await this.touch("touchMove", at(from + ((to - from) * i) / steps));
    await this.touch("touchEnd", []);
  }

  private async touch(type: "touchStart" | "touchMove" | "touchEnd", fingers: readonly Finger[]): Promise<void> {
    await this.cdp.send("Input.dispatchTouchEvent", { type, touchPoints: fingers.map(([x, y], id) => ({ x, y, id })) });
  }
}

const wave = (x: number, y: number, width: number): Finger[] =>
  Array.from({ length: 20 }, (_, i): Finger => [x + (width * i) / 19, y + 20 * Math.sin(i / 2)]);

const zoom = (one: Person): Promise<number> => one.page.evaluate(() => window.chalkline?.view?.zoom ?? 0);

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe holds against a page, if it is serious. */
async function serious(page: Page): Promise<string[]> {
  // Colours on their way from one to another have no contrast to judge.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    const { violations } = await axe.run();
    return violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id}: ${v.nodes[0]?.html ?? ""}`);
  });
}

test("on a phone a finger draws for everybody and two fingers zoom the board alone", async ({ lesson }) => {
  const phone = await lesson.person("小明", { ...PHONE, locale: "zh-CN" });
  const desk = await lesson.person("Ann");
  const hand = await Hand.of(phone);
  await hand.stroke(wave(60, 300, 260));
  const drawn = await agree([phone, desk]);
  expect(onBoard(drawn).strokes).toBe(1);
  expect(onBoard(drawn).points).toBeGreaterThan(10);

  const before = await zoom(phone);
  await hand.pinch([195, 400], 80, 240);
  expect(await zoom(phone)).toBeGreaterThan(2 * before);
  expect(await phone.page.evaluate(() => visualViewport?.scale)).toBe(1);
  expect((await agree([phone, desk])).elements).toEqual(drawn.elements);
  expect(await serious(phone.page)).toEqual([]);
  await picture(phone.page, "devices-phone");
});

test("on a wall of 3840 × 2160 what a class writes is there, sharp and for everybody", async ({ lesson }) => {
  const random = seeded(38);
  const wall = await lesson.person("王老师", { ...WALL, locale: "zh-CN" });
  const desk = await lesson.person("Ann");
  const hand = await Hand.of(wall);
  await hand.stroke(wave(1200, 500, 900));
  for (let i = 0; i < 3; i++) await desk.draw(somewhere(random));
  await agree([wall, desk]);
  const { width, height } = await pictureOf(wall);
  const place = await wall.page.locator(".board").boundingBox();
  expect([width, height]).toEqual([place?.width, place?.height]);
  await expect.poll(async () => inked(await pictureOf(wall))).toBeGreaterThan(0.0005);
  expect(await serious(wall.page)).toEqual([]);
  await picture(wall.page, "devices-wall");
});

test("a browser that is too old is told so, even if it cannot read the page", async ({ browser, server }) => {
  const missing: readonly (() => void)[] = [
    () => Reflect.deleteProperty(AbortSignal, "timeout"),
    () => Reflect.deleteProperty(Intl, "Segmenter"),
    () => Reflect.deleteProperty(window, "OffscreenCanvas"),
    () => Object.assign(OffscreenCanvas.prototype, { getContext: () => null }),
  ];
  for (const [i, without] of missing.entries()) {
    const context = await browser.newContext();
    await context.addInitScript(without);
    if (i === 0) await context.route("**/app.js", (route) => route.fulfill({ contentType: "text/javascript", body: "class { #a in" }));
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    await page.goto(server.url);
    await expect(page.getByRole("alert")).toContainText("这个浏览器太旧");
    await expect(page.getByRole("alert")).toContainText("This browser is too old");
    await page.waitForLoadState("load");
    await expect(page.locator("#app, .start")).toHaveCount(0);
    expect(await serious(page)).toEqual([]);
    if (i === 0) await picture(page, "devices-old");
    else expect(errors).toEqual([]);
    await context.close();
  }
});

test("the language is switched in the middle of a lesson, and the drawing stays", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  const held = await agree([ann]);
  await expect(ann.pill).toHaveText("Synced");
  const before = await pictureOf(ann);
  await ann.page.getByRole("button", { name: "More" }).click();
  await ann.page.getByRole("radio", { name: "中文" }).click();
  await expect(ann.pill).toHaveText("已同步");
  await expect(ann.page.locator("html")).toHaveAttribute("lang", "zh-CN");
  await ann.page.keyboard.press("Escape");
  expect(await agree([ann])).toEqual(held);
  expect(difference(before, await pictureOf(ann))).toBe(0);
  await ann.reload();
  await ann.synced();
  await expect(ann.pill).toHaveText("已同步");
});

test("axe finds nothing serious: start, lesson, panels, without a server", async ({ lesson, server }) => {
  const ann = await lesson.person("Ann");
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  expect(await serious(ann.page)).toEqual([]);
  for (const panel of ["Invite", "More"]) {
    await ann.page.getByRole("button", { name: panel, exact: true }).click();
    expect(await serious(ann.page)).toEqual([]);
    await ann.page.keyboard.press("Escape");
  }
  await picture(ann.page, "devices-desk");
  await server.stop();
  await ann.draw({ x: 300, y: 400, width: 200, height: 60 });
  await expect(ann.pill).toHaveText(/^Reconnecting/);
  await ann.pill.click();
  expect(await serious(ann.page)).toEqual([]);
  await picture(ann.page, "devices-reconnecting");
  await server.start();
  await ann.page.goto(`${server.url}/`);
  await ann.page.waitForSelector(".start");
  expect(await serious(ann.page)).toEqual([]);
  await picture(ann.page, "devices-start");
});
