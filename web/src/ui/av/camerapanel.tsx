import { Mic, MicOff, RadioTower, Square, Video, VideoOff } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Device, Publisher } from "../../media/api.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";
import { Row } from "../row.tsx";
import { cameraDevice, microphoneDevice, withCamera, withMicrophone } from "../settings.ts";
import { FaultNote } from "./faultnote.tsx";
import type { Preview } from "./preview.ts";
import { useOn } from "./on.ts";
import { StreamVideo } from "./video.tsx";

/** Before going live: how one looks and sounds, and with what. After: the same, and how to stop. */
export function CameraPanel({ room }: { readonly room: RoomState }): JSX.Element {
  const { media, preview } = room.av;
  const off = useObservable(media.camera.state).value === "off";
  return (
    <>
      <h2>{t(off ? "av.preview.title" : "av.preview.live")}</h2>
      {off ? <Before camera={media.camera} preview={preview} onStarted={() => (room.panel.value = "")} /> : <Live room={room} />}
      <Row room={room} text={t("encoder.open")} onPress={() => (room.av.encoder.value = true)}><RadioTower aria-hidden="true" /></Row>
    </>
  );
}

interface BeforeProps {
  readonly camera: Publisher;
  readonly preview: Preview;
  readonly onStarted: () => void;
}

function Before({ camera, preview, onStarted }: BeforeProps): JSX.Element {
  const video = withCamera.value, audio = withMicrophone.value;
  const devices = preview.devices.value;
  const cameraId = known(cameraDevice.value, devices), microphoneId = known(microphoneDevice.value, devices);
  const failed = useObservable(camera.fault).value;
  useEffect(() => {
    void preview.open({ camera: video ? cameraId : undefined, microphone: audio ? microphoneId : undefined });
  }, [preview, video, audio, cameraId, microphoneId]);
  useEffect(() => () => preview.close(), [preview]);
  const start = (): void => {
    preview.close();
    void camera.useCamera(cameraId);
    void camera.useMicrophone(microphoneId);
    void camera.start({ video, audio });
    onStarted();
  };
  return (
    <>
      <Picture stream={video ? preview.stream.value : undefined} />
      <p class="hint">{t("av.preview.private")}</p>
      <Devices devices={devices} camera={cameraId} microphone={microphoneId} level={preview.level.value} video={video} audio={audio}
        onVideo={(on) => (withCamera.value = on)} onAudio={(on) => (withMicrophone.value = on)}
        onCamera={(id) => (cameraDevice.value = id)} onMicrophone={(id) => (microphoneDevice.value = id)} />
      <FaultNote fault={preview.fault.value ?? failed} />
      <button class="button button-main" data-first disabled={!video && !audio} onClick={start}>{t("av.start")}</button>
    </>
  );
}

function Live({ room }: { readonly room: RoomState }): JSX.Element {
  const { media, own } = room.av;
  const { camera } = media;
  const devices = useObservable(media.devices).value;
  const { video, audio } = useOn(room);
  const state = useObservable(camera.state).value;
  const said = state !== "live" ? (`av.state.${state}` as const) : video ? "av.state.live" : audio ? "av.state.live.sound" : "av.state.quiet";
  const stream = useObservable(camera.stream).value;
  return (
    <>
      <Picture stream={video ? stream : undefined} />
      <p class="publish-state" data-state={state}>{t(said)}</p>
      <Devices devices={devices} camera={useObservable(camera.camera).value} microphone={useObservable(camera.microphone).value}
        level={useObservable(camera.level).value} video={video} audio={audio}
        onVideo={(on) => void own.setVideo(on)} onAudio={(on) => void own.setAudio(on)}
        onCamera={(id) => {
          cameraDevice.value = id;
          void camera.useCamera(id);
        }}
        onMicrophone={(id) => {
          microphoneDevice.value = id;
          void camera.useMicrophone(id);
        }} />
      <FaultNote fault={useObservable(camera.fault).value} />
      <button class="button button-bad" onClick={() => camera.stop()}>
        <Square aria-hidden="true" />
        {t("av.stop.all")}
      </button>
    </>
  );
}

/** A device that is gone is as good as none. */
const known = (id: string, devices: readonly Device[]): string => (devices.length === 0 || devices.some((d) => d.id === id) ? id : "");

const Picture = ({ stream }: { readonly stream: MediaStream | undefined }): JSX.Element => (
  <div class="preview">
    {stream === undefined || stream.getVideoTracks().length === 0 ? <p>{t("av.preview.none")}</p> : <StreamVideo stream={stream} label={t("av.camera")} mirrored />}
  </div>
);

interface DevicesProps {
  readonly devices: readonly Device[];
  readonly camera: string;
  readonly microphone: string;
  readonly level: number;
  readonly video: boolean;
  readonly audio: boolean;
  readonly onVideo: (on: boolean) => void;
  readonly onAudio: (on: boolean) => void;
  readonly onCamera: (id: string) => void;
  readonly onMicrophone: (id: string) => void;
}

function Devices(props: DevicesProps): JSX.Element {
  const { devices, level, audio, video } = props;
  return (
    <div class="devices">
      <Toggle on={video} label={t("av.camera")} onChange={props.onVideo}>{video ? <Video aria-hidden="true" /> : <VideoOff aria-hidden="true" />}</Toggle>
      <DeviceChoice kind="camera" devices={devices} value={props.camera} onChange={props.onCamera} />
      <Toggle on={audio} label={t("av.microphone")} onChange={props.onAudio}>{audio ? <Mic aria-hidden="true" /> : <MicOff aria-hidden="true" />}</Toggle>
      <DeviceChoice kind="microphone" devices={devices} value={props.microphone} onChange={props.onMicrophone} />
      <div class="level" role="meter" aria-label={t("av.level")} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * level)}>
        <span style={{ "--level": audio ? level : 0 }} />
      </div>
    </div>
  );
}

interface ToggleProps {
  readonly on: boolean;
  readonly label: string;
  readonly onChange: (on: boolean) => void;
  readonly children: ComponentChildren;
}

const Toggle = ({ on, label, onChange, children }: ToggleProps): JSX.Element => (
  <button class="icon-button device-toggle" role="switch" aria-checked={on} aria-label={label} title={label} onClick={() => onChange(!on)}>{children}</button>
);

interface DeviceChoiceProps {
  readonly kind: Device["kind"];
  readonly devices: readonly Device[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}

function DeviceChoice({ kind, devices, value, onChange }: DeviceChoiceProps): JSX.Element {
  // Without a label and an id it only says that there is one.
  const own = devices.filter((device) => device.kind === kind && device.id !== "" && device.id !== "default");
  return (
    <select class="input" aria-label={t(`av.${kind}`)} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
      <option value="">{t("av.device.system")}</option>
      {own.map((device, i) => <option key={device.id} value={device.id}>{device.label || t("av.device.unnamed", { n: i + 1 })}</option>)}
    </select>
  );
}
