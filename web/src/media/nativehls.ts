// Plays HLS where the system does it (iPhone): it shows no stamps, so that the time is the playlist's date.
import { LiveDriver } from "./livedriver.ts";

/** Safari's own; others have none. */
type Dated = HTMLVideoElement & { getStartDate?(): Date };

export class NativeHlsDriver extends LiveDriver {
  readonly player = "hls";
  private detach: (() => void) | undefined;

  window(): { behind: number; most: number } | undefined {
    const { element } = this;
    const edge = this.edge();
    if (element === undefined || edge === undefined) return undefined;
    return { behind: Math.max(0, edge - element.currentTime), most: Math.max(0, edge - element.seekable.start(0)) };
  }

  protected async open(element: HTMLVideoElement, failed: (error: unknown) => void, stale: () => boolean): Promise<void> {
    const urls = await this.tokens.begin();
    if (stale()) return;
    const onError = (): void => failed(new Error(`native HLS: ${element.error?.message ?? "failed"}`));
    const onPlaying = (): void => this.works();
    element.addEventListener("error", onError);
    element.addEventListener("playing", onPlaying);
    this.detach = () => {
      element.removeEventListener("error", onError);
      element.removeEventListener("playing", onPlaying);
      element.removeAttribute("src");
      element.load();
    };
    element.src = urls.hls;
  }

  protected close(): void {
    this.detach?.();
    this.detach = undefined;
  }

  protected edge(): number | undefined {
    const { seekable } = this.element ?? {};
    return seekable === undefined || seekable.length === 0 ? undefined : seekable.end(seekable.length - 1);
  }

  protected bitrate(): undefined {
    return undefined;
  }

  protected override fallback(media: number): number | undefined {
    const start = (this.element as Dated | undefined)?.getStartDate?.().getTime();
    return start === undefined || Number.isNaN(start) ? undefined : (start + media * 1000) * 1000;
  }
}
