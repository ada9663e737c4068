// What the page shows of video and sound, on the page by itself with media that a script moves (test/dev/media.ts): desk,
// phone and wall, in both languages, light and dark, and for everyone (axe).
import type { BrowserContextOptions, Page } from "@playwright/test";
import { expect } from "@playwright/test";
import config from "./playwright.config.ts";
import { PHONE, WALL, accessible, drag, elements, picture, test } from "./support/devpage.ts";

test.use({
  launchOptions: {
    ...config.use?.launchOptions,
    args: [...(config.use?.launchOptions?.args ?? []), "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
  },
});

const ALLOWED: BrowserContextOptions = { permissions: ["camera", "microphone"] };
const pageNow = (page: Page): Promise<string> => page.evaluate(() => window.chalkline?.page ?? "");
const asked = (page: Page): Promise<readonly string[]> => page.evaluate(() => window.fake?.room?.requests ?? []);

/** The person is a pupil; a teacher leads from page b, with a camera and a stream. */
async function joinLesson(page: Page): Promise<void> {
  await page.evaluate(() => {
    const room = window.fake?.room, av = window.fake?.av;
    const self = room?.people.value[0];
    if (room === undefined || self === undefined) throw new Error("no room");
    room.people.set([{ ...self, role: "student" }, { replica: 2, participant: "t", name: "李老师", role: "teacher", page: "b", self: false }]);
    room.pages.set(["a", "b"]);
    room.publish({ participant: "t", kind: "camera", video: true, audio: true });
    room.publish({ participant: "t", kind: "stream", video: true, audio: true, live: true });
    room.stage.set({ page: "b", lead: "t" });
    av?.alignment.set({ kind: "aligned", by: "video", delay: 38, error: 0, calibrated: true });
  });
  await expect(page.locator(".tile")).toHaveCount(2);
}

/** Pupils beside the one there is, with their cameras. */
async function addPupils(page: Page, count: number): Promise<void> {
  await page.evaluate((n) => {
    const room = window.fake?.room;
    if (room === undefined) throw new Error("no room");
    const pupils = Array.from({ length: n }, (_, i) => ({ replica: i + 3, participant: `s${i}`, name: `同学${i + 1}`, role: "student", page: "b", self: false }));
    room.people.set([...room.people.value, ...pupils]);
    for (const { participant } of pupils) room.publish({ participant, kind: "camera", video: true, audio: true });
  }, count);
}

test("one sees oneself before anybody else does, then switches are at hand and the others see what is off", async ({ open }) => {
  const page = await open(ALLOWED);
  await page.getByRole("button", { name: "开启摄像头" }).click();
  const panel = page.getByRole("dialog", { name: "开启摄像头和麦克风" });
  await expect.poll(() => panel.locator("video").evaluate((v: HTMLVideoElement) => v.videoWidth)).toBeGreaterThan(0);
  await expect(panel.locator("option")).not.toHaveCount(2);
  expect(await page.evaluate(() => window.fake?.av?.camera.state.value)).toBe("off");
  await accessible(page);
  await picture(page, "video-before");
  await panel.getByRole("switch", { name: "摄像头" }).click();
  await expect(panel.locator("video")).toHaveCount(0);
  await panel.getByRole("switch", { name: "摄像头" }).click();
  await panel.getByRole("button", { name: "开始", exact: true }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await accessible(page);
  await page.locator(".board").focus();
  await page.keyboard.press("u");
  await expect(page.getByRole("switch", { name: "麦克风" })).toHaveAttribute("aria-checked", "false");
  await expect.poll(() => page.evaluate(() => window.fake?.room?.sources.value[0]?.muted)).toBe(true);
  await page.getByRole("button", { name: "摄像头和麦克风：选项" }).click();
  await expect(page.locator(".publish-state")).toHaveText("大家看得到你");
  await accessible(page);
  await page.getByRole("button", { name: "停止摄像头和麦克风" }).click();
  await expect(page.getByRole("button", { name: "开启摄像头" })).toBeVisible();
});

test("a key that is held switches the microphone once, and undoes step after step", async ({ open }) => {
  const page = await open(ALLOWED);
  await page.getByRole("button", { name: "开启摄像头" }).click();
  await page.getByRole("button", { name: "开始", exact: true }).click();
  const microphone = page.getByRole("switch", { name: "麦克风" });
  await expect(microphone).toHaveAttribute("aria-checked", "true");
  const hold = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.down(key);
    for (const key of new Set(keys)) await page.keyboard.up(key);
  };
  await page.locator(".board").focus();
  await hold("u", "u");
  await expect(microphone).toHaveAttribute("aria-checked", "false");
  for (const x of [200, 300]) await drag(page, [[x, 200], [x + 50, 250]]);
  await expect.poll(() => elements(page)).toBe(2);
  await hold("Control", "z", "z");
  await expect.poll(() => elements(page)).toBe(0);
});

test("a fault says what to do, where it happened", async ({ open }) => {
  const page = await open(ALLOWED);
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotReadableError"));
  });
  await page.getByRole("button", { name: "开启摄像头" }).click();
  await expect(page.getByRole("alert")).toContainText("被别的程序占用");
  await accessible(page);
});

test("a part of the screen is chosen over its picture, by hand and by keys", async ({ open }) => {
  const page = await open();
  await page.evaluate(() => window.fake?.av?.screen.start({ video: true, audio: false }));
  await page.getByRole("button", { name: "共享屏幕：选项" }).click();
  await page.getByRole("button", { name: "只共享一部分" }).click();
  const box = await page.locator(".region").boundingBox();
  if (box === null) throw new Error("no picture");
  const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
  await drag(page, [at(0.25, 0.25), at(0.5, 0.5), at(0.75, 0.75)]);
  await page.getByRole("button", { name: "给大家看的部分" }).press("ArrowRight");
  await accessible(page);
  await picture(page, "video-region");
  await page.getByRole("button", { name: "就共享这部分" }).click();
  const region = await page.evaluate(() => window.fake?.av?.screen.region as { x: number; w: number } | undefined);
  expect(region?.x).toBeCloseTo(0.27, 1);
  expect(region?.w).toBeCloseTo(0.5, 1);
  await page.getByRole("button", { name: "共享全部" }).click();
  expect(await page.evaluate(() => window.fake?.av?.screen.region)).toBeUndefined();
});

test("one and nine: the lead is large, the board stays the main thing, tiles out of view are not played", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  await addPupils(page, 9);
  await expect(page.locator(".tile")).toHaveCount(11);
  await accessible(page);
  await picture(page, "video-nine");
  const board = await page.locator(".board").boundingBox();
  expect(board?.width ?? 0).toBeGreaterThan(1280 * 0.6);
  const played = () => page.evaluate(() => window.fake?.av?.playing.value.length ?? 0);
  await expect.poll(played).toBeGreaterThan(5);
  await page.getByRole("button", { name: "收起画面" }).click();
  // The lead's go on: boards wait for them.
  await expect.poll(played).toBe(2);
  await accessible(page);
  await page.getByRole("button", { name: "展开画面，11 个" }).click();
  await page.getByRole("separator").focus();
  const width = async () => (await page.locator(".tiles").boundingBox())?.width ?? 0;
  const before = await width();
  await page.keyboard.press("ArrowLeft");
  expect(await width()).toBeGreaterThan(before);
});

test("a live stream is paused, sought and brought back to now; the player is chosen by hand", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  await page.evaluate(() => window.fake?.av?.playing.value.find((p) => p.source === 2)?.window.set({ behind: 8, most: 60 }));
  const tile = page.locator('.tile[data-source="2"]');
  await expect(tile.getByText("晚 8 秒")).toBeVisible();
  await tile.getByRole("slider", { name: "往回看" }).press("Home");
  await expect(tile.getByRole("slider")).toHaveAttribute("aria-valuetext", "60 秒前");
  await tile.getByRole("button", { name: "回到直播" }).click();
  await expect(tile.getByText("直播", { exact: true })).toBeVisible();
  await tile.getByRole("button", { name: "暂停" }).click();
  await expect(tile.getByText("已暂停")).toBeVisible();
  await tile.getByRole("button", { name: "回到直播" }).click();
  await tile.getByRole("button", { name: "李老师的直播：选项" }).click();
  await page.getByLabel("播放方式").selectOption("hls");
  await accessible(page);
  await picture(page, "video-menu");
});

test("a slider that is dragged stays under the finger while the stream goes on, says where it leads, and seeks there when it is let go", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  const behind = (to: number) => page.evaluate((s) => window.fake?.av?.playing.value.find((p) => p.source === 2)?.window.set({ behind: s, most: 60 }), to);
  const stands = () => page.evaluate(() => window.fake?.av?.playing.value.find((p) => p.source === 2)?.window.value?.behind);
  await behind(8);
  const tile = page.locator('.tile[data-source="2"]');
  const slider = tile.getByRole("slider", { name: "往回看" });
  const box = await slider.boundingBox();
  if (box === null) throw new Error("no slider");
  await page.mouse.move(box.x + box.width * 0.85, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
  const target = -Number(await slider.inputValue());
  expect(Math.abs(target - 30)).toBeLessThan(5);
  // What the player tells twice a second.
  for (const s of [8.5, 9, 9.6]) await behind(s);
  await expect(tile.getByText("晚 10 秒")).toBeVisible();
  await expect(slider).toHaveValue(String(-target));
  await expect(slider).toHaveAttribute("aria-valuetext", `${target} 秒前`);
  await expect(tile.getByText(`${target} 秒前`, { exact: true })).toBeVisible();
  await picture(page, "video-seeking");
  expect(await stands()).toBe(9.6);
  await page.mouse.up();
  expect(await stands()).toBe(target);
  await expect(tile.getByText(`${target} 秒前`, { exact: true })).toHaveCount(0);
  await behind(40);
  await expect(slider).toHaveValue("-40");
});

test("what was paused and cannot be sought any more is let go on where it stands", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  const tile = page.locator('.tile[data-source="1"]');
  await expect(tile.getByRole("group", { name: "播放进度" })).toHaveCount(0);
  await page.evaluate(() => window.fake?.av?.playing.value.find((p) => p.source === 1)?.pause());
  await expect(tile.getByText("已暂停")).toBeVisible();
  await expect(tile.getByRole("slider")).toHaveCount(0);
  await accessible(page);
  await tile.getByRole("button", { name: "继续" }).click();
  await expect(tile.getByText("已暂停")).toHaveCount(0);
});

test("the menu of a picture stands beside it", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  const tile = page.locator('.tile[data-source="1"]');
  await tile.getByRole("button", { name: "李老师：选项" }).click();
  const menu = await page.getByRole("dialog", { name: "李老师：选项" }).boundingBox(), picture = await tile.boundingBox();
  expect((menu?.x ?? Infinity) + (menu?.width ?? 0)).toBeLessThanOrEqual(picture?.x ?? 0);
});

for (const [where, options] of [["at a desk", {}], ["on a phone, where the picture is its button", PHONE]] as const) {
  test(`the menu of a picture is closed by its button, ${where}`, async ({ open }) => {
    const page = await open(options);
    await joinLesson(page);
    const button = page.getByRole("button", { name: "李老师：选项" }), menu = page.getByRole("dialog", { name: "李老师：选项" });
    for (const there of [1, 0, 1]) {
      await button.click();
      await expect(menu).toHaveCount(there);
    }
    await page.locator('.tile[data-source="2"]').click({ position: { x: 10, y: 10 } });
    await expect(menu, "a press elsewhere closes it as well").toHaveCount(0);
  });
}

test("MED6 who runs the class mutes, hides and hands over the lead", async ({ open }) => {
  const page = await open();
  await addPupils(page, 1);
  await page.getByRole("button", { name: "同学1：选项" }).click();
  await accessible(page);
  await page.getByRole("button", { name: "静音", exact: true }).click();
  await expect(page.locator(".tile").getByRole("img", { name: "已静音" })).toBeVisible();
  expect(await asked(page)).toContain("sources/1/switches");
  await page.getByRole("button", { name: "同学1：选项" }).click();
  // Nobody else takes it off.
  await expect(page.getByRole("button", { name: "取消静音" })).toHaveCount(0);
  await page.getByRole("button", { name: "设为主讲" }).click();
  expect(await page.evaluate(() => window.fake?.room?.stage.value.lead)).toBe("s0");
});

test("the chip says how strokes and video go together, and ALN7 is told to who writes", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  const chip = page.locator(".alignment .pill-text");
  await expect(chip).toHaveText("已对齐，38 毫秒");
  await drag(page, [[400, 300], [480, 340]]);
  expect(await page.evaluate(() => window.fake?.av?.written)).toBeGreaterThan(0);
  await page.evaluate(() => window.fake?.av?.alignment.set({ kind: "aligned", by: "video", delay: 8100, error: 0, calibrated: true }));
  await page.evaluate(() => window.fake?.av?.alignment.set({ kind: "off", reason: "writing" }));
  await expect(chip).toHaveText("你在写：板面是现在的，画面晚 8 秒");
  await expect(page.locator(".notices")).toContainText("停笔后会重新对齐");
  await accessible(page);
  await page.locator(".alignment .pill").click();
  await page.getByRole("switch", { name: "笔迹等画面" }).click();
  expect(await page.evaluate(() => window.fake?.av?.aligned)).toBe(false);
});

test("STG3 the teacher's page is followed until one looks elsewhere, and again when one asks", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  expect(await pageNow(page)).toBe("b");
  await page.getByRole("button", { name: "第 1 页" }).click();
  expect(await pageNow(page)).toBe("a");
  await accessible(page);
  await picture(page, "video-elsewhere");
  await page.getByRole("button", { name: "回到李老师的第 2 页" }).click();
  expect(await pageNow(page)).toBe("b");
});

test("the chip names whoever leads, a pupil as well, in both languages", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  const chip = page.locator(".follow");
  await expect(chip).toHaveText("跟随李老师");
  await page.evaluate(() => {
    const room = window.fake?.room;
    room?.people.set([...room.people.value, { replica: 3, participant: "s", name: "小明", role: "student", page: "b", self: false }]);
    room?.lead("s");
  });
  await expect(chip).toHaveText("跟随小明");
  await page.getByRole("button", { name: "第 1 页" }).click();
  await expect(chip).toHaveText("回到小明的第 2 页");
  await page.evaluate(() => window.fake?.room?.lead(""));
  await expect(chip).toHaveText("回到大家的第 2 页");
  await page.evaluate(() => window.fake?.room?.lead("s"));
  await page.getByRole("button", { name: "更多", exact: true }).click();
  await page.getByRole("radio", { name: "English" }).click();
  await expect(chip).toHaveText("Back to 小明’s page 2");
});

test("the diagnostics say in words how the connection is, and whether they were copied", async ({ open }) => {
  const page = await open();
  await page.evaluate(() => window.fake?.room?.connection.set({ kind: "reconnecting", unsent: 0, code: 0, parameters: {} }));
  await page.getByRole("button", { name: "更多", exact: true }).click();
  await page.getByRole("button", { name: "诊断" }).click();
  const figures = page.locator(".figures");
  await expect(figures).toContainText("正在重连");
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await figures.getByRole("button", { name: "复制" }).click();
  await expect(figures.getByRole("status")).toHaveText("复制不了");
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.resolve();
  });
  await figures.getByRole("button", { name: "复制" }).click();
  await expect(figures.getByRole("status")).toHaveText("已复制");
});

test("sound that the browser holds back is let out by one press", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  await page.evaluate(() => window.fake?.av?.playing.value.forEach((p) => p.blocked.set(true)));
  await page.getByRole("button", { name: "点一下，打开声音" }).click();
  await expect(page.getByRole("button", { name: "点一下，打开声音" })).toHaveCount(0);
  expect(await page.evaluate(() => window.fake?.av?.playing.value.some((p) => p.blocked.value))).toBe(false);
});

test("no press is asked for once nothing is played", async ({ open }) => {
  const page = await open();
  await joinLesson(page);
  await page.evaluate(() => window.fake?.av?.playing.value.forEach((p) => p.blocked.set(true)));
  const button = page.getByRole("button", { name: "点一下，打开声音" });
  await expect(button).toBeVisible();
  await page.evaluate(() => window.fake?.av?.playing.set([]));
  await expect(button).toHaveCount(0);
});

test("an encoder's panel, the calibration and the figures are there, in English and in the dark", async ({ open }) => {
  const page = await open({ ...ALLOWED, locale: "en-GB", colorScheme: "dark" });
  await page.getByRole("button", { name: "Go live" }).click();
  await page.getByRole("button", { name: "Use an encoder (OBS)" }).click();
  await expect(page.getByLabel("Server", { exact: true })).toHaveValue("rtmp://class.example.org/live");
  await expect(page.getByLabel("Stream key", { exact: true })).toHaveAttribute("type", "password");
  await accessible(page);
  await picture(page, "video-encoder");
  await page.keyboard.press("Escape");
  await page.evaluate(() => window.fake?.room?.publish({ participant: "p1", kind: "stream", video: true, audio: true, live: true, timed: false }));
  await page.getByRole("button", { name: "My stream: options" }).click();
  await page.getByRole("button", { name: "Calibrate the time…" }).click();
  await accessible(page);
  await page.getByText("By hand").click();
  await page.getByRole("slider").press("End");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved")).toBeVisible();
  expect(await page.evaluate(() => window.fake?.room?.offset)).toBe(10_000_000);
  // Whoever gives a calibration up keeps the one before.
  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  expect(await page.evaluate(() => window.fake?.room?.offset)).toBe(10_000_000);
  await page.getByRole("button", { name: "My stream: options" }).click();
  await page.getByRole("button", { name: "Calibrate the time…" }).click();
  await page.getByText("By hand").click();
  await expect(page.getByRole("slider")).toHaveValue("10000");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("button", { name: "Diagnostics" }).click();
  await expect(page.locator(".figures")).toContainText("WebTransport");
  await accessible(page);
});

test("on a phone the strip is small and folds, switches are at the thumb, and every button is large enough", async ({ open }) => {
  const page = await open({ ...PHONE, ...ALLOWED });
  await page.getByRole("button", { name: "开启摄像头" }).tap();
  await page.getByRole("button", { name: "开始", exact: true }).tap();
  await joinLessonOnPhone(page);
  await accessible(page);
  await picture(page, "video-phone");
  const small = await page.locator(".room button").evaluateAll((all) =>
    all.map((b) => [b.getBoundingClientRect(), b.outerHTML.slice(0, 90)] as const).filter(([r]) => r.width > 0 && Math.min(r.width, r.height) < 44).map(([, html]) => html));
  expect(small).toEqual([]);
  const strip = await page.locator(".tiles-strip").boundingBox();
  expect(strip?.height ?? 1000).toBeLessThan(844 * 0.3);
  expect(strip?.y ?? 0, "clear of where a page begins").toBeGreaterThan(844 * 0.4);
  const thumb = await page.getByRole("switch", { name: "麦克风" }).boundingBox();
  expect(thumb?.y ?? 0).toBeGreaterThan(844 * 0.6);
  await page.getByRole("button", { name: "李老师：选项" }).tap();
  await accessible(page);
  await picture(page, "video-phone-menu");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "收起画面" }).tap();
  await expect(page.locator(".tile")).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("on a phone the switches lie beside the pictures wherever these are moved to, and a menu lies over notices", async ({ open }) => {
  const page = await open({ ...PHONE, ...ALLOWED });
  await page.getByRole("button", { name: "开启摄像头" }).tap();
  await page.getByRole("button", { name: "开始", exact: true }).tap();
  await joinLessonOnPhone(page);
  await addPupils(page, 3);
  const grip = await page.locator(".tiles-grip").boundingBox();
  const [x, y] = [(grip?.x ?? 0) + 10, (grip?.y ?? 0) + 10];
  await drag(page, [[x, y], [x, 840]]);
  const strip = await page.locator(".tiles-strip").boundingBox(), switches = await page.locator(".publishing").boundingBox();
  expect((strip?.y ?? 0) + (strip?.height ?? 0), "as low as it goes").toBeGreaterThan(switches?.y ?? Infinity);
  expect((strip?.x ?? 0) + (strip?.width ?? Infinity)).toBeLessThanOrEqual(switches?.x ?? 0);
  await picture(page, "video-phone-low");
  await page.evaluate(() => window.fake?.room?.refused.set([{ page: "", code: 3011, parameters: { limit: "pages" }, ops: [] }]));
  await expect(page.locator(".notices")).toContainText("课堂的页数已到上限");
  await page.getByRole("button", { name: "更多" }).tap();
  await page.getByRole("button", { name: "这一页" }).tap({ timeout: 5000 });
});

/** As joinLesson, with one's own camera on already. */
async function joinLessonOnPhone(page: Page): Promise<void> {
  await page.evaluate(() => {
    const room = window.fake?.room, av = window.fake?.av;
    const self = room?.people.value[0];
    if (room === undefined || self === undefined) throw new Error("no room");
    room.people.set([{ ...self, role: "student" }, { replica: 2, participant: "t", name: "李老师", role: "teacher", page: "a", self: false }]);
    room.publish({ participant: "t", kind: "camera", video: true, audio: true });
    room.stage.set({ page: "a", lead: "t" });
    av?.alignment.set({ kind: "aligned", by: "video", delay: 38, error: 0, calibrated: true });
  });
  await expect(page.locator(".tile")).toHaveCount(2);
}

test("on a classroom's touch screen tiles and their menus are as large as the rest", async ({ open }) => {
  const page = await open(WALL);
  await joinLesson(page);
  await addPupils(page, 4);
  await page.getByRole("button", { name: "同学1：选项" }).tap();
  await accessible(page);
  const small = await page.locator(".room button:not(.grip)").evaluateAll((all) =>
    all.map((b) => [b.getBoundingClientRect(), b.outerHTML.slice(0, 90)] as const).filter(([r]) => r.width > 0 && Math.min(r.width, r.height) < 48).map(([, html]) => html));
  expect(small).toEqual([]);
  await picture(page, "video-wall");
});
