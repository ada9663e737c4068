// What a session is given of the world; browser.ts has a browser's, tests have their own.
import { VERSION } from "../protocol/limits.ts";
import { encodeRequest } from "../protocol/messages.ts";
import type { Clock } from "./clock.ts";
import type { Store } from "./store.ts";
import type { Notes } from "./transport/choice.ts";
import type { Routes } from "./transport/dial.ts";

/** What the browser tells: the network went or came, the page was hidden or shown. */
export type Signal = "online" | "offline" | "visible" | "hidden";

export interface Signals {
  readonly online: boolean;
  readonly visible: boolean;
  subscribe(listener: (signal: Signal) => void): () => void;
}

/** A request to the server, path from its root on; progress: of what is sent, 0 … 1. Rejects where there is no answer. */
export type Fetch = (path: string, init: RequestInit, progress?: (part: number) => void) => Promise<Response>;

/** Everything that the session needs of the world. */
export interface Environment {
  readonly clock: Clock;
  /** ms since 1970. */
  wall(): number;
  /** 0 … 1. */
  random(): number;
  /** Where the server is now (GET /api/connect); rejects if it cannot be reached. */
  routes(): Promise<Routes>;
  readonly notes: Notes;
  readonly store: Store;
  readonly signals: Signals;
  readonly fetch: Fetch;
}

export interface SessionOptions {
  readonly room: bigint;
  /** JSON Web Token that names the participant. */
  readonly token: string;
  /** Shown to the others, at most 64 bytes. */
  readonly name: string;
  /** BCP 47 tag and program, for the server's logs. */
  readonly locale?: string;
  readonly agent?: string;
}

/** The first message of every connection (SES1), framed. */
export function helloOf({ token, locale, agent }: Omit<SessionOptions, "room" | "name">): Uint8Array<ArrayBuffer> {
  return encodeRequest({ case: "hello", value: { versions: [VERSION], token, locale: locale ?? "", agent: agent ?? "chalkline-web" } });
}
