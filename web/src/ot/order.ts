// Drawing order (OT10).
import type { Element } from "./element.ts";

/** Stands for the revision of what is not confirmed: above all that there are. */
export const PENDING = 2 ** 53;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const REVISION_DIGITS = 9;

/** The key that an element is drawn by: byte by byte, equal ones by order of creation. */
export function drawingKey(e: Element): string {
  if (e.order !== "") return e.order;
  if (e.created === PENDING) return "V";
  let digits = "";
  for (let v = e.created; digits.length < REVISION_DIGITS; v = Math.floor(v / 62)) digits = (DIGITS[v % 62] as string) + digits;
  return `U${digits}`;
}

/**
 * Elements, given in the order of creation, in drawing order, deleted ones left out. Those without an order register are
 * in it already: the others are sorted and put between them.
 */
export function drawn(elements: readonly Element[]): readonly Element[] {
  const plain: Element[] = [];
  const places: number[] = []; // of plain, in elements
  const ordered: { e: Element; place: number }[] = [];
  elements.forEach((e, place) => {
    if (e.deleted) return;
    if (e.order !== "") ordered.push({ e, place });
    else places[plain.push(e) - 1] = place;
  });
  if (ordered.length === 0) return plain;
  ordered.sort((a, b) => (a.e.order < b.e.order ? -1 : a.e.order > b.e.order ? 1 : a.place - b.place));
  const out: Element[] = [];
  let at = 0;
  for (const { e, place } of ordered) {
    const end = firstAbove(plain, places, at, e.order, place);
    while (at < end) out.push(plain[at++] as Element);
    out.push(e);
  }
  while (at < plain.length) out.push(plain[at++] as Element);
  return out;
}

/** Index in plain, from low on, of the first element that is drawn after an order and a place. */
function firstAbove(plain: readonly Element[], places: readonly number[], low: number, order: string, place: number): number {
  let from = low;
  let to = plain.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const k = drawingKey(plain[middle] as Element);
    if (k < order || (k === order && (places[middle] as number) < place)) from = middle + 1;
    else to = middle;
  }
  return from;
}
