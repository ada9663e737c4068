// One's own camera and microphone as everybody knows them: while live, off here is off at the server as well (MED6), so that
// nobody looks at a picture that stands still, and what others switched off is seen here.
import type { Media } from "../../media/api.ts";
import type { MediaSource, RoomSession } from "../../sync/api.ts";

export interface Switches {
  readonly muted?: boolean;
  readonly hidden?: boolean;
}

export class OwnCamera {
  readonly #session: RoomSession;
  readonly #media: Media;
  readonly #set: (source: MediaSource, change: Switches) => Promise<void>;
  /** What was switched on here, and is to be put back at the server, whoever took it off there: by going live all of it. */
  readonly #back = new Set<keyof Switches>();
  /** What the server was asked and has not answered. */
  #asked: Switches = {};
  #asking = Promise.resolve();
  readonly #stops: readonly (() => void)[];

  constructor(session: RoomSession, media: Media, set: (source: MediaSource, change: Switches) => Promise<void>) {
    this.#session = session;
    this.#media = media;
    this.#set = set;
    const { state, video, audio } = media.camera;
    const follow = (): void => this.#follow();
    this.#stops = [
      state.subscribe((now) => {
        if (now === "starting") this.#back.add("hidden").add("muted");
        if (now === "off") this.#back.clear();
        follow();
      }),
      ...[video, audio].map((on) => on.subscribe(follow)),
      session.sources.subscribe(follow),
    ];
  }

  /** As the room knows it. */
  get source(): MediaSource | undefined {
    return this.#session.sources.value.find((s) => s.kind === "camera" && s.participant === this.#session.participant && (s.video || s.audio));
  }

  /** Whether the others see and hear one: on here, and not switched off by somebody who runs the class. */
  get on(): { readonly video: boolean; readonly audio: boolean } {
    const { hidden, muted } = this.#switches, { video, audio } = this.#media.camera;
    return { video: video.value && hidden !== true, audio: audio.value && muted !== true };
  }

  async setVideo(on: boolean): Promise<void> {
    const { camera } = this.#media;
    if (on !== camera.video.value) await camera.setVideo(on);
    if (on) this.#back.add("hidden");
    this.#follow();
    await this.#asking;
  }

  async setAudio(on: boolean): Promise<void> {
    const { camera } = this.#media;
    if (on !== camera.audio.value) await camera.setAudio(on);
    if (on) this.#back.add("muted");
    this.#follow();
    await this.#asking;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  /** At the server, once it has done what it was asked. */
  get #switches(): Switches {
    return { ...this.source, ...this.#asked };
  }

  /** Asks for what is to change. Until one is live the source that is listed is of before. */
  #follow(): void {
    const { source } = this, { state, video, audio } = this.#media.camera;
    if (source === undefined || state.value !== "live") return;
    const changes = ([["hidden", video.value], ["muted", audio.value]] as const)
      .filter(([name, on]) => (on ? this.#back.has(name) : this.#switches[name] !== true))
      .map(([name, on]) => [name, !on]);
    this.#back.clear();
    if (changes.length > 0) this.#ask(source, Object.fromEntries(changes) as Switches);
  }

  /** One request after the other, so that the last one holds. */
  #ask(source: MediaSource, change: Switches): void {
    const asked = (this.#asked = { ...this.#asked, ...change });
    this.#asking = this.#asking.then(() => this.#set(source, change)).then(() => {
      if (this.#asked === asked) this.#asked = {};
    });
  }
}
