// Parts of a picture, in parts of its width and height. Pure.

export interface Region {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The smallest part that makes sense. */
const LEAST = 0.05;
/** What an arrow key moves by. */
const STEP = 0.02;

const within = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Between two corners, within the picture. */
export function regionOf([ax, ay]: readonly [number, number], [bx, by]: readonly [number, number]): Region {
  const x = within(Math.min(ax, bx), 0, 1 - LEAST), y = within(Math.min(ay, by), 0, 1 - LEAST);
  return { x, y, w: within(Math.max(ax, bx) - x, LEAST, 1 - x), h: within(Math.max(ay, by) - y, LEAST, 1 - y) };
}

/** Moved by an arrow key, or sized by it; undefined: it is another key. */
export function stepped({ x, y, w, h }: Region, key: string, sizes: boolean): Region | undefined {
  const dx = key === "ArrowRight" ? STEP : key === "ArrowLeft" ? -STEP : 0;
  const dy = key === "ArrowDown" ? STEP : key === "ArrowUp" ? -STEP : 0;
  if (dx === 0 && dy === 0) return undefined;
  if (sizes) return { x, y, w: within(w + dx, LEAST, 1 - x), h: within(h + dy, LEAST, 1 - y) };
  return { x: within(x + dx, 0, 1 - w), y: within(y + dy, 0, 1 - h), w, h };
}
