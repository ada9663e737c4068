import { Timer } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n.ts";
import type { RoomState } from "../roomstate.ts";
import { Sheet } from "../sheet.tsx";
import { FLASH_COUNT, measure } from "./flash.ts";
import { put } from "./video.tsx";

/** Measures how late the stream of an encoder is, by flashes that it films, or lets the person say so. */
export function CalibrateSheet({ room }: { readonly room: RoomState }): JSX.Element {
  const source = room.av.calibrating.value;
  return (
    <Sheet kind="dialog" open={source !== undefined} onClose={() => (room.av.calibrating.value = undefined)} title={t("calibrate.title")}>
      {source !== undefined && <Calibration key={source} room={room} source={source} />}
    </Sheet>
  );
}

type State =
  | { readonly kind: "idle" | "failed" }
  | { readonly kind: "running"; readonly flashed: number }
  | { readonly kind: "done"; readonly ms: number };

interface CalibrationProps {
  readonly room: RoomState;
  readonly source: number;
}

function Calibration({ room, source }: CalibrationProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const flash = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<State>({ kind: "idle" });
  const [known, setKnown] = useState(0);
  const stop = useRef<AbortController>();
  useEffect(() => {
    const { element } = room.av.media.play(source);
    const unsee = room.av.see(source);
    const tile = element.parentElement;
    const takeOff = put(element, place.current);
    return () => {
      stop.current?.abort();
      unsee();
      if (tile?.isConnected === true && element.parentElement === place.current) tile.append(element);
      else takeOff();
    };
  }, [room, source]);
  useEffect(() => void room.av.offset(source).then((offset) => setKnown(Math.round((offset ?? 0) / 1000))), [room, source]);
  const start = async (): Promise<void> => {
    const light = flash.current;
    if (light === null) return;
    stop.current = new AbortController();
    setState({ kind: "running", flashed: 0 });
    // It stands until another is measured: whoever gives up half-way loses nothing.
    const offset = await room.av.offset(source);
    if (offset === undefined) return setState({ kind: "idle" });
    const playing = room.av.media.play(source);
    const delay = await measure({
      playing, video: playing.element, clock: room.session.alignment, offset,
      light: (on) => light.classList.toggle("lit", on),
      flashed: (flashed) => setState({ kind: "running", flashed }),
    }, stop.current.signal);
    if (stop.current.signal.aborted) return;
    if (delay === undefined) return setState({ kind: "failed" });
    setState((await room.av.setOffset(source, delay)) ? { kind: "done", ms: Math.round(delay / 1000) } : { kind: "idle" });
  };
  return (
    <div class="calibrate">
      <p>{t("calibrate.intro")}</p>
      <p>{t("calibrate.aim")}</p>
      <div class="preview" ref={place} role="group" aria-label={t("calibrate.preview")} />
      <p class="hint">{t("calibrate.warn")}</p>
      <p class="calibrate-said" role="status">{said(state)}</p>
      <button class="button button-main" disabled={state.kind === "running"} onClick={() => void start()}>
        <Timer aria-hidden="true" />
        {t(state.kind === "failed" || state.kind === "done" ? "common.retry" : "av.start")}
      </button>
      <Manual room={room} source={source} measured={state.kind === "done" ? state.ms : known} />
      <div class={state.kind === "running" ? "flash running" : "flash"} ref={flash}>
        {state.kind === "running" && (
          <>
            <p aria-hidden="true">{said(state)}</p>
            <button class="button" onClick={() => (room.av.calibrating.value = undefined)}>{t("common.cancel")}</button>
          </>
        )}
      </div>
    </div>
  );
}

function said(state: State): string {
  switch (state.kind) {
    case "idle":
      return "";
    case "running":
      return state.flashed < FLASH_COUNT ? t("calibrate.running", { n: state.flashed }) : t("calibrate.waiting");
    case "failed":
      return t("calibrate.failed");
    case "done":
      return t("calibrate.done", { ms: state.ms });
  }
}

const MOST_MS = 10_000;

function Manual({ room, source, measured }: CalibrationProps & { readonly measured: number }): JSX.Element {
  const [ms, setMs] = useState(measured);
  const [saved, setSaved] = useState(false);
  useEffect(() => setMs(measured), [measured]);
  return (
    <details class="manual">
      <summary>{t("calibrate.manual")}</summary>
      <p class="hint">{t("calibrate.manual.help")}</p>
      <label class="slider">
        <span>{t("calibrate.offset")} <span class="tabular">{t("alignment.delay.value", { ms })}</span></span>
        <input type="range" min={0} max={MOST_MS} step={20} value={ms} onInput={(e) => {
          setSaved(false);
          setMs(Number(e.currentTarget.value));
        }} />
      </label>
      <button class="button" onClick={() => void room.av.setOffset(source, ms * 1000).then(setSaved)}>{t("calibrate.save")}</button>
      <p class="hint" role="status">{saved ? t("calibrate.saved") : ""}</p>
    </details>
  );
}
