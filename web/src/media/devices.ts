import { Value } from "../sync/observable.ts";
import type { Device } from "./api.ts";

/** The cameras and microphones that there are; labels come once the person has allowed one. */
export class Devices {
  readonly list = new Value<readonly Device[]>([]);
  private readonly look = (): void => void this.refresh();

  constructor(private readonly devices: MediaDevices | undefined) {
    devices?.addEventListener("devicechange", this.look);
    this.look();
  }

  async refresh(): Promise<void> {
    const found = await this.devices?.enumerateDevices().catch(() => []);
    if (found !== undefined) this.list.set(devicesOf(found));
  }

  stop(): void {
    this.devices?.removeEventListener("devicechange", this.look);
  }
}

/** Of what a browser tells: cameras and microphones. */
export function devicesOf(found: readonly MediaDeviceInfo[]): Device[] {
  return found.flatMap(({ kind, deviceId: id, label }): Device[] => {
    if (kind === "videoinput") return [{ id, kind: "camera", label }];
    return kind === "audioinput" ? [{ id, kind: "microphone", label }] : [];
  });
}
