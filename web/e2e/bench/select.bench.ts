// Selecting among 5 000 elements, and moving all of them: how long the page works from the event until it is shown.
import type { Page } from "@playwright/test";
import { test } from "../support/fixtures.ts";
import { answer, entered, fill, pause, profiled, quantile, report, round, still } from "./page.ts";
import type { Answer } from "./page.ts";

const ELEMENTS = Number(process.env["ELEMENTS"] ?? 5000);

/** Which gestures are measured: $GESTURES, else all. Moves are measured with select-all. */
const WANTED = process.env["GESTURES"]?.split(" ");

/** How often each thing is done again once the page has done it. */
const AGAIN = 9;

/** Where the mouse goes, CSS px of a 1280 × 800 window: around all elements, clear of bars and tools. */
const AROUND = { x0: 96, y0: 52, x1: 1278, y1: 724 };

interface Gesture {
  readonly tool: string;
  /** How many it selects at least. */
  readonly least: number;
  readonly act: (page: Page) => Promise<Answer>;
}

const GESTURES: Readonly<Record<string, Gesture>> = {
  click: { tool: "v", least: 1, act: (page) => lifted(page, [[203, 178]]) },
  marquee: { tool: "v", least: ELEMENTS / 2, act: (page) => lifted(page, [[AROUND.x0, AROUND.y0], [600, 400], [AROUND.x1, AROUND.y1]]) },
  lasso: { tool: "q", least: ELEMENTS / 2, act: (page) => lifted(page, ring()) },
  "select-all": { tool: "v", least: ELEMENTS, act: (page) => answer(page, "keydown", () => page.keyboard.press("Control+a")) },
};

/** Drags along a path; times the release. */
async function lifted(page: Page, path: readonly (readonly [number, number])[]): Promise<Answer> {
  const [[x, y] = [0, 0], ...rest] = path;
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (const [toX, toY] of rest) await page.mouse.move(toX, toY);
  await pause(50);
  return answer(page, "pointerup", () => page.mouse.up());
}

/** A lasso of 80 places around nearly everything. */
function ring(): [number, number][] {
  const { x0, y0, x1, y1 } = AROUND;
  return Array.from({ length: 80 }, (_, i) => {
    const angle = (i / 80) * 2 * Math.PI + 0.1;
    return [(x0 + x1) / 2 + ((x1 - x0) / 2) * Math.cos(angle), (y0 + y1) / 2 + ((y1 - y0) / 2) * Math.sin(angle)];
  });
}

async function deselected(page: Page): Promise<void> {
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await still(page);
}

test("selecting and moving", async ({ lesson }) => {
  const founder = await lesson.person("Founder");
  await fill(founder, ELEMENTS);
  await founder.page.close();
  for (const [name, { tool, least, act }] of Object.entries(GESTURES)) {
    if (WANTED?.includes(name) === false) continue;
    const ann = await lesson.person("Ann");
    await entered(ann, ELEMENTS);
    await ann.page.locator(".board").focus();
    await ann.page.keyboard.press(tool);
    await still(ann.page);
    const cold = await profiled(ann.page, `${name}-cold`, () => act(ann.page));
    const selected = await ann.page.evaluate(() => window.chalkline?.selected.length ?? 0);
    if (selected < least) throw new Error(`${name} selected ${selected}, not ${least}`);
    const warm: Answer[] = [];
    await profiled(ann.page, name, async () => {
      for (let i = 0; i < AGAIN; i++) {
        await deselected(ann.page);
        warm.push(await act(ann.page));
      }
    });
    report("page-select", { gesture: name, elements: ELEMENTS, selected, ...figures(cold, warm) });
    if (name === "select-all") await moves(ann.page);
    await ann.page.close();
  }
});

/** The arrow keys and a drag, with everything selected. */
async function moves(page: Page): Promise<void> {
  const nudge = (): Promise<Answer> => answer(page, "keydown", () => page.keyboard.press("ArrowRight"));
  const cold = await nudge();
  const warm: Answer[] = [];
  await profiled(page, "nudge", async () => {
    for (let i = 0; i < AGAIN; i++) {
      await still(page);
      warm.push(await nudge());
    }
  });
  report("page-move", { gesture: "nudge", elements: ELEMENTS, ...figures(cold, warm) });
  await still(page);
  await page.mouse.move(600, 300);
  await page.mouse.down();
  const drag = (i: number): Promise<Answer> => answer(page, "pointermove", () => page.mouse.move(600 + 3 * i, 300 + 2 * i));
  await drag(1);
  const first = await drag(2);
  const steps: Answer[] = [];
  await profiled(page, "drag", async () => {
    for (let i = 3; i < 3 + AGAIN; i++) steps.push(await drag(i));
  });
  await page.mouse.up();
  report("page-move", { gesture: "drag", elements: ELEMENTS, ...figures(first, steps) });
}

const figures = (cold: Answer, warm: readonly Answer[]): Readonly<Record<string, number>> => ({
  cold_ms: round(cold.work), cold_heard_ms: round(cold.heard), cold_shown_ms: round(cold.shown),
  work_p50_ms: quantile(warm.map((a) => a.work), 0.5), work_max_ms: quantile(warm.map((a) => a.work), 1),
  heard_p50_ms: quantile(warm.map((a) => a.heard), 0.5), shown_p50_ms: quantile(warm.map((a) => a.shown), 0.5),
});
