// A whole page as a picture at 1:1, cut to what is on it, or a sheet as wide as the board.
import type { BoardDocument } from "../sync/api.ts";
import type { Source } from "./facts.ts";
import { BOARD, NOWHERE, UNITS, grow, intersection, isEmpty, union } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import { decodeImage } from "./images.ts";
import { Drawn } from "./items.ts";
import type { Item } from "./items.ts";
import { Painter } from "./paint.ts";
import { canvasMeasure } from "./painttext.ts";
import { sourceOf } from "./source.ts";
import { offscreen2d } from "./surface.ts";
import { svgOf } from "./svg.ts";
import type { Measure } from "./textlayout.ts";
import { lookOf } from "./theme.ts";

export interface ExportOptions {
  readonly measure: Measure;
  /** RoomImages.load; images that it cannot give are left out. */
  readonly load: (content: string) => Promise<Blob>;
}

/** Around the content, units: 20 px. */
const MARGIN = 200;

/** What an empty page is, units: a sheet of 400 × 300 px. */
const EMPTY: Rect = { x0: 0, y0: 0, x1: 4000, y1: 3000 };

/** No sheet is lower, units: a screen of 16 : 9 across the board. */
const SCREEN = 23_040;

/** A picture has at most so many pixels and no edge longer; what is larger is drawn smaller. */
const MAX_PIXELS = 24_000_000;
const MAX_EDGE = 16_000;

/** Draws everything that the source has on white paper. Rejects with "board: export png: …" where the browser cannot. */
export async function exportPage(source: Source, as: "png" | "svg", options: ExportOptions): Promise<Blob> {
  try {
    const items = itemsOf(source, options);
    const box = regionOf(items);
    return await (as === "png" ? (await paint(items, box, options)).convertToBlob({ type: "image/png" }) : svg(items, box, options));
  } catch (error) {
    throw new Error(`board: export ${as}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** A page of a document. */
export interface Sheet {
  readonly jpeg: Blob;
  /** Px of the picture. */
  readonly width: number;
  readonly height: number;
  /** Px of the picture in one of the board. */
  readonly scale: number;
}

/** Draws the whole width of a board on white paper, as far down as there is something: what the server's document has. Rejects where the browser cannot. */
export async function drawSheet(doc: BoardDocument, load: ExportOptions["load"]): Promise<Sheet> {
  const options = { measure: canvasMeasure(), load };
  const items = itemsOf(sourceOf(doc), options);
  const end = items.reduce((most, { bounds }) => Math.max(most, bounds.y1 + MARGIN), SCREEN);
  const box = { ...BOARD, y1: Math.min(BOARD.y1, end) };
  const canvas = await paint(items, box, options);
  const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  return { jpeg, width: canvas.width, height: canvas.height, scale: exportScale(box) * UNITS };
}

const itemsOf = (source: Source, { measure }: ExportOptions): Drawn[] => [...source.all()].map((facts) => new Drawn(facts, measure));

/** The part of the board that has something on it and a margin, in whole px; the same as the server's pictures show. */
function regionOf(items: readonly Item[]): Rect {
  const content = items.reduce<Rect>((all, { bounds }) => {
    const part = intersection(bounds, BOARD);
    return isEmpty(part) ? all : union(all, part);
  }, NOWHERE);
  if (isEmpty(content)) return EMPTY;
  const { x0, y0, x1, y1 } = intersection(grow(content, MARGIN), BOARD);
  const down = (v: number): number => Math.floor(v / UNITS) * UNITS, up = (v: number): number => Math.ceil(v / UNITS) * UNITS;
  return { x0: down(x0), y0: down(y0), x1: up(x1), y1: up(y1) };
}

/** Px per unit at which a box is drawn: 1:1 if the bounds allow it. */
export function exportScale(box: Rect): number {
  const w = (box.x1 - box.x0) / UNITS, h = (box.y1 - box.y0) / UNITS;
  return Math.min(1, MAX_EDGE / Math.max(w, h), Math.sqrt(MAX_PIXELS / (w * h))) / UNITS;
}

/** Draws items on white paper. */
async function paint(items: readonly Item[], box: Rect, { load }: ExportOptions): Promise<OffscreenCanvas> {
  const scale = exportScale(box);
  const context = offscreen2d(Math.ceil((box.x1 - box.x0) * scale), Math.ceil((box.y1 - box.y0) * scale));
  const { canvas } = context;
  const pictures = await bitmaps(items, scale, load);
  try {
    const look = lookOf("white");
    context.fillStyle = look.paper;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale, 0, 0, scale, -box.x0 * scale, -box.y0 * scale);
    const painter = new Painter(look, { get: (content) => pictures.get(content) });
    for (const item of items) painter.item(context, item);
    return canvas;
  } finally {
    for (const picture of pictures.values()) picture.close();
  }
}

/** Every image of the page, decoded one after the other, no larger than it is drawn. */
async function bitmaps(items: readonly Item[], scale: number, load: ExportOptions["load"]): Promise<Map<string, ImageBitmap>> {
  const pictures = new Map<string, ImageBitmap>();
  for (const [content, longest] of contents(items)) {
    const picture = await load(content).then((blob) => decodeImage(blob, Math.ceil(longest * scale))).catch(() => undefined);
    if (picture !== undefined) pictures.set(content, picture);
  }
  return pictures;
}

/** Contents of the images, and the longest edge (units) that each is drawn with. */
function contents(items: readonly Item[]): Map<string, number> {
  const all = new Map<string, number>();
  for (const { facts, box } of items) {
    if (facts.kind !== "image" || facts.content === "") continue;
    all.set(facts.content, Math.max(all.get(facts.content) ?? 0, box.w, box.h));
  }
  return all;
}

async function svg(items: readonly Item[], box: Rect, { load }: ExportOptions): Promise<Blob> {
  const urls = new Map<string, string>();
  for (const content of contents(items).keys()) {
    const url = await load(content).then(dataURL).catch(() => undefined);
    if (url !== undefined) urls.set(content, url);
  }
  return new Blob([svgOf(items, box, lookOf("white"), urls)], { type: "image/svg+xml" });
}

async function dataURL(image: Blob): Promise<string> {
  const bytes = new Uint8Array(await image.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return `data:${image.type};base64,${btoa(text)}`;
}
