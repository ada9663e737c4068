import { effect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Board, browserClock } from "../board/index.ts";
import type { BoardDocument } from "../sync/api.ts";
import { personColor } from "./colors.ts";
import { wordsFor } from "./connectionwords.ts";
import { coarse, resolution } from "./device.ts";
import { t } from "./i18n.ts";
import { addImages, carriesFiles, filesOf } from "./images.ts";
import { useObservable } from "./observe.ts";
import type { RoomState } from "./roomstate.ts";
import { fingers, paper, ruler } from "./settings.ts";
import { followTools } from "./toolbox.ts";

/** The canvases, kept as large as their place, and what an empty board says. */
export function BoardView({ room }: { readonly room: RoomState }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const ink = useRef<HTMLCanvasElement>(null);
  const wet = useRef<HTMLCanvasElement>(null);
  const overlay = useRef<HTMLCanvasElement>(null);
  const text = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const parts = { place: place.current, ink: ink.current, wet: wet.current, overlay: overlay.current, text: text.current };
    return complete(parts) ? mount(room, parts) : undefined;
  }, [room]);
  const board = room.board.value;
  const returning = useObservable(room.session.alignment.returning);
  const [over, setOver] = useState(false);
  const drag = (e: DragEvent, entered: boolean): void => {
    if (!carriesFiles(e.dataTransfer)) return;
    // The browser would go to the file.
    e.preventDefault();
    setOver(entered && room.writes.peek());
  };
  return (
    <>
      <div class={returning.value ? "board returning" : "board"} ref={place} tabIndex={0} role="application" aria-label={t("board.label")}
        onDragOver={(e) => drag(e, true)} onDragLeave={(e) => drag(e, false)}
        onDrop={(e) => {
          drag(e, false);
          if (e.dataTransfer !== null) addImages(room, filesOf(e.dataTransfer));
        }}>
        <canvas ref={ink} />
        {board === undefined ? <Opening room={room} /> : <Hint key={board.page} board={board} writes={room.writes.value} />}
        <canvas ref={wet} />
        <canvas ref={overlay} />
        {over && <p class="drop-note">{t("image.drop")}</p>}
      </div>
      <div class="board-texts" ref={text} />
    </>
  );
}

interface Parts {
  readonly place: HTMLElement;
  readonly ink: HTMLCanvasElement;
  readonly wet: HTMLCanvasElement;
  readonly overlay: HTMLCanvasElement;
  /** Holds the field of a text that is being written. */
  readonly text: HTMLElement;
}

const complete = (parts: { readonly [K in keyof Parts]: Parts[K] | null }): parts is Parts => Object.values(parts).every((part) => part !== null);

function mount(room: RoomState, { place, ink, wet, overlay, text }: Parts): () => void {
  const board = new Board({
    ink, wet, overlay, input: place, clock: browserClock, paper: paper.peek(),
    plates: (replica) => ({ name: room.nameOf(replica), color: personColor(replica) }),
    onView: (view) => (room.view.value = view),
    text, textLabel: () => t("board.text"), images: room.session.images, onWrite: () => room.av.media.writes(),
    onNotice: (text) => (room.toast.value = { text }),
  });
  const size = (): void => board.resize(place.clientWidth, place.clientHeight, resolution.value);
  const observer = new ResizeObserver(size);
  observer.observe(place);
  const stops = [
    resolution.subscribe(size),
    effect(() => board.open(room.board.value)),
    effect(() => board.setFingers(fingers.value)),
    effect(() => board.setPaper(paper.value)),
    followTools(room, board),
  ];
  const pressed = (): void => {
    room.toast.value = undefined;
    // A text that is being written keeps the focus until the board ends it.
    if (!room.editing.peek()) place.focus({ preventScroll: true });
  };
  place.addEventListener("pointerdown", pressed);
  room.canvas.value = board;
  return () => {
    room.canvas.value = undefined;
    place.removeEventListener("pointerdown", pressed);
    observer.disconnect();
    for (const stop of stops) stop();
    board.destroy();
  };
}

/** Before there is a board: what it waits for. */
function Opening({ room }: { readonly room: RoomState }): JSX.Element | null {
  const connection = useObservable(room.session.connection).value;
  if (connection.kind === "ended") return null; // of that a notice tells
  const { help, tone } = wordsFor(connection);
  return <p class="board-note">{t(tone === "bad" ? help : "board.loading")}</p>;
}

/** On an empty board: what to do. */
function Hint({ board, writes }: { readonly board: BoardDocument; readonly writes: boolean }): JSX.Element | null {
  const ready = useObservable(board.ready);
  const [empty, setEmpty] = useState(() => isEmpty(board));
  // Once something is there nobody needs the hint again: no need to look at every change then.
  useEffect(() => (empty ? board.subscribe(() => setEmpty(isEmpty(board))) : undefined), [board, empty]);
  if (!ready.value) return <p class="board-note">{t("board.loading")}</p>;
  // A ruler would lie on the words.
  if (!empty || (ruler.value && writes)) return null;
  if (!writes) return <p class="board-note">{t("board.empty.observer")}</p>;
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
