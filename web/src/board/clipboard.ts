// Elements as text, to be copied and pasted: on this page, on another, in another tab. What is read comes from outside
// and is believed in nothing.
import type { Element } from "../ot/board.ts";
import { ElementKind, Register, key } from "../ot/types.ts";
import type { Point, Setting } from "../ot/types.ts";
import { cleanText, codePoints, MAX_TEXT } from "../ot/text.ts";
import { checkSetting, decodePlace, decodeText, placeValue } from "../ot/value.ts";
import type { Placement } from "../ot/value.ts";
import { piecesOf } from "../sync/pieces.ts";

/** Of the clipboard's own type. */
export const MIME = "application/x-chalkline+json";

/** Of the code of the room that images are copied from. It goes into no HTML: who knows a code may enter. */
export const ROOM = "application/x-chalkline-room";

const VERSION = 1;

/** What one paste takes at most. */
const MAX_CHARS = 16 << 20;
const MAX_ELEMENTS = 5000;
const MAX_POINTS = 500_000;
const MAX_STROKE = 65_536;

/** An element without its id. */
export interface Copy {
  readonly kind: ElementKind;
  readonly settings: readonly Setting[];
  readonly points: readonly Point[];
  readonly text: string;
  /** Copies of one group have the same name here. */
  readonly group: string | undefined;
}

/** The image that a copy shows, "" if it is none. */
export function contentOf(c: Copy): string {
  const content = c.settings.find((s) => s.register === Register.Content);
  return content === undefined ? "" : decodeText(content.value);
}

/** Registers that do not go with a copy: its order and group are new, what is pasted is neither locked nor deleted. */
const OWN: ReadonlySet<Register> = new Set([Register.Deleted, Register.Order, Register.Group, Register.Locked]);

/** The copy of an element; of a stroke that was erased in part one of each piece that is left. */
export function copiesOf(e: Element): Copy[] {
  const group = e.group === undefined ? undefined : key(e.group);
  const visible = e.visible();
  if (e.kind === ElementKind.Ink && visible !== undefined) {
    return piecesOf(e, visible, "").map((piece) => ({ kind: e.kind, settings: carried(piece.settings), points: piece.points, text: "", group }));
  }
  const points = Array.from({ length: e.count }, (_, i) => e.point(i));
  return [{ kind: e.kind, settings: carried(e.registers), points, text: e.text, group }];
}

const carried = (list: readonly Setting[]): Setting[] =>
  list.filter((r) => !OWN.has(r.register)).map(({ register, value }) => ({ register, value }));

/** Elements, the lowest first, as text. */
export function write(copies: readonly Copy[]): string {
  const elements = copies.map((c) => ({
    kind: c.kind,
    settings: c.settings.map((s) => [s.register, hex(s.value)]),
    ...(c.points.length > 0 ? { points: c.points.flatMap((p) => [p.x, p.y, p.p, p.t]) } : {}),
    ...(c.text === "" ? {} : { text: c.text }),
    ...(c.group === undefined ? {} : { group: c.group }),
  }));
  return JSON.stringify({ chalkline: VERSION, elements });
}

/** The elements of a text that write made; none if it is another, or over a limit. What is not well-formed is left out. */
export function read(text: string): Copy[] {
  if (text.length > MAX_CHARS) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  if (!isRecord(value) || value["chalkline"] !== VERSION || !Array.isArray(value["elements"])) return [];
  const copies = value["elements"].slice(0, MAX_ELEMENTS).map(readCopy).filter((c) => c !== undefined);
  return copies.reduce((n, c) => n + c.points.length, 0) > MAX_POINTS ? [] : copies;
}

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

const KINDS: ReadonlySet<unknown> = new Set(Object.values(ElementKind));

const isKind = (value: unknown): value is ElementKind => KINDS.has(value);

function readCopy(value: unknown): Copy | undefined {
  if (!isRecord(value) || !isKind(value["kind"])) return undefined;
  const kind = value["kind"];
  const settings = readSettings(value["settings"]), points = readPoints(value["points"]);
  if (settings === undefined || points === undefined || (kind === ElementKind.Ink) !== points.length > 0) return undefined;
  // All but ink is nowhere without a place.
  if (kind !== ElementKind.Ink && !settings.some((s) => s.register === Register.Place)) return undefined;
  const text = kind === ElementKind.Text && typeof value["text"] === "string" ? cleanText(value["text"]) : "";
  if (codePoints(text) > MAX_TEXT) return undefined;
  return { kind, settings, points, text, group: typeof value["group"] === "string" ? value["group"] : undefined };
}

function readSettings(value: unknown): Setting[] | undefined {
  if (!Array.isArray(value) || value.length > Object.keys(Register).length) return undefined;
  const list = value.map(readSetting);
  if (!list.every((s) => s !== undefined)) return undefined;
  const rising = list.every((s, i) => i === 0 || s.register > (list[i - 1]?.register ?? 0));
  return rising ? list.filter((s) => !OWN.has(s.register)) : undefined;
}

function readSetting(value: unknown): Setting | undefined {
  if (!Array.isArray(value)) return undefined;
  const [register, text] = value as readonly unknown[];
  const bytes = typeof text === "string" ? unhex(text) : undefined;
  if (typeof register !== "number" || bytes === undefined) return undefined;
  try {
    checkSetting(register, bytes);
    return { register, value: bytes };
  } catch {
    return undefined; // No value of that register.
  }
}

const inRange = (v: unknown, most: number): v is number => typeof v === "number" && Number.isInteger(v) && v >= 0 && v <= most;

/** Flat: x, y, p, t of each; within what the ink codec takes, t never falling. */
function readPoints(value: unknown): Point[] | undefined {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length % 4 !== 0 || value.length > 4 * MAX_STROKE) return undefined;
  const points: Point[] = [];
  for (let i = 0; i < value.length; i += 4) {
    const [x, y, p, t] = value.slice(i, i + 4) as readonly unknown[];
    if (!inRange(x, 65_535) || !inRange(y, 262_143) || !inRange(p, 255) || !inRange(t, 0x7fffffff) || t < (points.at(-1)?.t ?? 0)) return undefined;
    points.push({ x, y, p, t });
  }
  return points;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

function unhex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** The box that a copy fills: its place or, of ink without one, that of its points. */
export function boxOfCopy(c: Copy): Placement {
  const place = c.settings.find((s) => s.register === Register.Place);
  if (place !== undefined) return decodePlace(place.value);
  const xs = c.points.map((p) => p.x), ys = c.points.map((p) => p.y);
  const x = xs.reduce((a, b) => Math.min(a, b), Infinity), y = ys.reduce((a, b) => Math.min(a, b), Infinity);
  return { x, y, w: xs.reduce((a, b) => Math.max(a, b), -Infinity) - x, h: ys.reduce((a, b) => Math.max(a, b), -Infinity) - y, angle: 0 };
}

/** A copy somewhere else. Ink keeps its points; where they would leave the codec's range they could not move. */
export function shifted(c: Copy, dx: number, dy: number): Copy {
  if (dx === 0 && dy === 0) return c;
  const box = boxOfCopy(c);
  const place = { register: Register.Place, value: placeValue({ ...box, x: box.x + dx, y: box.y + dy }) };
  return { ...c, settings: [place, ...c.settings.filter((s) => s.register !== Register.Place)] };
}

/** What the text of texts is to others than us. */
export const plainText = (copies: readonly Copy[]): string =>
  copies.filter((c) => c.text !== "").map((c) => c.text).join("\n");


const MARK = "data-chalkline";

/** As HTML, for programs and browsers that carry no type of ours: the texts, and hidden in them the elements. */
export function asHtml(text: string, plain: string): string {
  return `<div ${MARK}="${escaped(text)}">${escaped(plain)}</div>`;
}

/** The elements that asHtml has hidden in HTML, "" if there are none. */
export function inHtml(html: string): string {
  const found = new RegExp(`${MARK}="([^"]*)"`).exec(html);
  return found === null ? "" : unescaped(found[1] ?? "");
}

const ESCAPES: readonly (readonly [string, string])[] = [["&", "&amp;"], ["<", "&lt;"], [">", "&gt;"], ['"', "&quot;"], ["\n", "&#10;"]];

const escaped = (text: string): string => ESCAPES.reduce((all, [plain, code]) => all.replaceAll(plain, code), text);

const unescaped = (text: string): string => ESCAPES.toReversed().reduce((all, [plain, code]) => all.replaceAll(code, plain), text);
