// Media for a room's session, with no framework:
//
//   const media = createMedia({ session });
//   await media.camera.start({ video: true, audio: true });
//   const playing = media.play(source.number);
//   tile.append(playing.element);
//
// Boards of the session are held for the lead's video from then on (docs/protocol.md, ALN). The page serves
// /media-worker.js and /hls-worker.js next to itself; hls.js and mpegts.js are loaded when they are first used.
import type { Media, MediaOptions } from "./api.ts";
import { browserMedia } from "./browser.ts";
import { RoomMedia } from "./media.ts";

export type * from "./api.ts";

export function createMedia({ session }: MediaOptions): Media {
  return new RoomMedia(browserMedia(), session);
}
