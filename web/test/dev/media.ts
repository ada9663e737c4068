// Media without a server: pictures that the page draws itself, moved by script.
import type { Alignment, Device, Figures, Media, MediaFault, Player, Playing, Publisher } from "../../src/media/api.ts";
import { Value } from "../../src/sync/observable.ts";
import type { FakeRoom } from "./fake.ts";

/** A picture that moves: a colour, a word, a counter. */
function film(word: string, hue: number): MediaStream {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 360;
  const context = canvas.getContext("2d");
  let n = 0;
  const draw = (): void => {
    if (context === null) return;
    context.fillStyle = `hsl(${hue} 35% 32%)`;
    context.fillRect(0, 0, 640, 360);
    context.fillStyle = "#fff";
    context.font = "64px system-ui";
    context.fillText(`${word} ${n++}`, 40, 200);
  };
  draw();
  setInterval(draw, 200);
  return canvas.captureStream(5);
}

class FakePublisher implements Publisher {
  readonly state = new Value<Publisher["state"]["value"]>("off");
  readonly fault = new Value<MediaFault | undefined>(undefined);
  readonly stream = new Value<MediaStream | undefined>(undefined);
  readonly level = new Value(0);
  readonly video = new Value(false);
  readonly audio = new Value(false);
  readonly camera = new Value("");
  readonly microphone = new Value("");
  readonly crops = true;
  region: unknown;

  constructor(
    readonly kind: Publisher["kind"],
    private readonly room: FakeRoom,
  ) {}

  async start(what: { readonly video: boolean; readonly audio: boolean }): Promise<void> {
    this.stream.set(film(this.kind, 150));
    this.video.set(what.video);
    this.audio.set(what.audio);
    this.level.set(0.4);
    this.state.set("live");
    this.#tell();
  }

  async setVideo(on: boolean): Promise<void> {
    this.video.set(on);
    this.#tell();
  }

  async setAudio(on: boolean): Promise<void> {
    this.audio.set(on);
    this.#tell();
  }

  async useCamera(device: string): Promise<void> {
    this.camera.set(device);
  }

  async useMicrophone(device: string): Promise<void> {
    this.microphone.set(device);
  }

  crop(region: unknown): void {
    this.region = region;
  }

  stop(): void {
    this.stream.set(undefined);
    this.video.set(false);
    this.audio.set(false);
    this.state.set("off");
    this.#tell();
  }

  #tell(): void {
    this.room.publish({ participant: "p1", kind: this.kind, video: this.video.value, audio: this.audio.value });
  }
}

class FakePlaying implements Playing {
  readonly player = new Value<Player>("webrtc");
  readonly state = new Value<Playing["state"]["value"]>("playing");
  readonly fault = new Value<MediaFault | undefined>(undefined);
  readonly blocked = new Value(false);
  readonly window = new Value<Playing["window"]["value"]>(undefined);
  readonly element = document.createElement("video");
  volume = 1;

  constructor(
    readonly source: number,
    private readonly ended: () => void,
  ) {
    this.element.muted = true;
    this.element.srcObject = film(String(source), (source * 67) % 360);
    const play = (): void => void this.element.play().catch(() => undefined); // it ended
    this.element.addEventListener("pause", play);
    play();
  }

  setVolume(volume: number): void {
    this.volume = volume;
  }

  pause(): void {
    this.state.set("paused");
  }

  resume(): void {
    this.blocked.set(false);
    this.state.set("playing");
  }

  time(): number | undefined {
    return undefined;
  }

  seek(behind: number): void {
    const { value } = this.window;
    if (value !== undefined) this.window.set({ ...value, behind });
  }

  stop(): void {
    this.ended();
  }
}

/** What a script sets is what the page shows. */
export class FakeMedia implements Media {
  readonly camera: FakePublisher;
  readonly screen: FakePublisher;
  readonly devices = new Value<readonly Device[]>([{ id: "c1", kind: "camera", label: "HD Webcam" }, { id: "m1", kind: "microphone", label: "USB Microphone" }]);
  readonly playing = new Value<readonly FakePlaying[]>([]);
  readonly alignment = new Value<Alignment>({ kind: "none" });
  aligned = true;
  /** How often the person was said to write. */
  written = 0;
  table: readonly Figures[] = [];

  constructor(room: FakeRoom) {
    this.camera = new FakePublisher("camera", room);
    this.screen = new FakePublisher("screen", room);
  }

  play(source: number): FakePlaying {
    const played = this.playing.value.find((playing) => playing.source === source);
    if (played !== undefined) return played;
    const playing: FakePlaying = new FakePlaying(source, () => this.playing.set(this.playing.value.filter((other) => other !== playing)));
    this.playing.set([...this.playing.value, playing]);
    return playing;
  }

  setAligned(on: boolean): void {
    this.aligned = on;
  }

  writes(): void {
    this.written++;
  }

  async figures(): Promise<readonly Figures[]> {
    return this.table;
  }

  players(source: { readonly live: boolean }): readonly Player[] {
    return source.live ? ["webrtc", "httpts", "hls"] : ["webrtc"];
  }

  stop(): void {
    return;
  }
}
