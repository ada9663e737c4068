import { ArrowDown, ArrowDownToLine, ArrowUp, ArrowUpToLine, CopyPlus, Group, Layers, Lock, LockOpen, Palette, Trash2, Ungroup } from "lucide-preact";
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Command, Selection } from "../board/api.ts";
import { size } from "./device.ts";
import { t } from "./i18n.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import { boxOnScreen, placeBeside } from "./selectionplace.ts";
import type { Spot } from "./selectionplace.ts";
import { StylePanel } from "./stylepanel.tsx";
import { fieldsOf } from "./styles.ts";
import { backToBoard } from "./toolbar.tsx";
import { command } from "./toolbox.ts";

/** What can be done with what is selected, beside it; on a phone at the top, clear of the thumb. */
export function SelectionBar({ room }: { readonly room: RoomState }): JSX.Element | null {
  const selection = room.selection.value;
  if (selection?.box === undefined || selection.keys.size === 0 || room.editing.value) return null;
  return <Bar room={room} selection={selection} box={selection.box} />;
}

interface BarProps {
  readonly room: RoomState;
  readonly selection: Selection;
  readonly box: NonNullable<Selection["box"]>;
}

function Bar({ room, selection, box }: BarProps): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const [spot, setSpot] = useState<Spot>();
  const view = room.view.value;
  const phone = size.value === "phone";
  useLayoutEffect(() => {
    if (bar.current === null || phone) return setSpot(undefined);
    const { offsetWidth: width, offsetHeight: height } = bar.current;
    setSpot(placeBeside(boxOnScreen(view, box), { width, height, panel: size.peek() === "large" ? 380 : 284 }, view));
  }, [view, box.x, box.y, box.w, box.h, phone, selection.locked, selection.grouped]);
  const style = phone ? {} : barStyle(spot);
  return (
    <div class="selection-bar" role="toolbar" aria-label={t("selection.label", { n: selection.keys.size })} ref={bar} style={style}
      data-side={spot?.side ?? "below"}>
      {selection.locked ? <LockedActions room={room} /> : <Actions room={room} selection={selection} />}
    </div>
  );
}

const barStyle = (spot: Spot | undefined): Record<string, string> => ({
  left: `${spot?.x ?? 0}px`,
  top: `${spot?.y ?? 0}px`,
  visibility: spot === undefined ? "hidden" : "visible",
  ...(spot?.panel === undefined ? {} : { "--panel-x": `${spot.panel}px`, "--panel-y": "0px" }),
});

const LockedActions = ({ room }: { readonly room: RoomState }): JSX.Element => (
  <Do room={room} name="unlock" keys="Ctrl+Shift+L" Icon={LockOpen} words />
);

function Actions({ room, selection }: Omit<BarProps, "box">): JSX.Element {
  return (
    <>
      <StyleButton room={room} selection={selection} />
      <Do room={room} name="duplicate" keys="Ctrl+D" Icon={CopyPlus} />
      <OrderButton room={room} />
      {selection.grouped
        ? <Do room={room} name="ungroup" keys="Ctrl+Shift+G" Icon={Ungroup} />
        : selection.keys.size > 1 && <Do room={room} name="group" keys="Ctrl+G" Icon={Group} />}
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

function StyleButton({ room, selection }: Omit<BarProps, "box">): JSX.Element {
  const open = room.panel.value === "style";
  return (
    <div class="anchor">
      <button class="tool" aria-label={t("selection.style")} title={t("selection.style")} aria-expanded={open} onClick={() => room.toggle("style")}>
        <Palette aria-hidden="true" />
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("selection.style")} place="beside-selection restyle">
        <StylePanel fields={fieldsOf(selection.kinds)} style={selection.style} onChange={(change) => room.canvas.peek()?.setStyle(change)} />
      </Popover>
    </div>
  );
}

const ORDERS = [
  { name: "front", Icon: ArrowUpToLine, keys: "Shift+]" },
  { name: "forward", Icon: ArrowUp, keys: "]" },
  { name: "backward", Icon: ArrowDown, keys: "[" },
  { name: "back", Icon: ArrowDownToLine, keys: "Shift+[" },
] as const;

function OrderButton({ room }: { readonly room: RoomState }): JSX.Element {
  const open = room.panel.value === "order";
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
