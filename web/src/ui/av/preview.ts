// Camera and microphone as their person sees and hears them before anybody else does.
import { signal } from "@preact/signals";
import { Analyser } from "../../media/analyser.ts";
import type { Device, MediaFault } from "../../media/api.ts";
import { devicesOf } from "../../media/devices.ts";
import { captureFault } from "../../media/faults.ts";

/** So often the loudness is looked at, ms. */
const EVERY_MS = 100;

export interface Choice {
  /** Device ids, "": the system's; undefined: off. */
  readonly camera: string | undefined;
  readonly microphone: string | undefined;
}

export class Preview {
  readonly stream = signal<MediaStream | undefined>(undefined);
  readonly fault = signal<MediaFault | undefined>(undefined);
  /** 0 … 1. */
  readonly level = signal(0);
  readonly devices = signal<readonly Device[]>([]);
  #attempt = 0;
  #stopMeter: () => void = () => undefined;

  /** Shows what would be published, in place of what was shown before. */
  async open({ camera, microphone }: Choice): Promise<void> {
    this.close();
    this.fault.value = undefined;
    const attempt = this.#attempt;
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices === undefined) return void (this.fault.value = { kind: "insecure" });
    if (camera === undefined && microphone === undefined) return;
    try {
      const stream = await devices.getUserMedia({
        ...(camera === undefined ? {} : { video: { ...which(camera), width: { ideal: 1280 }, height: { ideal: 720 } } }),
        ...(microphone === undefined ? {} : { audio: which(microphone) }),
      });
      if (attempt !== this.#attempt) return stop(stream);
      this.stream.value = stream;
      this.#stopMeter = meter(stream, (level) => (this.level.value = level));
      await this.#look(devices);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      const fault = captureFault(error, true);
      this.fault.value = fault;
      // The one that was asked for is gone: there may be others.
      if (fault.kind === "no-device") await this.#look(devices).catch(() => undefined);
    }
  }

  close(): void {
    this.#attempt++;
    this.#stopMeter();
    this.#stopMeter = () => undefined;
    if (this.stream.peek() !== undefined) stop(this.stream.peek());
    this.stream.value = undefined;
    this.level.value = 0;
  }

  /** Labels are there once a device was allowed. */
  async #look(devices: MediaDevices): Promise<void> {
    this.devices.value = devicesOf(await devices.enumerateDevices());
  }
}

const which = (device: string): MediaTrackConstraints => (device === "" ? {} : { deviceId: { exact: device } });

function stop(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Tells how loud a stream is until the function returned is called. */
function meter(stream: MediaStream, tell: (level: number) => void): () => void {
  if (stream.getAudioTracks().length === 0) return () => undefined;
  const context = new AudioContext();
  const analyser = new Analyser(context, stream);
  const timer = setInterval(() => tell(analyser.level()), EVERY_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
