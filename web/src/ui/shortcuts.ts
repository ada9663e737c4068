// Keys of the room's page. Which key does what is a plain table; the sheet that '?' opens shows the same.
import type { Command as BoardCommand, ToolName } from "../board/api.ts";
import type { TextKey } from "./texts.ts";

/** What a key asks for. Arrows move the selection; where there is none, the view. */
export type Shortcut =
  | { readonly do: "tool"; readonly tool: ToolName }
  | { readonly do: "board"; readonly command: BoardCommand }
  | { readonly do: "nudge"; readonly dx: -1 | 0 | 1; readonly dy: -1 | 0 | 1; readonly far: boolean }
  | { readonly do: "page" | "zoom"; readonly by: 1 | -1 }
  | { readonly do: "image" | "fit" | "keys" | "escape" | "microphone" | "camera" };

/** The parts of a KeyboardEvent that count. */
export interface KeyPress {
  readonly key: string;
  /** Place on the keyboard, for keys that shift makes another character of. */
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** The letter of each tool; of the two erasers with shift, see PLAIN_SHIFT. */
export const TOOL_KEYS: Readonly<Record<Exclude<ToolName, "area-eraser">, string>> = {
  select: "V", lasso: "Q", pen: "P", highlighter: "M", line: "L", arrow: "A", rectangle: "R", ellipse: "O", polygon: "G",
  text: "T", eraser: "E", laser: "K", hand: "H",
};

const tool = (name: ToolName): Shortcut => ({ do: "tool", tool: name });
const board = (command: BoardCommand): Shortcut => ({ do: "board", command });

const LETTERS: Readonly<Record<string, Shortcut>> = {
  ...Object.fromEntries(Object.entries(TOOL_KEYS).map(([name, letter]) => [letter.toLowerCase(), tool(name as ToolName)])),
  i: { do: "image" }, u: { do: "microphone" }, c: { do: "camera" },
};

const PLAIN: Readonly<Record<string, Shortcut>> = {
  PageUp: { do: "page", by: -1 }, PageDown: { do: "page", by: 1 },
  "+": { do: "zoom", by: 1 }, "=": { do: "zoom", by: 1 }, "-": { do: "zoom", by: -1 }, "−": { do: "zoom", by: -1 },
  "0": { do: "fit" }, "?": { do: "keys" }, "？": { do: "keys" }, Escape: { do: "escape" },
  Delete: board("delete"), Backspace: board("delete"),
};

/** By place on the keyboard: "[" is another character with shift, and on many keyboards not there at all. */
const BRACKETS: Readonly<Record<string, readonly [plain: BoardCommand, shift: BoardCommand]>> = {
  BracketLeft: ["backward", "back"], BracketRight: ["forward", "front"],
};

/** Without zoom the browser would zoom the page instead of the board. Pasting is the browser's: only it may read the clipboard. */
const WITH_CONTROL: Readonly<Record<string, Shortcut>> = {
  z: board("undo"), y: board("redo"), c: board("copy"), x: board("cut"), d: board("duplicate"), a: board("select-all"),
  g: board("group"), l: board("lock"),
  "+": { do: "zoom", by: 1 }, "=": { do: "zoom", by: 1 }, "-": { do: "zoom", by: -1 }, "0": { do: "fit" },
};

const WITH_CONTROL_SHIFT: Readonly<Record<string, Shortcut>> = {
  z: board("redo"), g: board("ungroup"), l: board("unlock"), "+": { do: "zoom", by: 1 },
};

const ARROWS: Readonly<Record<string, readonly [-1 | 0 | 1, -1 | 0 | 1]>> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

export function shortcutFor(press: KeyPress): Shortcut | undefined {
  if (press.altKey) return undefined;
  const letter = press.key.toLowerCase();
  if (press.ctrlKey || press.metaKey) return (press.shiftKey ? WITH_CONTROL_SHIFT : WITH_CONTROL)[letter];
  const arrow = ARROWS[press.key];
  if (arrow !== undefined) return { do: "nudge", dx: arrow[0], dy: arrow[1], far: press.shiftKey };
  const bracket = BRACKETS[press.code];
  if (bracket !== undefined) return board(bracket[press.shiftKey ? 1 : 0]);
  if (press.shiftKey && letter === "e") return tool("area-eraser");
  return PLAIN[press.key] ?? LETTERS[letter];
}

const REPEATED: readonly BoardCommand[] = ["undo", "redo", "forward", "backward"];

/** Whether a key that is held does it again and again: what goes on by steps, not what switches, copies or groups. */
export function repeats(shortcut: Shortcut): boolean {
  switch (shortcut.do) {
    case "nudge":
    case "page":
    case "zoom":
      return true;
    case "board":
      return REPEATED.includes(shortcut.command);
    default:
      return false;
  }
}

/** A line of the sheet: keys as they stand on the keyboard, or the name of one. */
export interface KeyLine {
  readonly keys: readonly (string | TextKey)[];
  readonly text: TextKey;
}

export interface KeyGroup {
  readonly title: TextKey;
  readonly lines: readonly KeyLine[];
}

const toolLine = (name: Exclude<ToolName, "area-eraser">, text: TextKey): KeyLine => ({ keys: [TOOL_KEYS[name]], text });

export const KEY_GROUPS: readonly KeyGroup[] = [
  {
    title: "keys.tools",
    lines: [
      toolLine("select", "tool.select"), toolLine("lasso", "tool.lasso"), toolLine("pen", "tool.pen"),
      toolLine("highlighter", "tool.highlighter"), toolLine("line", "tool.line"), toolLine("arrow", "tool.arrow"),
      toolLine("rectangle", "tool.rectangle"), toolLine("ellipse", "tool.ellipse"), toolLine("polygon", "tool.polygon"),
      toolLine("text", "tool.text"), { keys: ["I"], text: "tool.image" }, toolLine("eraser", "tool.eraser"),
      { keys: ["Shift", "E"], text: "tool.area-eraser" }, toolLine("laser", "tool.laser"), toolLine("hand", "tool.hand"),
    ],
  },
  {
    title: "keys.edit",
    lines: [
      { keys: ["Ctrl", "Z"], text: "command.undo" },
      { keys: ["Ctrl", "Shift", "Z"], text: "command.redo" },
      { keys: ["Ctrl", "C"], text: "command.copy" },
      { keys: ["Ctrl", "X"], text: "command.cut" },
      { keys: ["Ctrl", "V"], text: "command.paste" },
      { keys: ["Ctrl", "D"], text: "command.duplicate" },
      { keys: ["Ctrl", "A"], text: "command.select-all" },
      { keys: ["Ctrl", "G"], text: "command.group" },
      { keys: ["Ctrl", "Shift", "G"], text: "command.ungroup" },
      { keys: ["["], text: "command.backward" },
      { keys: ["]"], text: "command.forward" },
      { keys: ["Shift", "["], text: "command.back" },
      { keys: ["Shift", "]"], text: "command.front" },
      { keys: ["Ctrl", "L"], text: "keys.lock" },
      { keys: ["Del"], text: "command.delete" },
      { keys: ["←", "↑", "↓", "→"], text: "keys.arrows" },
      { keys: ["Esc"], text: "keys.escape" },
    ],
  },
  {
    title: "keys.view",
    lines: [
      { keys: ["PgUp", "PgDn"], text: "keys.page" },
      { keys: ["+", "−"], text: "keys.zoom" },
      { keys: ["Ctrl", "key.wheel"], text: "keys.wheel" },
      { keys: ["0"], text: "keys.fit" },
      { keys: ["key.space"], text: "keys.pan" },
      { keys: ["?"], text: "keys.sheet" },
    ],
  },
  {
    title: "av.label",
    lines: [
      { keys: ["U"], text: "keys.microphone" },
      { keys: ["C"], text: "keys.camera" },
    ],
  },
];
