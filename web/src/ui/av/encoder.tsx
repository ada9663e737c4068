import { Check, Copy, RefreshCw } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { codeOf } from "../gateway.ts";
import { t } from "../i18n.ts";
import type { RoomState } from "../roomstate.ts";
import { Sheet } from "../sheet.tsx";
import { errorKey } from "../texts.ts";
import type { TextKey } from "../texts.ts";

/** Where an encoder pushes to (MED9). */
interface StreamKey {
  readonly key: string;
  readonly rtmp: string;
  readonly http: string;
}

const isStreamKey = (value: unknown): value is StreamKey =>
  typeof value === "object" && value !== null && ["key", "rtmp", "http"].every((name) => typeof (value as Record<string, unknown>)[name] === "string");

const STEPS = ["encoder.step1", "encoder.step2", "encoder.step3", "encoder.step4"] as const;

/** How to teach from OBS: server and key to copy, and what to set. */
export function EncoderSheet({ room }: { readonly room: RoomState }): JSX.Element {
  const open = room.av.encoder.value;
  return (
    <Sheet kind="dialog" open={open} onClose={() => (room.av.encoder.value = false)} title={t("encoder.title")}>
      <Encoder room={room} />
    </Sheet>
  );
}

function Encoder({ room }: { readonly room: RoomState }): JSX.Element {
  const [key, setKey] = useState<StreamKey>();
  const [failure, setFailure] = useState<number>();
  const ask = (): void => {
    setKey(undefined);
    setFailure(undefined);
    askKey(room).then(setKey, (error: unknown) => setFailure(codeOf(error)));
  };
  // One that is open somewhere would end with another: it is asked for where somebody looks.
  useEffect(ask, [room]);
  return (
    <div class="encoder">
      <p>{t("encoder.intro")}</p>
      {failure !== undefined && <p class="notice notice-bad" role="alert">{t(failure === 0 ? "error.network" : errorKey(failure))}</p>}
      {key === undefined
        ? failure === undefined && <p class="hint" role="status">{t("encoder.asking")}</p>
        : (
          <>
            <CopyField label="encoder.server" value={key.rtmp} />
            <CopyField label="encoder.key" value={key.key} secret />
            <CopyField label="encoder.http" value={key.http} />
          </>
        )}
      <ol class="steps">{STEPS.map((step) => <li key={step}>{t(step)}</li>)}</ol>
      <button class="button" onClick={ask}>
        <RefreshCw aria-hidden="true" />
        {t("encoder.new")}
      </button>
    </div>
  );
}

async function askKey(room: RoomState): Promise<StreamKey> {
  const response = await room.session.request("stream-key", { method: "POST" });
  const key: unknown = await response.json();
  if (!isStreamKey(key)) throw new Error("stream-key: not what was asked for");
  return key;
}

interface CopyFieldProps {
  readonly label: TextKey;
  readonly value: string;
  /** Not to be read over one's shoulder. */
  readonly secret?: boolean;
}

function CopyField({ label, value, secret = false }: CopyFieldProps): JSX.Element {
  const [said, setSaid] = useState<TextKey>();
  const copy = (): void => {
    // Without a secure context there is no clipboard.
    const written = navigator.clipboard?.writeText(value) ?? Promise.reject(new Error("no clipboard"));
    written.then(() => setSaid("room.copied"), () => setSaid("room.copy.failed"));
  };
  const done = said === "room.copied";
  return (
    <div class="field">
      <label>
        {t(label)}
        <input class="input input-code" readOnly type={secret ? "password" : "text"} autocomplete="off" value={value} onFocus={(e) => e.currentTarget.select()} />
      </label>
      <button class="button" aria-label={t("encoder.copy", { what: t(label) })} onClick={copy}>
        {done ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
        {done ? t("room.copied") : t("command.copy")}
      </button>
      <p class="hint" role="status">{said === "room.copy.failed" ? t(said) : ""}</p>
    </div>
  );
}
