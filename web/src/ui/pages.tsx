import { Plus } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { drawThumbnail } from "../board/index.ts";
import type { BoardDocument } from "../sync/api.ts";
import { t } from "./i18n.ts";
import { useObservable } from "./observe.ts";
import type { RoomState } from "./roomstate.ts";
import { paper } from "./settings.ts";

/** The pages in order, in miniature where their boards are open, and the way to a new one. */
export function PageList({ room, onChosen }: { readonly room: RoomState; readonly onChosen?: () => void }): JSX.Element {
  const pages = useObservable(room.session.pages).value;
  const current = room.board.value?.page;
  return (
    <nav class="page-list" aria-label={t("pages.title")}>
      <ol>
        {pages.map((page, i) => (
          <li key={page}>
            <button class="page" aria-label={t("pages.page", { n: i + 1 })} aria-current={page === current ? "page" : undefined}
              onClick={() => {
                room.look(page);
                onChosen?.();
              }}>
              <Miniature board={room.opened.value.get(page)} />
              <span class="page-number tabular">{i + 1}</span>
            </button>
          </li>
        ))}
      </ol>
      <button class="page-add" aria-label={t("pages.add")} title={t("pages.hint")} onClick={() => {
        room.addPage();
        onChosen?.();
      }}>
        <Plus aria-hidden="true" />
      </button>
    </nav>
  );
}

/** Pixels of a miniature; CSS shows it smaller. */
const WIDTH = 192;
const HEIGHT = 120;

/** A changed board's miniature follows after this many ms, when the page has time. */
const DELAY_MS = 1500;

function Miniature({ board }: { readonly board: BoardDocument | undefined }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const look = paper.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (board === undefined || context === null || context === undefined) return undefined;
    return keepDrawing(() => drawThumbnail(context, board, look), (changed) => board.subscribe(changed));
  }, [board, look]);
  return <canvas ref={canvas} class={`miniature miniature-${look}`} width={WIDTH} height={HEIGHT} aria-hidden="true" />;
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
