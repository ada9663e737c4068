// An encoder pushes into the lesson (ffmpeg), others see it, and the page measures how late it is by flashes.
import config from "./playwright.config.ts";
import { Encoder, type Film } from "./support/encoder.ts";
import { watchMachine } from "./support/machine.ts";
import { expect, test } from "./support/fixtures.ts";
import type { Person } from "./support/person.ts";

test.use({
  launchOptions: { ...config.use?.launchOptions, args: [...(config.use?.launchOptions?.args ?? []), "--autoplay-policy=no-user-gesture-required"] },
});

/** Where its panel says that an encoder pushes to. */
async function pushAddress({ page }: Person): Promise<string> {
  await page.getByRole("button", { name: "Go live" }).click();
  await page.getByRole("button", { name: "Use an encoder (OBS)" }).click();
  const field = page.getByLabel("MPEG-TS address");
  await expect(field.first()).toHaveValue(/^http/);
  const address = await field.first().inputValue();
  await page.keyboard.press("Escape");
  return address;
}

/** A grey room in which a screen lights up. */
const film: Film = { width: 320, height: 180, fps: 30, picture: (_, lit) => new Uint8Array(320 * 180).fill(lit ? 150 : 48) };
/** How late the encoder is, ms. */
const LATE = 700;
/** What is measured may be off by so much, ms, on cores of its own. */
const OFF = 150;

test("an encoder's picture is seen by all, and the page measures by flashes how late it is", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const ben = await lesson.person("Ben");
  const encoder = new Encoder(await pushAddress(ann), LATE, film);
  try {
    const video = ben.page.locator(".tile", { hasText: "Ann’s stream" }).locator("video");
    await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime)).toBeGreaterThan(0.5);
    await expect(ben.page.locator(".alignment .pill-text")).toHaveText("Not calibrated");
    await ann.page.getByRole("button", { name: "My stream: options" }).click();
    await ann.page.getByRole("button", { name: "Calibrate the time…" }).click();
    const sheet = ann.page.getByRole("dialog", { name: "Calibrate the stream’s time" });
    await expect.poll(() => sheet.locator("video").evaluate((v: HTMLVideoElement) => v.videoWidth)).toBe(320);
    await encoder.look(ann.page, await ann.page.evaluateHandle(() => () => performance.timeOrigin + performance.now()));
    const slower = watchMachine();
    // A machine that stands still shows no flash: the page says so, and to try again.
    const said = sheet.locator(".calibrate-said");
    await expect(async () => {
      await sheet.getByRole("button", { name: /^(Start|Try again)$/ }).click();
      await expect(said).toHaveText(/^Measured|try again/);
      expect(await said.textContent()).toMatch(/^Measured/);
    }).toPass();
    const ms = Number(/(\d+) ms/.exec((await said.textContent()) ?? "")?.[1]);
    expect(Math.abs(ms - LATE), `${ms} ms`).toBeLessThan(OFF * slower());
    await ann.page.keyboard.press("Escape");
    await expect(sheet).toBeHidden();
    await expect(ben.page.locator(".alignment .pill-text")).toHaveText(/^Aligned/);
  } finally {
    await encoder.stop();
  }
});
