import { Check, Copy, RefreshCw } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n.ts";
import type { RoomState } from "../roomstate.ts";
import { Sheet } from "../sheet.tsx";
import { errorKey } from "../texts.ts";
import type { TextKey } from "../texts.ts";
import type { OwnStreamKey } from "./streamkey.ts";

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
  const { streamKey } = room.av;
  useEffect(() => streamKey.look(), [streamKey]);
  return (
    <div class="encoder">
      <p>{t("encoder.intro")}</p>
      <Key streamKey={streamKey} />
      <ol class="steps">{STEPS.map((step) => <li key={step}>{t(step)}</li>)}</ol>
      <button class="button" onClick={() => streamKey.ask()}>
        <RefreshCw aria-hidden="true" />
        {t("encoder.new")}
      </button>
    </div>
  );
}

function Key({ streamKey }: { readonly streamKey: OwnStreamKey }): JSX.Element {
  const state = streamKey.state.value;
  switch (state.kind) {
    case "asking":
    case "pushing":
      return <p class="hint" role="status">{t(`encoder.${state.kind}`)}</p>;
    case "failed":
      return <p class="notice notice-bad" role="alert">{t(state.code === 0 ? "error.network" : errorKey(state.code))}</p>;
    case "given":
      return (
        <>
          <CopyField label="encoder.server" value={state.key.rtmp} />
          <CopyField label="encoder.key" value={state.key.key} secret />
          <CopyField label="encoder.http" value={state.key.http} />
        </>
      );
  }
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
