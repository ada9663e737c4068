// One's own screen, a window, a tab or a part of it.
import { Value } from "../sync/observable.ts";
import type { Publisher } from "./api.ts";
import type { Cropped, Region } from "./environment.ts";
import { Publishing } from "./publisher.ts";

/** Chromium's wishes beyond the standard. */
type Wishes = DisplayMediaStreamOptions & { readonly systemAudio: "include"; readonly surfaceSwitching: "include"; readonly selfBrowserSurface: "exclude" };

export class Screen extends Publishing implements Publisher {
  /** A screen has no devices to choose from: the browser asks. */
  readonly camera = new Value("");
  readonly microphone = new Value("");
  /** What is shared, of which picture is all or a part. */
  private whole: MediaStreamTrack | undefined;
  private cropped: Cropped | undefined;
  private region: Region | undefined;

  get crops(): boolean {
    return this.site.env.crop !== undefined;
  }

  start(what: { readonly video: boolean; readonly audio: boolean }): Promise<void> {
    if (this.state.value !== "off") return this.change(async () => undefined);
    this.state.set("starting");
    this.fault.set(undefined);
    return this.change(async (stale) => {
      const stream = await this.capture(what.audio);
      if (stale()) return stream.getTracks().forEach((track) => track.stop());
      this.take(stream);
      this.send();
    });
  }

  /** Off ends the sharing: browsers ask anew for each. */
  async setVideo(on: boolean): Promise<void> {
    if (!on) this.stop();
  }

  setAudio(on: boolean): Promise<void> {
    return this.change(async () => {
      if (this.sound === null) return;
      this.sound.enabled = on;
      this.send();
    });
  }

  async useCamera(): Promise<void> {}

  async useMicrophone(): Promise<void> {}

  crop(region: Region | undefined): void {
    if (!this.crops) return;
    this.region = region;
    if (this.whole === undefined) return;
    if (region !== undefined && this.cropped !== undefined) return this.cropped.move(region);
    this.picture = this.cut(this.whole);
    this.send();
  }

  override stop(): void {
    this.cropped?.stop();
    this.cropped = undefined;
    this.whole?.stop();
    this.whole = undefined;
    this.region = undefined;
    super.stop();
  }

  private take(stream: MediaStream): void {
    const [whole] = stream.getVideoTracks();
    this.whole = whole;
    this.sound = stream.getAudioTracks()[0] ?? null;
    if (whole === undefined) return;
    whole.contentHint = "detail";
    whole.addEventListener("ended", () => {
      if (this.whole === whole) this.stop(); // by the browser's own button
    });
    this.picture = this.cut(whole);
  }

  private cut(whole: MediaStreamTrack): MediaStreamTrack {
    this.cropped?.stop();
    this.cropped = this.region === undefined ? undefined : this.site.env.crop?.(whole, this.region);
    if (this.cropped === undefined) return whole;
    this.cropped.track.contentHint = "detail";
    return this.cropped.track;
  }

  private async capture(audio: boolean): Promise<MediaStream> {
    const { devices } = this.site.env;
    if (devices === undefined) throw new Error("no devices");
    const wishes: Wishes = { video: { frameRate: { ideal: 30, max: 30 } }, audio, systemAudio: "include", surfaceSwitching: "include", selfBrowserSurface: "exclude" };
    return devices.getDisplayMedia(wishes);
  }
}
