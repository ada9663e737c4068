// Camera, screen and tiles on a real server: what a person does with them, and what is seen of others.
import { expect, type LaunchOptions } from "@playwright/test";
import config from "../playwright.config.ts";
import type { Class } from "./fixtures.ts";
import type { Person } from "./person.ts";

/** Chromium with its own test picture as the camera and as the screen, which asks nobody. */
export const withDevices: LaunchOptions = {
  ...config.use?.launchOptions,
  args: [...(config.use?.launchOptions?.args ?? []), "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"],
};

export const withCamera = (lesson: Class, name: string): Promise<Person> => lesson.person(name, { permissions: ["camera", "microphone"] });

/** Goes live as a person does: by the panel with the preview. */
export async function goLive({ page }: Person): Promise<void> {
  await page.getByRole("button", { name: "Go live" }).click();
  const panel = page.getByRole("dialog", { name: "Turn on camera and microphone" });
  await expect.poll(() => panel.locator("video").evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
  await panel.getByRole("button", { name: "Start", exact: true }).click();
  await expect.poll(() => page.evaluate(() => window.chalkline?.media.camera.state.value)).toBe("live");
}

export interface Shown {
  readonly time: number;
  readonly frames: number;
  readonly width: number;
}

/** What the picture of somebody's tile shows. */
export const tile = ({ page }: Person, who: string): Promise<Shown> =>
  page.locator(".tile", { hasText: who }).locator("video").first().evaluate((video: HTMLVideoElement) =>
    ({ time: video.currentTime, frames: video.getVideoPlaybackQuality().totalVideoFrames, width: video.videoWidth }));

export async function plays(person: Person, who: string): Promise<void> {
  await expect.poll(async () => (await tile(person, who)).frames, { message: "frames" }).toBeGreaterThan(5);
  const before = await tile(person, who);
  await expect.poll(async () => (await tile(person, who)).time, { message: "the picture moves" }).toBeGreaterThan(before.time + 0.5);
  expect(before.width).toBeGreaterThan(0);
}

export const alignment = ({ page }: Person) => page.evaluate(() => window.chalkline?.alignment.kind);
export const isAligned = (person: Person) => expect.poll(() => alignment(person)).toBe("aligned");
