import { useSignal } from "@preact/signals";
import { CircleAlert, Hourglass, Volume2, X } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Playing, Publisher } from "../../media/api.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";
import { errorKey } from "../texts.ts";
import { FaultText } from "./faultnote.tsx";

/** What must be said of media above the board. */
export function AvNotices({ room }: { readonly room: RoomState }): JSX.Element {
  return (
    <>
      <Blocked room={room} />
      <Writing room={room} />
      <Problem room={room} />
      <PublishFault room={room} publisher={room.av.media.camera} />
      <PublishFault room={room} publisher={room.av.media.screen} />
    </>
  );
}

/** The browser lets no sound out before a press: one press for all of it. */
function Blocked({ room }: { readonly room: RoomState }): JSX.Element | null {
  const all = useObservable(room.av.media.playing).value;
  const blocked = useSignal(0);
  useEffect(() => {
    blocked.value = count(all);
    const stops = all.map((playing) => playing.blocked.subscribe(() => (blocked.value = count(all))));
    return () => stops.forEach((stop) => stop());
  }, [all]);
  if (blocked.value === 0) return null;
  return (
    <button class="button button-main sound-button" onClick={() => all.forEach((playing) => playing.blocked.value && playing.resume())}>
      <Volume2 aria-hidden="true" />
      {t("tiles.sound")}
    </button>
  );
}

const count = (all: readonly Playing[]): number => all.filter((playing) => playing.blocked.value).length;

/** How long it is said; the chip goes on saying it, ms. */
const WRITING_MS = 8000;

/** ALN7: who writes is not in the past. */
function Writing({ room }: { readonly room: RoomState }): JSX.Element | null {
  const alignment = useObservable(room.av.media.alignment).value;
  const writing = alignment.kind === "off" && alignment.reason === "writing";
  const said = useSignal(false);
  useEffect(() => {
    said.value = false;
    if (!writing) return undefined;
    const timer = setTimeout(() => (said.value = true), WRITING_MS);
    return () => clearTimeout(timer);
  }, [writing]);
  const s = Math.round(room.av.delay.value / 1000);
  if (!writing || said.value || s < 1) return null;
  return (
    <div class="notice" role="status">
      <Hourglass aria-hidden="true" />
      <span>{t("alignment.notice", { s })}</span>
    </div>
  );
}

function Problem({ room }: { readonly room: RoomState }): JSX.Element | null {
  const code = room.av.problem.value;
  if (code === undefined) return null;
  return (
    <div class="notice notice-bad" role="alert">
      <CircleAlert aria-hidden="true" />
      <span>
        {t(code === 0 ? "error.network" : errorKey(code))} {code !== 0 && <small class="tabular">{t("common.details", { code })}</small>}
      </span>
      <button class="icon-button" aria-label={t("common.close")} onClick={() => (room.av.problem.value = undefined)}>
        <X aria-hidden="true" />
      </button>
    </div>
  );
}

/** A connection that is being made again is said to be so by its button; for longer, it is a fault, ms. */
const RECONNECTING_MS = 5000;

/** Why camera or screen is not seen, unless its panel says so: that may be closed, or never have been open. */
function PublishFault({ room, publisher }: { readonly room: RoomState; readonly publisher: Publisher }): JSX.Element | null {
  const fault = useObservable(publisher.fault).value;
  const reconnecting = useObservable(publisher.state).value === "reconnecting";
  const long = useSignal(false);
  const closed = useSignal("");
  const what = fault === undefined ? "" : JSON.stringify(fault);
  useEffect(() => {
    if (fault === undefined) closed.value = "";
  }, [fault]);
  useEffect(() => {
    long.value = false;
    if (!reconnecting) return undefined;
    const timer = setTimeout(() => (long.value = true), RECONNECTING_MS);
    return () => clearTimeout(timer);
  }, [reconnecting]);
  if (fault === undefined || closed.value === what || room.panel.value === publisher.kind || (reconnecting && !long.value)) return null;
  // Who closes the browser's own choice of a screen has changed their mind.
  if (publisher.kind === "screen" && fault.kind === "not-allowed") return null;
  return (
    <div class="notice notice-bad" role="alert">
      <CircleAlert aria-hidden="true" />
      <FaultText fault={fault} of={publisher.kind} />
      <button class="icon-button" aria-label={t("common.close")} onClick={() => (closed.value = what)}>
        <X aria-hidden="true" />
      </button>
    </div>
  );
}
