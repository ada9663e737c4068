import { signal } from "@preact/signals";
import { CircleAlert, Download, Trash2 } from "lucide-preact";
import type { JSX } from "preact";
import { drawPicture } from "../board/index.ts";
import { key } from "../ot/types.ts";
import type { Key, Op } from "../ot/types.ts";
import type { RoomSession } from "../sync/api.ts";
import { Code } from "../sync/index.ts";
import { AvNotices } from "./av/avnotices.tsx";
import { t } from "./i18n.ts";
import { useObservable } from "./observe.ts";
import type { RoomState } from "./roomstate.ts";
import { go } from "./router.ts";
import { saveFile } from "./save.ts";
import { TaskCards } from "./taskcards.tsx";
import { errorKey } from "./texts.ts";

type Refused = RoomSession["refused"]["value"][number];

/** What must be said stands above the board and blocks nothing. */
export function Notices({ room }: { readonly room: RoomState }): JSX.Element {
  return (
    <div class="notices" aria-live="polite">
      <Ended room={room} />
      <RefusedWork room={room} />
      <AvNotices room={room} />
      <TaskCards room={room} />
    </div>
  );
}

function Ended({ room }: { readonly room: RoomState }): JSX.Element | null {
  const connection = useObservable(room.session.connection).value;
  if (connection.kind !== "ended") return null;
  const { code } = connection;
  return (
    <div class="notice notice-bad" role="alert">
      <CircleAlert aria-hidden="true" />
      <span>
        {t(errorKey(code))} <small class="tabular">{t("common.details", { code })}</small>
      </span>
      {code !== Code.NoSuchRoom && <button class="button" onClick={() => location.reload()}>{t("ended.reload")}</button>}
      <button class="button" onClick={() => go("/")}>{t("ended.home")}</button>
    </div>
  );
}

/** Work that the person has dealt with; the session goes on naming it. */
const dealtWith = signal<ReadonlySet<Refused>>(new Set());

function RefusedWork({ room }: { readonly room: RoomState }): JSX.Element | null {
  const refused = useObservable(room.session.refused).value.filter((r) => !dealtWith.value.has(r));
  const first = refused[0];
  if (first === undefined) return null;
  const elements = new Set(refused.flatMap((r) => r.ops.flatMap(targets)));
  const discard = (): void => {
    dealtWith.value = new Set(room.session.refused.value);
  };
  return (
    <div class="notice notice-bad" role="alert">
      <CircleAlert aria-hidden="true" />
      <span>
        {elements.size > 0 && <strong>{t("refused.title", { n: elements.size })}</strong>} {t(errorKey(first.code, first.parameters))}{" "}
        <small class="tabular">{t("common.details", { code: first.code })}</small>
      </span>
      {elements.size > 0 && (
        <button class="button" onClick={() => savePicture(refused)}>
          <Download aria-hidden="true" />
          {t("refused.save")}
        </button>
      )}
      <button class="button" onClick={discard}>
        {elements.size > 0 && <Trash2 aria-hidden="true" />}
        {t(elements.size > 0 ? "refused.discard" : "common.close")}
      </button>
    </div>
  );
}

/** The elements that an op is about. */
const targets = (op: Op): Key[] => ("id" in op ? [key(op.id)] : op.kind === "undo" ? op.items.map((item) => key(item.id)) : []);

function savePicture(refused: readonly Refused[]): void {
  const canvas = document.createElement("canvas");
  if (!drawPicture(canvas, refused.flatMap((r) => [...r.ops]))) return;
  canvas.toBlob((blob) => {
    if (blob !== null) saveFile(blob, `${t("refused.file")}.png`);
  });
}
