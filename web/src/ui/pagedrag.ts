// Pages dragged to another place in their list: by mouse and pen at once, by a finger after it has rested, since fingers scroll.
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { RoomState } from "./roomstate.ts";

/** A mouse that has moved so far drags, a finger scrolls, px. */
const NEAR = 6;

/** A finger that rests so long on a page takes it up, ms. */
const HOLD_MS = 350;

/** A page that is held over the place of the one with this index. */
interface Drag {
  readonly page: string;
  readonly to: number;
}

export interface PageDrag {
  /** Goes on the list; its items name their pages in data-page. */
  readonly list: RefObject<HTMLOListElement>;
  /** The pages as they would be if the one that is dragged were let go. */
  readonly pages: readonly string[];
  readonly dragged: string | undefined;
}

export function usePageDrag(pages: readonly string[], room: RoomState): PageDrag {
  const list = useRef<HTMLOListElement>(null);
  const [drag, show] = useState<Drag>();
  const may = room.arranges.value;
  useEffect(() => (list.current !== null && may ? watch(list.current, show, (page, to) => room.placePage(page, to)) : undefined), [may, room]);
  const there = drag !== undefined && pages.includes(drag.page);
  return {
    list,
    pages: there ? pages.filter((page) => page !== drag.page).toSpliced(drag.to, 0, drag.page) : pages,
    dragged: drag?.page,
  };
}

interface Press {
  readonly pointer: number;
  readonly page: string;
  readonly x: number;
  readonly y: number;
  /** Index that it had. */
  readonly from: number;
  to: number;
  taken: boolean;
  rest: number | undefined;
}

/** Follows pointers on a list until the function returned is called. */
function watch(list: HTMLElement, show: (drag: Drag | undefined) => void, place: (page: string, to: number) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  let press: Press | undefined;
  let dragged = false;
  const take = (p: Press): void => {
    p.taken = dragged = true;
    list.setPointerCapture(p.pointer);
    show({ page: p.page, to: p.to });
  };
  const end = (): Press | undefined => {
    const p = press;
    press = undefined;
    clearTimeout(p?.rest);
    if (p?.taken === true) show(undefined);
    return p;
  };
  list.addEventListener("pointerdown", (e) => {
    end();
    dragged = false;
    const item = e.target instanceof Element ? e.target.closest<HTMLElement>("[data-page]") : null;
    if (!e.isPrimary || e.button !== 0 || item === null) return;
    const from = [...list.children].indexOf(item);
    const p: Press = { pointer: e.pointerId, page: item.dataset["page"] ?? "", x: e.clientX, y: e.clientY, from, to: from, taken: false, rest: undefined };
    if (e.pointerType === "touch") p.rest = window.setTimeout(() => take(p), HOLD_MS);
    press = p;
  }, { signal });
  list.addEventListener("pointermove", (e) => {
    const p = press;
    if (p?.pointer !== e.pointerId) return;
    if (!p.taken) {
      if (Math.hypot(e.clientX - p.x, e.clientY - p.y) < NEAR) return;
      if (e.pointerType === "touch") return void end();
      take(p);
    }
    const to = nearest(list, e.clientX, e.clientY);
    list.children[to]?.scrollIntoView({ block: "nearest" });
    if (to === p.to) return;
    p.to = to;
    show({ page: p.page, to });
  }, { signal });
  list.addEventListener("pointerup", (e) => {
    if (press?.pointer !== e.pointerId) return;
    const { taken, page, from, to } = press;
    if (taken && to !== from) place(page, to); // first: the list is not drawn as it was in between
    end();
  }, { signal });
  list.addEventListener("pointercancel", end, { signal });
  list.addEventListener("touchmove", (e) => press?.taken === true && e.preventDefault(), { signal, passive: false });
  list.addEventListener("contextmenu", (e) => press?.rest !== undefined && e.preventDefault(), { signal });
  // What was dragged is not chosen.
  list.addEventListener("click", (e) => {
    if (dragged) e.stopPropagation();
    dragged = false;
  }, { signal, capture: true });
  return () => {
    end();
    stop.abort();
  };
}

/** Index of the item whose middle is nearest to a place in the window. */
function nearest(list: HTMLElement, x: number, y: number): number {
  const far = [...list.children].map((item) => {
    const box = item.getBoundingClientRect();
    return Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y);
  });
  return far.indexOf(Math.min(...far));
}
