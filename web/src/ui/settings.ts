// What the page remembers on this device: signals that write themselves to local storage.
import { effect, signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { Fingers, Paper, ToolName } from "../board/index.ts";

const PREFIX = "chalkline.";

/** Private windows and full disks may refuse: then nothing is remembered, and that is all. */
function load(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

function save(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    return;
  }
}

function remembered<T>(name: string, initial: T, valid: (value: unknown) => value is T): Signal<T> {
  const stored = load(name);
  const value = signal<T>(valid(stored) ? stored : initial);
  effect(() => save(name, value.value));
  return value;
}

const oneOf = <T extends string>(...options: readonly T[]) => (value: unknown): value is T => options.some((o) => o === value);
const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 64;

export type Language = "zh-CN" | "en";
export type Theme = "system" | "light" | "dark";
export type Dock = "bottom" | "left" | "right";

const browserLanguage = (): Language => (navigator.languages.some((l) => /^zh\b/i.test(l)) ? "zh-CN" : "en");

export const language = remembered<Language>("language", browserLanguage(), oneOf("zh-CN", "en"));
export const theme = remembered<Theme>("theme", "system", oneOf("system", "light", "dark"));
export const paper = remembered<Paper>("paper", "white", oneOf("white", "blackboard"));
export const fingers = remembered<Fingers>("fingers", "auto", oneOf("auto", "draw", "pan"));
export const dock = remembered<Dock>("dock", "bottom", oneOf("bottom", "left", "right"));
export const name = remembered<string>("name", "", isText);
export const tool = signal<ToolName>("pen");

/** Color 0xRRGGBB; width in 1/10 px of the board. */
const isNumber = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffffff;
export const penColor = remembered<number>("pen.color", 0x1d2321, isNumber);
export const penWidth = remembered<number>("pen.width", 100, isNumber);

/** A room that this device has been in. */
export interface RecentRoom {
  /** Its code. */
  readonly code: string;
  readonly title: string;
  /** The page looked at last, "" if unknown. */
  readonly page: string;
}

const MAX_RECENT = 8;

const isRecent = (value: unknown): value is RecentRoom[] =>
  Array.isArray(value) && value.length <= MAX_RECENT &&
  value.every((r: unknown) => typeof r === "object" && r !== null && ["code", "title", "page"].every((k) => typeof (r as Record<string, unknown>)[k] === "string"));

export const recent = remembered<RecentRoom[]>("recent", [], isRecent);

/** Puts a room at the top of the list, or changes what is known of it. */
export function remember(room: RecentRoom): void {
  recent.value = [room, ...recent.peek().filter((r) => r.code !== room.code)].slice(0, MAX_RECENT);
}

export function forget(code: string): void {
  recent.value = recent.peek().filter((r) => r.code !== code);
}
