// Who wrote what, when pages are many, reloaded, closed or emptied: every element has an id of its own, and work that was
// left behind arrives once.
import { createHmac } from "node:crypto";
import { picture } from "./support/devpage.ts";
import { agree, device, drawnBy, onBoard, Person, somewhere } from "./support/person.ts";
import { expect, test } from "./support/fixtures.ts";
import { seeded } from "./support/random.ts";
import { Server } from "./support/server.ts";

/** Replicas that elements are of. */
const replicas = (keys: readonly { key: string }[]): Set<string> => new Set(keys.map(({ key }) => key.split(".")[0] ?? ""));

const unsent = async (one: Person): Promise<number> => (await one.connection())?.unsent ?? -1;

/** Draws while the room cannot be reached; resolves once that is in the page's own store. */
async function drawCutOff(one: Person, random: () => number, strokes: number): Promise<{ strokes: number; points: number }> {
  const before = await one.drawn();
  for (let i = 0; i < strokes; i++) await one.draw(somewhere(random));
  const after = await one.drawn();
  await expect.poll(async () => (await one.held()).elements.filter((e) => e.open).length).toBe(0);
  await expect.poll(() => unsent(one)).toBeGreaterThan(0);
  return { strokes: after.strokes - before.strokes, points: after.points - before.points };
}

test("two tabs of one person write at once under ids of their own", async ({ lesson }) => {
  const random = seeded(71);
  const device = await lesson.device("Ann");
  const tabs = [await lesson.enter(device), await lesson.enter(device)];
  for (const tab of tabs) await tab.synced();
  for (let i = 0; i < 3; i++) for (const tab of tabs) await tab.draw(somewhere(random));
  const held = await agree(tabs);
  expect(onBoard(held)).toEqual(await drawnBy(tabs));
  expect(replicas(held.elements).size).toBe(2);
});

test("a reload with unsent work delivers it once", async ({ lesson, relay }) => {
  const random = seeded(72);
  const ann = await lesson.person("Ann", {}, relay);
  const bob = await lesson.person("Bob");
  await ann.draw(somewhere(random));
  const before = await agree([ann, bob]);

  relay.setRoom(false);
  const left = await drawCutOff(ann, random, 3);
  await ann.reload();
  await expect(ann.pill).toHaveText("Connecting");
  relay.setRoom(true);
  await ann.synced();
  const held = await agree([ann, bob]);
  expect(onBoard(held)).toEqual({ strokes: 1 + left.strokes, points: onBoard(before).points + left.points });
  expect(replicas(held.elements).size).toBe(1);
  await ann.draw(somewhere(random));
  expect((await agree([ann, bob])).elements).toHaveLength(5);
});

test("storage that was cleared under an open page is written anew: a reload with unsent work delivers it", async ({ lesson, relay }) => {
  const random = seeded(76);
  const ann = await lesson.person("Ann", {}, relay);
  await ann.draw(somewhere(random));
  const before = await agree([ann]);
  const cdp = await ann.page.context().newCDPSession(ann.page);
  await cdp.send("Storage.clearDataForOrigin", { origin: relay.url, storageTypes: "indexeddb" });
  relay.setRoom(false);
  const left = await drawCutOff(ann, random, 3);
  await expect(ann.pill).toHaveText(/^Reconnecting, \d+ changes saved$/);
  await ann.reload();
  relay.setRoom(true);
  await ann.synced();
  const held = await agree([ann]);
  expect(onBoard(held)).toEqual({ strokes: 1 + left.strokes, points: onBoard(before).points + left.points });
});

test("where nothing can be stored the page does not say that it is, and the browser asks before unsent work is lost", async ({ lesson, relay }) => {
  const random = seeded(77);
  const device = await lesson.device("Ann", {}, relay);
  await device.addInitScript(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  const ann = await lesson.enter(device, relay);
  await ann.synced();
  await ann.draw(somewhere(random));
  await agree([ann]);
  relay.setRoom(false);
  await drawCutOff(ann, random, 2);
  await expect(ann.pill).toHaveText(/^Reconnecting, \d+ changes not saved$/);
  await ann.pill.click();
  await expect(ann.page.getByRole("dialog", { name: "Connection" })).toContainText("Keep this page open");
  const asked = ann.page.waitForEvent("dialog");
  await ann.page.close({ runBeforeUnload: true });
  const dialog = await asked;
  expect(dialog.type()).toBe("beforeunload");
  await dialog.dismiss();
  relay.setRoom(true);
  await ann.synced();
  expect(onBoard(await agree([ann]))).toEqual(await drawnBy([ann]));
});

test("a stroke that a reload cuts off ends there", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const { mouse } = ann.page;
  await mouse.move(300, 300);
  await mouse.down();
  for (let i = 1; i <= 20; i++) await mouse.move(300 + 10 * i, 300 + i);
  await expect.poll(async () => (await bob.held()).elements.length).toBe(1);
  await ann.reload();
  await ann.synced();
  expect(onBoard(await agree([ann, bob])).points).toBeGreaterThan(10);
});

test("a tab closed with unsent work: the next page of this browser delivers it", async ({ lesson, relay }) => {
  const random = seeded(8);
  const device = await lesson.device("Ann", {}, relay);
  const ann = await lesson.enter(device, relay);
  await ann.synced();
  const bob = await lesson.person("Bob");
  relay.setRoom(false);
  const left = await drawCutOff(ann, random, 3);
  await ann.page.close();
  expect((await bob.held()).elements).toHaveLength(0);
  relay.setRoom(true);
  const again = await lesson.enter(device, relay);
  await again.synced();
  expect(onBoard(await agree([again, bob]))).toEqual(left);
});

test("a tab closed with unsent work while another stays open: that one delivers it", async ({ lesson, relay }) => {
  const random = seeded(81);
  const device = await lesson.device("Ann", {}, relay);
  const tabs = [await lesson.enter(device, relay), await lesson.enter(device, relay)] as const;
  const [stays, goes] = tabs;
  for (const tab of tabs) await tab.synced();
  relay.setRoom(false);
  const left = await drawCutOff(goes, random, 2);
  await goes.page.close();
  const own = await drawCutOff(stays, random, 2);
  relay.setRoom(true);
  const bob = await lesson.person("Bob");
  const all = { strokes: left.strokes + own.strokes, points: left.points + own.points };
  await expect.poll(async () => onBoard(await bob.held())).toEqual(all);
  const held = await agree([stays, bob]);
  expect(onBoard(held)).toEqual(all);
  expect(replicas(held.elements).size).toBe(2);
});

test("storage is cleared, under an open page and between two: no id comes twice", async ({ lesson, server }) => {
  const random = seeded(73);
  const device = await lesson.device("Ann");
  const first = await lesson.enter(device);
  await first.synced();
  await first.draw(somewhere(random));
  const clear = async (): Promise<void> => {
    const cdp = await device.newCDPSession(first.page);
    await cdp.send("Storage.clearDataForOrigin", { origin: server.url, storageTypes: "indexeddb,local_storage" });
    await cdp.detach();
  };
  await clear();
  await first.draw(somewhere(random));
  const second = await lesson.enter(device);
  await second.synced();
  await second.draw(somewhere(random));
  const both = await agree([first, second]);
  expect(onBoard(both)).toEqual(await drawnBy([first, second]));
  expect(replicas(both.elements).size).toBe(2);

  await second.page.close();
  await clear();
  await first.reload();
  await first.synced();
  await first.draw(somewhere(random));
  const held = await agree([first]);
  expect(held.elements).toHaveLength(4);
  expect(replicas(held.elements).size).toBe(3);
});

test("one token on two devices: two replicas, one person", async ({ lesson }) => {
  const random = seeded(74);
  const one = await lesson.person("Ann");
  const token = await one.page.evaluate(() => localStorage.getItem("chalkline.token"));
  const device = await lesson.device("Ann");
  await device.addInitScript((kept) => void (location.protocol !== "about:" && localStorage.setItem("chalkline.token", kept ?? "")), token);
  const other = await lesson.enter(device);
  await other.synced();
  for (let i = 0; i < 3; i++) for (const page of [one, other]) await page.draw(somewhere(random));
  const held = await agree([one, other]);
  expect(onBoard(held)).toEqual(await drawnBy([one, other]));
  expect(replicas(held.elements).size).toBe(2);
  const people = await one.page.evaluate(() => window.chalkline?.session.people.value.map((p) => p.participant) ?? []);
  expect(new Set(people).size).toBe(1);
});

test("a copy of a browser's whole storage is opened beside it: one of the two takes a new replica", async ({ lesson }) => {
  const random = seeded(75);
  const one = await lesson.person("Ann");
  await one.draw(somewhere(random));
  await agree([one]);
  const storageState = await one.page.context().storageState({ indexedDB: true });
  const other = await lesson.enter(await lesson.device("Ann", { storageState }));
  await other.synced();
  await expect.poll(async () => (await one.heard()).length, { message: "taken over and back" }).toBeGreaterThan(3);
  await one.synced();
  for (let i = 0; i < 3; i++) for (const page of [one, other]) await page.draw(somewhere(random));
  const held = await agree([one, other]);
  expect(onBoard(held)).toEqual(await drawnBy([one, other]));
  expect(replicas(held.elements).size).toBe(2);
});

const SECRET = "0123456789abcdef".repeat(4);

/** What a school's system signs (docs/protocol.md, Tokens). */
function schoolToken(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256", typ: "JWT", kid: "school" })}.${part({ exp: Math.floor(Date.now() / 1000) + 3600, ...claims })}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}

test("SYN6 who looks on has no tools, and nothing that they try is on the board", async ({ browser }) => {
  const server = await Server.start("--guests", "off", "--keys", `school:${SECRET}`);
  const [desk, home] = [await browser.newContext({ locale: "en" }), await browser.newContext({ locale: "en" })];
  try {
    const wang = await Person.open(desk, `${server.url}/#token=${schoolToken({ sub: "t-1", role: "teacher", name: "Wang", grants: ["create"] })}`);
    const room = await wang.createRoom("Class");
    await wang.synced();
    await wang.draw({ x: 300, y: 200, width: 200, height: 60 });

    const olga = await Person.open(home, `${server.url}${room}#token=${schoolToken({ sub: "o-1", role: "observer", name: "Olga" })}`);
    await olga.synced();
    const { page } = olga;
    await expect(page.getByText("You look on and cannot write")).toBeVisible();
    for (const name of ["Pen", "Text", "Image", "Undo"]) await expect(page.getByRole("button", { name })).toHaveCount(0);
    await agree([wang, olga]);
    await picture(page, "observer");

    const before = await page.evaluate(() => window.chalkline?.view);
    await page.locator(".board").focus();
    for (const key of ["p", "t", "e", "i", "Control+a", "Delete", "Control+v"]) await page.keyboard.press(key);
    await olga.draw({ x: 350, y: 300, width: 100, height: 120 });
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData("text/plain", "pasted");
      window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true }));
      const files = new DataTransfer();
      files.items.add(new File(["x"], "x.png", { type: "image/png" }));
      document.querySelector(".board")?.dispatchEvent(new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
    });
    expect(await page.evaluate(() => window.chalkline?.tool)).toBe("hand");
    expect(await page.evaluate(() => window.chalkline?.view)).not.toEqual(before);
    await page.getByRole("button", { name: "This page" }).click();
    await expect(page.getByRole("button", { name: "Save all pages as PDF" })).toBeVisible();
    await expect(page.getByRole("button", { name: /Clear|Delete/ })).toHaveCount(0);
    await picture(page, "observer-page-menu");
    await page.keyboard.press("Escape");
    await expect(page.locator(".notice")).toHaveCount(0);

    await wang.draw({ x: 300, y: 400, width: 200, height: 60 });
    expect((await agree([wang, olga])).elements).toHaveLength(2);
    await expect(page.locator(".notice")).toHaveCount(0);
    await page.setViewportSize({ width: 390, height: 844 });
    await expect(page.getByText("You look on and cannot write")).toBeVisible();
    await picture(page, "observer-phone");
  } finally {
    for (const context of [desk, home]) await context.close();
    await server.close();
  }
});

test("a school's link signs a person in where guests may not enter, and leaves no token in the address", async ({ browser }) => {
  const server = await Server.start("--guests", "off", "--keys", `school:${SECRET}`);
  const school = await browser.newContext(), home = await browser.newContext();
  const devices = [school, home];
  try {
    const teacher = schoolToken({ sub: "t-1", role: "teacher", name: "王老师", grants: ["create"] });
    const wang = await Person.open(school, `${server.url}/#token=${teacher}`);
    await expect(wang.page.locator("#name")).toHaveValue("王老师");
    const room = await wang.createRoom("三年级数学");
    await wang.synced();
    await wang.draw({ x: 300, y: 200, width: 200, height: 60 });

    const link = (claims: Readonly<Record<string, unknown>>): string => `${server.url}${room}#token=${schoolToken(claims)}`;
    const li = await Person.open(home, link({ sub: "s-2", name: "李雷" }));
    await li.synced();
    expect(new URL(li.page.url()).hash).toBe("");
    expect((await agree([wang, li])).elements).toHaveLength(1);
    await li.reload();
    await li.synced();
    const people = await li.page.evaluate(() => window.chalkline?.session.people.value.map((p) => p.name).sort());
    expect(people).toEqual(["李雷", "王老师"].sort());

    const guest = await browser.newContext({ locale: "en" });
    devices.push(guest);
    const stranger = await guest.newPage();
    await stranger.goto(`${server.url}${room}`);
    await stranger.locator("#name").fill("Eve");
    await stranger.locator("#name").press("Enter");
    await expect(stranger.getByRole("alert")).toContainText(/school’s page|学校的页面/);
    await stranger.goto(server.url);
    await stranger.locator("#create").fill("Mine");
    await stranger.locator("#create").press("Enter");
    await expect(stranger.getByText(/To start a lesson, come|要新建课堂，请/)).toBeVisible();
  } finally {
    for (const context of devices) await context.close();
    await server.close();
  }
});

test("who waits for a full lesson is told so, and is in it once somebody leaves", async ({ browser }) => {
  const server = await Server.start("--max-participants", "1");
  const devices = [await device(browser, "Ann"), await device(browser, "Bob")] as const;
  try {
    const ann = await Person.open(devices[0], server.url);
    const room = await ann.createRoom("Class");
    await ann.synced();
    const bob = await Person.open(devices[1], server.url + room);
    await expect(bob.pill).toHaveText("Waiting to enter");
    await expect(bob.page.locator(".board-note")).toContainText("The lesson is full.");
    await bob.pill.click();
    const panel = bob.page.getByRole("dialog", { name: "Connection" });
    await expect(panel).toContainText("The lesson is full.");
    await expect(panel).toContainText("2003");
    await bob.page.keyboard.press("Escape");
    await ann.page.close();
    await expect.poll(async () => (await bob.connection())?.kind).toBe("synced");
    await expect(bob.pill).toHaveText("Synced");
    await expect(bob.page.locator(".board-note")).not.toContainText("full");
  } finally {
    for (const context of devices) await context.close();
    await server.close();
  }
});
