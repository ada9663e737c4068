import { MicOff, MonitorUp, Star, VideoOff, Volume2, VolumeX } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { Playing } from "../../media/api.ts";
import type { MediaSource, Person } from "../../sync/api.ts";
import { Value } from "../../sync/observable.ts";
import { personColor } from "../colors.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";
import { FaultNote } from "./faultnote.tsx";
import { LiveControls } from "./livecontrols.tsx";
import { TileMenu } from "./tilemenu.tsx";
import { put, StreamVideo } from "./video.tsx";
import { sourceNote } from "./words.ts";

export interface TileProps {
  readonly room: RoomState;
  readonly source: MediaSource;
  /** It is the lead's, and the first of them. */
  readonly leads: boolean;
  readonly large: boolean;
}

const NOT_PLAYED = new Value<undefined>(undefined);

/** One source: picture, name, what is not as it should be, and what can be done. */
export function Tile({ room, source, leads, large }: TileProps): JSX.Element {
  const tile = useRef<HTMLLIElement>(null);
  const { av } = room;
  const here = av.isHere(source);
  const playing = useObservable(av.media.playing).value.find((p) => p.source === source.number);
  const person = useObservable(room.session.people).value.find((p) => p.participant === source.participant);
  const name = av.isOwn(source) ? t(`tile.own.${source.kind}`) : t(`tile.${source.kind}`, { name: person?.name ?? "?" });
  // A live stream goes on for as long as it is behind.
  const state = useObservable(playing?.state ?? NOT_PLAYED).value, player = useObservable(playing?.player ?? NOT_PLAYED).value;
  const stillSeen = state !== undefined && state !== "away" && player !== "webrtc";
  useVisible(tile, () => (here ? () => undefined : av.see(source.number)), [av, source.number, here]);
  return (
    <li class="tile" ref={tile} data-large={large} data-source={source.number}>
      <div class="tile-picture">
        {(source.video || stillSeen) && !source.hidden ? (here ? <OwnPicture room={room} source={source} name={name} /> : playing !== undefined && <Picture playing={playing} name={name} />) : <Face person={person} />}
        {playing === undefined ? <Note source={source} state={undefined} /> : <PlayingNote source={source} playing={playing} />}
      </div>
      <div class="tile-foot">
        {leads && <Star class="tile-star" aria-label={t("tile.lead")} role="img" />}
        <span class="tile-name" title={name}>{name}</span>
        <Badges room={room} source={source} />
        <TileMenu room={room} source={source} playing={playing} name={name} tile={tile} />
      </div>
      {playing !== undefined && <PlayingExtras playing={playing} />}
    </li>
  );
}

/** Follows whether an element is in view; seen is called when it comes, and what it returns when it goes. */
function useVisible(element: { readonly current: Element | null }, seen: () => () => void, inputs: readonly unknown[]): void {
  useEffect(() => {
    if (element.current === null) return undefined;
    let gone: (() => void) | undefined;
    const observer = new IntersectionObserver(([entry]) => {
      const visible = entry?.isIntersecting === true;
      if (visible && gone === undefined) gone = seen();
      if (visible || gone === undefined) return;
      gone();
      gone = undefined;
    }, { threshold: 0.1 });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
      gone?.();
    };
  }, inputs);
}

function Picture({ playing, name }: { readonly playing: Playing; readonly name: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const { element } = playing;
  useLayoutEffect(() => element.setAttribute("aria-label", name), [element, name]);
  // At once: an element that goes from one place to another plays on.
  useLayoutEffect(() => put(element, place.current), [element]);
  return <div ref={place} />;
}

/** What one sends oneself, without a way over the server. */
function OwnPicture({ room, source, name }: { readonly room: RoomState; readonly source: MediaSource; readonly name: string }): JSX.Element | null {
  const { camera, screen } = room.av.media;
  const stream = useObservable((source.kind === "camera" ? camera : screen).stream).value;
  if (stream === undefined) return null;
  return <StreamVideo stream={stream} label={name} mirrored={source.kind === "camera"} />;
}

const Face = ({ person }: { readonly person: Person | undefined }): JSX.Element => (
  <span class="face tile-face" style={{ background: personColor(person?.replica ?? 1) }} aria-hidden="true">{[...(person?.name ?? "?")][0]}</span>
);

function PlayingNote({ source, playing }: { readonly source: MediaSource; readonly playing: Playing }): JSX.Element | null {
  return <Note source={source} state={useObservable(playing.state).value} />;
}

function Note({ source, state }: { readonly source: MediaSource; readonly state: string | undefined }): JSX.Element | null {
  const text = sourceNote(source, state);
  if (text === undefined) return null;
  const moving = text === "tile.starting" || text === "tile.stalled";
  return (
    <p class="tile-note" role="status">
      {moving && <span class="spinner" aria-hidden="true" />}
      {t(text)}
    </p>
  );
}

function Badges({ room, source }: { readonly room: RoomState; readonly source: MediaSource }): JSX.Element {
  const silent = !room.av.isHere(source) && room.av.volume(source).value === 0;
  return (
    <>
      {(source.muted || !source.audio) && source.kind !== "screen" && <MicOff class="tile-badge" role="img" aria-label={t("tile.muted")} />}
      {source.hidden && <VideoOff class="tile-badge" role="img" aria-label={t("tile.hidden")} />}
      {source.kind === "screen" && <MonitorUp class="tile-badge" aria-hidden="true" />}
      {!room.av.isHere(source) && source.audio && (
        <button class="icon-button tile-sound" role="switch" aria-checked={!silent} aria-label={t("tile.volume")} title={t("tile.volume")}
          onClick={() => room.av.setVolume(source, silent ? 1 : 0)}>
          {silent ? <VolumeX aria-hidden="true" /> : <Volume2 aria-hidden="true" />}
        </button>
      )}
    </>
  );
}

function PlayingExtras({ playing }: { readonly playing: Playing }): JSX.Element {
  return (
    <>
      <LiveControls playing={playing} window={useObservable(playing.window).value} />
      <FaultNote fault={useObservable(playing.fault).value} />
    </>
  );
}
