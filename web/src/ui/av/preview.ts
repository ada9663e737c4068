// Camera and microphone as their person sees and hears them before anybody else does.
import { signal } from "@preact/signals";
import { captureFault } from "../../media/faults.ts";
import type { Device, MediaFault } from "../../media/api.ts";

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
    const found = await devices.enumerateDevices();
    this.devices.value = found.flatMap(({ kind, deviceId: id, label }): Device[] =>
      kind === "videoinput" ? [{ id, kind: "camera", label }] : kind === "audioinput" ? [{ id, kind: "microphone", label }] : []);
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
  const analyser = new AnalyserNode(context, { fftSize: 1024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(wave);
    tell(loudness(wave));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}

/** From -60 dB of full scale, 0, to full scale, 1. */
function loudness(wave: Float32Array): number {
  const power = wave.reduce((sum, v) => sum + v * v, 0) / wave.length;
  return Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-12)) / 60));
}
