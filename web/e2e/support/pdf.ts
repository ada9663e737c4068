// What an independent reader, Poppler, finds in a PDF. It must not complain.
import { spawnSync } from "node:child_process";

export interface PdfPage {
  /** As pdfinfo says it. */
  readonly size: string;
  /** How much is drawn on it at 24 dpi, px. */
  readonly dark: number;
  readonly red: number;
}

export function readPdf(file: string): PdfPage[] {
  const sizes = [...poppler("pdfinfo", "-l", "-1", file).toString().matchAll(/^Page +\d+ size: +(.*)$/gm)].map(([, size]) => size ?? "");
  return sizes.map((size, i) => ({ size, ...count(poppler("pdftoppm", "-r", "24", "-f", String(i + 1), "-l", String(i + 1), file)) }));
}

function poppler(command: string, ...args: readonly string[]): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, { maxBuffer: 1 << 28 });
  if (error !== undefined) throw error;
  if (status !== 0 || stderr.length > 0) throw new Error(`${command} ends with ${status}: ${stderr.toString()}`);
  return stdout;
}

/** Of a binary PPM: a header of three lines, then red, green and blue. */
function count(ppm: Buffer): Pick<PdfPage, "dark" | "red"> {
  let at = 0;
  for (let line = 0; line < 3; line++) at = ppm.indexOf(10, at) + 1;
  let dark = 0, red = 0;
  for (; at + 2 < ppm.length; at += 3) {
    const [r = 0, g = 0, b = 0] = ppm.subarray(at, at + 3);
    if (r < 128 && g < 128) dark++;
    else if (r - Math.max(g, b) > 64) red++;
  }
  return { dark, red };
}
