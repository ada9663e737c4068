import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Board, browserClock } from "../board/index.ts";
import type { BoardDocument } from "../sync/api.ts";
import { personColor } from "./colors.ts";
import { coarse } from "./device.ts";
import { t } from "./i18n.ts";
import { useObservable } from "./observe.ts";
import type { RoomState } from "./roomstate.ts";
import { fingers, paper, penColor, penWidth, tool } from "./settings.ts";

/** The canvases, kept as large as their place, and what an empty board says. */
export function BoardView({ room }: { readonly room: RoomState }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  const wet = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (place.current === null || ink.current === null || wet.current === null || overlay.current === null) return undefined;
    return mount(room, place.current, ink.current, wet.current, overlay.current);
  }, [room]);
  const board = room.board.value;
  return (
    <div class="board" ref={place} tabIndex={0} role="application" aria-label={t("board.label")}>
      <canvas ref={ink} />
      {board === undefined ? <p class="board-note">{t("board.loading")}</p> : <Hint key={board.page} board={board} />}
      <canvas ref={wet} />
      <canvas ref={overlay} />
    </div>
  );
}

function mount(room: RoomState, place: HTMLElement, ink: HTMLCanvasElement, wet: HTMLCanvasElement, overlay: HTMLCanvasElement): () => void {
  const board = new Board({
    ink, wet, overlay, input: place, clock: browserClock, paper: paper.peek(),
    plates: (replica) => ({ name: room.nameOf(replica), color: personColor(replica) }),
    onView: (view) => (room.zoom.value = view.zoom),
  });
  const size = (): void => board.resize(place.clientWidth, place.clientHeight, devicePixelRatio);
  const observer = new ResizeObserver(size);
  observer.observe(place);
  size();
  const stops = [
    effect(() => board.open(room.board.value)),
    effect(() => board.setTool(tool.value)),
    effect(() => board.setPen({ color: penColor.value, width: penWidth.value, opacity: 255 })),
    effect(() => board.setFingers(fingers.value)),
    effect(() => board.setPaper(paper.value)),
  ];
  const focus = (): void => place.focus({ preventScroll: true });
  place.addEventListener("pointerdown", focus);
  room.canvas.value = board;
  return () => {
    room.canvas.value = undefined;
    place.removeEventListener("pointerdown", focus);
    observer.disconnect();
    for (const stop of stops) stop();
    board.destroy();
  };
}

/** On an empty board: what to do. */
function Hint({ board }: { readonly board: BoardDocument }): JSX.Element | null {
  const ready = useObservable(board.ready);
  const [empty, setEmpty] = useState(() => isEmpty(board));
  // Once something is there nobody needs the hint again: no need to look at every change then.
  useEffect(() => (empty ? board.subscribe(() => setEmpty(isEmpty(board))) : undefined), [board, empty]);
  if (!ready.value) return <p class="board-note">{t("board.loading")}</p>;
  if (!empty) return null;
  return (
    <div class="board-note">
      <p>{t("board.empty")}</p>
      <p class="meta">{t(coarse.value ? "board.empty.touch" : "board.empty.mouse")}</p>
    </div>
  );
}

function isEmpty(board: BoardDocument): boolean {
  for (const _ of board.elements()) return false;
  return true;
}
