// The board SDK's entry: rooms, live, with no framework. To embed a board in a page of your own:
//
//   import { connect, createRoom } from "./sync/index.ts";
//
//   const token = …;                                        // a JSON Web Token from your server (development: POST /api/token)
//   const room = await createRoom({ token }, "Class 3b");   // or the id of a room that is there
//   const session = connect({ room, token, name: "Ann" });
//   session.connection.subscribe((c) => show(c.kind, c.unsent));
//   session.pages.subscribe(([first]) => {
//     if (first === undefined) return;
//     const board = session.look(first);
//     board.subscribe(() => draw(board.elements()));        // or give it to the Board of board/index.ts, which draws
//   });
//   …
//   await session.leave();
//
// A session comes back by itself after any loss of the network or restart of the server, and what was drawn meanwhile is
// delivered, over a reload of the page too as long as it is given a token of the same participant. Give `origin` where the
// server is another one than the page's (its allowed origins must then name the page's). In a worker, a desktop shell or
// a test, make an Environment of your own and use connectIn and createRoomIn: nothing else touches the browser.
import type { RoomSession } from "./api.ts";
import { browserEnvironment } from "./browser.ts";
import { createRoomIn } from "./createroom.ts";
import type { Environment, SessionOptions } from "./environment.ts";
import { Session } from "./session.ts";

export type * from "./api.ts";
export { Code, CodeError, retryOf } from "../protocol/codes.ts";
export { createRoomIn } from "./createroom.ts";
export { failureOf } from "./http.ts";
export { VolatileStore } from "./store.ts";
export type { Environment, SessionOptions, Signal, Signals } from "./environment.ts";
export type { Clock } from "./clock.ts";
export type { Store } from "./store.ts";

/** Where the server is and who asks. */
export interface ConnectOptions extends SessionOptions {
  /** Origin of the server, like "https://board.example.org"; left out: that of the page. */
  readonly origin?: string;
}

/** Joins a room from a browser. It never throws: connection tells how it goes. */
export function connect(options: ConnectOptions): RoomSession {
  return connectIn(browserEnvironment(options.origin), options);
}

/** Joins a room with an environment of the caller's. */
export function connectIn(env: Environment, options: SessionOptions): RoomSession {
  return new Session(env, options);
}

/** Makes a room and resolves with its id. Rejects with CodeError; code 0: the server was not reached. */
export function createRoom(options: { readonly token: string; readonly origin?: string }, name: string): Promise<bigint> {
  return createRoomIn(browserEnvironment(options.origin), options.token, name);
}
