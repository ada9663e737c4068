import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "./i18n.ts";
import type { RoomState } from "./roomstate.ts";
import { Sheet } from "./sheet.tsx";
import { KEY_LINES, commandFor } from "./shortcuts.ts";
import type { Command } from "./shortcuts.ts";
import { zh } from "./texts.ts";
import type { TextKey } from "./texts.ts";
import { choose } from "./toolbar.tsx";

const isKey = (text: string): text is TextKey => text in zh;

export function KeySheet({ room }: { readonly room: RoomState }): JSX.Element {
  return (
    <Sheet kind="dialog" open={room.panel.value === "keys"} onClose={() => (room.panel.value = "")} title={t("keys.title")}>
      <dl class="keys">
        {KEY_LINES.map((line) => (
          <div key={line.text}>
            <dt>{line.keys.map((key) => <kbd key={key}>{isKey(key) ? t(key) : key}</kbd>)}</dt>
            <dd>{t(line.text)}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}

/** Follows the keyboard while the room is shown. */
export function useShortcuts(room: RoomState): void {
  useEffect(() => {
    const stop = new AbortController();
    const options = { signal: stop.signal };
    addEventListener("keydown", (e) => onKey(room, e), options);
    addEventListener("keyup", (e) => {
      if (e.key === " ") room.canvas.peek()?.holdToPan(false);
    }, options);
    addEventListener("blur", () => room.canvas.peek()?.holdToPan(false), options);
    return () => stop.abort();
  }, [room]);
}

function onKey(room: RoomState, e: KeyboardEvent): void {
  const target = e.target instanceof HTMLElement ? e.target : document.body;
  if (target.closest("input, textarea, select, dialog, .popover") !== null) return;
  if (e.key === " ") {
    // On a button the space bar presses it.
    if (target.closest("button, a") !== null) return;
    e.preventDefault();
    room.canvas.peek()?.holdToPan(true);
    return;
  }
  const command = commandFor(e);
  if (command === undefined) return;
  e.preventDefault();
  run(room, command);
}

/** CSS px that an arrow key moves the view. */
const STEP = 80;

function run(room: RoomState, command: Command): void {
  const board = room.canvas.peek();
  switch (command) {
    case "pen":
    case "eraser":
    case "laser":
    case "hand":
      return choose(room, command);
    case "page-before":
      return room.turn(-1);
    case "page-after":
      return room.turn(1);
    case "zoom-in":
      return board?.zoomStep(1);
    case "zoom-out":
      return board?.zoomStep(-1);
    case "fit":
      return board?.fit();
    case "left":
      return board?.panBy(STEP, 0);
    case "right":
      return board?.panBy(-STEP, 0);
    case "up":
      return board?.panBy(0, STEP);
    case "down":
      return board?.panBy(0, -STEP);
    case "keys":
      room.panel.value = "keys";
  }
}
