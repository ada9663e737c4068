import { useComputed } from "@preact/signals";
import type { ReadonlySignal } from "@preact/signals";
import { ArrowDown, ArrowDownToLine, ArrowUp, ArrowUpToLine, CopyPlus, Group, Layers, Lock, LockOpen, Palette, Trash2, Ungroup } from "lucide-preact";
import type { JSX, RefObject } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Command, Selection } from "../board/api.ts";
import { size, vast } from "./device.ts";
import { t } from "./i18n.ts";
import { Popover } from "./popover.tsx";
import type { Panel, RoomState } from "./roomstate.ts";
import { boxOnScreen, placeBeside } from "./selectionplace.ts";
import type { Spot } from "./selectionplace.ts";
import { StylePanel } from "./stylepanel.tsx";
import { fieldsOf } from "./styles.ts";
import { backToBoard } from "./toolbar.tsx";
import { command } from "./toolbox.ts";

/**
 * What can be done with what is selected, beside it; on a phone at the top, clear of the thumb. While nothing is selected
 * it stays, hidden: to make it anew and lay it out would take most of the frame in which a selection is to be seen.
 */
export function SelectionBar({ room }: { readonly room: RoomState }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const shown = useComputed(() => shownSelection(room) !== undefined);
  // Hidden it has what it had last: nothing of it changes then.
  const last = useRef<ShownSelection>();
  const selection = (last.current = shownSelection(room) ?? last.current);
  const spot = useSpot(room, bar, shown, selection?.box);
  const locked = selection?.locked === true, grouped = selection?.grouped === true, several = (selection?.keys.size ?? 0) > 1;
  const actions = useMemo(() => locked ? <LockedActions room={room} /> : <Actions room={room} shown={shown} grouped={grouped} several={several} />,
    [room, shown, locked, grouped, several]);
  const seen = shown.value && (spot !== undefined || size.value === "phone");
  return (
    <div class="selection-bar" role="toolbar" aria-label={t("selection.label", { n: selection?.keys.size ?? 0 })} ref={bar}
      data-shown={seen} data-side={spot?.side ?? "below"} style={barStyle(spot)}>
      {actions}
    </div>
  );
}

type ShownSelection = Selection & { readonly box: NonNullable<Selection["box"]> };

const hasBox = (selection: Selection): selection is ShownSelection => selection.box !== undefined;

/** The selection, if the bar is to be seen beside it. */
function shownSelection(room: RoomState): ShownSelection | undefined {
  const selection = room.selection.value;
  return selection !== undefined && hasBox(selection) && selection.keys.size > 0 && !room.editing.value ? selection : undefined;
}

/** Where the bar goes; undefined: where CSS puts it, or it has no size yet. Hidden it stays where it was. */
function useSpot(room: RoomState, bar: RefObject<HTMLDivElement>, shown: ReadonlySignal<boolean>, box: Selection["box"]): Spot | undefined {
  const own = useBorderBox(bar);
  const last = useRef<Spot>();
  if (size.value === "phone") return (last.current = undefined);
  if (!shown.value || box === undefined || own === undefined) return last.current;
  const view = room.view.value;
  return (last.current = placeBeside(boxOnScreen(view, box), { ...own, panel: vast.value ? 520 : size.value === "large" ? 380 : 284 }, view));
}

interface BorderBox {
  readonly width: number;
  readonly height: number;
}

/** An element's size. The browser tells whenever it is another one, in the same frame; to ask would force a layout. */
function useBorderBox(element: RefObject<HTMLElement>): BorderBox | undefined {
  const [box, setBox] = useState<BorderBox>();
  useLayoutEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      const now = entry?.borderBoxSize[0];
      if (now !== undefined) setBox({ width: now.inlineSize, height: now.blockSize });
    });
    observer.observe(element.current, { box: "border-box" });
    return () => observer.disconnect();
  }, [element]);
  return box;
}

/** By transform: it is moved without being laid out. Whole px, so that it stays sharp. */
const barStyle = (spot: Spot | undefined): Record<string, string> => (spot === undefined ? {} : {
  transform: `translate(${Math.round(spot.x)}px, ${Math.round(spot.y)}px)`,
  ...(spot.panel === undefined ? {} : { "--panel-x": `${spot.panel}px`, "--panel-y": "0px" }),
});

const LockedActions = ({ room }: { readonly room: RoomState }): JSX.Element => (
  <Do room={room} name="unlock" keys="Ctrl+Shift+L" Icon={LockOpen} words />
);

interface PanelProps {
  readonly room: RoomState;
  /** Whether the bar is to be seen. */
  readonly shown: ReadonlySignal<boolean>;
}

interface ActionsProps extends PanelProps {
  readonly grouped: boolean;
  readonly several: boolean;
}

function Actions({ room, shown, grouped, several }: ActionsProps): JSX.Element {
  return (
    <>
      <StyleButton room={room} shown={shown} />
      <Do room={room} name="duplicate" keys="Ctrl+D" Icon={CopyPlus} />
      <OrderButton room={room} shown={shown} />
      {grouped
        ? <Do room={room} name="ungroup" keys="Ctrl+Shift+G" Icon={Ungroup} />
        : several && <Do room={room} name="group" keys="Ctrl+G" Icon={Group} />}
      <Do room={room} name="lock" keys="Ctrl+L" Icon={Lock} />
      <Do room={room} name="delete" keys="Del" Icon={Trash2} />
    </>
  );
}

interface DoProps {
  readonly room: RoomState;
  readonly name: Exclude<Command, "clear" | "deselect">;
  readonly keys: string;
  readonly Icon: typeof Lock;
  /** Says what it does. */
  readonly words?: boolean;
}

function Do({ room, name, keys, Icon, words = false }: DoProps): JSX.Element {
  const text = t(`command.${name}`);
  return (
    <button class={words ? "tool tool-text" : "tool"} aria-label={text} title={`${text} (${keys})`} onClick={() => {
      command(room, name);
      backToBoard(room);
    }}>
      <Icon aria-hidden="true" />
      {words && text}
    </button>
  );
}

/** Whether one of the bar's panels is open. A panel goes with the bar. */
const useOpen = ({ room, shown }: PanelProps, panel: Panel): boolean => useComputed(() => shown.value && room.panel.value === panel).value;

function StyleButton({ room, shown }: PanelProps): JSX.Element {
  const open = useOpen({ room, shown }, "style");
  return (
    <div class="anchor">
      <button class="tool" aria-label={t("selection.style")} title={t("selection.style")} aria-expanded={open} onClick={() => room.toggle("style")}>
        <Palette aria-hidden="true" />
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("selection.style")} place="beside-selection restyle">
        <Restyle room={room} />
      </Popover>
    </div>
  );
}

/** The look of what is selected. */
function Restyle({ room }: { readonly room: RoomState }): JSX.Element | null {
  const selection = room.selection.value;
  if (selection === undefined) return null;
  return <StylePanel fields={fieldsOf(selection.kinds)} style={selection.style} onChange={(change) => room.canvas.peek()?.setStyle(change)} />;
}

const ORDERS = [
  { name: "front", Icon: ArrowUpToLine, keys: "Shift+]" },
  { name: "forward", Icon: ArrowUp, keys: "]" },
  { name: "backward", Icon: ArrowDown, keys: "[" },
  { name: "back", Icon: ArrowDownToLine, keys: "Shift+[" },
] as const;

function OrderButton({ room, shown }: PanelProps): JSX.Element {
  const open = useOpen({ room, shown }, "order");
  return (
    <div class="anchor">
      <button class="tool" aria-label={t("selection.order")} title={t("selection.order")} aria-expanded={open} onClick={() => room.toggle("order")}>
        <Layers aria-hidden="true" />
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("selection.order")} place="beside-selection order">
        {ORDERS.map(({ name, Icon, keys }) => (
          <button key={name} class="row-button" onClick={() => command(room, name)}>
            <Icon aria-hidden="true" />
            {t(`command.${name}`)}
            <kbd class="wide-only">{keys}</kbd>
          </button>
        ))}
      </Popover>
    </div>
  );
}
