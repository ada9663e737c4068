// Copies made elements again: pasted, or duplicated.
import { MAX_TEXT, cleanText, unitIndex } from "../ot/text.ts";
import { ElementKind, Register, key } from "../ot/types.ts";
import type { Key } from "../ot/types.ts";
import { groupValue, placeValue, settings, textValue } from "../ot/value.ts";
import type { BoardDocument } from "../sync/api.ts";
import type { OneOf } from "./api.ts";
import { boxOfCopy, copiesOf, shifted } from "./clipboard.ts";
import type { Copy } from "./clipboard.ts";
import { boundsOfBox } from "./frame.ts";
import { BOARD, NOWHERE, UNITS, clamp, intersects, union } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import { styleSettings } from "./looks.ts";
import type { Site } from "./site.ts";
import { LINE_HEIGHT } from "./style.ts";
import { layoutText } from "./textlayout.ts";
import { idOf } from "./thing.ts";
import { middle } from "./transform.ts";
import { visible } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** From an element to its duplicate, units. */
export const STEP = 200;

/** How much of the view an image or a pasted text takes at most. */
const PART_OF_VIEW = 0.8;

/** Makes elements of copies, moved by (dx, dy), in one step of undo; returns their keys, the lowest first. */
export function put(site: Site, copies: readonly Copy[], dx: number, dy: number): Key[] {
  const { document } = site;
  if (document === undefined) return [];
  return site.inOneStep(() => {
    const keys = copies.map((c) => make(document, shifted(c, Math.round(dx), Math.round(dy))));
    regroup(site, copies, keys);
    return keys;
  });
}

function make(document: NonNullable<Site["document"]>, c: Copy): Key {
  if (c.kind === ElementKind.Ink) return document.createInk(c.settings, c.points);
  const k = document.create(c.kind, c.settings);
  if (c.text !== "") document.editText(k, [{ kind: "insert", text: c.text }]);
  return k;
}

/** Copies of a group are a group again, another one. */
function regroup(site: Site, copies: readonly Copy[], keys: readonly Key[]): void {
  const groups = new Map<string, Key[]>();
  copies.forEach((c, i) => {
    const k = keys[i];
    if (c.group !== undefined && k !== undefined) groups.set(c.group, [...(groups.get(c.group) ?? []), k]);
  });
  for (const [first, ...rest] of groups.values()) {
    if (first === undefined || rest.length === 0) continue;
    const value = groupValue(idOf(first));
    site.set([first, ...rest].map((k) => [k, [{ register: Register.Group, value }]]));
  }
}

/** Copies of elements that are there, in drawing order. */
export function copiesIn(site: Site, keys: ReadonlySet<Key>): Copy[] {
  const copies: Copy[] = [];
  for (const e of site.document?.elements() ?? []) if (keys.has(e.key)) copies.push(...copiesOf(e));
  return copies;
}

/** Pastes copies: a little beside where they were, or in the middle of the view if that is elsewhere. */
export function pasteCopies(site: Site, copies: readonly Copy[], times: number): Key[] {
  const box = copies.reduce<Rect>((all, c) => union(all, boundsOfBox(boxOfCopy(c))), NOWHERE);
  const seen = visible(site.view);
  const beside = { x: STEP * times, y: STEP * times };
  const there = { x0: box.x0 + beside.x, y0: box.y0 + beside.y, x1: box.x1 + beside.x, y1: box.y1 + beside.y };
  const by = intersects(there, seen) ? beside : { x: (seen.x0 + seen.x1 - box.x0 - box.x1) / 2, y: (seen.y0 + seen.y1 - box.y0 - box.y1) / 2 };
  return put(site, copies, by.x, by.y);
}

/** A plain text in the middle of the view. It wraps where it would be wider than most of the view. */
export function pasteText(site: Site, pasted: string): Key[] {
  const { document, style } = site;
  const text = cut(cleanText(pasted));
  if (document === undefined || text.trim() === "") return [];
  const seen = visible(site.view);
  const most = Math.round((seen.x1 - seen.x0) * PART_OF_VIEW);
  const whole = layoutText(text, style, 0, site.measure);
  const w = whole.width > most ? most : 0;
  const { width, height } = w === 0 ? whole : layoutText(text, style, w, site.measure);
  const at = centred(seen, width, Math.max(height, LINE_HEIGHT * style.size));
  const place = { register: Register.Place, value: placeValue({ x: at.x, y: at.y, w, h: Math.round(height), angle: 0 }) };
  return site.inOneStep(() => {
    const k = document.create(ElementKind.Text, settings(place, ...styleSettings(ElementKind.Text, style)));
    document.editText(k, [{ kind: "insert", text }]);
    return [k];
  });
}

/** As much as one text may have. */
const cut = (text: string): string => text.slice(0, unitIndex(text, MAX_TEXT));

/** An image that the room has, in the middle of what is seen of a board, or of its share of that, as large as it is or as fits. */
export function putImage(document: BoardDocument, view: Viewport, content: string, width: number, height: number, one = { index: 0, of: 1 }): Key[] {
  if (width < 1 || height < 1) return [];
  const seen = shareOf(visible(view), one);
  const fits = Math.min(((seen.x1 - seen.x0) * PART_OF_VIEW) / (width * UNITS), ((seen.y1 - seen.y0) * PART_OF_VIEW) / (height * UNITS), 1);
  const w = Math.max(1, Math.round(width * UNITS * fits)), h = Math.max(1, Math.round(height * UNITS * fits));
  const at = centred(seen, w, h);
  return [document.create(ElementKind.Image, settings(
    { register: Register.Place, value: placeValue({ x: at.x, y: at.y, w, h, angle: 0 }) },
    { register: Register.Content, value: textValue(content) },
  ))];
}

/** Shares lie in rows, about as many of them as columns. */
function shareOf({ x0, y0, x1, y1 }: Rect, { index, of }: OneOf): Rect {
  const columns = Math.ceil(Math.sqrt(of));
  const w = (x1 - x0) / columns, h = (y1 - y0) / Math.ceil(of / columns);
  const x = x0 + (index % columns) * w, y = y0 + Math.floor(index / columns) * h;
  return { x0: x, y0: y, x1: x + w, y1: y + h };
}

/** The top left corner of a box in the middle of the view, on the board. */
function centred(seen: Rect, w: number, h: number): Vec {
  const c = middle({ x: seen.x0, y: seen.y0, w: seen.x1 - seen.x0, h: seen.y1 - seen.y0, angle: 0 });
  return {
    x: Math.round(clamp(c.x - w / 2, BOARD.x0, Math.max(BOARD.x0, BOARD.x1 - w))),
    y: Math.round(clamp(c.y - h / 2, BOARD.y0, Math.max(BOARD.y0, BOARD.y1 - h))),
  };
}

/** A group id for elements: the id of one of them that no other element's group is named by. */
export function groupIdFor(site: Site, keys: readonly Key[]): Key | undefined {
  const taken = new Set<Key>();
  const own = new Set(keys);
  for (const e of site.document?.elements() ?? []) if (e.group !== undefined && !own.has(e.key)) taken.add(key(e.group));
  return keys.find((k) => !taken.has(k));
}
