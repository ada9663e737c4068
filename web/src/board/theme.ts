// Paper and how ink looks on it. Colours in documents are those of ink on white paper; the blackboard shows them as chalk.

export type Paper = "white" | "blackboard";

export interface Look {
  readonly paper: string;
  readonly edge: string;
  /** Lines of a background grid. */
  readonly grid: string;
  readonly ink: (color: number) => string;
}

const css = (color: number): string => `#${(color & 0xffffff).toString(16).padStart(6, "0")}`;

/** Chalk of a hue has at least this luminance (WCAG 2): a contrast of 4.5 to the blackboard. */
const CHALK_LEAST = 0.45;

/** The same colour as chalk: greys turned over, so that ink is white; hues kept and lightened until they stand out. */
export function chalk(color: number): number {
  const [h, s, l] = toHsl(color);
  if (s < 0.18) return fromHsl(0.13, 0.2 * (1 - l), 0.2 + 0.77 * (1 - l));
  let lighter = Math.max(l, 0.5);
  while (luminance(fromHsl(h, Math.min(s, 0.85), lighter)) < CHALK_LEAST) lighter += 0.01;
  return fromHsl(h, Math.min(s, 0.85), lighter);
}

/** Relative luminance as in WCAG 2, 0 to 1. */
export function luminance(color: number): number {
  const linear = (shift: number): number => {
    const c = ((color >> shift) & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(16) + 0.7152 * linear(8) + 0.0722 * linear(0);
}

const looks: Record<Paper, Look> = {
  white: { paper: "#ffffff", edge: "#d9dcd6", grid: "#d5e0e8", ink: css },
  blackboard: { paper: "#1f4d3a", edge: "#163a2b", grid: "#3f6d59", ink: (color) => css(chalk(color)) },
};

export const lookOf = (paper: Paper): Look => looks[paper];

function toHsl(color: number): [number, number, number] {
  const r = ((color >> 16) & 255) / 255, g = ((color >> 8) & 255) / 255, b = (color & 255) / 255;
  const max = Math.max(r, g, b), min = Math.min(r, g, b), d = max - min, l = (max + min) / 2;
  if (d === 0) return [0, 0, l];
  const s = d / (1 - Math.abs(2 * l - 1));
  const sector = max === r ? ((g - b) / d + 6) % 6 : max === g ? (b - r) / d + 2 : (r - g) / d + 4;
  return [sector / 6, s, l];
}

function fromHsl(h: number, s: number, l: number): number {
  const channel = (n: number): number => {
    const k = (n + h * 12) % 12;
    return Math.round(255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return (channel(0) << 16) | (channel(8) << 8) | channel(4);
}
