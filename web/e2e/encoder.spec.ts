// An encoder pushes into the lesson (ffmpeg), others see it, and the page measures how late it is by flashes.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import config from "./playwright.config.ts";
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

/** When the film's flashes begin, s: as far from each other as those of the page, and this much after its beginning. */
const LATER = 24;
const FLASHES = [1.5, 2.7, 4.4, 5.9, 7.8].map((at) => at + LATER);

/** Pushes a grey film with white flashes, as a camera before the page would take it. */
function push(address: string): ChildProcess {
  const lit = FLASHES.map((at) => `between(t,${at},${at + 0.35})`).join("+");
  return spawn("ffmpeg", [
    "-loglevel", "error", "-re", "-f", "lavfi", "-i", `color=c=0x303030:s=320x180:r=30,drawbox=t=fill:color=white:enable='${lit}'`,
    "-f", "lavfi", "-i", "sine=frequency=300:sample_rate=48000", "-t", "90",
    "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-bf", "0", "-pix_fmt", "yuv420p",
    "-c:a", "aac", "-f", "mpegts", "-method", "POST", address,
  ], { stdio: ["ignore", "inherit", "inherit"] });
}

test("an encoder's picture is seen by all, and the page measures by flashes how late it is", async ({ lesson }) => {
  test.setTimeout(150_000);
  const ann = await lesson.person("Ann");
  const ben = await lesson.person("Ben");
  const encoder = push(await pushAddress(ann));
  try {
    const begun = Date.now();
    const video = ben.page.locator(".tile", { hasText: "Ann’s stream" }).locator("video");
    await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime), { timeout: 20_000 }).toBeGreaterThan(0.5);
    await expect(ben.page.locator(".alignment .pill-text")).toHaveText("Not calibrated", { timeout: 15_000 });
    await ann.page.getByRole("button", { name: "My stream: options" }).click();
    await ann.page.getByRole("button", { name: "Calibrate the time…" }).click();
    const sheet = ann.page.getByRole("dialog", { name: "Calibrate the stream’s time" });
    await expect.poll(() => sheet.locator("video").evaluate((v: HTMLVideoElement) => v.videoWidth), { timeout: 20_000 }).toBe(320);
    const pressed = Date.now();
    await sheet.getByRole("button", { name: "Start" }).click();
    await expect(sheet.locator(".calibrate-said")).toHaveText(/^Measured/, { timeout: 60_000 });
    const ms = Number(/(\d+) ms/.exec((await sheet.locator(".calibrate-said").textContent()) ?? "")?.[1]);
    // The film's flashes come so much after those of the page, and a little later for its way.
    const expected = begun + LATER * 1000 - pressed;
    expect(ms).toBeGreaterThan(expected - 1500);
    expect(ms).toBeLessThan(expected + 3000);
    await ann.page.keyboard.press("Escape");
    await expect(ben.page.locator(".alignment .pill-text")).toHaveText(/^Aligned/, { timeout: 15_000 });
  } finally {
    encoder.kill("SIGKILL");
    if (encoder.exitCode === null && encoder.signalCode === null) await once(encoder, "exit");
  }
});
