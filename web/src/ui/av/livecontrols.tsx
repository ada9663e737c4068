import { Pause, Play, SkipForward } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Playing } from "../../media/api.ts";
import { t } from "../i18n.ts";
import { useObservable } from "../observe.ts";

export interface LiveControlsProps {
  readonly playing: Playing;
  /** Where it may be sought, s; undefined: nowhere. */
  readonly window: Playing["window"]["value"];
}

/** So near to now is live, s: what an HLS player keeps is about this. */
const LIVE = 10;

/** Of a live stream: pause, back and forth, and to what is live. What is at once can only be let go on, where it stands. */
export function LiveControls({ playing, window }: LiveControlsProps): JSX.Element | null {
  const paused = useObservable(playing.state).value === "paused";
  if (window === undefined && !paused) return null;
  const label = t(paused ? "live.resume" : "live.pause");
  return (
    <div class="live" role="group" aria-label={t("live.controls")}>
      <button class="icon-button" aria-label={label} title={label} onClick={() => (paused ? playing.resume() : playing.pause())}>
        {paused ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
      </button>
      {window !== undefined && <Seeking playing={playing} behind={window.behind} most={window.most} paused={paused} />}
    </div>
  );
}

interface SeekingProps {
  readonly playing: Playing;
  /** Seconds. */
  readonly behind: number;
  readonly most: number;
  readonly paused: boolean;
}

/** Where the slider has been dragged to, s behind, and whether it was let go there. */
interface Dragged {
  readonly to: number;
  readonly done: boolean;
}

function Seeking({ playing, behind, most, paused }: SeekingProps): JSX.Element {
  const n = Math.round(behind), range = Math.max(1, Math.round(most));
  // The stream goes on under the finger: what it is dragged to stands until the stream is there.
  const [dragged, setDragged] = useState<Dragged | undefined>(undefined);
  useEffect(() => setDragged((at) => (at?.done === true ? undefined : at)), [behind, most]);
  const shown = dragged?.to ?? n;
  return (
    <>
      <span class="live-seek">
        <input type="range" min={-range} max={0} step={1} value={-Math.min(shown, range)} aria-label={t("live.seek")} aria-valuetext={t("live.seek.value", { n: shown })}
          onInput={(e) => setDragged({ to: -Number(e.currentTarget.value), done: false })}
          onChange={(e) => {
            const to = -Number(e.currentTarget.value);
            setDragged({ to, done: true });
            playing.seek(to);
          }}
          onBlur={() => setDragged(undefined)} />
        {dragged?.done === false && <span class="live-target tabular" aria-hidden="true">{t("live.seek.value", { n: shown })}</span>}
      </span>
      {n > LIVE || paused ? (
        <button class="live-to" title={t("live.to-live")} onClick={() => {
          if (paused) playing.resume();
          playing.seek(0);
        }}>
          <SkipForward aria-hidden="true" />
          {t("live.to-live")}
        </button>
      ) : <span class="meta tabular">{n > 0 ? t("live.behind", { n }) : t("live.now")}</span>}
    </>
  );
}
