import type { Media } from "../media/api.ts";
import type { RoomSession } from "../sync/api.ts";
import { CodeError } from "../sync/index.ts";
import type { Parameters } from "./texts.ts";

/** How the page gets into rooms: the session library, or a stand-in on the development page. */
export interface Gateway {
  /** Makes a room and answers its id; rejects with an error that has a protocol code. */
  create(title: string, name: string): Promise<bigint>;
  /** Joins a room; the session tells how it goes. Rejects only while this device has never reached the server. */
  connect(room: bigint, name: string): Promise<RoomSession>;
  /** Camera, sound and video of a room that was joined. */
  media(session: RoomSession): Media;
}

/** The parameters of an error's code. */
export function parametersOf(error: unknown): Parameters {
  return error instanceof CodeError ? error.parameters : {};
}

/** The protocol code that an error carries, 0 if it carries none. */
export function codeOf(error: unknown): number {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : 0;
  return typeof code === "number" ? code : 0;
}
