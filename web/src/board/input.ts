// Pointer and wheel events, and the Enter key, of the element that the canvases fill, turned into what Gestures understands.
import type { Keys, PointerInput, PointerKind, Sample } from "./gestures.ts";
import type { Vec } from "./geometry.ts";

export interface InputSink {
  down(input: PointerInput): void;
  move(input: PointerInput, predicted: readonly Sample[]): void;
  up(input: PointerInput): void;
  cancelled(input: PointerInput): void;
  /** The pointer is over the board without a button down; undefined: it left. */
  hover(at: Vec | undefined, kind: PointerKind, keys: Keys): void;
  /** True if something else than the view took the wheel. */
  wheel(dx: number, dy: number, at: Vec): boolean;
  wheelPan(dx: number, dy: number): void;
  wheelZoom(factor: number, at: Vec): void;
  /** The Enter key, while the board has the focus. */
  enter(): void;
}

/** A mouse has no pressure: half, as the Pointer Events standard says. */
const MOUSE_PRESSURE = 128;

/** Bits of PointerEvent.buttons: a pen's eraser end, and the button on its barrel. */
const ERASER_BUTTON = 32;
const BARREL_BUTTON = 2;

/** Listens until the function returned is called. */
export function listen(element: HTMLElement, sink: InputSink): () => void {
  const stop = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(name: K, handle: (e: HTMLElementEventMap[K]) => void): void =>
    element.addEventListener(name, handle, { signal: stop.signal, passive: false });
  on("pointerdown", (e) => {
    e.preventDefault();
    element.setPointerCapture(e.pointerId);
    sink.down(input(element, e, [e]));
  });
  on("pointermove", (e) => {
    if (e.buttons === 0) sink.hover(place(element, e), kindOf(e), keysOf(e));
    const events = e.getCoalescedEvents?.() ?? [];
    sink.move(input(element, e, events.length > 0 ? events : [e]), predicted(element, e));
  });
  on("pointerup", (e) => sink.up(input(element, e, [e])));
  on("pointercancel", (e) => sink.cancelled(input(element, e, [e])));
  on("pointerleave", (e) => sink.hover(undefined, kindOf(e), keysOf(e)));
  // The browser would make gestures of its own of these touches: after a quick stroke it swallows the next tap, on a
  // button too (as one that stops a fling), and an iPad's pencil starts handwriting recognition.
  on("touchstart", (e) => e.preventDefault());
  on("contextmenu", (e) => e.preventDefault());
  on("keydown", (e) => {
    if (e.key === "Enter" && !e.isComposing && e.target === element) sink.enter();
  });
  on("wheel", (e) => {
    e.preventDefault();
    wheel(element, e, sink);
  });
  return () => stop.abort();
}

const keysOf = (e: PointerEvent): Keys => ({ shift: e.shiftKey, alt: e.altKey, ctrl: e.ctrlKey || e.metaKey });

const kindOf = (e: PointerEvent): PointerKind => (e.pointerType === "pen" ? "pen" : e.pointerType === "touch" ? "touch" : "mouse");

function place(element: HTMLElement, e: MouseEvent): Vec {
  const box = element.getBoundingClientRect();
  return { x: e.clientX - box.left, y: e.clientY - box.top };
}

function samples(element: HTMLElement, events: readonly PointerEvent[]): Sample[] {
  const box = element.getBoundingClientRect();
  return events.map((e) => ({ x: e.clientX - box.left, y: e.clientY - box.top, p: pressure(e), at: e.timeStamp }));
}

/** Fingers report 0, 0.5 or the area of their tip: no force, so they write like a mouse. */
const pressure = (e: PointerEvent): number => (e.pointerType === "pen" ? Math.round(e.pressure * 255) : MOUSE_PRESSURE);

function input(element: HTMLElement, e: PointerEvent, events: readonly PointerEvent[]): PointerInput {
  return { id: e.pointerId, kind: kindOf(e), button: button(e), samples: samples(element, events), keys: keysOf(e) };
}

function button(e: PointerEvent): PointerInput["button"] {
  const erasing = e.pointerType === "pen" && (e.buttons & BARREL_BUTTON) !== 0;
  if ((e.buttons & ERASER_BUTTON) !== 0 || e.button === 5 || erasing) return "eraser";
  if (e.button === 1) return "middle";
  return e.button <= 0 ? "main" : "other";
}

function predicted(element: HTMLElement, e: PointerEvent): Sample[] {
  if (e.buttons === 0 || e.pointerType === "mouse") return [];
  return samples(element, e.getPredictedEvents?.() ?? []);
}

const LINE = 16;

/** Wheel and two fingers on a touchpad pan; with ctrl (which is also a touchpad's pinch) they zoom. */
function wheel(element: HTMLElement, e: WheelEvent, sink: InputSink): void {
  const unit = e.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : e.deltaMode === WheelEvent.DOM_DELTA_PAGE ? element.clientHeight : 1;
  const dx = e.deltaX * unit, dy = e.deltaY * unit;
  if (!e.ctrlKey && !e.metaKey && sink.wheel(dx, dy, place(element, e))) return;
  if (e.ctrlKey || e.metaKey) sink.wheelZoom(Math.exp(-Math.max(-60, Math.min(60, dy)) / 180), place(element, e));
  else if (e.shiftKey && dx === 0) sink.wheelPan(-dy, 0);
  else sink.wheelPan(-dx, -dy);
}
