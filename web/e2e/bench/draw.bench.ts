// Drawing on a board that is full: how many frames a second the page shows, and how long it works on each.
import { device, Person } from "../support/person.ts";
import { expect, test } from "../support/fixtures.ts";
import { entered, frameFigures, framesWhile, fullRoom, pause, report } from "./page.ts";

const POINTS = Number(process.env["POINTS"] ?? 100_000);

/** The pen: as long as it draws, and between two of its points, ms. */
const DRAWING_MS = 5000;
const SAMPLE_MS = 8;

/** Draws a long winding line; the points come when they are due, whether the page keeps up or not. */
async function drawSteadily({ page }: Person): Promise<number> {
  const cdp = await page.context().newCDPSession(page);
  const mouse = (type: "mousePressed" | "mouseMoved" | "mouseReleased", i: number): Promise<unknown> => {
    const angle = i / 25;
    const [x, y] = [640 + 330 * Math.sin(angle / 3.1), 380 + 190 * Math.sin(angle)];
    return cdp.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: type === "mouseReleased" ? 0 : 1, clickCount: 1 });
  };
  await mouse("mousePressed", 0);
  const start = performance.now();
  const sent: Promise<unknown>[] = [];
  for (let i = 1; i * SAMPLE_MS < DRAWING_MS; i++) {
    const due = start + i * SAMPLE_MS - performance.now();
    if (due > 0) await pause(due);
    sent.push(mouse("mouseMoved", i));
  }
  await Promise.all(sent);
  await mouse("mouseReleased", sent.length);
  return sent.length;
}

test("drawing on a full board", async ({ browser, server }) => {
  const room = await fullRoom(server, POINTS);
  const context = await device(browser, "Ann");
  const ann = await Person.open(context, `${server.url}${room}`);
  await ann.synced();
  const points = (): Promise<number> => ann.held().then(({ elements }) => elements.reduce((sum, e) => sum + e.points, 0));
  await expect.poll(points).toBeGreaterThanOrEqual(POINTS - 8);
  const strokes = (await ann.held()).elements.length;
  await entered(ann, strokes);

  const { result: samples, times, work } = await framesWhile(ann.page, () => drawSteadily(ann));
  report("page-draw", { points: POINTS, strokes, samples, drawn_points: (await ann.drawn()).points, ...frameFigures(times, work) });
  if (process.env["SCREENSHOT"] !== undefined) await ann.page.screenshot({ path: process.env["SCREENSHOT"] });
  await context.close();
});
