// How lines and letters look: dashes and fonts, the same on the canvas, in pictures and in SVG, and in the server's renderer.

import type { Align, Dash } from "../ot/value.ts";

/** Lengths of dashes and gaps in units, round caps on top; empty: solid. */
export function dashes(dash: Dash, width: number): number[] {
  switch (dash) {
    case "solid":
      return [];
    case "dashed":
      return [Math.max(4 * width, LEAST), Math.max(3 * width, LEAST)];
    case "dotted":
      return [0, 2.5 * width];
  }
}

/** Of a dash and of the gap after it, units. */
const LEAST = 60;

/** size in units. */
export interface FontStyle {
  readonly size: number;
  readonly bold: boolean;
  readonly italic: boolean;
  readonly align: Align;
}

/** Sans serif, and for Chinese whatever the system has of it. */
export const FONT_FAMILY =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif';

/** Heights of a line of text, as parts of its size. */
export const LINE_HEIGHT = 1.4;
export const BASELINE = 1.1;

/** As CSS and the canvas want it; size in px of whatever they draw in. */
export const fontOf = (style: Pick<FontStyle, "bold" | "italic">, size: number): string =>
  `${style.italic ? "italic " : ""}${style.bold ? "bold " : ""}${size}px ${FONT_FAMILY}`;
