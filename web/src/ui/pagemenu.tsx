import { ArrowDown, ArrowUp, BookOpen, BrushCleaning, FileText, FileX, ImageDown, Magnet, Ruler, Spline, Undo2 } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import type { Signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { exportAll, exportPage } from "./exports.ts";
import { size } from "./device.ts";
import { t } from "./i18n.ts";
import { useObservable } from "./observe.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import { Row } from "./row.tsx";
import { Segments } from "./segments.tsx";
import { grid, ruler, snapping } from "./settings.ts";
import { clearPage } from "./toolbox.ts";

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
        {room.writes.value && <Switch on={snapping} text={t("page.snapping")}><Magnet aria-hidden="true" /></Switch>}
        {room.writes.value && <Switch on={ruler} text={t("page.ruler")}><Ruler aria-hidden="true" /></Switch>}
        <hr />
        <Row room={room} onPress={() => exportPage(room, "png")} text={t("page.png")}><ImageDown aria-hidden="true" /></Row>
        <Row room={room} onPress={() => exportPage(room, "svg")} text={t("page.svg")}><Spline aria-hidden="true" /></Row>
        <Row room={room} onPress={() => exportAll(room)} text={t("page.pdf")}><FileText aria-hidden="true" /></Row>
        {room.arranges.value && <Arranging room={room} open={open} />}
        {room.writes.value && <ClearPage room={room} open={open} />}
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

/** The page's place among the others, and whether it is there at all. */
function Arranging({ room, open }: { readonly room: RoomState; readonly open: boolean }): JSX.Element {
  const pages = useObservable(room.session.pages).value, removed = useObservable(room.session.removedPages).value.at(-1);
  const page = room.board.value?.page ?? "", at = pages.indexOf(page);
  return (
    <>
      <hr />
      <Step possible={at > 0} text={t("page.earlier")} onPress={() => room.placePage(page, at - 1)}><ArrowUp aria-hidden="true" /></Step>
      <Step possible={at < pages.length - 1} text={t("page.later")} onPress={() => room.placePage(page, at + 1)}>
        <ArrowDown aria-hidden="true" />
      </Step>
      {removed !== undefined && (
        <Row room={room} onPress={() => room.restorePage(removed)} text={t("page.restore")}><Undo2 aria-hidden="true" /></Row>
      )}
      <hr />
      <AskFirst key={page} open={open} possible={pages.length > 1} text="page.remove" onYes={() => {
        room.panel.value = "";
        room.removePage();
      }}><FileX aria-hidden="true" /></AskFirst>
    </>
  );
}

interface StepProps {
  readonly possible: boolean;
  readonly text: string;
  readonly onPress: () => void;
  readonly children: ComponentChildren;
}

/** Can be pressed again and again: the menu stays, and so does the focus at the end. */
const Step = ({ possible, text, onPress, children }: StepProps): JSX.Element => (
  <button class="row-button" aria-disabled={!possible} onClick={() => possible && onPress()}>
    {children}
    {text}
  </button>
);

const ClearPage = ({ room, open }: { readonly room: RoomState; readonly open: boolean }): JSX.Element => (
  <AskFirst key={room.board.value?.page} open={open} possible={room.canvas.value?.can("clear") ?? false} text="page.clear" onYes={() => clearPage(room)}>
    <BrushCleaning aria-hidden="true" />
  </AskFirst>
);

interface AskFirstProps {
  readonly open: boolean;
  readonly possible: boolean;
  /** Names the row; with ".ask" the question and with ".yes" the answer. */
  readonly text: "page.clear" | "page.remove";
  readonly onYes: () => void;
  /** The icon. */
  readonly children: ComponentChildren;
}

/** Asks once, in place; what is done can be taken back. Its key is the page that it asks about: turned, it asks no more. */
function AskFirst({ open, possible, text, onYes, children }: AskFirstProps): JSX.Element {
  const [asking, setAsking] = useState(false);
  useEffect(() => setAsking(false), [open]);
  if (!asking) {
    return (
      <button class="row-button row-bad" disabled={!possible} onClick={() => setAsking(true)}>
        {children}
        {t(text)}
      </button>
    );
  }
  return (
    <div class="ask" role="group" aria-label={t(`${text}.ask`)}>
      <p>{t(`${text}.ask`)}</p>
      <button class="button button-bad" ref={(b) => b?.focus()} onClick={onYes}>{t(`${text}.yes`)}</button>
      <button class="button" onClick={() => setAsking(false)}>{t("common.cancel")}</button>
    </div>
  );
}
