// Sharing a screen, and what others see of it: on a real server, with a picture of Chromium's own as the screen.
import { expect, test } from "./support/fixtures.ts";
import { alignment, goLive, isAligned, plays, tile, withCamera, withDevices } from "./support/media.ts";
import { agree, type Person } from "./support/person.ts";

test.use({ launchOptions: withDevices });

const SCREEN = "Ann’s screen";

async function share({ page }: Person): Promise<void> {
  await page.getByRole("button", { name: "Share screen" }).click();
  await expect.poll(() => page.evaluate(() => window.chalkline?.media.screen.state.value)).toBe("live");
}

test("a teacher shares the screen: a pupil sees it, strokes go with it, and a part of it is less of it", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const ben = await lesson.person("Ben");
  await share(ann);
  await plays(ben, SCREEN);
  await isAligned(ben);
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  expect((await agree([ann, ben])).elements).toHaveLength(1);
  const { width } = await tile(ben, SCREEN);
  await ann.page.getByRole("button", { name: "Share screen: options" }).click();
  const panel = ann.page.getByRole("dialog", { name: "Share your screen" });
  await expect(panel.locator(".publish-state")).toHaveText("Everybody can see your screen");
  await panel.getByRole("button", { name: "Share only a part" }).click();
  await panel.getByRole("button", { name: "Share this part" }).click();
  await expect.poll(async () => (await tile(ben, SCREEN)).width).toBeLessThan(width);
  await panel.getByRole("button", { name: "Share all of it" }).click();
  await expect.poll(async () => (await tile(ben, SCREEN)).width).toBe(width);
  await panel.getByRole("button", { name: "Stop sharing" }).click();
  await expect(ben.page.locator(".tile")).toHaveCount(0);
  await expect.poll(() => alignment(ben)).toBe("no-media");
});

test("a screen that the system does not give is said; to close the browser's own choice is to change one's mind", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const refuse = (message: string) => ann.page.evaluate((m) => {
    navigator.mediaDevices.getDisplayMedia = () => Promise.reject(new DOMException(m, "NotAllowedError"));
  }, message);
  const press = ann.page.getByRole("button", { name: "Share screen" });
  const fault = () => ann.page.evaluate(() => window.chalkline?.media.screen.fault.value?.kind);
  await refuse("Permission denied");
  await press.click();
  await expect.poll(fault).toBe("not-allowed");
  await expect(ann.page.getByRole("alert")).toHaveCount(0);
  await refuse("Permission denied by system");
  await press.click();
  await expect(ann.page.getByRole("alert")).toContainText("The system does not let the browser record the screen.");
});

test("a part of a screen is not offered where it would stand still while the page is hidden", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  // As Firefox and Safari are.
  await ann.page.addInitScript(() => Reflect.deleteProperty(globalThis, "MediaStreamTrackProcessor"));
  await ann.page.reload();
  await ann.synced();
  await share(ann);
  await ann.page.getByRole("button", { name: "Share screen: options" }).click();
  const panel = ann.page.getByRole("dialog", { name: "Share your screen" });
  await expect(panel.locator("video")).toBeVisible();
  await expect(panel.getByRole("button", { name: "Share only a part" })).toHaveCount(0);
});

test("MED1 a screen is beside the camera, and goes without it", async ({ lesson }) => {
  const ann = await withCamera(lesson, "Ann");
  const ben = await lesson.person("Ben");
  await goLive(ann);
  await share(ann);
  await plays(ben, SCREEN);
  await expect(ben.page.locator(".tile")).toHaveCount(2);
  // What is pointed at is the large one.
  await expect(ben.page.locator(".tile").first()).toHaveAttribute("data-large", "true");
  await expect(ben.page.locator(".tile").first()).toContainText(SCREEN);
  await ann.page.getByRole("button", { name: "Share screen: options" }).click();
  await ann.page.getByRole("button", { name: "Stop sharing" }).click();
  await expect(ben.page.locator(".tile")).toHaveCount(1);
  await plays(ben, "Ann");
  await isAligned(ben);
});
