import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface PopoverProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly label: string;
  readonly children: ComponentChildren;
  /** Class that places the panel. */
  readonly place: string;
  /** For places along something: how far from its start the panel is to be, px. */
  readonly at?: number;
}

const FOCUSABLE = 'button:not(:disabled), input:not(:disabled), a[href], select, [tabindex="0"]';

/**
 * A panel beside its button; put both into an element with class "anchor". While open it keeps the focus; Escape, a
 * press elsewhere or its button close it, and the focus goes back to where it was.
 */
export function Popover({ open, onClose, label, children, place, at }: PopoverProps): JSX.Element | null {
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => (open && panel.current !== null ? hold(panel.current, onClose) : undefined), [open]);
  if (!open) return null;
  return (
    <div class={`popover ${place}`} ref={panel} role="dialog" aria-label={label} tabIndex={-1}
      {...(at === undefined ? {} : { style: { "--at": `${at}px` } })}>
      {children}
    </div>
  );
}

function hold(panel: HTMLElement, close: () => void): () => void {
  const before = document.activeElement;
  const stop = new AbortController();
  const options = { signal: stop.signal, capture: true };
  (panel.querySelector<HTMLElement>('[aria-checked="true"], [data-first]') ?? panel).focus({ preventScroll: true });
  document.addEventListener("keydown", (e) => onKey(e, panel, close), options);
  document.addEventListener("pointerdown", (e) => {
    // The panel's own button closes it itself.
    if (e.target instanceof Node && !panel.parentElement?.contains(e.target)) close();
  }, options);
  return () => {
    stop.abort();
    if (panel.contains(document.activeElement) || document.activeElement === document.body) {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    }
  };
}

function onKey(e: KeyboardEvent, panel: HTMLElement, close: () => void): void {
  if (e.key === "Escape") {
    e.stopPropagation();
    e.preventDefault();
    close();
  } else if (e.key === "Tab") {
    trap(e, panel);
  }
}

function trap(e: KeyboardEvent, panel: HTMLElement): void {
  const stops = [...panel.querySelectorAll<HTMLElement>(FOCUSABLE)];
  const first = stops[0], last = stops.at(-1);
  const inside = panel.contains(document.activeElement);
  const target = e.shiftKey ? last : first;
  const atEdge = !inside || document.activeElement === panel || document.activeElement === (e.shiftKey ? first : last);
  if (!atEdge || target === undefined) return;
  e.preventDefault();
  target.focus();
}
