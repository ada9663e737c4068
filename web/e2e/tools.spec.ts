// Every tool of the board with real pointer events, on the page by itself (test/dev): what it draws, and how it looks.
import { expect, type Page } from "@playwright/test";
import { accessible, drag, drawn, elements, onBoard, picture, press, selected, test, toolNow } from "./support/devpage.ts";
import type { At } from "./support/devpage.ts";

const Kind = { ink: 1, line: 2, arrow: 3, rectangle: 4, ellipse: 5, polygon: 6, text: 7, image: 8 } as const;

const only = async (page: Page) => {
  const all = await drawn(page);
  expect(all).toHaveLength(1);
  const [one] = all;
  if (one === undefined) throw new Error("nothing is there");
  return one;
};

/** A rectangle from corner to corner, selected when it is done. */
async function rectangle(page: Page, from: At, to: At): Promise<void> {
  await press(page, "r");
  await drag(page, [from, to]);
  await expect.poll(() => selected(page)).toBe(1);
}

test("each shape is drawn from corner to corner, then it is selected", async ({ open }) => {
  const page = await open();
  for (const [i, [key, kind]] of ([["l", "line"], ["a", "arrow"], ["r", "rectangle"], ["o", "ellipse"]] as const).entries()) {
    const from: At = [200 + 220 * i, 200], to: At = [360 + 220 * i, 330];
    await press(page, key);
    expect(await toolNow(page)).toBe(kind);
    await drag(page, [from, to]);
    expect(await toolNow(page)).toBe("select");
    const shape = (await drawn(page)).at(-1);
    expect(shape).toMatchObject({ kind: Kind[kind], color: 0x2e86ab });
    const [a, b] = [await onBoard(page, from), await onBoard(page, to)];
    if (kind === "rectangle" || kind === "ellipse") {
      expect(Math.abs((shape?.place?.w ?? 0) - (b.x - a.x))).toBeLessThan(120);
      expect(Math.abs((shape?.place?.x ?? 0) - a.x)).toBeLessThan(120);
    }
    expect(await selected(page)).toBe(1);
  }
  await expect(page.locator(".selection-bar")).toBeVisible();
  await accessible(page);
  await picture(page, "tools-shapes");
});

test("a polygon takes corner after corner until its first is pressed again", async ({ open }) => {
  const page = await open();
  await press(page, "g");
  for (const [x, y] of [[400, 300], [600, 250], [700, 400], [500, 500], [400, 300]] as const) {
    await page.mouse.move(x, y, { steps: 3 });
    await page.mouse.down();
    await page.mouse.up();
  }
  expect((await only(page)).kind).toBe(Kind.polygon);
  await picture(page, "tools-polygon");
});

test("the highlighter is wide and lets through what is under it", async ({ open }) => {
  const page = await open();
  await press(page, "m");
  await drag(page, [[300, 300], [600, 310]]);
  const mark = await only(page);
  expect(mark).toMatchObject({ kind: Kind.ink, pen: 2, color: 0xf2c14e });
  expect(mark.opacity).toBeLessThan(255);
});

test("options of a tool: colour, width, fill, dash and opacity hold for what is drawn next, and after a reload", async ({ open }) => {
  const page = await open();
  await press(page, "r", "r");
  const options = page.getByRole("dialog", { name: "矩形：选项" });
  await accessible(page);
  await options.getByRole("radio", { name: "红色" }).click();
  await options.getByRole("radio", { name: "粗", exact: true }).click();
  await options.getByRole("radio", { name: "浅色填充" }).click();
  await options.getByRole("radio", { name: "虚线" }).click();
  await options.getByRole("radio", { name: "50%" }).click();
  await picture(page, "tools-options");
  await page.keyboard.press("Escape");
  await drag(page, [[300, 200], [500, 300]]);
  const look = { color: 0xd1495b, width: 180, dash: 1, opacity: 128 };
  expect(await only(page)).toMatchObject(look);
  expect((await only(page)).fill).toBeGreaterThan(0xf0c0c0);
  await page.reload();
  await page.waitForSelector(".board canvas");
  await press(page, "r");
  await drag(page, [[300, 200], [500, 300]]);
  expect(await only(page)).toMatchObject(look);
});

test("a text is typed where it is placed, several lines, and looks as chosen", async ({ open }) => {
  const page = await open();
  await press(page, "t", "t");
  const options = page.getByRole("dialog", { name: "文字：选项" });
  await options.getByRole("radio", { name: "特大字" }).click();
  await options.getByRole("button", { name: "粗体" }).click();
  await page.keyboard.press("Escape");
  await page.mouse.click(400, 300);
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await page.keyboard.type("Chalk");
  await page.keyboard.press("Enter");
  await page.keyboard.insertText("粉笔");
  // Keys of tools are letters now.
  await page.keyboard.type("prt?");
  await picture(page, "tools-text");
  await page.keyboard.press("Escape");
  expect(await only(page)).toMatchObject({ kind: Kind.text, text: "Chalk\n粉笔prt?", size: 1760, bold: true });
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(false);
});

test("a text left empty is not there", async ({ open }) => {
  const page = await open();
  await press(page, "t");
  await page.mouse.click(400, 300);
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await page.keyboard.press("Escape");
  await expect.poll(() => elements(page)).toBe(0);
});

test("an input method composes in a text: nothing is lost or doubled", async ({ open }) => {
  const page = await open();
  const cdp = await page.context().newCDPSession(page);
  await press(page, "t");
  await page.mouse.click(400, 300);
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await page.keyboard.type("ab");
  for (const text of ["f", "fe", "fen", "fen b", "fen bi"]) {
    await cdp.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  }
  await cdp.send("Input.insertText", { text: "粉笔" });
  await page.keyboard.type("c");
  await page.keyboard.press("Escape");
  expect((await only(page)).text).toBe("ab粉笔c");
});

test("select: click, move, marquee, lasso; keys nudge, duplicate, group, order, lock and delete", async ({ open }) => {
  const page = await open();
  await rectangle(page, [300, 200], [400, 280]);
  await rectangle(page, [500, 200], [600, 280]);
  const [first, second] = await drawn(page);
  await press(page, "Escape");
  expect(await selected(page)).toBe(0);

  await press(page, "v");
  await drag(page, [[250, 150], [700, 330]]);
  expect(await selected(page)).toBe(2);
  await press(page, "Control+g");
  expect((await drawn(page)).every((e) => e.grouped)).toBe(true);
  await picture(page, "tools-selection");
  await press(page, "Control+Shift+g");
  expect((await drawn(page)).some((e) => e.grouped)).toBe(false);
  await press(page, "Escape", "q");
  await drag(page, [[280, 180], [420, 180], [420, 300], [280, 300], [280, 180]], 6);
  expect(await selected(page)).toBe(1);

  await press(page, "ArrowRight");
  expect((await drawn(page))[0]?.place?.x).toBeGreaterThan(first?.place?.x ?? 0);
  await press(page, "Shift+]");
  expect((await drawn(page)).map((e) => e.key)).toEqual([second?.key, first?.key]);
  await press(page, "Shift+[");
  expect((await drawn(page)).map((e) => e.key)).toEqual([first?.key, second?.key]);
  await press(page, "Control+d");
  expect(await elements(page)).toBe(3);
  await press(page, "Control+l");
  expect((await drawn(page)).filter((e) => e.locked)).toHaveLength(1);
  await expect(page.locator(".selection-bar").getByRole("button", { name: "解锁" })).toBeVisible();
  await press(page, "Delete");
  expect(await elements(page)).toBe(3);
  await press(page, "Control+Shift+l", "Delete");
  expect(await elements(page)).toBe(2);
  await press(page, "Control+a", "Delete");
  expect(await elements(page)).toBe(0);
});

test("a step forward or backward goes past what lies there", async ({ open }) => {
  const page = await open();
  await rectangle(page, [300, 200], [500, 350]);
  await rectangle(page, [400, 250], [600, 400]);
  const keys = (await drawn(page)).map((e) => e.key);
  await press(page, "[");
  expect((await drawn(page)).map((e) => e.key)).toEqual(keys.toReversed());
  await press(page, "]");
  expect((await drawn(page)).map((e) => e.key)).toEqual(keys);
});

test("a drag moves what is selected, its corner resizes it, its handle turns it; each is one step of undo", async ({ open }) => {
  const page = await open();
  await rectangle(page, [400, 300], [600, 400]);
  const made = (await only(page)).place;
  await drag(page, [[500, 350], [600, 300]], 8);
  const moved = (await only(page)).place;
  expect(moved?.x).toBeGreaterThan(made?.x ?? 0);
  expect(moved).toMatchObject({ w: made?.w, h: made?.h });
  await drag(page, [[700, 350], [760, 420]], 8);
  const sized = (await only(page)).place;
  expect(sized?.w).toBeGreaterThan(moved?.w ?? 0);
  await drag(page, [[630, 222], [700, 260], [760, 335]], 8);
  expect((await only(page)).place?.angle).not.toBe(0);
  await press(page, "Control+z");
  expect((await only(page)).place).toEqual(sized);
  await press(page, "Control+z");
  expect((await only(page)).place).toEqual(moved);
  await press(page, "Control+z");
  expect((await only(page)).place).toEqual(made);
  await press(page, "Control+z");
  expect(await elements(page)).toBe(0);
  await press(page, "Control+Shift+z", "Control+y", "Control+Shift+z");
  expect((await only(page)).place).toEqual(sized);
});

test("the bar of the selection does what it says, and never lies on the selection", async ({ open }) => {
  const page = await open();
  await expect(page.locator(".selection-bar")).toBeHidden();
  await expect(page.getByRole("toolbar", { name: /选中了/ })).toHaveCount(0);
  for (const [from, to] of [[[300, 100], [500, 200]], [[300, 500], [500, 640]], [[120, 300], [200, 400]], [[1150, 300], [1240, 420]]] as const) {
    await rectangle(page, from, to);
    const bar = await page.locator(".selection-bar").boundingBox();
    if (bar === null) throw new Error("no bar");
    const apart = bar.x >= to[0] || bar.x + bar.width <= from[0] || bar.y >= to[1] || bar.y + bar.height <= from[1];
    expect(apart, JSON.stringify({ bar, from, to })).toBe(true);
  }
  const bar = page.getByRole("toolbar", { name: /选中了/ });
  await bar.getByRole("button", { name: "样式" }).click();
  await accessible(page);
  await page.getByRole("radio", { name: "绿色" }).click();
  await page.keyboard.press("Escape");
  expect((await drawn(page)).map((e) => e.color)).toEqual([0x2e86ab, 0x2e86ab, 0x2e86ab, 0x2f7d57]);
  await bar.getByRole("button", { name: "叠放次序" }).click();
  await accessible(page);
  await page.getByRole("button", { name: "置于底层" }).click();
  expect((await drawn(page))[0]?.color).toBe(0x2f7d57);
  await page.keyboard.press("Escape");
  await bar.getByRole("button", { name: "创建副本" }).click();
  expect(await elements(page)).toBe(5);
  await bar.getByRole("button", { name: "删除" }).click();
  expect(await elements(page)).toBe(4);
  await expect(page.locator(".selection-bar")).toBeHidden();
});

test("the eraser by area cuts a stroke; a piece of it is selected and moved by itself", async ({ open }) => {
  const page = await open();
  await press(page, "p");
  await drag(page, [[300, 300], [700, 300]], 30);
  await press(page, "Shift+E");
  expect(await toolNow(page)).toBe("area-eraser");
  await drag(page, [[500, 240], [500, 360]], 12);
  expect(await only(page)).toMatchObject({ kind: Kind.ink, pieces: 2 });
  await picture(page, "tools-area-eraser");
  await press(page, "v");
  await page.mouse.click(350, 300);
  await expect.poll(() => selected(page)).toBe(1);
  expect(await elements(page)).toBe(2);
  await drag(page, [[350, 300], [350, 450]], 8);
  await picture(page, "tools-piece-moved");
  const pieces = await drawn(page);
  expect(pieces).toHaveLength(2);
  expect(pieces.filter((e) => e.place !== undefined)).toHaveLength(1);
  await press(page, "Control+z", "Control+z");
  expect(await only(page)).toMatchObject({ pieces: 2 });
  await press(page, "Control+z");
  expect((await only(page)).pieces).toBe(undefined);
});

test("the eraser's options choose between strokes and parts, the laser leaves nothing", async ({ open }) => {
  const page = await open();
  await press(page, "e", "e");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.getByRole("button", { name: /^橡皮/ }).click();
  await accessible(page);
  await page.getByRole("radio", { name: /经过/ }).click();
  expect(await toolNow(page)).toBe("area-eraser");
  await page.keyboard.press("Escape");
  await press(page, "k");
  await drag(page, [[300, 300], [500, 320]]);
  expect(await elements(page)).toBe(0);
});

test("what is copied is pasted on another page; what is cut is gone", async ({ open }) => {
  const page = await open({ permissions: ["clipboard-read", "clipboard-write"] });
  await rectangle(page, [300, 200], [400, 280]);
  await press(page, "Control+c");
  await page.getByRole("button", { name: "加一页" }).click();
  await expect.poll(() => elements(page)).toBe(0);
  await press(page, "Control+v");
  await expect.poll(() => elements(page)).toBe(1);
  expect(await selected(page)).toBe(1);
  await press(page, "Control+x");
  expect(await elements(page)).toBe(0);
  await press(page, "PageUp");
  expect(await elements(page)).toBe(1);
});
