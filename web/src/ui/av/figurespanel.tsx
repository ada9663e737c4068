import { Check, Copy, X } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Figures } from "../../media/api.ts";
import { routeKey, wordsFor } from "../connectionwords.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";
import type { TextKey } from "../texts.ts";

/** So often it is looked anew, ms. */
const EVERY_MS = 1000;

/** How media and connection are, in numbers, for those who look for a fault. The board stays free for work. */
export function FiguresPanel({ room }: { readonly room: RoomState }): JSX.Element | null {
  return room.av.figures.value ? <Panel room={room} /> : null;
}

function Panel({ room }: { readonly room: RoomState }): JSX.Element {
  const figures = useFigures(room);
  const [said, setSaid] = useState<TextKey>();
  const copy = (): void => {
    // Without a secure context there is no clipboard.
    const written = navigator.clipboard?.writeText(JSON.stringify({ ...summary(room), figures }, undefined, 2)) ?? Promise.reject(new Error("no clipboard"));
    written.then(() => setSaid("room.copied"), () => setSaid("figures.copy.failed"));
  };
  return (
    <section class="figures" aria-label={t("figures.title")}>
      <header class="tiles-head">
        <h2>{t("figures.title")}</h2>
        <span class="meta" role="status">{said !== undefined && t(said)}</span>
        <button class="icon-button" aria-label={t("figures.copy")} title={t("figures.copy")} onClick={copy}>
          {said === "room.copied" ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
        </button>
        <button class="icon-button" aria-label={t("common.close")} onClick={() => (room.av.figures.value = false)}>
          <X aria-hidden="true" />
        </button>
      </header>
      <Summary room={room} />
      {figures.length === 0 ? <p class="hint">{t("figures.none")}</p> : <Table figures={figures} />}
    </section>
  );
}

/** Asked for while the panel is there, one time after the other. */
function useFigures(room: RoomState): readonly Figures[] {
  const [figures, setFigures] = useState<readonly Figures[]>([]);
  useEffect(() => {
    let there = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const found = await room.av.media.figures().catch((): readonly Figures[] => []);
      if (!there) return;
      setFigures(found);
      timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      there = false;
      clearTimeout(timer);
    };
  }, [room]);
  return figures;
}

/** What there is beside the connections for media. */
function summary({ session, av }: RoomState) {
  const connection = session.connection.value;
  const now = session.alignment.now();
  return {
    connection,
    alignment: av.media.alignment.value,
    held: session.alignment.held.value,
    clockMs: now === undefined ? undefined : Math.round(now / 1000 - Date.now()),
    userAgent: navigator.userAgent,
  };
}

function Summary({ room }: { readonly room: RoomState }): JSX.Element {
  const connection = useObservable(room.session.connection).value;
  const held = useObservable(room.session.alignment.held).value;
  const { clockMs } = summary(room);
  return (
    <dl class="figures-summary tabular">
      <dt>{t("figures.clock")}</dt>
      <dd>{clockMs === undefined ? "–" : `${clockMs} ms`}</dd>
      <dt>{t("figures.route")}</dt>
      <dd>{t(connection.kind === "synced" ? routeKey(connection) : wordsFor({ ...connection, unsent: 0 }).text)}</dd>
      <dt>{t("figures.rtt")}</dt>
      <dd>{connection.kind === "synced" ? `${Math.round(connection.rttMs)} ms` : "–"}</dd>
      <dt>{t("figures.held")}</dt>
      <dd>{held}</dd>
    </dl>
  );
}

const whole = (value: number | undefined): string => (value === undefined ? "–" : String(Math.round(value)));

/** What the columns are called and say. */
const COLUMNS: readonly (readonly [TextKey, (f: Figures) => string])[] = [
  ["figures.source", (f) => `${f.source} ${t(`figures.direction.${f.direction}`)}`],
  ["figures.player", (f) => f.player],
  ["figures.delay", (f) => whole(f.delay)],
  ["figures.rtt", (f) => whole(f.rtt)],
  ["figures.buffer", (f) => whole(f.buffer)],
  ["figures.jitterTarget", (f) => whole(f.jitterTarget)],
  ["figures.loss", (f) => (f.loss === undefined ? "–" : (100 * f.loss).toFixed(1))],
  ["figures.bitrate", (f) => whole(f.bitrate)],
  ["figures.frames", (f) => whole(f.frames)],
  ["figures.size", (f) => (f.width === undefined || f.height === undefined ? "–" : `${f.width}×${f.height}`)],
  ["figures.transport", (f) => f.transport ?? "–"],
  ["figures.stamped", (f) => whole(f.stamped)],
  ["figures.missed", (f) => whole(f.missed)],
];

const Table = ({ figures }: { readonly figures: readonly Figures[] }): JSX.Element => (
  <div class="figures-table" tabIndex={0} role="group" aria-label={t("figures.title")}>
    <table class="tabular">
      <thead><tr>{COLUMNS.map(([name]) => <th key={name} scope="col">{t(name)}</th>)}</tr></thead>
      <tbody>
        {figures.map((f, i) => <tr key={i}>{COLUMNS.map(([name, say]) => <td key={name}>{say(f)}</td>)}</tr>)}
      </tbody>
    </table>
  </div>
);
