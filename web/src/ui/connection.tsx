import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Connection } from "../sync/api.ts";
import { routeKey, wordsFor } from "./connectionwords.ts";
import { t } from "./i18n.ts";
import { useObservable } from "./observe.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import { errorKey } from "./texts.ts";

/** The truth about the connection, in words; pressed, it tells more. */
export function ConnectionPill({ room }: { readonly room: RoomState }): JSX.Element {
  const connection = useObservable(room.session.connection).value;
  const kept = useObservable(room.session.kept).value;
  const words = wordsFor(connection, kept);
  const text = t(words.text, words.parameters);
  const open = room.panel.value === "connection";
  const losing = connection.unsent > 0 && !kept;
  useEffect(() => (losing ? askBeforeUnload() : undefined), [losing]);
  return (
    <div class="anchor">
      <button class={`pill pill-${words.tone}`} aria-expanded={open} onClick={() => room.toggle("connection")}>
        <span class="dot" aria-hidden="true" />
        <span class="sr-only">{t("connection.state")}</span>
        <span class="pill-text">{text}</span>
        {connection.kind === "synced" && <span class="pill-rtt tabular">{Math.round(connection.rttMs)} ms</span>}
      </button>
      <p class="sr-only" role="status">{t(wordsFor({ ...connection, unsent: 0 }, kept).text)}</p>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("connection.title")} place="below-end">
        <h2>{text}</h2>
        <p>{t(words.help)}</p>
        <Details connection={connection} />
      </Popover>
    </div>
  );
}

/** Has the browser ask before the page is closed, until the function returned is called. */
function askBeforeUnload(): () => void {
  const ask = (e: Event): void => e.preventDefault();
  addEventListener("beforeunload", ask);
  return () => removeEventListener("beforeunload", ask);
}

function Details({ connection }: { readonly connection: Connection }): JSX.Element {
  const { unsent } = connection;
  const code = "code" in connection ? connection.code : 0;
  const parameters = "parameters" in connection ? connection.parameters : {};
  return (
    <dl class="details">
      {connection.kind === "synced" && (
        <>
          <dt>{t("connection.route")}</dt>
          <dd>{t(routeKey(connection))}</dd>
          <dt>{t("connection.rtt")}</dt>
          <dd class="tabular">{t("connection.rtt.value", { n: Math.round(connection.rttMs) })}</dd>
        </>
      )}
      <dt>{t("connection.unsent")}</dt>
      <dd class="tabular">{unsent === 0 ? t("connection.unsent.none") : t("connection.unsent.value", { n: unsent })}</dd>
      {code !== 0 && (
        <>
          <dt>{t("connection.code")}</dt>
          <dd>
            <span class="tabular">{code}</span> {t(errorKey(code, parameters))}
          </dd>
        </>
      )}
    </dl>
  );
}
