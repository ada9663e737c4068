// Which tool is at hand and how its new elements look: what the page remembers, given to the board.
import { effect } from "@preact/signals";
import type { BoardTools, Command, Style, ToolName } from "../board/api.ts";
import type { RoomState } from "./roomstate.ts";
import { eraser, grid, ruler, selector, shape, snapping, styles, tool } from "./settings.ts";
import { familyOf } from "./styles.ts";
import type { Family } from "./styles.ts";

/**
 * Chooses a tool; chosen again, it opens its options and stays after what it draws. By key only what has a look has
 * options: the others have keys of their own.
 */
export function choose(room: RoomState, name: ToolName, by: "hand" | "key" = "hand"): void {
  if (!room.writes.peek()) return;
  const again = tool.peek() === name;
  if (again && hasOptions(name) && (by === "hand" || familyOf(name) !== undefined)) room.toggle("options");
  else room.panel.value = "";
  noteKind(name);
  const board = room.canvas.peek();
  board?.setTool(name, again);
  if (board !== undefined && !again) giveStyle(board, name);
}

export const hasOptions = (name: ToolName): boolean => name !== "hand" && name !== "laser";

/** Buttons that stand for several tools show the one used last. */
function noteKind(name: ToolName): void {
  switch (name) {
    case "line":
    case "arrow":
    case "rectangle":
    case "ellipse":
    case "polygon":
      shape.value = name;
      return;
    case "eraser":
    case "area-eraser":
      eraser.value = name;
      return;
    case "select":
    case "lasso":
      selector.value = name;
      return;
    case "pen":
    case "highlighter":
    case "text":
    case "laser":
    case "hand":
      return;
  }
}

/** Changes how a family's new elements look. */
export function restyle(room: RoomState, family: Family, change: Partial<Style>): void {
  const style = styles[family];
  style.value = { ...style.peek(), ...change };
  const board = room.canvas.peek();
  if (board === undefined) return;
  // The text that is being written follows.
  if (room.editing.peek()) board.setStyle(change);
  else giveStyle(board, tool.peek());
}

/** A style given to the board is written to what is selected as well: that is not meant here. */
function giveStyle(board: BoardTools, name: ToolName): void {
  const family = familyOf(name);
  if (family === undefined) return;
  if (board.selection.value.keys.size > 0) board.do("deselect");
  board.setStyle(styles[family].peek());
}

/** Does it if it can be done. A toast offers to take back what was done last: that is another thing now. */
export function command(room: RoomState, name: Command): void {
  room.toast.value = undefined;
  const board = room.canvas.peek();
  if (room.writes.peek() && board?.can(name) === true) board.do(name);
}

/** Clears the page that is looked at, and offers to take that back: by then another one may be looked at. */
export function clearPage(room: RoomState): void {
  const board = room.board.peek();
  room.panel.value = "";
  if (!room.writes.peek()) return;
  command(room, "clear");
  room.toast.value = { text: "page.cleared", undo: () => board?.history.undo() };
}

/** Keeps board and page in step until the function returned is called. */
export function followTools(room: RoomState, board: BoardTools): () => void {
  board.setTool(tool.peek());
  giveStyle(board, tool.peek());
  const stops = [
    board.tool.subscribe((name) => {
      tool.value = name;
    }),
    board.selection.subscribe((selection) => (room.selection.value = selection)),
    board.editing.subscribe((editing) => {
      room.editing.value = editing;
      if (editing) room.av.media.writes();
      // A panel that opens late would take the focus from the text.
      if (editing) room.panel.value = "";
    }),
    effect(() => board.setGrid(grid.value)),
    effect(() => board.setSnap(snapping.value)),
    effect(() => board.setRuler(ruler.value && room.writes.value)),
    // Who looks on moves the board, and that is all.
    effect(() => {
      if (!room.writes.value) board.setTool("hand");
    }),
  ];
  return () => {
    for (const stop of stops) stop();
    if (!room.writes.peek()) tool.value = "pen";
  };
}
