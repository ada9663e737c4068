import { Mic, MicOff, ScreenShare, SlidersHorizontal, Video, VideoOff } from "lucide-preact";
import type { JSX } from "preact";
import type { Publisher } from "../../media/api.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import { Popover } from "../popover.tsx";
import type { RoomState } from "../roomstate.ts";
import type { TextKey } from "../texts.ts";
import { CameraPanel } from "./camerapanel.tsx";
import { useOn } from "./on.ts";
import { ScreenPanel } from "./screenpanel.tsx";

/** Camera, microphone and screen: one button while they are off, switches while they are on. Observers have none. */
export function Publishing({ room }: { readonly room: RoomState }): JSX.Element | null {
  const people = useObservable(room.session.people).value;
  const state = useObservable(room.av.media.camera.state).value;
  if (people.find((person) => person.self)?.role === "observer") return null;
  const open = room.panel.value === "camera";
  const close = (): void => void (room.panel.value = "");
  return (
    <div class="publishing" role="group" aria-label={t("av.label")}>
      <div class="anchor">
        {state === "off" ? <GoLive room={room} /> : <Switches room={room} />}
        <p class="sr-only" role="status">{t(stateKey(state))}</p>
        <Popover open={open} onClose={close} label={t(state === "off" ? "av.preview.title" : "av.preview.live")} place="below-end camera-panel">
          <CameraPanel room={room} />
        </Popover>
      </div>
      {canShare() && <ScreenButton room={room} />}
    </div>
  );
}

type State = Publisher["state"]["value"];

const stateKey = (state: State): TextKey => `av.state.${state}`;

/** Phones cannot share their screen. */
const canShare = (): boolean => typeof navigator.mediaDevices?.getDisplayMedia === "function" || !isSecureContext;

const GoLive = ({ room }: { readonly room: RoomState }): JSX.Element => (
  <button class="bar-button publish-off" aria-expanded={room.panel.value === "camera"} aria-label={t("av.go")} aria-keyshortcuts="C" title={`${t("av.preview.title")} (C)`} onClick={() => room.toggle("camera")}>
    <Video aria-hidden="true" />
    <span class="publish-word">{t("av.go")}</span>
  </button>
);

function Switches({ room }: { readonly room: RoomState }): JSX.Element {
  const { camera } = room.av.media;
  const state = useObservable(camera.state).value;
  const { video, audio } = useOn(room);
  const level = useObservable(camera.level).value;
  return (
    <div class="publish-switches" data-state={state}>
      <button class="bar-button publish-switch" role="switch" aria-checked={audio} aria-label={t("av.microphone")}
        aria-keyshortcuts="U"
        title={`${t(audio ? "av.microphone.off" : "av.microphone.on")} (U)`} onClick={() => void room.av.own.setAudio(!audio)}>
        <span class="publish-level" style={{ "--level": audio ? level : 0 }} aria-hidden="true" />
        {audio ? <Mic aria-hidden="true" /> : <MicOff aria-hidden="true" />}
      </button>
      <button class="bar-button publish-switch" role="switch" aria-checked={video} aria-label={t("av.camera")}
        aria-keyshortcuts="C"
        title={`${t(video ? "av.camera.off" : "av.camera.on")} (C)`} onClick={() => void room.av.own.setVideo(!video)}>
        {video ? <Video aria-hidden="true" /> : <VideoOff aria-hidden="true" />}
      </button>
      <button class="bar-button publish-more" aria-expanded={room.panel.value === "camera"} aria-label={t("av.options")}
        title={`${t(stateKey(state))} ${t("av.options")}`} onClick={() => room.toggle("camera")}>
        {state === "live" ? <span class="dot dot-live" aria-hidden="true" /> : <span class="dot dot-busy" aria-hidden="true" />}
        <SlidersHorizontal aria-hidden="true" />
      </button>
    </div>
  );
}

function ScreenButton({ room }: { readonly room: RoomState }): JSX.Element {
  const { screen } = room.av.media;
  const state = useObservable(screen.state).value;
  const fault = useObservable(screen.fault).value;
  const open = room.panel.value === "screen";
  const on = state !== "off";
  const press = (): void => {
    if (on) return room.toggle("screen");
    void screen.start({ video: true, audio: true }).then(() => {
      // Who closes the browser's own choice has changed their mind: that is no fault to be told of.
      const kind = screen.fault.value?.kind;
      if (kind !== undefined && kind !== "not-allowed") room.panel.value = "screen";
    });
  };
  const label = t(on ? "av.screen.options" : "av.screen");
  return (
    <div class="anchor">
      <button class="bar-button" data-state={state} aria-label={label} title={label} {...(on || fault !== undefined ? { "aria-expanded": open } : {})} onClick={press}>
        {on && <span class={state === "live" ? "dot dot-live" : "dot dot-busy"} aria-hidden="true" />}
        <ScreenShare aria-hidden="true" />
        <span class="publish-word">{t("av.screen")}</span>
      </button>
      <Popover open={open} onClose={() => (room.panel.value = "")} label={t("av.screen.title")} place="below-end screen-panel">
        <ScreenPanel room={room} />
      </Popover>
    </div>
  );
}
