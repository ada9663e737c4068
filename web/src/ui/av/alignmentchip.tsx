import type { JSX } from "preact";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import { Popover } from "../popover.tsx";
import type { RoomState } from "../roomstate.ts";
import { alignmentWords } from "./words.ts";

export interface AlignmentChipProps {
  readonly room: RoomState;
  /** Beside the connection's pill, or in the head of a phone's strip. */
  readonly place: "bar" | "strip";
}

/** How strokes and the lead's video go together; pressed, it tells more and can turn it off. Nothing while nobody leads. */
export function AlignmentChip({ room, place }: AlignmentChipProps): JSX.Element | null {
  const { av } = room;
  const alignment = useObservable(av.media.alignment).value;
  if (alignment.kind === "none") return null;
  const { text, parameters, help, tone } = alignmentWords(alignment, av.delay.value);
  const open = room.panel.value === "alignment";
  const said = t(text, parameters);
  const chosenOff = alignment.kind === "off" && alignment.reason === "chosen";
  return (
    <div class="anchor alignment">
      <button class={`pill pill-${tone}`} aria-expanded={open} title={t("alignment.title")} onClick={() => room.toggle("alignment")}>
        <span class="dot" aria-hidden="true" />
        <span class="sr-only">{t("alignment.label")}</span>
        <span class="pill-text tabular">{said}</span>
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("alignment.title")} place={`below-end alignment-panel alignment-${place}`}>
        <h2>{said}</h2>
        <p>{t(help)}</p>
        {alignment.kind === "aligned" && (
          <dl class="details">
            <dt>{t("alignment.delay")}</dt>
            <dd class="tabular">{t("alignment.delay.value", { ms: Math.round(alignment.delay) })}</dd>
            <dt>{t("alignment.error")}</dt>
            <dd class="tabular">{t("alignment.delay.value", { ms: Math.round(alignment.error) })}</dd>
            <dt>{t("alignment.held")}</dt>
            <dd class="tabular"><Held room={room} /></dd>
          </dl>
        )}
        <button class="row-button" role="switch" aria-checked={!chosenOff} onClick={() => av.media.setAligned(chosenOff)}>
          {t("alignment.switch")}
          <span class="switch" aria-hidden="true" />
        </button>
      </Popover>
    </div>
  );
}

const Held = ({ room }: { readonly room: RoomState }): JSX.Element => <>{useObservable(room.session.alignment.held).value}</>;
