// Images that a person chooses, drops or pastes: uploaded, then placed on the page that was looked at when they were given.
import type { RoomImage } from "../sync/api.ts";
import { t } from "./i18n.ts";
import type { RoomState } from "./roomstate.ts";
import { TaskFailure } from "./tasks.ts";

/** What the server takes (docs/protocol.md, HTTP), bytes. */
const MAX_BYTES = 20 * 1024 * 1024;

/** Images at once, of all that were chosen. */
const MAX_FILES = 20;

/** What the file chooser offers. */
const IMAGE_TYPES = "image/png,image/jpeg,image/gif,image/webp";

export function addImages(room: RoomState, files: readonly File[]): void {
  if (!room.writes.peek()) return;
  const board = room.board.peek(), taken = files.slice(0, MAX_FILES), rest = t("image.rest", { n: files.length - taken.length });
  if (taken.length < files.length) room.tasks.run(rest, rest, () => Promise.reject(new TaskFailure("image.many", { max: MAX_FILES })));
  taken.forEach((file, index) => {
    const name = file.name || t("tool.image");
    const place = ({ content, width, height }: RoomImage): void =>
      room.canvas.peek()?.placeImage(content, width, height, board, { index, of: taken.length });
    room.tasks.run(name, t("image.uploading", { name }), (progress, signal) => upload(room, file, place, progress, signal));
  });
}

async function upload(room: RoomState, file: File, place: (image: RoomImage) => void, progress: (part: number) => void, signal: AbortSignal): Promise<void> {
  if (!file.type.startsWith("image/")) throw new TaskFailure("image.not");
  if (file.size > MAX_BYTES) throw new TaskFailure("image.large", { mb: Math.ceil(file.size / 1024 / 1024), max: MAX_BYTES / 1024 / 1024 });
  if (room.session.connection.value.kind !== "synced") throw new TaskFailure("image.offline", {}, true);
  const image = await room.session.images.upload(file, progress, signal);
  if (!signal.aborted) place(image);
}

/** The files of a drop or of the clipboard. */
export const filesOf = (data: DataTransfer): File[] => [...data.files];

/** Whether a drag carries files, as far as a browser tells before the drop. */
export const carriesFiles = (data: DataTransfer | null): boolean => data?.types.includes("Files") ?? false;

/** Opens the file chooser. */
export function chooseImages(room: RoomState): void {
  if (!room.writes.peek()) return;
  const input = document.createElement("input");
  input.type = "file";
  input.accept = IMAGE_TYPES;
  input.multiple = true;
  input.hidden = true;
  // Safari forgets inputs that are not in the document.
  document.body.append(input);
  input.addEventListener("cancel", () => input.remove());
  input.addEventListener("change", () => {
    addImages(room, [...(input.files ?? [])]);
    input.remove();
  });
  input.click();
}
