import { GripVertical } from "lucide-preact";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { t } from "./i18n.ts";
import { dock } from "./settings.ts";
import type { Dock } from "./settings.ts";

const NEXT: Readonly<Record<Dock, Dock>> = { bottom: "left", left: "right", right: "bottom" };

/** Moves the tool bar to where its user can reach it: dragged to an edge, or edge by edge at every press. */
export function Grip(): JSX.Element {
  const dragged = useRef(false);
  return (
    <button class="tool grip" aria-label={t("dock.move", { where: t(`dock.${dock.value}`) })}
      onPointerDown={(e) => {
        dragged.current = false;
        e.currentTarget.setPointerCapture(e.pointerId);
      }}
      onPointerMove={(e) => {
        if (!e.currentTarget.hasPointerCapture(e.pointerId)) return;
        const edge = edgeNear(e.clientX, e.clientY);
        if (edge === undefined || edge === dock.peek()) return;
        dragged.current = true;
        dock.value = edge;
      }}
      onClick={() => {
        if (!dragged.current) dock.value = NEXT[dock.peek()];
        dragged.current = false;
      }}>
      <GripVertical aria-hidden="true" />
    </button>
  );
}

/** The edge that a pointer has been dragged to, if it is clearly one of them. */
function edgeNear(x: number, y: number): Dock | undefined {
  if (x < innerWidth * 0.25) return "left";
  if (x > innerWidth * 0.75) return "right";
  return y > innerHeight * 0.6 ? "bottom" : undefined;
}
