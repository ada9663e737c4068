// One's own camera and microphone as everybody knows them: off here is off at the server as well (MED6), so that nobody looks
// at a picture that stands still, and what others switched off is seen here.
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
  /** Went live, and the room has not told of it yet: switches of the time before do not count. */
  #fresh = false;
  readonly #stops: readonly (() => void)[];

  constructor(session: RoomSession, media: Media, set: (source: MediaSource, change: Switches) => Promise<void>) {
    this.#session = session;
    this.#media = media;
    this.#set = set;
    this.#stops = [
      media.camera.state.subscribe((state) => {
        if (state === "starting") this.#fresh = true;
        if (state === "off") this.#fresh = false;
      }),
      session.sources.subscribe(() => this.#begin()),
    ];
  }

  /** As the room knows it. */
  get source(): MediaSource | undefined {
    return this.#session.sources.value.find((s) => s.kind === "camera" && s.participant === this.#session.participant && (s.video || s.audio));
  }

  /** Whether the others see and hear one: on here, and not switched off by somebody who runs the class. */
  get on(): { readonly video: boolean; readonly audio: boolean } {
    const { source } = this, { video, audio } = this.#media.camera;
    return { video: video.value && source?.hidden !== true, audio: audio.value && source?.muted !== true };
  }

  async setVideo(on: boolean): Promise<void> {
    const { camera } = this.#media;
    if (on !== camera.video.value) await camera.setVideo(on);
    await this.#switch({ hidden: !camera.video.value });
  }

  async setAudio(on: boolean): Promise<void> {
    const { camera } = this.#media;
    if (on !== camera.audio.value) await camera.setAudio(on);
    await this.#switch({ muted: !camera.audio.value });
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  async #switch(change: Switches): Promise<void> {
    const { source } = this;
    if (source === undefined) return;
    const same = (change.muted ?? source.muted) === source.muted && (change.hidden ?? source.hidden) === source.hidden;
    if (!same) await this.#set(source, change);
  }

  #begin(): void {
    if (!this.#fresh || this.source === undefined) return;
    this.#fresh = false;
    const { video, audio } = this.#media.camera;
    void this.#switch({ hidden: !video.value, muted: !audio.value });
  }
}
