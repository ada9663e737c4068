// Colours of pens and of people.
import type { TextKey } from "./texts.ts";

export interface PenColor {
  readonly color: number;
  readonly name: TextKey;
}

/** The eight colours at hand: ink on white paper; the blackboard shows them as chalk. */
export const PEN_COLORS: readonly PenColor[] = [
  { color: 0x1d2321, name: "color.ink" },
  { color: 0xd1495b, name: "color.red" },
  { color: 0x2e86ab, name: "color.blue" },
  { color: 0x2f7d57, name: "color.green" },
  { color: 0xe07a1f, name: "color.orange" },
  { color: 0xf2c14e, name: "color.yellow" },
  { color: 0x7b4fa3, name: "color.purple" },
  { color: 0x7d8683, name: "color.gray" },
];

/** Each bears white text with a contrast of at least 4.5. */
const PEOPLE = [
  "#1f6b4a", "#b23a4b", "#1f6f94", "#7a4aa0", "#a3541a", "#00736a", "#9c2a72", "#4a5a96", "#6d6413", "#8a3d2b", "#2f6d1e", "#5d5560",
] as const;

/** A participant's colour, the same on every page: replicas are dense, so neighbours differ. */
export const personColor = (replica: number): string => PEOPLE[(replica - 1) % PEOPLE.length] ?? PEOPLE[0];

export const cssColor = (color: number): string => `#${color.toString(16).padStart(6, "0")}`;

/** A light one of the same hue, for fills that are written on. */
export function tint(color: number): number {
  const channel = (shift: number): number => Math.round(255 - (255 - ((color >> shift) & 255)) * 0.22) << shift;
  return channel(16) | channel(8) | channel(0);
}
