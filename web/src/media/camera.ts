// One's own camera and microphone.
import { Value } from "../sync/observable.ts";
import type { Publisher } from "./api.ts";
import { captureFault } from "./faults.ts";
import { Publishing } from "./publisher.ts";

type Kind = "video" | "audio";

export class Camera extends Publishing implements Publisher {
  readonly camera = new Value("");
  readonly microphone = new Value("");
  readonly crops = false;

  start(what: { readonly video: boolean; readonly audio: boolean }): Promise<void> {
    if (this.state.value !== "off") return this.change(async () => undefined);
    this.state.set("starting");
    this.fault.set(undefined);
    return this.change(async (stale) => {
      const stream = await this.capture({
        ...(what.video ? { video: this.wish("video") } : {}),
        ...(what.audio ? { audio: this.wish("audio") } : {}),
      });
      if (stale()) return stream.getTracks().forEach((track) => track.stop());
      for (const track of stream.getTracks()) this.take(track);
      this.send();
    });
  }

  setVideo(on: boolean): Promise<void> {
    return this.change(async (stale) => {
      if (this.state.value === "off" || on === (this.picture !== null)) return;
      if (on) await this.open("video", stale);
      else this.drop("video");
    });
  }

  /** Off keeps the microphone, so that it is back at once. */
  setAudio(on: boolean): Promise<void> {
    return this.change(async (stale) => {
      if (this.state.value === "off") return;
      if (on && this.sound === null) return this.open("audio", stale);
      if (this.sound === null) return;
      this.sound.enabled = on;
      this.send();
    });
  }

  useCamera(device: string): Promise<void> {
    return this.use("video", this.camera, device);
  }

  useMicrophone(device: string): Promise<void> {
    return this.use("audio", this.microphone, device);
  }

  /** Cameras show all they have. */
  crop(): void {}

  private use(kind: Kind, chosen: Value<string>, device: string): Promise<void> {
    const before = chosen.value;
    chosen.set(device);
    return this.change(async (stale) => {
      if (this.track(kind) === null) return;
      try {
        await this.open(kind, stale);
      } catch (error) {
        chosen.set(before); // what was in use goes on
        if (this.track(kind)?.readyState === "ended") await this.open(kind, stale).catch(() => stale() || this.drop(kind));
        throw error;
      }
    });
  }

  private async open(kind: Kind, stale: () => boolean): Promise<void> {
    const open = (): Promise<MediaStream> => this.capture({ [kind]: this.wish(kind) });
    const stream = await open().catch((error: unknown) => {
      const held = this.track(kind);
      if (held === null || captureFault(error, true).kind !== "in-use") throw error;
      this.release(held); // phones open one camera at a time
      return open();
    });
    if (stale()) return stream.getTracks().forEach((track) => track.stop());
    const on = this.track(kind)?.enabled ?? true;
    for (const track of stream.getTracks()) {
      track.enabled = on;
      this.release(this.track(kind));
      this.take(track);
    }
    this.fault.set(undefined);
    this.send();
  }

  private drop(kind: Kind): void {
    this.release(this.track(kind));
    if (kind === "video") this.picture = null;
    else this.sound = null;
    this.send();
  }

  private take(track: MediaStreamTrack): void {
    const kind: Kind = track.kind === "video" ? "video" : "audio";
    if (kind === "video") {
      track.contentHint = "motion";
      this.picture = track;
    } else this.sound = track;
    // Unplugged, or taken away by the system: the other one goes on.
    track.addEventListener("ended", () => {
      if (this.track(kind) !== track) return;
      this.fault.set({ kind: "no-device" });
      this.drop(kind);
    });
  }

  private track(kind: Kind): MediaStreamTrack | null {
    return kind === "video" ? this.picture : this.sound;
  }

  private wish(kind: Kind): MediaTrackConstraints {
    const device = kind === "video" ? this.camera.value : this.microphone.value;
    const which = device === "" ? {} : { deviceId: { exact: device } };
    if (kind === "audio") return { ...which, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    return { ...which, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  }

  private async capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
    const { devices } = this.site.env;
    if (devices === undefined) throw new Error("no devices");
    return devices.getUserMedia(constraints);
  }
}
