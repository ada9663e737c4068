import { Crosshair, Eraser, Files, Hand, Highlighter, ImagePlus, Lasso, Minus, MousePointer2, MoveHorizontal, PenLine, Plus, Redo2, Scissors, Type, Undo2 } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ToolName } from "../board/api.ts";
import type { BoardDocument } from "../sync/api.ts";
import { size } from "./device.ts";
import { Grip } from "./grip.tsx";
import { t } from "./i18n.ts";
import { chooseImages } from "./images.ts";
import { useObservable } from "./observe.ts";
import type { RoomState } from "./roomstate.ts";
import { dock, eraser, selector, shape, styles, tool } from "./settings.ts";
import { TOOL_KEYS } from "./shortcuts.ts";
import { familyOf } from "./styles.ts";
import { shown } from "./stylepanel.tsx";
import { SHAPE_ICONS, ToolOptions, siblings } from "./tooloptions.tsx";
import { choose, command, hasOptions } from "./toolbox.ts";

/** The tools in a row that scrolls where it is too long; what is needed at any time stands beside it. */
export function ToolBar({ room }: { readonly room: RoomState }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const at = useActiveButton(bar, room);
  const board = room.board.value;
  return (
    <div class="tools" role="toolbar" ref={bar} aria-label={t("tools.label")} aria-orientation={dock.value === "bottom" ? "horizontal" : "vertical"}>
      {size.value === "large" && <Grip />}
      <div class="tools-scroll">
        {room.writes.value ? <Tools room={room} /> : <p class="tools-note">{t("tools.observer")}</p>}
      </div>
      {board !== undefined && room.writes.value && <Undo key={board.page} room={room} board={board} />}
      {size.value === "phone" ? <PagesButton room={room} /> : <Zoom room={room} />}
      <ToolOptions room={room} at={at} />
    </div>
  );
}

const Tools = ({ room }: { readonly room: RoomState }): JSX.Element => (
  <div class="tools-group">
    <Tool room={room} name={selector.value} Icon={selector.value === "select" ? MousePointer2 : Lasso} />
    <Tool room={room} name="pen" Icon={PenLine} />
    <Tool room={room} name="highlighter" Icon={Highlighter} />
    <Tool room={room} name={eraser.value} Icon={eraser.value === "eraser" ? Eraser : Scissors} />
    <Tool room={room} name={shape.value} Icon={SHAPE_ICONS[shape.value]} />
    <Tool room={room} name="text" Icon={Type} />
    <button class="tool" aria-label={t("tool.image")} aria-keyshortcuts="I" title={`${t("tool.image")} (I)`} onClick={() => chooseImages(room)}>
      <ImagePlus aria-hidden="true" />
    </button>
    <Tool room={room} name="laser" Icon={Crosshair} />
    <Tool room={room} name="hand" Icon={Hand} />
  </div>
);

/** Where the middle of the active tool's button is along the bar, px, while its options are open; keeps it in view. */
function useActiveButton(bar: { readonly current: HTMLDivElement | null }, room: RoomState): number {
  const [at, setAt] = useState(0);
  const name = tool.value, open = room.panel.value === "options", side = dock.value;
  useEffect(() => {
    const button = bar.current?.querySelector<HTMLElement>('.tool[aria-pressed="true"]');
    if (bar.current === null || button === null || button === undefined) return;
    button.scrollIntoView({ block: "center", inline: "center" });
    const frame = bar.current.getBoundingClientRect(), box = button.getBoundingClientRect();
    setAt(side === "bottom" ? box.x + box.width / 2 - frame.x : box.y + box.height / 2 - frame.y);
  }, [name, open, side]);
  return at;
}

interface ToolProps {
  readonly room: RoomState;
  readonly name: ToolName;
  readonly Icon: typeof PenLine;
}

const keyOf = (name: ToolName): string => (name === "area-eraser" ? "Shift+E" : TOOL_KEYS[name]);

/** Whether the tool at hand is this one or shares its button. */
const isActive = (name: ToolName): boolean => tool.value === name || siblings(name).some((kind) => kind.name === tool.value);

function Tool({ room, name, Icon }: ToolProps): JSX.Element {
  const active = isActive(name);
  const options = hasOptions(name);
  const family = familyOf(name);
  const text = t(`tool.${name}`);
  return (
    <button class="tool" aria-pressed={active} aria-label={active && options ? `${text}, ${t("tool.again")}` : text}
      aria-keyshortcuts={keyOf(name)} title={`${text} (${keyOf(name)})`}
      {...(options ? { "aria-expanded": active && room.panel.value === "options" } : {})}
      onClick={(e) => {
        choose(room, name);
        if (e.detail > 0) backToBoard(room);
      }}>
      <Icon aria-hidden="true" />
      {family !== undefined && <span class="tool-color" style={{ background: shown(styles[family].value.color) }} aria-hidden="true" />}
    </button>
  );
}

/** After a press by hand the keys belong to the board again, space among them. */
export function backToBoard(room: RoomState): void {
  if (room.panel.peek() === "" && !room.editing.peek()) document.querySelector<HTMLElement>(".board")?.focus({ preventScroll: true });
}

interface ActionProps {
  readonly label: string;
  readonly keys: string;
  readonly disabled?: boolean;
  readonly onPress: () => void;
  readonly children: ComponentChildren;
}

/** aria-disabled, so that the focus stays where it is. */
const Action = ({ label, keys, disabled = false, onPress, children }: ActionProps): JSX.Element => (
  <button class="tool" aria-label={label} title={`${label} (${keys})`} aria-disabled={disabled} onClick={() => !disabled && onPress()}>
    {children}
  </button>
);

function Undo({ room, board }: { readonly room: RoomState; readonly board: BoardDocument }): JSX.Element {
  const undo = useObservable(board.history.canUndo).value, redo = useObservable(board.history.canRedo).value;
  return (
    <div class="tools-group">
      <Action label={t("command.undo")} keys="Ctrl+Z" disabled={!undo} onPress={() => command(room, "undo")}><Undo2 aria-hidden="true" /></Action>
      <Action label={t("command.redo")} keys="Ctrl+Shift+Z" disabled={!redo} onPress={() => command(room, "redo")}><Redo2 aria-hidden="true" /></Action>
    </div>
  );
}

function Zoom({ room }: { readonly room: RoomState }): JSX.Element {
  const percent = Math.round(room.view.value.zoom * 100);
  return (
    <div class="tools-group tools-zoom">
      <Action label={t("zoom.out")} keys="−" onPress={() => room.canvas.peek()?.zoomStep(-1)}><Minus aria-hidden="true" /></Action>
      <button class="tool tool-text tabular" aria-label={t("zoom.reset", { n: percent })} title="100%" onClick={() => room.canvas.peek()?.zoomTo(1)}>
        {percent}%
      </button>
      <Action label={t("zoom.in")} keys="+" onPress={() => room.canvas.peek()?.zoomStep(1)}><Plus aria-hidden="true" /></Action>
      <Action label={t("zoom.fit")} keys="0" onPress={() => room.canvas.peek()?.fit()}><MoveHorizontal aria-hidden="true" /></Action>
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
