import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.tsx";
import { followDevice } from "./device.ts";
import type { Gateway } from "./gateway.ts";
import { paper } from "./settings.ts";
import "./style.css";

/** Puts the page into an element. */
export function mount(gateway: Gateway, into: Element): void {
  followDevice(document.documentElement);
  effect(() => void (document.documentElement.dataset["paper"] = paper.value));
  // Pinching zooms the board, never the page; touch-action does not cover Safari's own gesture.
  document.addEventListener("gesturestart", (e) => e.preventDefault());
  render(<App gateway={gateway} />, into);
}
