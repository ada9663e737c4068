import { CircleAlert } from "lucide-preact";
import type { JSX } from "preact";
import type { MediaFault, Publisher } from "../../media/api.ts";
import { t } from "../i18n.ts";
import { faultWords } from "./words.ts";

interface FaultProps<Fault> {
  readonly fault: Fault;
  /** What could not be published. */
  readonly of?: Publisher["kind"];
}

/** What went wrong and what to do, where it happened. */
export function FaultNote({ fault, of = "camera" }: FaultProps<MediaFault | undefined>): JSX.Element | null {
  if (fault === undefined) return null;
  return (
    <div class="notice notice-bad" role="alert">
      <CircleAlert aria-hidden="true" />
      <FaultText fault={fault} of={of} />
    </div>
  );
}

export function FaultText({ fault, of = "camera" }: FaultProps<MediaFault>): JSX.Element {
  const { text, help, code } = faultWords(fault, of);
  return (
    <span>
      <strong>{t(text)}</strong> {t(help)} {code !== 0 && <small class="tabular">{t("common.details", { code })}</small>}
    </span>
  );
}
