import { Crop, Maximize, Square } from "lucide-preact";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Publisher } from "../../media/api.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";
import type { RoomState } from "../roomstate.ts";
import { FaultNote } from "./faultnote.tsx";
import { RegionPicker } from "./region.tsx";
import type { Region } from "./region.tsx";
import { StreamVideo } from "./video.tsx";

/** What is shared, all of it or a part, and how to stop. */
export function ScreenPanel({ room }: { readonly room: RoomState }): JSX.Element {
  const { screen } = room.av.media;
  const state = useObservable(screen.state).value;
  const stream = useObservable(screen.stream).value;
  const [picking, setPicking] = useState(false);
  return (
    <>
      <h2>{t("av.screen.title")}</h2>
      {state !== "off" && <p class="publish-state" data-state={state}>{t(state === "live" ? "av.screen.live" : `av.state.${state}`)}</p>}
      <FaultNote fault={useObservable(screen.fault).value} of="screen" />
      {picking && stream !== undefined
        ? <Picking room={room} stream={stream} onDone={() => setPicking(false)} />
        : <Sharing room={room} stream={stream} onPart={() => setPicking(true)} />}
      {state !== "off" && <Stop screen={screen} />}
    </>
  );
}

const Stop = ({ screen }: { readonly screen: Publisher }): JSX.Element => (
  <button class="button button-bad" onClick={() => screen.stop()}>
    <Square aria-hidden="true" />
    {t("av.screen.stop")}
  </button>
);

interface SharingProps {
  readonly room: RoomState;
  readonly stream: MediaStream | undefined;
  readonly onPart: () => void;
}

function Sharing({ room, stream, onPart }: SharingProps): JSX.Element | null {
  if (stream === undefined) return null;
  const part = room.av.region.value !== undefined;
  return (
    <>
      <div class="preview preview-screen"><StreamVideo stream={stream} label={t("av.screen")} /></div>
      {room.av.media.screen.crops && (
        <button class="button" onClick={onPart}>
          <Crop aria-hidden="true" />
          {t("av.screen.part")}
        </button>
      )}
      {part && (
        <button class="button" onClick={() => room.av.crop(undefined)}>
          <Maximize aria-hidden="true" />
          {t("av.screen.all")}
        </button>
      )}
    </>
  );
}

interface PickingProps {
  readonly room: RoomState;
  readonly stream: MediaStream;
  readonly onDone: () => void;
}

/**
 * Chooses a part over the picture. Once a part is shared, over how all of it looked before: showing all of it anew would
 * show it to everybody.
 */
function Picking({ room, stream, onDone }: PickingProps): JSX.Element {
  const { region: shared, still } = room.av;
  const [region, setRegion] = useState<Region>(shared.peek() ?? { x: 0.1, y: 0.1, w: 0.8, h: 0.8 });
  const place = useRef<HTMLDivElement>(null);
  const use = (): void => {
    const video = place.current?.querySelector("video");
    if (video !== null && video !== undefined) still.value = pictureOf(video);
    room.av.crop(region);
    onDone();
  };
  const old = shared.value === undefined ? undefined : still.value;
  return (
    <div ref={place} class="picking">
      <RegionPicker value={region} onChange={setRegion}>
        {old === undefined ? <StreamVideo stream={stream} label={t("av.screen")} /> : <img src={old} alt={t("av.screen")} draggable={false} />}
      </RegionPicker>
      <p class="hint">{t("av.screen.part.help")}</p>
      <div class="button-row">
        <button class="button button-main" onClick={use}>{t("av.screen.part.use")}</button>
        <button class="button" onClick={onDone}>{t("common.cancel")}</button>
      </div>
    </div>
  );
}

/** Width of the picture that is kept, px. */
const STILL_WIDTH = 960;

/** How a video looks now, as the address of a picture. */
function pictureOf(video: HTMLVideoElement): string | undefined {
  if (video.videoWidth === 0) return undefined;
  const canvas = document.createElement("canvas");
  canvas.width = STILL_WIDTH;
  canvas.height = Math.round((STILL_WIDTH * video.videoHeight) / video.videoWidth);
  canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.8);
}
