// One text under several hands, and other things that two people do to one element at once, on the real server.
import { picture } from "./support/devpage.ts";
import { readPdf } from "./support/pdf.ts";
import { agree, Person } from "./support/person.ts";
import { expect, test } from "./support/fixtures.ts";

/** Where everybody writes, CSS px of a 1280 × 800 window. */
const PLACE = { x: 400, y: 300 } as const;

const texts = ({ page }: Person): Promise<string[]> =>
  page.evaluate(() => {
    const { chalkline } = window;
    return chalkline === undefined ? [] : [...chalkline.session.look(chalkline.page).elements()].map((e) => e.text);
  });

const count = async (one: Person): Promise<number> => (await one.held()).elements.length;

const places = ({ page }: Person): Promise<string> =>
  page.evaluate(() => {
    const { chalkline } = window;
    return JSON.stringify(chalkline === undefined ? [] : [...chalkline.session.look(chalkline.page).elements()].map((e) => [e.place, e.color]));
  });

async function press({ page }: Person, ...keys: readonly string[]): Promise<void> {
  await page.locator(".board").focus();
  for (const key of keys) await page.keyboard.press(key);
}

const editing = ({ page }: Person) => expect.poll(() => page.evaluate(() => window.chalkline?.editing), { message: "editing" });

/** Makes a text and leaves it. */
async function write(one: Person, text: string): Promise<void> {
  await press(one, "t");
  await one.page.mouse.click(PLACE.x, PLACE.y);
  await editing(one).toBe(true);
  await one.page.keyboard.type(text);
  await one.page.keyboard.press("Escape");
  await editing(one).toBe(false);
}

/** Goes into the text with the caret where it says. */
async function enter(one: Person, at: "Home" | "End"): Promise<void> {
  await press(one, "Escape", "v");
  await one.page.mouse.dblclick(PLACE.x + 8, PLACE.y + 4);
  await editing(one).toBe(true);
  await one.page.keyboard.press(at);
}

/** Longer than a pause in typing may be for it to stay one step of undo. */
const pause = async ({ page }: Person): Promise<unknown> =>
  page.waitForFunction((since) => performance.now() - since > 1200, await page.evaluate(() => performance.now()));

const letters = (text: string): string => [...text].sort().join("");

/** A text holds the letters of all parts, each part in its order, and nothing else. */
function expectAll(text: string, parts: readonly string[]): void {
  expect(letters(text)).toBe(letters(parts.join("")));
  for (const part of parts) {
    let at = -1;
    for (const letter of part) expect((at = text.indexOf(letter, at + 1)), `${letter} of ${part} in ${text}`).toBeGreaterThanOrEqual(0);
  }
}

test("OT13 two people type in one word, one through an input method: no letter is lost or doubled", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  await write(ann, "chalk");
  await expect.poll(() => texts(bob)).toEqual(["chalk"]);
  await enter(ann, "End");
  await enter(bob, "Home");
  const cdp = await bob.page.context().newCDPSession(bob.page);
  const composing = (async () => {
    for (let i = 0; i < 6; i++) {
      for (const text of ["f", "fe", "fen", "fen b", "fen bi"]) {
        await cdp.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
      }
      await cdp.send("Input.insertText", { text: "粉笔" });
    }
  })();
  await Promise.all([composing, ann.page.keyboard.type("LINEABDEFGHJKMOPQ", { delay: 40 })]);
  await agree([ann, bob]);
  for (const one of [ann, bob]) {
    const [text = "", ...more] = await texts(one);
    expect(more).toEqual([]);
    expectAll(text, ["chalk", "LINEABDEFGHJKMOPQ", "粉笔".repeat(6)]);
  }
  await picture(bob.page, "text-two");
});

test("SYN7 one types offline for ten seconds, the other goes on, with an input method: both find every letter", async ({ lesson, relay }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob", {}, relay);
  await write(ann, "board");
  await expect.poll(() => texts(bob)).toEqual(["board"]);
  await enter(bob, "Home");
  await bob.page.context().setOffline(true);
  relay.setOnline(false);
  await enter(ann, "End");
  const offline = "0123456789".repeat(2), online = "efghijklm粉笔npqstuvwxyz";
  const input = await ann.page.context().newCDPSession(ann.page);
  const composes = async (): Promise<void> => {
    await ann.page.keyboard.type("efghijklm", { delay: 480 });
    for (const text of ["f", "fe", "fen", "fen b", "fen bi"]) {
      await input.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
      await ann.page.waitForTimeout(200);
    }
    await input.send("Input.insertText", { text: "粉笔" });
    await ann.page.keyboard.type("npqstuvwxyz", { delay: 480 });
  };
  await Promise.all([bob.page.keyboard.type(offline, { delay: 500 }), composes()]);
  await expect(bob.pill).toContainText("saved");
  expect(await texts(ann)).toEqual([`board${online}`]);
  relay.setOnline(true);
  await bob.page.context().setOffline(false);
  await agree([ann, bob]);
  for (const one of [ann, bob]) {
    const [text = "", ...more] = await texts(one);
    expect(more).toEqual([]);
    expectAll(text, [offline, "board", online]);
  }
});

test("undo of typing takes back one's own letters, never the other's", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  await write(ann, "mid");
  await expect.poll(() => texts(bob)).toEqual(["mid"]);
  await enter(bob, "End");
  await bob.page.keyboard.insertText("BOB"); // one step of undo, however slow the machine is
  await bob.page.keyboard.press("Escape");
  await expect.poll(() => texts(ann)).toEqual(["midBOB"]);
  await pause(ann);
  await enter(ann, "Home");
  await ann.page.keyboard.insertText("ANN");
  await ann.page.keyboard.press("Escape");
  await expect.poll(() => texts(bob)).toEqual(["ANNmidBOB"]);
  await press(bob, "Control+z");
  await expect.poll(() => texts(ann)).toEqual(["ANNmid"]);
  await press(bob, "Control+Shift+z");
  await expect.poll(() => texts(ann)).toEqual(["ANNmidBOB"]);
  await press(ann, "Control+z");
  await expect.poll(() => texts(bob)).toEqual(["midBOB"]);
  await agree([ann, bob]);
});

test("an element deleted under a drag is gone for both without an error; undo brings it back for both, where it was dragged to", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  await press(ann, "r", "r");
  await ann.page.getByRole("radio", { name: "Full fill" }).click();
  await ann.page.keyboard.press("Escape");
  await ann.page.mouse.move(400, 300);
  await ann.page.mouse.down();
  await ann.page.mouse.move(520, 380, { steps: 5 });
  await ann.page.mouse.up();
  await press(ann, "v");
  await expect.poll(() => count(bob)).toBe(1);
  const before = await places(bob);

  await ann.page.mouse.move(460, 340);
  await ann.page.mouse.down();
  await ann.page.mouse.move(560, 400, { steps: 8 });
  const dragged = await places(ann);
  expect(dragged).not.toBe(before);
  await expect.poll(() => places(bob)).toBe(dragged);
  await press(bob, "v");
  await bob.page.mouse.click(540, 390);
  await press(bob, "Delete");
  await expect.poll(() => count(ann)).toBe(0);
  await ann.page.mouse.move(660, 460, { steps: 8 });
  await ann.page.mouse.up();
  expect(await count(ann)).toBe(0);
  await agree([ann, bob]);

  await press(bob, "Control+z");
  await expect.poll(() => count(ann)).toBe(1);
  await expect.poll(() => count(bob)).toBe(1);
  await agree([ann, bob]);
  for (const one of [ann, bob]) expect(await places(one)).toBe(dragged);
  await expect(ann.page.locator(".notice-bad")).toHaveCount(0);
});

async function clear({ page }: Person): Promise<void> {
  await page.getByRole("button", { name: "This page" }).click();
  await page.getByRole("button", { name: "Clear this page…" }).click();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
}

test("a stroke cleared away under the pen: what is drawn on stays", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const { mouse } = ann.page;
  await mouse.move(300, 300);
  await mouse.down();
  await mouse.move(400, 300, { steps: 10 });
  await expect.poll(() => count(bob)).toBe(1);
  await press(bob, "Control+a", "Delete"); // does not take what somebody writes
  await clear(bob);
  await expect.poll(() => count(ann)).toBe(0);
  await mouse.move(500, 300, { steps: 10 });
  await mouse.up();
  const held = await agree([ann, bob]);
  expect(held.elements).toHaveLength(1);
  expect(held.elements[0]?.points).toBeGreaterThan(5);
});

test("undo never repaints what another has painted since", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  await ann.draw({ x: 300, y: 250, width: 200, height: 60 });
  await expect.poll(() => count(bob)).toBe(1);
  for (const [one, name] of [[ann, "Red"], [bob, "Green"]] as const) {
    await press(one, "Control+a");
    await one.page.getByRole("button", { name: "Style" }).click();
    await one.page.getByRole("radio", { name }).click();
    await one.page.keyboard.press("Escape");
    const color = name === "Red" ? 0xd1495b : 0x2f7d57;
    await expect.poll(() => places(one === ann ? bob : ann)).toContain(String(color));
  }
  await press(ann, "Control+z");
  await agree([ann, bob]);
  expect(await places(ann)).toContain(String(0x2f7d57));
  await press(bob, "Control+z");
  await expect.poll(() => places(ann)).toContain(String(0xd1495b));
  await agree([ann, bob]);
});

test("a page that one clears and takes back is the same again for both", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  await ann.draw({ x: 300, y: 250, width: 200, height: 60 });
  await bob.draw({ x: 300, y: 350, width: 200, height: 60 });
  const before = await agree([ann, bob]);
  await clear(ann);
  await expect.poll(() => count(bob)).toBe(0);
  await ann.page.locator(".toast").getByRole("button", { name: "Undo" }).click();
  await expect.poll(() => count(bob)).toBe(2);
  const after = await agree([ann, bob]);
  expect(after.elements).toEqual(before.elements);
});

/** In the middle of what is seen. */
async function addRedImage(one: Person): Promise<void> {
  const bytes = await one.page.evaluate(async () => {
    const canvas = new OffscreenCanvas(400, 300);
    const context = canvas.getContext("2d");
    if (context === null) return [];
    context.fillStyle = "#d1495b";
    context.fillRect(0, 0, 400, 300);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  const chooser = one.page.waitForEvent("filechooser");
  await press(one, "i");
  await (await chooser).setFiles({ name: "red.png", mimeType: "image/png", buffer: Buffer.from(bytes) });
}

const seesRed = ({ page }: Person): Promise<void> =>
  expect.poll(() => page.evaluate(() => {
    const canvas = document.querySelector<HTMLCanvasElement>(".board canvas");
    const pixel = canvas?.getContext("2d")?.getImageData(canvas.width / 2, canvas.height / 2, 1, 1).data;
    return pixel === undefined ? "" : [...pixel.slice(0, 3)].map((v) => Math.round(v / 32)).join(" ");
  }), { message: "the middle of the board" }).toBe("7 2 3");

test("an image copied in one room is there when it is pasted in another", async ({ lesson, server }) => {
  const device = await lesson.device("Ann", { permissions: ["clipboard-read", "clipboard-write"] });
  const here = await lesson.enter(device);
  await here.synced();
  await addRedImage(here);
  await seesRed(here);
  await press(here, "Control+a", "Control+c");
  const there = await Person.open(device, server.url);
  await there.createRoom("Another class");
  await there.synced();
  await press(there, "Control+v");
  await seesRed(there);
  expect(await count(there)).toBe(1);
  // Loaded anew from the room that it was brought to.
  await there.reload();
  await seesRed(there);
});

test("an image uploaded by one is seen by the other; all pages are exported by the server, and by the page without it; the server draws miniatures", async ({ lesson, relay }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob", {}, relay);
  await addRedImage(ann);
  await expect.poll(() => count(bob)).toBe(1);
  await agree([ann, bob]);
  await seesRed(bob);

  const exported = async ({ page }: Person) => {
    await page.getByRole("button", { name: "This page" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save all pages as PDF" }).click();
    const [first, ...more] = readPdf(await (await download).path());
    expect(more).toEqual([]);
    return first;
  };
  const served = await exported(ann);
  await bob.page.context().setOffline(true);
  relay.setOnline(false);
  await expect(bob.pill).not.toHaveText("Synced");
  const drawnHere = await exported(bob);
  expect(drawnHere?.size).toBe(served?.size);
  expect(served?.red).toBeGreaterThan(50);
  expect(Math.abs((drawnHere?.red ?? 0) / (served?.red ?? 1) - 1)).toBeLessThan(0.1);
  relay.setOnline(true);
  await bob.page.context().setOffline(false);

  const eve = await lesson.person("Eve");
  await eve.page.getByRole("button", { name: "Add a page" }).click();
  await expect(bob.page.getByRole("button", { name: "Page 2" })).toBeVisible();
  await expect(bob.page.locator(".strip img")).toHaveCount(1);
});
