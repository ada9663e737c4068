import { Plus } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "./i18n.ts";
import { Miniature } from "./miniature.tsx";
import { useObservable } from "./observe.ts";
import { usePageDrag } from "./pagedrag.ts";
import type { RoomState } from "./roomstate.ts";

/** The pages in order, in miniature, to choose and to drag to another place; and the way to a new one. */
export function PageList({ room, onChosen }: { readonly room: RoomState; readonly onChosen?: () => void }): JSX.Element {
  const current = room.board.value?.page;
  const { list, pages, dragged } = usePageDrag(useObservable(room.session.pages).value, room);
  useEffect(() => list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }), [list, current]);
  return (
    <nav class="page-list" aria-label={t("pages.title")}>
      <ol ref={list}>
        {pages.map((page, i) => (
          <li key={page} data-page={page} data-dragged={page === dragged}>
            <button class="page" aria-label={t("pages.page", { n: i + 1 })} aria-current={page === current ? "page" : undefined}
              onClick={() => {
                room.look(page);
                onChosen?.();
              }}>
              <Miniature session={room.session} page={page} board={room.opened.value.get(page)} />
              <span class="page-number tabular">{i + 1}</span>
            </button>
          </li>
        ))}
      </ol>
      {room.arranges.value && (
        <button class="page-add" aria-label={t("pages.add")} title={t("pages.hint")} onClick={() => {
          room.addPage();
          onChosen?.();
        }}>
          <Plus aria-hidden="true" />
        </button>
      )}
    </nav>
  );
}
