// What happens in the middle of a lesson: to its publisher, and to the pupil who looks on.
import type {} from "../../web/src/ui/diagnostics.ts";
import type { Encoder } from "./camera.ts";
import type { Someone } from "./pages.ts";
import { lookAway } from "../../web/e2e/support/tabs.ts";

/** Whom it happens to. */
export interface Cast {
  readonly teacher: Someone;
  readonly pupil: Someone;
  readonly encoder: Encoder | undefined;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export const EVENTS = {
  /** The camera goes, and comes back as a new publisher. */
  republish: async ({ teacher }: Cast): Promise<void> => {
    await teacher.page.evaluate(() => window.chalkline?.media.camera.stop());
    await pause(1500);
    await teacher.publish({ video: true, audio: true });
  },

  /** Another camera: here the same one under its own name, captured anew. */
  switch: ({ teacher }: Cast): Promise<void> =>
    teacher.page.evaluate(async () => {
      const { media } = window.chalkline ?? {};
      const other = media?.devices.value.find((device) => device.kind === "camera" && device.id !== media.camera.camera.value);
      if (other === undefined) throw new Error("there is one camera only");
      await media?.camera.useCamera(other.id);
    }),

  /** The teacher switches the camera off for 5 s; the sound goes on, and boards by it. */
  dark: async ({ teacher, pupil }: Cast): Promise<void> => {
    await teacher.pressCamera();
    await pause(5000);
    await pupil.goesOn(2000);
    await teacher.pressCamera();
  },

  /** No pictures come to the pupil for 6 s; the sound goes on, and boards stand with the picture. */
  frozen: async ({ pupil }: Cast): Promise<void> => {
    pupil.links.media.pictures = false;
    await pause(2000);
    await pupil.stands(4000);
    pupil.links.media.pictures = true;
  },

  /** The pupil looks at another tab for a minute. */
  hidden: ({ pupil }: Cast): Promise<void> => lookAway(pupil.page, () => pause(60_000)),

  /** The pupil pauses for 5 s, and goes on from there. */
  pause: async ({ pupil }: Cast): Promise<void> => {
    await pupil.page.evaluate(() => window.chalkline?.media.playing.value[0]?.pause());
    await pause(5000);
    await pupil.page.evaluate(() => window.chalkline?.media.playing.value[0]?.resume());
  },

  /** The pupil looks again at what was 6 s ago, and returns to now after 2 s, four times. */
  seek: async ({ pupil }: Cast): Promise<void> => {
    const by = (seconds: number): Promise<void> =>
      pupil.page.evaluate((s) => {
        const playing = window.chalkline?.media.playing.value[0];
        if (playing?.window.value === undefined) throw new Error("this cannot be seeked");
        playing.seek(playing.window.value.behind + s);
      }, seconds);
    for (let times = 0; times < 4; times++) {
      await by(6);
      await pause(2000);
      await by(-6);
      await pause(1500);
    }
  },

  /** The encoder's line is jammed for 45 s: all comes 3 s later. */
  jam: async ({ encoder }: Cast): Promise<void> => {
    if (encoder === undefined) throw new Error("there is no encoder");
    encoder.late += 3000;
    await pause(45_000);
    encoder.late -= 3000;
  },

  /** The pupil has no network for 10 s. */
  offline: async ({ pupil }: Cast): Promise<void> => {
    const links = Object.values(pupil.links);
    for (const link of links) link.online = false;
    await pause(10_000);
    for (const link of links) link.online = true;
  },
} as const;

export type EventName = keyof typeof EVENTS;
