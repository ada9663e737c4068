// The way into rooms on the server that the page came from.
import { createMedia } from "../media/index.ts";
import type { Media } from "../media/index.ts";
import type { RoomSession } from "../sync/api.ts";
import { Code, CodeError, connect, createRoom } from "../sync/index.ts";
import type { Gateway } from "./gateway.ts";
import { language } from "./settings.ts";
import { forgetToken, tokenFor } from "./token.ts";

export class ServerGateway implements Gateway {
  /** A token that has had its day is replaced once. */
  async create(title: string, name: string): Promise<bigint> {
    const token = await tokenFor(name);
    try {
      return await createRoom({ token }, title);
    } catch (error) {
      if (!isAboutToken(error)) throw error;
      forgetToken(token);
      return createRoom({ token: await tokenFor(name) }, title);
    }
  }

  async connect(room: bigint, name: string): Promise<RoomSession> {
    const token = await tokenFor(name, room);
    const session = connect({ room, token, name, locale: language.peek() });
    session.connection.subscribe((c) => {
      // What the notice then offers, a reload, comes back with a new one.
      if (c.kind === "ended" && isTokenCode(c.code)) forgetToken(token);
    });
    return session;
  }

  media(session: RoomSession): Media {
    return createMedia({ session });
  }
}

const isTokenCode = (code: number): boolean => code === Code.TokenInvalid || code === Code.TokenExpired;
const isAboutToken = (error: unknown): boolean => error instanceof CodeError && isTokenCode(error.code);
