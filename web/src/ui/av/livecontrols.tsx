import { Pause, Play, SkipForward } from "lucide-preact";
import type { JSX } from "preact";
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

function Seeking({ playing, behind, most, paused }: SeekingProps): JSX.Element {
  const n = Math.round(behind), range = Math.max(1, Math.round(most));
  return (
    <>
      <input type="range" min={-range} max={0} step={1} value={-Math.min(n, range)} aria-label={t("live.seek")} aria-valuetext={t("live.seek.value", { n })}
        onChange={(e) => playing.seek(-Number(e.currentTarget.value))} />
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
