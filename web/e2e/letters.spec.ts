// How a text looks, on the real server: colour, slope, weight, alignment and where it wraps.
import { ElementKind } from "../src/ot/types.ts";
import { agree, type Person } from "./support/person.ts";
import { expect, test } from "./support/fixtures.ts";
import { difference, pictureOf, type Picture } from "./support/picture.ts";

/** Of the field in which is written, CSS px of a 1280 × 800 window. */
const FIELD = { left: 400, right: 560, y: 250 } as const;

const texts = ({ page }: Person) =>
  page.evaluate(() => {
    const { chalkline } = window;
    if (chalkline === undefined) return [];
    const scale = (chalkline.view?.zoom ?? 0) / 10;
    return [...chalkline.session.look(chalkline.page).elements()].map((e) => ({
      kind: e.kind, text: e.text, color: e.color, align: e.align, bold: e.bold, italic: e.italic, wrap: Math.round((e.place?.w ?? 0) * scale),
    }));
  });

/** The box of all ink, canvas px; the ink may be pale. */
function inkBox({ width, grey }: Picture): { readonly wide: number; readonly high: number; readonly y: number } {
  let left = Infinity, right = -1, top = Infinity, bottom = -1;
  grey.forEach((v, i) => {
    if (v > 200) return;
    const x = i % width, y = Math.floor(i / width);
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  });
  return { wide: right - left, high: bottom - top, y: (top + bottom) / 2 };
}

const cursorAt = ({ page }: Person): Promise<string> => page.evaluate(() => document.querySelector<HTMLElement>(".board")?.style.cursor ?? "");

test("a text's colour, slope, weight and alignment are chosen before and after it is written, its width by drags, and all see it so", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const { page } = ann;
  await page.locator(".board").focus();
  for (const key of ["t", "t"]) await page.keyboard.press(key);
  const options = page.getByRole("dialog", { name: "Text: options" });
  for (const name of ["Red", "Large", "Centred"]) await options.getByRole("radio", { name, exact: true }).click();
  await options.getByRole("button", { name: "Italic" }).click();
  await page.keyboard.press("Escape");
  await page.mouse.move(FIELD.left, FIELD.y);
  await page.mouse.down();
  await page.mouse.move(FIELD.right, FIELD.y, { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => page.evaluate(() => window.chalkline?.editing)).toBe(true);
  await page.keyboard.type("one two three four five six");
  await page.keyboard.press("Escape");
  await agree([ann, bob]);
  const written = { kind: ElementKind.Text, text: "one two three four five six", color: 0xd1495b, align: 1, bold: false, italic: true, wrap: 160 };
  expect(await texts(bob)).toEqual([written]);
  const look = async (): Promise<Picture> => {
    await expect.poll(async () => difference(...(await Promise.all([pictureOf(ann), pictureOf(bob)]))), { message: "pixels that differ" }).toBe(0);
    return pictureOf(bob);
  };
  const centred = await look();
  expect(inkBox(centred).wide).toBeLessThanOrEqual(160);

  // It is selected now.
  const bar = page.getByRole("toolbar", { name: /selected/ });
  await bar.getByRole("button", { name: "Style" }).click();
  for (const name of ["Green", "Right"]) await page.getByRole("radio", { name, exact: true }).click();
  for (const name of ["Italic", "Bold"]) await page.getByRole("button", { name }).click();
  await page.keyboard.press("Escape");
  await agree([ann, bob]);
  const changed = { ...written, color: 0x2f7d57, align: 2, bold: true, italic: false };
  expect(await texts(bob)).toEqual([changed]);
  const right = await look();
  expect(difference(centred, right)).toBeGreaterThan(0.001);

  // The handle at its right side is somewhere beside its middle.
  await page.locator(".board").focus();
  await page.keyboard.press("v");
  let y = FIELD.y;
  for (const end = y + 300; y < end && (await cursorAt(ann)) !== "ew-resize"; y += 6) await page.mouse.move(FIELD.right, y);
  expect(await cursorAt(ann)).toBe("ew-resize");
  await page.mouse.down();
  await page.mouse.move(FIELD.right + 400, y, { steps: 8 });
  await page.mouse.up();
  await agree([ann, bob]);
  const [wide, ...more] = await texts(bob);
  expect(more).toEqual([]);
  expect({ ...wide, wrap: 160 }).toEqual(changed);
  expect(wide?.wrap).toBeGreaterThan(540);
  const before = inkBox(right), after = inkBox(await look());
  expect(after.wide).toBeGreaterThan(160);
  expect(after.high, "px that one line is high, of several before").toBeLessThan(before.high / 2);
});
