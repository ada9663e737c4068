import { Eraser, GripVertical, Hand, Files, Minus, MoveHorizontal, PenLine, Plus, Crosshair } from "lucide-preact";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { ToolName } from "../board/index.ts";
import { chalk } from "../board/index.ts";
import { cssColor } from "./colors.ts";
import { size } from "./device.ts";
import { t } from "./i18n.ts";
import { useObservable } from "./observe.ts";
import { PenOptions } from "./penoptions.tsx";
import type { RoomState } from "./roomstate.ts";
import { dock, paper, penColor, tool } from "./settings.ts";
import type { Dock } from "./settings.ts";
import type { TextKey } from "./texts.ts";

interface ToolButton {
  readonly name: ToolName;
  readonly text: TextKey;
  readonly key: string;
  readonly Icon: typeof PenLine;
}

const TOOLS: readonly ToolButton[] = [
  { name: "pen", text: "tool.pen", key: "P", Icon: PenLine },
  { name: "eraser", text: "tool.eraser", key: "E", Icon: Eraser },
  { name: "laser", text: "tool.laser", key: "L", Icon: Crosshair },
  { name: "hand", text: "tool.hand", key: "H", Icon: Hand },
];

export function ToolBar({ room }: { readonly room: RoomState }): JSX.Element {
  return (
    <div class="tools" role="toolbar" aria-label={t("tools.label")} aria-orientation={dock.value === "bottom" ? "horizontal" : "vertical"}>
      {size.value === "large" && <Grip />}
      <div class="tools-group">
        {TOOLS.map((button) => <Tool key={button.name} room={room} button={button} />)}
        <PenOptions room={room} />
      </div>
      {size.value === "phone" ? <PagesButton room={room} /> : <Zoom room={room} />}
    </div>
  );
}

/** Chooses a tool; the pen, chosen again, opens its options. */
export function choose(room: RoomState, name: ToolName): void {
  if (name === "pen" && tool.peek() === "pen") room.toggle("pen");
  else room.panel.value = "";
  tool.value = name;
}

function Tool({ room, button }: { readonly room: RoomState; readonly button: ToolButton }): JSX.Element {
  const { name, text, key, Icon } = button;
  const active = tool.value === name;
  const pen = name === "pen";
  const label = pen && active ? `${t(text)}, ${t("tool.again")}` : t(text);
  return (
    <button class="tool" aria-pressed={active} aria-label={label} aria-keyshortcuts={key} title={`${t(text)} (${key})`}
      {...(pen ? { "aria-expanded": room.panel.value === "pen" } : {})}
      onClick={(e) => {
        choose(room, name);
        // After a press by hand the keys belong to the board again, space among them.
        if (e.detail > 0 && room.panel.peek() === "") document.querySelector<HTMLElement>(".board")?.focus({ preventScroll: true });
      }}>
      <Icon aria-hidden="true" />
      {pen && <span class="tool-color" style={{ background: cssColor(paper.value === "white" ? penColor.value : chalk(penColor.value)) }} aria-hidden="true" />}
    </button>
  );
}

function Zoom({ room }: { readonly room: RoomState }): JSX.Element {
  const percent = Math.round(room.zoom.value * 100);
  return (
    <div class="tools-group tools-zoom">
      <button class="tool" aria-label={t("zoom.out")} title={`${t("zoom.out")} (−)`} onClick={() => room.canvas.peek()?.zoomStep(-1)}>
        <Minus aria-hidden="true" />
      </button>
      <button class="tool tool-text tabular" aria-label={t("zoom.reset", { n: percent })} title="100%" onClick={() => room.canvas.peek()?.zoomTo(1)}>
        {percent}%
      </button>
      <button class="tool" aria-label={t("zoom.in")} title={`${t("zoom.in")} (+)`} onClick={() => room.canvas.peek()?.zoomStep(1)}>
        <Plus aria-hidden="true" />
      </button>
      <button class="tool" aria-label={t("zoom.fit")} title={`${t("zoom.fit")} (0)`} onClick={() => room.canvas.peek()?.fit()}>
        <MoveHorizontal aria-hidden="true" />
      </button>
    </div>
  );
}

/** On a phone: where one is among the pages, and the way to the others. */
function PagesButton({ room }: { readonly room: RoomState }): JSX.Element {
  const pages = useObservable(room.session.pages).value;
  const n = pages.indexOf(room.board.value?.page ?? "") + 1;
  return (
    <div class="tools-group">
      <button class="tool tool-text tabular" aria-label={t("pages.open", { n, total: pages.length })} onClick={() => room.toggle("pages")}>
        <Files aria-hidden="true" />
        {n}/{pages.length}
      </button>
    </div>
  );
}

const NEXT: Readonly<Record<Dock, Dock>> = { bottom: "left", left: "right", right: "bottom" };

/** Moves the tool bar to where its user can reach it: dragged to an edge, or edge by edge at every press. */
function Grip(): JSX.Element {
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
