import { signal } from "@preact/signals";
import { Check, Copy, UserPlus } from "lucide-preact";
import type { JSX } from "preact";
import { t } from "./i18n.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";

const copied = signal<"" | "link" | "code" | "failed">("");

export function Invite({ room }: { readonly room: RoomState }): JSX.Element {
  const open = room.panel.value === "invite";
  const link = `${location.origin}/r/${room.code}`;
  return (
    <div class="anchor">
      <button class="bar-button bar-main" aria-expanded={open} title={t("room.invite")} onClick={() => {
        copied.value = "";
        room.toggle("invite");
      }}>
        <UserPlus aria-hidden="true" />
        <span class="wide-only">{t("room.invite")}</span>
        <span class="sr-only narrow-only">{t("room.invite")}</span>
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("room.invite.title")} place="below-end invite">
        <h2>{t("room.invite.title")}</h2>
        <p>{t("room.invite.text")}</p>
        <p class="big-code tabular" aria-label={t("room.invite.code")}>{room.code}</p>
        <CopyRow what="code" text={room.code} label={t("room.copy.code")} />
        <input class="input" readOnly value={link} aria-label={t("room.invite.link")} onFocus={(e) => e.currentTarget.select()} />
        <CopyRow what="link" text={link} label={t("room.copy.link")} />
        <p class="hint" role="status">{copied.value === "failed" ? t("room.copy.failed") : copied.value === "" ? "" : t("room.copied")}</p>
      </Popover>
    </div>
  );
}

function CopyRow({ what, text, label }: { readonly what: "link" | "code"; readonly text: string; readonly label: string }): JSX.Element {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = what;
    } catch {
      // Refused, or no secure context (plain http in a LAN).
      copied.value = "failed";
    }
  };
  const done = copied.value === what;
  return (
    <button class={what === "link" ? "button button-main" : "button"} onClick={copy}>
      {done ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      {done ? t("room.copied") : label}
    </button>
  );
}
