// Where the board is seen from: wheel, hand, keys.
import { expect } from "@playwright/test";
import type { Viewport } from "../src/board/viewport.ts";
import { drag, elements, onBoard, press, test, toolNow, view } from "./support/devpage.ts";
import type { At } from "./support/devpage.ts";

/** How far (x, y) of the board went, in CSS px, when a view became another. */
const gone = (from: Viewport, to: Viewport): At => [((to.x - from.x) * to.zoom) / 10, ((to.y - from.y) * to.zoom) / 10];

test("the wheel moves the view, with ctrl it zooms around the pointer, 0 fits the board to the window again", async ({ open }) => {
  const page = await open();
  await press(page, "r");
  const fitted = await view(page);
  const at: At = [900, 300];
  await page.mouse.move(...at);
  await page.mouse.wheel(0, 240);
  await expect.poll(async () => gone(fitted, await view(page))[1]).toBeCloseTo(240, 3);
  const down = await view(page);
  expect(down).toMatchObject({ x: fitted.x, zoom: fitted.zoom });

  const held = await onBoard(page, at);
  await page.keyboard.down("Control");
  for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -60);
  await page.keyboard.up("Control");
  // It comes to rest at a step of 0.01, on a busy machine between the turns too.
  const percent = 100 * down.zoom * Math.exp(240 / 180);
  await expect.poll(async () => {
    const now = 100 * (await view(page)).zoom;
    return Math.abs(now - Math.round(now)) < 1e-9 && Math.abs(now - percent) <= 2;
  }).toBe(true);
  const zoomed = await view(page);
  const still = await onBoard(page, at);
  expect((Math.hypot(still.x - held.x, still.y - held.y) * zoomed.zoom) / 10, "px that the place under the pointer moved").toBeLessThan(20); // 5 a rest

  await page.keyboard.down("Shift");
  await page.mouse.wheel(0, -100);
  await page.keyboard.up("Shift");
  await expect.poll(async () => gone(zoomed, await view(page))[0]).toBeCloseTo(-100, 3);
  expect((await view(page)).y).toBe(zoomed.y);

  await press(page, "0");
  await expect.poll(() => view(page)).toMatchObject({ x: fitted.x, zoom: fitted.zoom });
  expect(await toolNow(page)).toBe("rectangle");
  expect(await elements(page)).toBe(0);
});

test("the hand takes the board along, and draws nothing", async ({ open }) => {
  const page = await open();
  await press(page, "+", "+", "+", "h");
  await drag(page, [[700, 500], [400, 300]]);
  const before = await view(page);
  await drag(page, [[600, 500], [450, 380]]);
  const [x, y] = gone(before, await view(page));
  expect(x).toBeCloseTo(150, 3);
  expect(y).toBeCloseTo(120, 3);
  expect((await view(page)).zoom).toBe(before.zoom);
  expect(await elements(page)).toBe(0);
  expect(await toolNow(page)).toBe("hand");
});

test("space and keys move the view while any tool is at hand", async ({ open }) => {
  const page = await open();
  await press(page, "r");
  const before = await view(page);
  await page.keyboard.down(" ");
  await drag(page, [[500, 500], [500, 400]]);
  await page.keyboard.up(" ");
  expect((await view(page)).y).toBeGreaterThan(before.y);
  expect(await elements(page)).toBe(0);
  await press(page, "Control+=");
  expect((await view(page)).zoom).toBeGreaterThan(before.zoom);
  await press(page, "0", "ArrowDown");
  expect(await toolNow(page)).toBe("rectangle");
});
