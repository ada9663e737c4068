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

/** Below this many unsent batches a synced page is simply synced: the last strokes are always on their way. */
const ON_ITS_WAY = 45;

export function wordsFor(c: Connection): Words {
  const parameters = { n: c.unsent };
  switch (c.kind) {
    case "connecting":
      if (saysWhy(c.code)) return { text: "connection.waiting", parameters, help: errorKey(c.code), tone: "bad" };
      return { text: "connection.connecting", parameters, help: "connection.help.connecting", tone: "busy" };
    case "synced":
      if (c.unsent > ON_ITS_WAY) return { text: "connection.sending", parameters, help: "connection.help.synced", tone: "busy" };
      if (c.fallback) return { text: "connection.fallback", parameters, help: "connection.help.fallback", tone: "good" };
      return { text: "connection.synced", parameters, help: "connection.help.synced", tone: "good" };
    case "reconnecting": {
      const text = c.unsent > 0 ? "connection.reconnecting.unsent" : "connection.reconnecting";
      return { text, parameters, help: "connection.help.reconnecting", tone: "busy" };
    }
    case "offline": {
      const text = c.unsent > 0 ? "connection.offline.unsent" : "connection.offline";
      return { text, parameters, help: c.begun ? "connection.help.offline" : "connection.help.offline.before", tone: "bad" };
    }
    case "ended":
      return { text: "connection.ended", parameters, help: "connection.help.ended", tone: "bad" };
  }
}

/** Whether a code keeps people waiting: a lesson that is full, a store that cannot write. Others are over in a moment. */
const saysWhy = (code: number): boolean => code !== 0 && retryOf(code) === "back-off";
