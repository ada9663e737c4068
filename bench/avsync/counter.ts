// The picture of the instrument: a number that a camera can film and a page can read back.
//
// 16 bits from the left, most significant first, white for 1; below them the same inverted, so that a picture that was
// damaged, or is a mix of two, is known. The rest is a moving bar: pictures that stand still code too well.

export const WIDTH = 640;
export const HEIGHT = 360;
export const FPS = 30;
/** Numbers run from 0 to this and begin again: a minute. */
export const CYCLE = 60 * FPS;
const BITS = 16;
const CELL = 32;

/** The picture of a number, grey, one byte a pixel; lit: before a bright screen. */
export function picture(n: number, lit = false): Uint8Array {
  const out = new Uint8Array(WIDTH * HEIGHT).fill(lit ? 150 : 90);
  for (let bit = 0; bit < BITS; bit++) {
    const on = ((n >> (BITS - 1 - bit)) & 1) === 1;
    fill(out, bit * CELL, 0, on ? 235 : 20);
    fill(out, bit * CELL, CELL, on ? 20 : 235);
  }
  const bar = (n * 4) % (WIDTH - CELL);
  for (let y = 2 * CELL; y < HEIGHT; y += CELL) fill(out, bar, y, 200);
  return out;
}

function fill(out: Uint8Array, x: number, y: number, grey: number): void {
  for (let row = y; row < Math.min(y + CELL, HEIGHT); row++) out.fill(grey, row * WIDTH + x, row * WIDTH + x + CELL);
}

/**
 * Reads the number that a video shows; -1 where it cannot be read. It runs in the page, so it knows nothing of this file:
 * bits and cell are BITS and CELL, width that of the picture.
 */
export function readCounter(video: HTMLVideoElement, canvas: HTMLCanvasElement): number {
  const bits = 16, cell = 32, width = 640;
  canvas.width = bits;
  canvas.height = 2;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null || video.videoWidth === 0) return -1;
  const scale = video.videoWidth / width;
  for (let bit = 0; bit < bits; bit++) {
    for (let row = 0; row < 2; row++) {
      context.drawImage(video, (bit * cell + cell / 4) * scale, (row * cell + cell / 4) * scale, (cell / 2) * scale, (cell / 2) * scale, bit, row, 1, 1);
    }
  }
  const { data } = context.getImageData(0, 0, bits, 2);
  let n = 0;
  for (let bit = 0; bit < bits; bit++) {
    const above = (data[bit * 4] ?? 0) > 128, below = (data[(bits + bit) * 4] ?? 0) > 128;
    if (above === below) return -1;
    n = n * 2 + (above ? 1 : 0);
  }
  return n;
}
