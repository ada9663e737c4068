// Bringing to the front and sending to the back: what is written where, for elements in drawing order.
import type { Element } from "../ot/board.ts";
import { PENDING, drawingKey } from "../ot/order.ts";
import type { Key } from "../ot/types.ts";
import { placed } from "./order.ts";
import type { Ranked } from "./order.ts";

export type Direction = "front" | "forward" | "backward" | "back";

/**
 * The order keys to write so that moved go where they are sent, keeping their order. elements: all, the lowest first.
 * A step forward or backward goes past the next element that meets moved.
 */
export function restacked(elements: readonly Element[], moved: ReadonlySet<Key>, to: Direction, meets: (key: Key) => boolean): [Key, string][] {
  const rest = elements.filter((e) => !moved.has(e.key));
  const own = elements.filter((e) => moved.has(e.key)).map((e) => e.key);
  if (own.length === 0 || rest.length === 0) return [];
  const at = place(elements, rest, moved, to, meets);
  if (at === undefined) return [];
  if (at < rest.length) return placed(ranks(rest.slice(0, at)), own, ranks(rest.slice(at)));
  // What is not confirmed counts as above all that is, until it is confirmed: it gets keys as well, or else what is
  // brought above it would stay above all that is drawn later.
  const settled = rest.filter((e) => !isPending(e)), pending = rest.filter(isPending).map((e) => e.key);
  return placed(ranks(settled), [...pending, ...own], [], FIRST);
}

/** Below all that is drawn later: what the first revision's elements count as. */
const FIRST = "U000000000";

const isPending = (e: Element): boolean => e.created === PENDING && e.order === "";

const ranks = (elements: readonly Element[]): Ranked<Key>[] => elements.map((e) => ({ key: e.key, at: drawingKey(e) }));

/** How many of the rest are to lie below; undefined where nothing is to be done. */
function place(elements: readonly Element[], rest: readonly Element[], moved: ReadonlySet<Key>, to: Direction, meets: (key: Key) => boolean): number | undefined {
  if (to === "front") return rest.length;
  if (to === "back") return 0;
  const forward = to === "forward";
  const limit = forward ? elements.findLastIndex((e) => moved.has(e.key)) : elements.findIndex((e) => moved.has(e.key));
  const below = elements.slice(0, limit).filter((e) => !moved.has(e.key)).length;
  if (forward) {
    const next = rest.findIndex((e, i) => i >= below && meets(e.key));
    return next < 0 ? undefined : next + 1;
  }
  const next = rest.findLastIndex((e, i) => i < below && meets(e.key));
  return next < 0 ? undefined : next;
}
