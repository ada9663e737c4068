import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { addImages, chooseImages, filesOf } from "./images.ts";
import { t } from "./i18n.ts";
import type { RoomState } from "./roomstate.ts";
import { selector, tool } from "./settings.ts";
import { Sheet } from "./sheet.tsx";
import { KEY_GROUPS, repeats, shortcutFor } from "./shortcuts.ts";
import type { Shortcut } from "./shortcuts.ts";
import { familyOf } from "./styles.ts";
import { zh } from "./texts.ts";
import type { TextKey } from "./texts.ts";
import { choose, command } from "./toolbox.ts";

const isKey = (text: string): text is TextKey => text in zh;

export function KeySheet({ room }: { readonly room: RoomState }): JSX.Element {
  return (
    <Sheet kind="dialog" open={room.panel.value === "keys"} onClose={() => (room.panel.value = "")} title={t("keys.title")}>
      <div class="keys">
        {KEY_GROUPS.map((group) => (
          <section key={group.title}>
            <h3>{t(group.title)}</h3>
            <dl>
              {group.lines.map((line) => (
                <div key={line.text}>
                  <dt>{line.keys.map((key) => <kbd key={key}>{isKey(key) ? t(key) : key}</kbd>)}</dt>
                  <dd>{t(line.text)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}

/** Follows keyboard and clipboard while the room is shown. */
export function useShortcuts(room: RoomState): void {
  useEffect(() => {
    const stop = new AbortController();
    const options = { signal: stop.signal };
    addEventListener("keydown", (e) => onKey(room, e), options);
    addEventListener("keyup", (e) => {
      if (e.key === " ") room.canvas.peek()?.holdToPan(false);
    }, options);
    addEventListener("blur", () => room.canvas.peek()?.holdToPan(false), options);
    addEventListener("paste", (e) => onPaste(room, e), options);
    return () => stop.abort();
  }, [room]);
}

/** Where keys are for what has the focus: fields, dialogs, panels, and a text on the board. */
function elsewhere(room: RoomState, target: EventTarget | null): boolean {
  const at = target instanceof HTMLElement ? target : document.body;
  // A dialog whose pressed button is disabled leaves the focus to nobody, and is modal still.
  const modal = document.querySelector("dialog[open]") !== null;
  return room.editing.peek() || modal || at.isContentEditable || at.closest("input, textarea, select, .popover") !== null;
}

function onPaste(room: RoomState, e: ClipboardEvent): void {
  if (elsewhere(room, e.target) || e.clipboardData === null || !room.writes.peek()) return;
  e.preventDefault();
  room.toast.value = undefined;
  const images = filesOf(e.clipboardData).filter((file) => file.type.startsWith("image/"));
  // Of a text, office programs give a picture as well.
  if (images.length > 0 && e.clipboardData.getData("text/plain").trim() === "") return addImages(room, images);
  void room.canvas.peek()?.paste(e.clipboardData);
}

function onKey(room: RoomState, e: KeyboardEvent): void {
  // While an input method is at work its keys are its own.
  if (e.isComposing || elsewhere(room, e.target)) return;
  if (e.key === " ") {
    // On a button the space bar presses it.
    if (e.target instanceof HTMLElement && e.target.closest("button, a") !== null) return;
    e.preventDefault();
    room.canvas.peek()?.holdToPan(true);
    return;
  }
  const shortcut = shortcutFor(e);
  if (shortcut === undefined) return;
  e.preventDefault();
  if (!e.repeat || repeats(shortcut)) run(room, shortcut);
}

/** CSS px that an arrow key moves the view, and the selection: by little, with shift by much. */
const STEP = 80;
const NUDGE = { near: 2, far: 20 } as const;

/** The selection moves by what looks the same at every zoom, in whole units of 1/10 px. */
function nudge(room: RoomState, { dx, dy, far }: Extract<Shortcut, { do: "nudge" }>): boolean {
  const step = Math.max(1, Math.round((10 * (far ? NUDGE.far : NUDGE.near)) / room.view.peek().zoom));
  return room.canvas.peek()?.nudge(dx * step, dy * step) ?? false;
}

function run(room: RoomState, shortcut: Shortcut): void {
  room.toast.value = undefined;
  const board = room.canvas.peek();
  switch (shortcut.do) {
    case "tool":
      return choose(room, shortcut.tool, "key");
    case "board":
      return command(room, shortcut.command);
    case "nudge":
      if (!nudge(room, shortcut)) board?.panBy(-shortcut.dx * STEP, -shortcut.dy * STEP);
      return;
    case "page":
      return room.turn(shortcut.by);
    case "zoom":
      return board?.zoomStep(shortcut.by);
    case "fit":
      return board?.fit();
    case "image":
      return chooseImages(room);
    case "escape":
      return escape(room);
    case "microphone":
      return switchOwn(room, "audio");
    case "camera":
      return switchOwn(room, "video");
    case "keys":
      room.panel.value = "keys";
  }
}

/** Camera or microphone off or on; while neither is there, the way to them. */
function switchOwn({ av, panel }: RoomState, what: "video" | "audio"): void {
  const { camera } = av.media;
  if (av.role === "observer") return;
  if (camera.state.value === "off") panel.value = "camera";
  else if (what === "video") void av.own.setVideo(!av.own.on.video);
  else void av.own.setAudio(!av.own.on.audio);
}

/** Out of what is at hand; where there is nothing, back to selecting. */
function escape(room: RoomState): void {
  const board = room.canvas.peek();
  if (board?.escape() === false && familyOf(tool.peek()) === "shape") choose(room, selector.peek());
}
