import { Pipette } from "lucide-preact";
import type { JSX } from "preact";
import { chalk } from "../board/index.ts";
import { PEN_COLORS, PEN_WIDTHS, cssColor } from "./colors.ts";
import { t } from "./i18n.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import { Segments } from "./segments.tsx";
import { paper, penColor, penWidth } from "./settings.ts";

/** A colour as it will look on the board. */
const shown = (color: number): string => cssColor(paper.value === "white" ? color : chalk(color));

export function PenOptions({ room }: { readonly room: RoomState }): JSX.Element {
  const known = PEN_COLORS.some((c) => c.color === penColor.value);
  return (
    <Popover open={room.panel.value === "pen"} onClose={() => (room.panel.value = "")} label={t("tool.pen.options")} place="beside-tools">
      <div class={`pen-options pen-options-${paper.value}`}>
        <Segments kind="grid" label={t("pen.color")} value={penColor.value} onChange={(c) => (penColor.value = c)}
          options={PEN_COLORS.map(({ color, name }) => ({
            value: color, label: t(name), face: <span class="swatch" style={{ background: shown(color) }} />,
          }))} />
        <label class="own-color" data-chosen={!known}>
          <span class="swatch" style={{ background: known ? "transparent" : shown(penColor.value) }}>
            <Pipette aria-hidden="true" />
          </span>
          {t("pen.own")}
          <input type="color" value={cssColor(penColor.value)} onInput={(e) => (penColor.value = parseInt(e.currentTarget.value.slice(1), 16))} />
        </label>
        <Segments label={t("pen.width")} value={penWidth.value} onChange={(w) => (penWidth.value = w)}
          options={PEN_WIDTHS.map(({ width, name }) => ({
            value: width, label: t(name),
            face: <span class="nib" style={{ background: shown(penColor.value), height: `${2 + width / 26}px` }} />,
          }))} />
      </div>
    </Popover>
  );
}
