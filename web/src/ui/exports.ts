// Pages as files: this one as a picture made here, all of them as a document made by the server.
import { t } from "./i18n.ts";
import type { RoomState } from "./roomstate.ts";
import { fileName, saveFile } from "./save.ts";
import { TaskFailure } from "./tasks.ts";

/** Saves the page that is looked at. */
export function exportPage(room: RoomState, as: "png" | "svg"): void {
  const board = room.canvas.peek();
  if (board === undefined) return;
  const name = fileName(t("export.page.file", { title: titleOf(room), n: room.number }), as);
  room.tasks.run(name, t("export.running", { name }), async () => saveFile(await board.exportPage(as), name));
}

/** Saves all pages as a PDF. */
export function exportAll(room: RoomState): void {
  const name = fileName(titleOf(room), "pdf");
  room.tasks.run(name, t("export.running", { name }), async (progress, signal) => {
    // What is not delivered yet would be missing in it.
    if (room.session.connection.value.kind !== "synced") throw new TaskFailure("export.offline", {}, true);
    const response = await room.session.request("export.pdf", { signal });
    saveFile(await received(response, progress), name);
  });
}

const titleOf = (room: RoomState): string => room.session.roomName.value || t("room.untitled");

/** The body, telling how much of it is there. */
async function received(response: Response, progress: (part: number | undefined) => void): Promise<Blob> {
  const type = response.headers.get("content-type") ?? "";
  if (response.body === null) return new Blob([await response.arrayBuffer()], { type });
  const total = Number(response.headers.get("content-length") ?? 0);
  const parts: BlobPart[] = [];
  let size = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts, { type });
    parts.push(value);
    size += value.length;
    progress(total > 0 ? Math.min(size / total, 1) : undefined);
  }
}
