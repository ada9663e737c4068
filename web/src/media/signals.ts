// When media that were lost are worth another try.
import type { RoomSession } from "../sync/api.ts";
import type { Signals } from "../sync/environment.ts";

/** The page's signals; the session's being back tells as well that the network is, often before the browser notices. */
export function withSession(signals: Signals, { connection }: Pick<RoomSession, "connection">): Signals {
  return {
    get online() {
      return signals.online;
    },
    get visible() {
      return signals.visible;
    },
    subscribe: (listener) => {
      let was = connection.value.kind;
      const stop = signals.subscribe(listener);
      const stopSession = connection.subscribe(({ kind }) => {
        const back = kind === "synced" && was !== "synced";
        was = kind;
        if (back) listener("online");
      });
      return () => {
        stop();
        stopSession();
      };
    },
  };
}
