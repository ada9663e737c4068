import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { drawThumbnail } from "../board/index.ts";
import type { BoardDocument, RoomSession } from "../sync/api.ts";
import { useObservable } from "./observe.ts";
import { paper } from "./settings.ts";

/** Pixels of a miniature; CSS shows it smaller. */
const WIDTH = 192;
const HEIGHT = 120;

/** A changed board's miniature follows after this many ms, when the page has time. */
const DELAY_MS = 1500;

/** How often at most the server is asked for the picture of a page whose board is not open, ms. */
const FETCH_MS = 10_000;

export interface MiniatureProps {
  readonly session: RoomSession;
  readonly page: string;
  readonly board: BoardDocument | undefined;
}

/** A page in miniature: drawn here where its board is open, else a picture that the server makes. */
export function Miniature({ session, page, board }: MiniatureProps): JSX.Element {
  const ready = useOpen(board);
  return board !== undefined && ready ? <DrawnMiniature board={board} /> : <FetchedMiniature session={session} page={page} />;
}

/** Whether a board is there to be drawn. */
function useOpen(board: BoardDocument | undefined): boolean {
  return useObservable(board?.ready ?? NEVER).value;
}

const NEVER = { value: false, subscribe: () => () => undefined };

function DrawnMiniature({ board }: { readonly board: BoardDocument }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = paper.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return undefined;
    return keepDrawing(() => drawThumbnail(context, board, look), (changed) => board.subscribe(changed));
  }, [board, look]);
  return <canvas ref={canvas} class={`miniature miniature-${look}`} width={WIDTH} height={HEIGHT} aria-hidden="true" />;
}

function FetchedMiniature({ session, page }: Omit<MiniatureProps, "board">): JSX.Element {
  const place = useRef<HTMLSpanElement>(null);
  const [picture, setPicture] = useState("");
  useEffect(() => (place.current === null ? undefined : keepFetching(place.current, session, page, setPicture)), [session, page]);
  return (
    <span ref={place} class={`miniature miniature-${paper.value}`} data-loading={picture === ""} aria-hidden="true">
      {picture !== "" && <img src={picture} alt="" draggable={false} />}
    </span>
  );
}

/** Asks for the picture while its place is seen and the room is reachable, now and every FETCH_MS. */
function keepFetching(place: Element, session: RoomSession, page: string, show: (url: string) => void): () => void {
  const stop = new AbortController();
  let shown = "", seen = false, asked = -Infinity;
  const fetchNow = async (): Promise<void> => {
    if (!seen || document.hidden || session.connection.value.kind !== "synced" || performance.now() - asked < FETCH_MS) return;
    asked = performance.now();
    const response = await session.request(`pages/${encodeURIComponent(page)}.png?width=${WIDTH}`, { signal: stop.signal });
    const blob = await response.blob();
    if (stop.signal.aborted) return;
    if (shown !== "") URL.revokeObjectURL(shown);
    show((shown = URL.createObjectURL(blob)));
  };
  // A miniature that fails stays as it is until the next time.
  const look = (): void => void fetchNow().catch(() => undefined);
  const observer = new IntersectionObserver(([entry]) => {
    seen = entry?.isIntersecting ?? false;
    look();
  });
  observer.observe(place);
  const timer = setInterval(look, FETCH_MS);
  const unsubscribe = session.connection.subscribe(look);
  return () => {
    stop.abort();
    observer.disconnect();
    clearInterval(timer);
    unsubscribe();
    if (shown !== "") URL.revokeObjectURL(shown);
  };
}

/** Draws now and, some time after every change, again; both only while the browser has nothing better to do. */
function keepDrawing(draw: () => void, follow: (changed: () => void) => () => void): () => void {
  let timer: number | undefined;
  let cancel = whenIdle(draw);
  const stop = follow(() => {
    timer ??= window.setTimeout(() => {
      timer = undefined;
      cancel = whenIdle(draw);
    }, DELAY_MS);
  });
  return () => {
    stop();
    cancel();
    if (timer !== undefined) clearTimeout(timer);
  };
}

/** Safari has no idle callbacks. */
function whenIdle(run: () => void): () => void {
  if (typeof requestIdleCallback === "function") {
    const id = requestIdleCallback(run);
    return () => cancelIdleCallback(id);
  }
  const id = setTimeout(run, 0);
  return () => clearTimeout(id);
}
