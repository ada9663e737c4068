// What the page remembers on this device: signals that write themselves to local storage.
import { effect, signal } from "@preact/signals";
import type { Signal } from "@preact/signals";
import type { Grid, Style, ToolName } from "../board/api.ts";
import type { Fingers, Paper } from "../board/index.ts";
import { FAMILIES, initialStyle, isStyle } from "./styles.ts";
import type { Family, Shape } from "./styles.ts";

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
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isSize = (value: unknown): value is number => typeof value === "number" && value >= 0 && value < 10_000;
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

/** The tool at hand, as the board has it. Not remembered: a lesson begins with the pen. */
export const tool = signal<ToolName>("pen");

/** How new elements look, for each family of tools. */
export const styles = Object.fromEntries(
  FAMILIES.map((family) => [family, remembered<Style>(`style.${family}`, initialStyle(family), isStyle)]),
) as Readonly<Record<Family, Signal<Style>>>;

/** What the buttons of several tools stand for: the one used last. */
export const shape = remembered<Shape>("shape", "rectangle", oneOf("line", "arrow", "rectangle", "ellipse", "polygon"));
export const eraser = remembered<"eraser" | "area-eraser">("eraser", "eraser", oneOf("eraser", "area-eraser"));
export const selector = remembered<"select" | "lasso">("selector", "select", oneOf("select", "lasso"));

export const grid = remembered<Grid>("grid", "none", oneOf("none", "squares", "lines", "dots"));
export const snapping = remembered<boolean>("snapping", true, isBoolean);
export const ruler = remembered<boolean>("ruler", false, isBoolean);

/** Device ids, "" for the system's, and what one goes live with. */
export const cameraDevice = remembered<string>("camera", "", isText);
export const microphoneDevice = remembered<string>("microphone", "", isText);
export const withCamera = remembered<boolean>("with-camera", true, isBoolean);
export const withMicrophone = remembered<boolean>("with-microphone", true, isBoolean);

/** The column of video is folded away; its width, px, 0: as the page thinks best; where it floats on a phone, px from the top, 0 likewise. */
export const folded = remembered<boolean>("tiles.folded", false, isBoolean);
export const tilesWidth = remembered<number>("tiles.width", 0, isSize);
export const tilesTop = remembered<number>("tiles.top", 0, isSize);

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
