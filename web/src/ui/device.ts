// What kind of screen the page is on, as signals.
import { computed, effect, signal } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { language, theme } from "./settings.ts";

function media(query: string): ReadonlySignal<boolean> {
  const list = matchMedia(query);
  const value = signal(list.matches);
  list.addEventListener("change", () => (value.value = list.matches));
  return value;
}

const narrow = media("(max-width: 699px)");
const low = media("(max-height: 479px)");
const wide = media("(min-width: 1100px)");

/** A screen of many px that nobody set to a larger scale: what is a px there is small, however it is pointed at. tokens.css has the same. */
export const vast = media("(min-width: 2800px) and (min-height: 1500px)");

const systemDark = media("(prefers-color-scheme: dark)");

/** Fingers are the main way to point here. */
export const coarse = media("(pointer: coarse)");

const isScreenLow = (): boolean => Math.min(screen.width, screen.height) < 480;
const screenLow = signal(isScreenLow());
addEventListener("resize", () => (screenLow.value = isScreenLow()));

/** On a touch screen a window may be low only because of the keyboard: it counts as low if the screen is, the short side of it. */
const flat = computed(() => low.value && (!coarse.value || screenLow.value));

const sharpness = signal(devicePixelRatio);

/** Device px per CSS px of the screen that the window is on. */
export const resolution: ReadonlySignal<number> = sharpness;

function followResolution(): void {
  sharpness.value = devicePixelRatio;
  matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", followResolution, { once: true });
}
followResolution();

export type Size = "phone" | "desktop" | "large";

/** large: a classroom's screen, which gets targets of 56 px and more. */
export const size = computed<Size>(() => (narrow.value || flat.value ? "phone" : (coarse.value && wide.value) || vast.value ? "large" : "desktop"));

export const dark = computed(() => theme.value === "dark" || (theme.value === "system" && systemDark.value));

/** Keeps the root element's attributes in step; style.css reads them. */
export function followDevice(root: HTMLElement): void {
  effect(() => {
    root.lang = language.value;
    root.dataset["size"] = size.value;
    root.dataset["theme"] = dark.value ? "dark" : "light";
  });
}
