// What a board looks like: the ink that is shown, without anybody's pointers.
import { expect } from "@playwright/test";
import type { Person } from "./person.ts";

/** Grey levels, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly grey: Buffer;
}

/** The dry ink and the wet, as they are on the canvases. */
export async function pictureOf({ page }: Person): Promise<Picture> {
  const { width, height, data } = await page.evaluate(() => {
    const [ink, wet] = document.querySelectorAll<HTMLCanvasElement>(".board canvas");
    if (ink === undefined || wet === undefined) throw new Error("no canvases");
    const both = new OffscreenCanvas(ink.width, ink.height).getContext("2d");
    if (both === null) throw new Error("no 2d context");
    both.drawImage(ink, 0, 0);
    both.drawImage(wet, 0, 0);
    const rgba = both.getImageData(0, 0, ink.width, ink.height).data;
    const grey = new Uint8Array(rgba.length / 4);
    for (let i = 0; i < grey.length; i++) grey[i] = ((rgba[4 * i] ?? 0) + (rgba[4 * i + 1] ?? 0) + (rgba[4 * i + 2] ?? 0)) / 3;
    let text = "";
    for (let i = 0; i < grey.length; i += 0x8000) text += String.fromCharCode(...grey.subarray(i, i + 0x8000));
    return { width: ink.width, height: ink.height, data: btoa(text) };
  });
  return { width, height, grey: Buffer.from(data, "base64") };
}

/** Differences that the edges of a stroke may have, in grey levels. */
const EDGE = 48;

/** Share of the pixels that differ by more than an edge may; 1 if the sizes differ. */
export function difference(a: Picture, b: Picture): number {
  if (a.width !== b.width || a.height !== b.height) return 1;
  let differing = 0;
  for (let i = 0; i < a.grey.length; i++) if (Math.abs((a.grey[i] ?? 0) - (b.grey[i] ?? 0)) > EDGE) differing++;
  return differing / a.grey.length;
}

/** Share of the pixels that are ink: darker than the paper by half. */
export function inked({ grey }: Picture): number {
  let dark = 0;
  for (const v of grey) if (v < 128) dark++;
  return dark / grey.length;
}

/** Share of pixels that may differ between pages of the same size. */
const SAME = 0.0005;

export async function samePicture(a: Person, b: Person): Promise<void> {
  const look = async (): Promise<number> => difference(...(await Promise.all([pictureOf(a), pictureOf(b)])));
  await expect.poll(look, { message: "pixels that differ" }).toBeLessThanOrEqual(SAME);
}
