import { BookOpen, BrushCleaning, FileText, ImageDown, Magnet, Ruler, Spline } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import type { Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { exportAll, exportPage } from "./exports.ts";
import { size } from "./device.ts";
import { t } from "./i18n.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import { Row } from "./row.tsx";
import { Segments } from "./segments.tsx";
import { grid, ruler, snapping } from "./settings.ts";
import { command } from "./toolbox.ts";

/** What concerns the page that is looked at. On a phone "More" leads here. */
export function PageMenu({ room }: { readonly room: RoomState }): JSX.Element {
  const open = room.panel.value === "page";
  return (
    <div class="anchor">
      {size.value !== "phone" && (
        <button class="bar-button" aria-expanded={open} aria-label={t("page.menu")} title={t("page.menu")} onClick={() => room.toggle("page")}>
          <BookOpen aria-hidden="true" />
        </button>
      )}
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("page.menu")} place="below-end page-menu">
        <h2>{t("page.menu")}</h2>
        <div class="settings">
          <span>{t("page.grid")}</span>
          <Segments label={t("page.grid")} value={grid.value} onChange={(v) => (grid.value = v)}
            options={[{ value: "none", label: t("grid.none") }, { value: "squares", label: t("grid.squares") },
              { value: "lines", label: t("grid.lines") }, { value: "dots", label: t("grid.dots") }]} />
        </div>
        <Switch on={snapping} text={t("page.snapping")}><Magnet aria-hidden="true" /></Switch>
        <Switch on={ruler} text={t("page.ruler")}><Ruler aria-hidden="true" /></Switch>
        <hr />
        <Row room={room} onPress={() => exportPage(room, "png")} text={t("page.png")}><ImageDown aria-hidden="true" /></Row>
        <Row room={room} onPress={() => exportPage(room, "svg")} text={t("page.svg")}><Spline aria-hidden="true" /></Row>
        <Row room={room} onPress={() => exportAll(room)} text={t("page.pdf")}><FileText aria-hidden="true" /></Row>
        <hr />
        <ClearPage room={room} open={open} />
      </Popover>
    </div>
  );
}

interface SwitchProps {
  readonly on: Signal<boolean>;
  readonly text: string;
  readonly children: ComponentChildren;
}

const Switch = ({ on, text, children }: SwitchProps): JSX.Element => (
  <button class="row-button" role="switch" aria-checked={on.value} onClick={() => (on.value = !on.peek())}>
    {children}
    {text}
    <span class="switch" aria-hidden="true" />
  </button>
);

/** Asks once, in place; what is cleared can be taken back. */
function ClearPage({ room, open }: { readonly room: RoomState; readonly open: boolean }): JSX.Element {
  const [asking, setAsking] = useState(false);
  useEffect(() => setAsking(false), [open]);
  const possible = room.canvas.value?.can("clear") ?? false;
  if (!asking) {
    return (
      <button class="row-button row-bad" disabled={!possible} onClick={() => setAsking(true)}>
        <BrushCleaning aria-hidden="true" />
        {t("page.clear")}
      </button>
    );
  }
  const clear = (): void => {
    room.panel.value = "";
    command(room, "clear");
    room.toast.value = { text: "page.cleared", undo: () => command(room, "undo") };
  };
  return (
    <div class="ask" role="group" aria-label={t("page.clear.ask")}>
      <p>{t("page.clear.ask")}</p>
      <button class="button button-bad" ref={(b) => b?.focus()} onClick={clear}>{t("page.clear.yes")}</button>
      <button class="button" onClick={() => setAsking(false)}>{t("common.cancel")}</button>
    </div>
  );
}
