// Keys of the room's page. Which key does what is a plain table; the sheet that '?' opens shows the same.
import type { TextKey } from "./texts.ts";

export type Command = "pen" | "eraser" | "laser" | "hand" | "page-before" | "page-after" | "zoom-in" | "zoom-out" | "fit" |
  "keys" | "left" | "right" | "up" | "down";

/** The parts of a KeyboardEvent that count. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const KEYS: Readonly<Record<string, Command>> = {
  p: "pen", e: "eraser", l: "laser", h: "hand",
  PageUp: "page-before", PageDown: "page-after",
  "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", "−": "zoom-out", "0": "fit", "?": "keys", "？": "keys",
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down",
};

/** With ctrl the browser would zoom the page instead of the board. */
const WITH_CONTROL: Readonly<Record<string, Command>> = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", "0": "fit" };

export function commandFor(press: KeyPress): Command | undefined {
  if (press.altKey) return undefined;
  if (press.ctrlKey || press.metaKey) return WITH_CONTROL[press.key];
  return KEYS[press.key] ?? KEYS[press.key.toLowerCase()];
}

/** A line of the sheet: keys as they stand on the keyboard, or the name of one. */
export interface KeyLine {
  readonly keys: readonly (string | TextKey)[];
  readonly text: TextKey;
}

export const KEY_LINES: readonly KeyLine[] = [
  { keys: ["P"], text: "keys.pen" },
  { keys: ["E"], text: "keys.eraser" },
  { keys: ["L"], text: "keys.laser" },
  { keys: ["H"], text: "keys.hand" },
  { keys: ["PgUp", "PgDn"], text: "keys.page" },
  { keys: ["+", "−"], text: "keys.zoom" },
  { keys: ["Ctrl", "key.wheel"], text: "keys.wheel" },
  { keys: ["0"], text: "keys.fit" },
  { keys: ["key.space"], text: "keys.pan" },
  { keys: ["←", "↑", "↓", "→"], text: "keys.arrows" },
  { keys: ["?"], text: "keys.sheet" },
];
