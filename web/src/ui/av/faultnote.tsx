import { CircleAlert } from "lucide-preact";
import type { JSX } from "preact";
import type { MediaFault } from "../../media/api.ts";
import { t } from "../i18n.ts";
import { faultWords } from "./words.ts";

/** What went wrong and what to do, where it happened. */
export function FaultNote({ fault }: { readonly fault: MediaFault | undefined }): JSX.Element | null {
  if (fault === undefined) return null;
  return (
    <div class="notice notice-bad" role="alert">
      <CircleAlert aria-hidden="true" />
      <FaultText fault={fault} />
    </div>
  );
}

export function FaultText({ fault }: { readonly fault: MediaFault }): JSX.Element {
  const { text, help, code } = faultWords(fault);
  return (
    <span>
      <strong>{t(text)}</strong> {t(help)} {code !== 0 && <small class="tabular">{t("common.details", { code })}</small>}
    </span>
  );
}
