// Camera, screen and what others see of them: on a real server, with Chromium's own test picture as the camera.
import type { Page } from "@playwright/test";
import { expect, test } from "./support/fixtures.ts";
import { alignment, goLive, isAligned, plays, withCamera, withDevices } from "./support/media.ts";
import { agree, type Person } from "./support/person.ts";

test.use({ launchOptions: withDevices });

const pageNow = ({ page }: Person) => page.evaluate(() => window.chalkline?.page);
const source = (page: Page) => page.evaluate(() => window.chalkline?.sources[0]);

test("MED8 a teacher goes live; a pupil sees the picture, and strokes come with it, by the times that the page stamps", async ({ lesson, server }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await expect(ben.page.locator(".alignment")).toHaveCount(0);
  await goLive(ann);
  await plays(ben, "Ann");
  await isAligned(ben);
  await expect(ben.page.locator(".alignment .pill-text")).toHaveText(/^Aligned, \d+ ms$/);
  expect(await ben.page.evaluate(() => typeof window.chalkline?.shown())).toBe("number");
  // The lead's own board waits for nothing.
  expect(await ann.page.evaluate(() => window.chalkline?.shown())).toBe("now");
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  const held = await agree([ann, ben]);
  expect(held.elements).toHaveLength(1);
  expect(await ben.page.evaluate(() => window.chalkline?.drawn(window.chalkline.page))).toEqual([held.elements[0]?.key]);
  await ben.draw({ x: 300, y: 420, width: 200, height: 60 });
  expect((await agree([ann, ben])).elements).toHaveLength(2);
  const stamped = (label = "") => server.metric("chalkline_webrtc_stamped_frames_total", label);
  const own = await stamped('origin="publisher"');
  expect(own, "frames that the page stamped").toBeGreaterThan(20);
  expect(await stamped() - own, "frames that the server had to stamp").toBeLessThan(own / 10);
});

test("camera and microphone are one press away while live, and end with Stop", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await plays(ben, "Ann");
  const camera = ann.page.getByRole("switch", { name: "Camera" });
  await camera.click();
  await expect(camera).toHaveAttribute("aria-checked", "false");
  await expect.poll(async () => (await source(ben.page))?.hidden).toBe(true);
  await expect(ben.page.locator(".tile video")).toHaveCount(0);
  // Only the sound says what time it is now.
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  expect((await agree([ann, ben])).elements).toHaveLength(1);
  await camera.click();
  await expect.poll(async () => (await source(ben.page))?.hidden).toBe(false);
  await plays(ben, "Ann");
  const microphone = ann.page.getByRole("switch", { name: "Microphone" });
  await microphone.click();
  await expect(microphone).toHaveAttribute("aria-checked", "false");
  await expect.poll(async () => (await source(ben.page))?.muted).toBe(true);
  await expect(ben.page.locator(".tile").getByRole("img", { name: "Muted" })).toBeVisible();
  await ann.page.getByRole("button", { name: "Camera and microphone: options" }).click();
  await ann.page.getByRole("button", { name: "Stop camera and microphone" }).click();
  await expect(ann.page.getByRole("button", { name: "Go live" })).toBeVisible();
  await expect(ben.page.locator(".tile-note")).toHaveText("Away for now");
  await expect.poll(() => alignment(ben)).toBe("no-media");
});

test("STG3 a page turn takes everybody along but who looks elsewhere, and who comes late at once", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await isAligned(ben);
  const first = await pageNow(ann);
  await ann.page.getByRole("button", { name: "Add a page" }).click();
  const second = await pageNow(ann);
  expect(second).not.toBe(first);
  await expect.poll(() => pageNow(ben)).toBe(second);
  await ben.page.getByRole("button", { name: "Page 1" }).click();
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  expect(await pageNow(ben)).toBe(first);
  await ben.page.getByRole("button", { name: "Back to Ann’s page 2" }).click();
  expect(await pageNow(ben)).toBe(second);
  const late = await lesson.person("Cid");
  await expect.poll(() => pageNow(late)).toBe(second);
  await isAligned(late);
  expect((await agree([ann, ben, late])).elements).toHaveLength(1);
});

test("who leaves is gone from the others' tiles, and the board goes on without waiting", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await isAligned(ben);
  // What a lesson had made is freed with it: a page stays open for a day of them.
  await ann.page.evaluate(() => {
    const { close } = AudioContext.prototype;
    AudioContext.prototype.close = function () {
      (window as { loudspeaker?: AudioContext }).loudspeaker = this;
      return close.call(this);
    };
  });
  const workers = () => ann.page.workers().filter((worker) => worker.url().endsWith("/media-worker.js")).length;
  expect(workers()).toBe(1);
  await ann.page.getByRole("button", { name: "More", exact: true }).click();
  await ann.page.getByRole("button", { name: "Leave lesson" }).click();
  await expect.poll(workers, { message: "workers" }).toBe(0);
  await expect.poll(() => ann.page.evaluate(() => (window as { loudspeaker?: AudioContext }).loudspeaker?.state)).toBe("closed");
  await expect.poll(() => alignment(ben)).toBe("no-media");
  await ben.draw({ x: 300, y: 300, width: 200, height: 60 });
  expect((await agree([ben])).elements).toHaveLength(1);
  expect(await ben.page.evaluate(() => window.chalkline?.shown())).toBe("now");
});

test("going live that fails says why, though its panel is closed; so does being taken over in another window", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const notice = ann.page.locator(".notices").getByRole("alert");
  await ann.page.route("**/whip?*", (route) => route.fulfill({ status: 406, json: { code: 3015, parameters: {} } }));
  await ann.page.getByRole("button", { name: "Go live" }).click();
  await ann.page.getByRole("button", { name: "Start", exact: true }).click();
  await expect(notice).toContainText("The server did not accept it.");
  await expect(notice).toContainText("3015");
  await ann.page.getByRole("button", { name: "Go live" }).click();
  await expect(notice).toHaveCount(0); // the panel says it
  await ann.page.keyboard.press("Escape");
  await notice.getByRole("button", { name: "Close" }).click();
  await expect(notice).toHaveCount(0);
  await ann.page.unroute("**/whip?*");
  await goLive(ann);
  await expect(notice).toHaveCount(0);
  const again = await lesson.enter(ann.page.context());
  await again.synced();
  await goLive(again);
  await expect(notice).toContainText("You went live in another window or on another device.");
  await expect(ann.page.getByRole("button", { name: "Go live" })).toBeVisible();
  await expect(again.page.locator(".notices").getByRole("alert")).toHaveCount(0);
});

test("a page that is closed is away at once, and boards wait for it no longer", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await isAligned(ben);
  await ann.page.close();
  await expect.poll(() => alignment(ben), { timeout: 6000 }).toBe("no-media");
});

test("the server is restarted in an orderly way: who is live stays live, and is seen again", async ({ lesson, server }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await plays(ben, "Ann");
  await server.stop();
  await expect(ann.pill).toHaveText("Reconnecting");
  const camera = () => ann.page.evaluate(() => window.chalkline?.media.camera.state.value);
  await expect.poll(camera).not.toBe("live");
  await server.start();
  await expect.poll(camera).toBe("live");
  await expect.poll(() => server.metric("chalkline_webrtc_viewers")).toBe(1);
  await plays(ben, "Ann");
  await isAligned(ben);
  await expect(ann.page.locator(".notices").getByRole("alert")).toHaveCount(0);
});

test("who leaves hears nothing more of a lead that goes on", async ({ lesson, server }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  // Elements that are not on the page are heard, too.
  await ben.page.evaluate(() => {
    const played = ((window as { played?: Set<HTMLMediaElement> }).played = new Set());
    const { play } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.play = function () {
      played.add(this);
      return play.call(this);
    };
  });
  const playing = () => ben.page.evaluate(() => [...((window as { played?: Set<HTMLMediaElement> }).played ?? [])].filter(({ paused }) => !paused).length);
  await goLive(ann);
  await plays(ben, "Ann");
  expect(await playing()).toBe(1);
  expect(await server.metric("chalkline_webrtc_viewers")).toBe(1);
  await ben.page.getByRole("button", { name: "More", exact: true }).click();
  await ben.page.getByRole("button", { name: "Leave lesson" }).click();
  await expect(ben.page.locator("#create")).toBeVisible();
  await expect.poll(() => server.metric("chalkline_webrtc_viewers")).toBe(0);
  // Longer than a tile that went out of view is played on.
  await ben.page.waitForTimeout(4000);
  expect(await server.metric("chalkline_webrtc_viewers")).toBe(0);
  expect(await playing()).toBe(0);
  await expect.poll(() => ann.page.evaluate(() => window.chalkline?.media.camera.state.value)).toBe("live");
});

test("aligning is turned off and on again by the person", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await isAligned(ben);
  await ben.page.locator(".alignment .pill").click();
  const wait = ben.page.getByRole("switch", { name: "Strokes wait for the video" });
  await wait.click();
  await expect(ben.page.locator(".alignment .pill-text")).toHaveText("Not aligned: turned off");
  expect(await ben.page.evaluate(() => window.chalkline?.shown())).toBe("now");
  await wait.click();
  await isAligned(ben);
});

test("an encoder is given where to push to, and the numbers of the connections are there to be read", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await isAligned(ben);
  await ann.page.getByRole("button", { name: "Camera and microphone: options" }).click();
  await ann.page.getByRole("button", { name: "Use an encoder (OBS)" }).click();
  await expect(ann.page.getByLabel("Server", { exact: true })).toHaveValue(/^rtmp:\/\//);
  await expect(ann.page.getByLabel("Stream key", { exact: true })).not.toHaveValue("");
  await ben.page.getByRole("button", { name: "More", exact: true }).click();
  await ben.page.getByRole("button", { name: "Diagnostics" }).click();
  await expect(ben.page.locator(".figures tbody tr")).toHaveCount(1);
  await expect(ben.page.locator(".figures tbody")).toContainText("webrtc");
});
