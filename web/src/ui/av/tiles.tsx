import { ChevronDown, ChevronRight, ChevronUp, GripHorizontal, Video } from "lucide-preact";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { MediaSource } from "../../sync/api.ts";
import { size } from "../device.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";
import { folded, tilesTop, tilesWidth } from "../settings.ts";
import { AlignmentChip } from "./alignmentchip.tsx";
import { Tile } from "./tile.tsx";
import { inOrder } from "./order.ts";

/** The sources of the room, the lead's large: a column beside the board, on a phone a strip that floats over it. */
export function Tiles({ room }: { readonly room: RoomState }): JSX.Element | null {
  const all = useObservable(room.session.sources).value;
  const { lead } = useObservable(room.session.stage).value;
  const sources = inOrder(all, lead);
  if (sources.length === 0) return null;
  return size.value === "phone" ? <Strip room={room} sources={sources} lead={lead} /> : <Column room={room} sources={sources} lead={lead} />;
}

interface TilesProps {
  readonly room: RoomState;
  readonly sources: readonly MediaSource[];
  readonly lead: string;
}

const List = ({ room, sources, lead }: TilesProps): JSX.Element => (
  <ul class="tile-list" data-count={Math.min(sources.length, 10)}>
    {sources.map((source, i) => <Tile key={source.number} room={room} source={source} leads={i === 0 && source.participant === lead} large={i === 0} />)}
  </ul>
);

const WIDTH = { least: 150, step: 24 } as const;

const widest = (): number => Math.round(innerWidth * 0.5);

function Column({ room, sources, lead }: TilesProps): JSX.Element {
  if (folded.value) return <Folded sources={sources} />;
  const width = tilesWidth.value === 0 ? undefined : Math.min(tilesWidth.value, widest());
  return (
    <aside class="tiles" aria-label={t("tiles.label")} {...(width === undefined ? {} : { style: { width: `${width}px` } })}>
      <Edge />
      <header class="tiles-head">
        <span class="meta">{t("tiles.label")}</span>
        <button class="icon-button" aria-label={t("tiles.fold")} title={t("tiles.fold")} onClick={() => (folded.value = true)}>
          <ChevronRight aria-hidden="true" />
        </button>
      </header>
      <List room={room} sources={sources} lead={lead} />
    </aside>
  );
}

/** The lead's are heard on; nobody else's are played while nobody looks. */
const Folded = ({ sources }: { readonly sources: readonly MediaSource[] }): JSX.Element => (
  <aside class="tiles-folded" aria-label={t("tiles.label")}>
    <button class="bar-button" aria-label={t("tiles.unfold", { n: sources.length })} title={t("tiles.unfold", { n: sources.length })} onClick={() => (folded.value = false)}>
      <Video aria-hidden="true" />
      <span class="tabular">{sources.length}</span>
    </button>
  </aside>
);

/** The column's edge: dragged, or moved by arrow keys. Narrower than it can be it folds. */
function Edge(): JSX.Element {
  const set = (width: number): void => {
    if (width < WIDTH.least * 0.6) folded.value = true;
    else tilesWidth.value = Math.round(Math.min(widest(), Math.max(WIDTH.least, width)));
  };
  const now = (edge: Element): number => edge.parentElement?.getBoundingClientRect().width ?? WIDTH.least;
  return (
    <div class="tiles-edge" role="separator" tabIndex={0} aria-orientation="vertical" aria-label={t("tiles.resize")} title={t("tiles.resize")}
      aria-valuemin={WIDTH.least} aria-valuemax={widest()} aria-valuenow={tilesWidth.value || 220}
      onPointerDown={(e) => e.currentTarget.setPointerCapture(e.pointerId)}
      onPointerMove={(e) => {
        if (e.currentTarget.hasPointerCapture(e.pointerId)) set(innerWidth - e.clientX);
      }}
      onKeyDown={(e) => {
        const by = e.key === "ArrowLeft" ? WIDTH.step : e.key === "ArrowRight" ? -WIDTH.step : 0;
        if (by === 0) return;
        e.preventDefault();
        e.stopPropagation();
        set(Math.max(WIDTH.least, now(e.currentTarget) + by));
      }} />
  );
}

/** Where a strip is that was dragged; on a phone that is turned since, in sight still. */
const placed = (top: number): JSX.HTMLAttributes<HTMLElement> => (top === 0 ? {} : { style: { top: `max(8px, min(${top}px, 100% - 300px))`, bottom: "auto" } });

/** Floats over the board, where CSS puts it until it is dragged up or down by its head. */
function Strip({ room, sources, lead }: TilesProps): JSX.Element {
  const place = useRef<HTMLElement>(null);
  const from = useRef(0);
  const top = (): number => place.current?.offsetTop ?? 0;
  const move = (to: number): void => {
    const stage = place.current?.parentElement;
    if (place.current === null || stage === null || stage === undefined) return;
    const most = stage.clientHeight - place.current.offsetHeight - 150;
    tilesTop.value = Math.round(Math.min(Math.max(8, most), Math.max(8, to)));
  };
  return (
    <aside class="tiles-strip" ref={place} aria-label={t("tiles.label")} {...placed(tilesTop.value)}>
      <header class="tiles-head">
        <button class="icon-button tiles-grip" aria-label={t("tiles.move")} title={t("tiles.move")}
          onPointerDown={(e) => {
            from.current = e.clientY - top();
            e.currentTarget.setPointerCapture(e.pointerId);
          }}
          onPointerMove={(e) => e.currentTarget.hasPointerCapture(e.pointerId) && move(e.clientY - from.current)}
          onKeyDown={(e) => {
            const by = e.key === "ArrowDown" ? WIDTH.step : e.key === "ArrowUp" ? -WIDTH.step : 0;
            if (by === 0) return;
            e.preventDefault();
            e.stopPropagation();
            move(top() + by);
          }}>
          <GripHorizontal aria-hidden="true" />
        </button>
        <AlignmentChip room={room} place="strip" />
        <button class="icon-button" aria-expanded={!folded.value} aria-label={folded.value ? t("tiles.unfold", { n: sources.length }) : t("tiles.fold")} onClick={() => (folded.value = !folded.peek())}>
          {folded.value ? <ChevronDown aria-hidden="true" /> : <ChevronUp aria-hidden="true" />}
        </button>
      </header>
      {!folded.value && <List room={room} sources={sources} lead={lead} />}
    </aside>
  );
}
