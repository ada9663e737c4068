import type { ComponentChildren, JSX } from "preact";
import type { RoomState } from "./roomstate.ts";

export interface RowProps {
  readonly room: RoomState;
  readonly text: string;
  readonly onPress: () => void;
  /** The icon. */
  readonly children: ComponentChildren;
}

/** One of the things that a menu offers; the menu closes with it. */
export const Row = ({ room, text, onPress, children }: RowProps): JSX.Element => (
  <button class="row-button" onClick={() => {
    room.panel.value = "";
    onPress();
  }}>
    {children}
    {text}
  </button>
);
