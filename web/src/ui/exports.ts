// Pages as files: this one as a picture made here, all of them as a document made by the server or, without it, here.
import { drawSheet } from "../board/index.ts";
import type { Sheet } from "../board/index.ts";
import { t } from "./i18n.ts";
import type { RoomState } from "./roomstate.ts";
import { pdfOf } from "./pdf.ts";
import { fileName, saveFile } from "./save.ts";
import { language } from "./settings.ts";
import { TaskFailure } from "./tasks.ts";
import type { Work } from "./tasks.ts";

/** Saves the page that is looked at. */
export function exportPage(room: RoomState, as: "png" | "svg"): void {
  const board = room.canvas.peek();
  if (board === undefined) return;
  const name = fileName(t("export.page.file", { title: titleOf(room), n: room.number }), as);
  room.tasks.run(name, t("export.running", { name }), async () => saveFile(await board.exportPage(as), name));
}

/** Saves all pages as a PDF. */
export function exportAll(room: RoomState): void {
  if (room.session.pages.value.length === 0) return;
  const name = fileName(titleOf(room), "pdf");
  room.tasks.run(name, t("export.running", { name }), async (progress, signal) => {
    const make = (await delivered(room, progress, signal)) ? served : drawnHere;
    const pdf = await make(room, progress, signal);
    if (!signal.aborted) saveFile(pdf, name);
  });
}

type Progress = Parameters<Work>[0];

/** What is not delivered yet would be missing in the server's: waits for that. False: there is no connection. */
async function delivered({ session: { connection } }: RoomState, progress: Progress, signal: AbortSignal): Promise<boolean> {
  const all = connection.value.unsent;
  let stop: (() => void) | undefined;
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error));
    stop = connection.subscribe(({ kind, unsent }) => {
      if (kind !== "synced" || unsent === 0) resolve();
      else progress(Math.max(0, 1 - unsent / all));
    });
  }).finally(() => stop?.());
  return connection.value.kind === "synced";
}

/** Outlines, made by the server. */
const served = async (room: RoomState, progress: Progress, signal: AbortSignal): Promise<Blob> =>
  received(await room.session.request("export.pdf", { signal }), progress);

/** Pictures of the boards that are open, which all must be. */
async function drawnHere(room: RoomState, progress: Progress, signal: AbortSignal): Promise<Blob> {
  const pages = room.session.pages.value, opened = room.opened.peek();
  const boards = pages.flatMap((page) => opened.get(page) ?? []).filter((board) => board.ready.value);
  if (boards.length < pages.length) {
    const missing = pages.flatMap((page, i) => (boards.some((board) => board.page === page) ? [] : [String(i + 1)]));
    throw new TaskFailure("export.offline", { pages: new Intl.ListFormat(language.value, { type: "unit" }).format(missing) }, true);
  }
  const sheets: Sheet[] = [];
  for (const board of boards) {
    progress(sheets.length / boards.length);
    sheets.push(await drawSheet(board, (content) => room.session.images.load(content)));
    signal.throwIfAborted();
  }
  return pdfOf(sheets);
}

const titleOf = (room: RoomState): string => room.session.roomName.value || t("room.untitled");

/** The body, telling how much of it is there. */
async function received(response: Response, progress: Progress): Promise<Blob> {
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
