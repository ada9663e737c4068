// Draws golden boards (server/render/testdata/golden) on the page's own canvas layer and compares pictures, for
// e2e/golden.spec.ts.
import { exportPage } from "../../src/board/exportpage.ts";
import { InkLayer } from "../../src/board/inklayer.ts";
import { canvasMeasure } from "../../src/board/painttext.ts";
import { Scene } from "../../src/board/scene.ts";
import { sourceOf } from "../../src/board/source.ts";
import { browserClock } from "../../src/board/surface.ts";
import { lookOf } from "../../src/board/theme.ts";
import { Board } from "../../src/ot/board.ts";
import { decodeOps } from "../../src/ot/codec.ts";
import { Strokes } from "../../src/protocol/ink.ts";
import type { BoardDocument } from "../../src/sync/api.ts";

/** Region: x, y, width, height in px of the board. Batches are records 1, 2, 3 …, their ops in hex. */
export interface Golden {
  readonly region: readonly [number, number, number, number];
  readonly batches: readonly { readonly author: number; readonly ops: string }[];
  /** PNG in base64, by content id. */
  readonly images?: Readonly<Record<string, string>>;
}

export interface Comparison {
  /**
   * Of the pixels that are ink in either, the share that differ by more than 64 grey levels from all pixels around the same
   * place; 1: other sizes.
   */
  readonly share: number;
  /** In that square of 64 px where it is most: by what part of its ink one picture has less than the other. 1: other sizes. */
  readonly lack: number;
  /** Share of the pixels that are ink in either. */
  readonly inked: number;
  /** Data URLs: what was drawn, and where it differs. */
  readonly picture: string;
  readonly marked: string;
}

/** What can be drawn of a board. */
type Drawable = Pick<BoardDocument, "elements" | "get">;

declare global {
  interface Window {
    /** Draws the region at 1:1, once its images are there; a data URL. */
    drawGolden?: (golden: Golden) => Promise<string>;
    /** Exports the page in the page; a data URL of a PNG. */
    exportGolden?: (golden: Golden, as: "png" | "svg") => Promise<string>;
    /** The same of a board of a session. */
    exportBoard?: (board: Drawable, as: "png" | "svg") => Promise<string>;
    /** Compares two pictures, data URLs. */
    comparePictures?: (a: string, b: string) => Promise<Comparison>;
  }
}

function boardOf({ batches }: Golden): Board {
  const board = new Board();
  const strokes = new Strokes(64);
  batches.forEach(({ author, ops: hex }, i) => {
    const ops = decodeOps(Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
    for (const op of ops) strokes.decode(op);
    board.apply(i + 1, author, ops);
  });
  return board;
}

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

type Load = (content: string) => Promise<Blob>;

/** What the room would answer. */
const loadFrom = ({ images = {} }: Golden): Load => (content) => {
  const image = images[content];
  return image === undefined ? Promise.reject(new Error("no such image")) : Promise.resolve(new Blob([fromBase64(image)], { type: "image/png" }));
};

async function drawGolden(golden: Golden): Promise<string> {
  const [x, y, width, height] = golden.region;
  const canvas = document.createElement("canvas");
  const view = { x: x * 10, y: y * 10, zoom: 1, width, height };
  const layer = new InkLayer(canvas, browserClock, lookOf("white"), view);
  layer.resize(view, 1);
  const load = loadFrom(golden);
  let waited = 0, came = (): void => undefined;
  layer.setImages((content) => {
    waited++;
    return load(content);
  }, () => {
    waited--;
    came();
  });
  layer.show(new Scene(sourceOf(boardOf(golden)), canvasMeasure()));
  const draw = (): void => {
    while (layer.frame());
  };
  draw();
  // What is drawn may ask for them once more, sharper.
  while (waited > 0) {
    await new Promise<void>((resolve) => (came = resolve));
    draw();
  }
  return canvas.toDataURL();
}

async function exported(board: Drawable, as: "png" | "svg", load: Load): Promise<string> {
  const blob = await exportPage(sourceOf(board), as, { measure: canvasMeasure(), load });
  const url = URL.createObjectURL(blob);
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  URL.revokeObjectURL(url);
  return canvas.toDataURL();
}

/** How far two pixels may lie apart in grey levels. */
const FAR = 64;

/** A side of the squares in which ink is weighed, px, and how many black pixels weigh the least that counts. */
const SQUARE = 64;
const LEAST = 40;

interface Grey {
  readonly width: number;
  readonly height: number;
  readonly levels: Float32Array;
}

async function greyOf(url: string): Promise<Grey> {
  // Not by fetch: the server's page may only ask its server.
  const bytes = fromBase64(url.slice(url.indexOf(",") + 1));
  const image = await createImageBitmap(new Blob([bytes]));
  const { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  if (context === null) throw new Error("no 2d context");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const levels = new Float32Array(width * height);
  for (let i = 0; i < levels.length; i++) {
    levels[i] = 0.2126 * (data[4 * i] ?? 0) + 0.7152 * (data[4 * i + 1] ?? 0) + 0.0722 * (data[4 * i + 2] ?? 0);
  }
  return { width, height, levels };
}

/** How far pixel (x, y) of a is from the nearest of those around it in b. */
function distance(a: Grey, b: Grey, x: number, y: number): number {
  const level = a.levels[y * a.width + x] ?? 0;
  let least = 255;
  for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, b.height - 1); v++) {
    for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, b.width - 1); u++) {
      least = Math.min(least, Math.abs(level - (b.levels[v * b.width + u] ?? 0)));
    }
  }
  return least;
}

async function comparePictures(picture: string, other: string): Promise<Comparison> {
  const [a, b] = await Promise.all([greyOf(picture), greyOf(other)]);
  const { width, height } = a;
  if (width !== b.width || height !== b.height) return { share: 1, lack: 1, inked: 0, picture, marked: "" };
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no 2d context");
  const marks = context.createImageData(width, height);
  let far = 0, inked = 0;
  const across = Math.ceil(width / SQUARE);
  const weights = Array.from({ length: across * Math.ceil(height / SQUARE) }, () => ({ a: 0, b: 0 }));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const apart = Math.max(distance(a, b, x, y), distance(b, a, x, y)) > FAR;
      const [p, q] = [a.levels[i] ?? 0, b.levels[i] ?? 0];
      if (Math.min(p, q) < 250) inked++;
      if (apart) far++;
      const weight = weights[Math.floor(y / SQUARE) * across + Math.floor(x / SQUARE)];
      if (weight !== undefined) [weight.a, weight.b] = [weight.a + 255 - p, weight.b + 255 - q];
      // The first picture in red, the second in blue, where they differ in black.
      marks.data.set(apart ? [0, 0, 0, 255] : [128 + p / 2, 128 + (p + q) / 4, 128 + q / 2, 255], 4 * i);
    }
  }
  context.putImageData(marks, 0, 0);
  const lack = Math.max(...weights.map((w) => Math.abs(w.a - w.b) / Math.max(w.a, w.b, 255 * LEAST)));
  return { share: far / inked, lack, inked: inked / (width * height), picture, marked: canvas.toDataURL() };
}

window.drawGolden = drawGolden;
window.exportGolden = (golden, as) => exported(boardOf(golden), as, loadFrom(golden));
window.exportBoard = (board, as) => exported(board, as, () => Promise.reject(new Error("no images")));
window.comparePictures = comparePictures;
