import { EllipsisVertical, Eye, EyeOff, Maximize, Mic, MicOff, Star, Timer } from "lucide-preact";
import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Player, Playing } from "../../media/api.ts";
import type { MediaSource } from "../../sync/api.ts";
import { t } from "../i18n.ts";
import { Popover } from "../popover.tsx";
import type { RoomState } from "../roomstate.ts";
import { Row } from "../row.tsx";

export interface TileMenuProps {
  readonly room: RoomState;
  readonly source: MediaSource;
  readonly playing: Playing | undefined;
  readonly name: string;
  readonly tile: { readonly current: HTMLElement | null };
}

/** What can be done with a source, behind its button. */
export function TileMenu({ room, source, playing, name, tile }: TileMenuProps): JSX.Element {
  const panel = `tile:${source.number}` as const, label = t("tile.menu", { name });
  const open = room.panel.value === panel;
  const { top, end } = usePlace(tile, open);
  return (
    <div class="tile-menu-place" style={{ "--top": `${top}px`, "--end": `${end}px` }}>
      <button class="icon-button" aria-expanded={open} aria-label={label} title={label} onClick={() => room.toggle(panel)}>
        <EllipsisVertical aria-hidden="true" />
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={label} place="tile-menu">
        <h2>{name}</h2>
        {!room.av.isHere(source) && <Volume room={room} source={source} />}
        {playing !== undefined && <Players room={room} source={source} />}
        <Actions room={room} source={source} tile={tile} />
      </Popover>
    </div>
  );
}

/** The menu stands beside the column, as high as its tile, wherever that has been scrolled to: the picture stays in view. */
function usePlace(tile: { readonly current: HTMLElement | null }, open: boolean): { readonly top: number; readonly end: number } {
  const [place, setPlace] = useState({ top: 0, end: 0 });
  useLayoutEffect(() => {
    if (!open || tile.current === null) return;
    const column = tile.current.closest(".tiles") ?? tile.current;
    const top = Math.max(56, Math.min(tile.current.getBoundingClientRect().top, innerHeight - 380));
    setPlace({ top, end: innerWidth - column.getBoundingClientRect().left + 8 });
  }, [open]);
  return place;
}

function Volume({ room, source }: { readonly room: RoomState; readonly source: MediaSource }): JSX.Element {
  const volume = room.av.volume(source);
  return (
    <label class="slider">
      <span>{t("tile.volume")}</span>
      <input type="range" min={0} max={100} step={5} value={Math.round(100 * volume.value)} onInput={(e) => room.av.setVolume(source, Number(e.currentTarget.value) / 100)} />
    </label>
  );
}

function Players({ room, source }: { readonly room: RoomState; readonly source: MediaSource }): JSX.Element | null {
  const players = room.av.media.players(source);
  const [chosen, setChosen] = useState(room.av.player(source.number));
  if (players.length < 2) return null;
  const options: readonly (Player | "auto")[] = ["auto", ...players];
  return (
    <label class="slider">
      <span>{t("player.label")}</span>
      <select class="input" value={chosen} onChange={(e) => {
        const player = options.find((option) => option === e.currentTarget.value) ?? "auto";
        setChosen(player);
        room.av.setPlayer(source.number, player);
      }}>
        {options.map((option) => <option key={option} value={option}>{t(`player.${option}`)}</option>)}
      </select>
    </label>
  );
}

type ActionsProps = Pick<TileMenuProps, "room" | "source" | "tile">;

function Actions({ room, source, tile }: ActionsProps): JSX.Element {
  const { av, session } = room;
  const full = (): void => {
    room.panel.value = "";
    void tile.current?.querySelector("video")?.requestFullscreen?.();
  };
  const mayLead = source.video && session.stage.value.lead !== source.participant && (av.directs || (av.isOwn(source) && session.stage.value.lead === ""));
  return (
    <div class="rows">
      {source.video && document.fullscreenEnabled && <Row room={room} text={t("tile.full")} onPress={full}><Maximize aria-hidden="true" /></Row>}
      {av.maySwitch(source) && <SwitchRows room={room} source={source} />}
      {mayLead && <Row room={room} text={t("tile.make-lead")} onPress={() => session.lead(source.participant)}><Star aria-hidden="true" /></Row>}
      {source.kind === "stream" && av.maySwitch(source) && (
        <Row room={room} text={t("tile.calibrate")} onPress={() => (av.calibrating.value = source.number)}><Timer aria-hidden="true" /></Row>
      )}
    </div>
  );
}

/** Nobody but its own person takes the silence off a microphone (MED6). */
function SwitchRows({ room, source }: { readonly room: RoomState; readonly source: MediaSource }): JSX.Element {
  const { av } = room;
  const { muted, hidden } = source;
  return (
    <>
      {(!muted || av.isOwn(source)) && (
        <Row room={room} text={t(muted ? "tile.unmute" : "tile.mute")} onPress={() => void av.setSwitches(source, { muted: !muted })}>
          {muted ? <Mic aria-hidden="true" /> : <MicOff aria-hidden="true" />}
        </Row>
      )}
      <Row room={room} text={t(hidden ? "tile.unhide" : "tile.hide")} onPress={() => void av.setSwitches(source, { hidden: !hidden })}>
        {hidden ? <Eye aria-hidden="true" /> : <EyeOff aria-hidden="true" />}
      </Row>
    </>
  );
}
