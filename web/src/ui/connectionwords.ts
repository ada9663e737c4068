// What the connection is called: one line for the pill, one sentence that says what it means for the person.
import type { Connection } from "../sync/api.ts";
import { retryOf } from "../sync/index.ts";
import { errorKey } from "./texts.ts";
import type { Parameters, TextKey } from "./texts.ts";

export type Tone = "good" | "busy" | "bad";

export interface Words {
  readonly text: TextKey;
  readonly parameters: Parameters;
  readonly help: TextKey;
  readonly tone: Tone;
}

/** kept: unsent work survives a reload. */
export function wordsFor(c: Connection, kept = true): Words {
  const parameters = { n: c.unsent };
  switch (c.kind) {
    case "connecting":
      if (saysWhy(c.code)) return { text: "connection.waiting", parameters, help: errorKey(c.code, c.parameters), tone: "bad" };
      return { text: "connection.connecting", parameters, help: "connection.help.connecting", tone: "busy" };
    case "synced":
      if (c.sending) return { text: "connection.sending", parameters, help: "connection.help.sending", tone: "busy" };
      if (c.fallback) return { text: "connection.fallback", parameters, help: "connection.help.fallback", tone: "good" };
      return { text: "connection.synced", parameters, help: "connection.help.synced", tone: "good" };
    case "reconnecting": {
      const text = c.unsent === 0 ? "connection.reconnecting" : kept ? "connection.reconnecting.unsent" : "connection.reconnecting.unkept";
      return { text, parameters, help: kept ? "connection.help.reconnecting" : "connection.help.unkept", tone: "busy" };
    }
    case "offline": {
      const text = c.unsent === 0 ? "connection.offline" : kept ? "connection.offline.unsent" : "connection.offline.unkept";
      const help = !c.begun ? "connection.help.offline.before" : kept ? "connection.help.offline" : "connection.help.unkept";
      return { text, parameters, help, tone: "bad" };
    }
    case "ended":
      return { text: "connection.ended", parameters, help: kept ? "connection.help.ended" : "connection.help.ended.unkept", tone: "bad" };
  }
}

/** What carries a connection that is there. */
export const routeKey = (c: Connection & { kind: "synced" }): TextKey => `connection.route.${c.fallback ? "fallback" : c.route}`;

/** Whether a code keeps people waiting: a lesson that is full, a store that cannot write. Others are over in a moment. */
const saysWhy = (code: number): boolean => code !== 0 && retryOf(code) === "back-off";
