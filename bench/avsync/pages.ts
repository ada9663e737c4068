// The two people of the instrument: a teacher who draws in front of a camera, and a pupil whose page is watched frame by frame.
import type { Browser, BrowserContext, Page } from "@playwright/test";
import type {} from "../../web/src/ui/diagnostics.ts";
import type { Player } from "../../web/src/media/api.ts";
import { bend, type WrongClock } from "./clocks.ts";
import { readCounter } from "./counter.ts";
import { hearing, scale } from "./hearing.ts";
import type { Link } from "../../web/e2e/support/link.ts";
import { mediaThrough, relayed } from "../../web/e2e/support/medialine.ts";
import { openWindow } from "../../web/e2e/support/tabs.ts";

/** A number seen in the teacher's own preview, and true time of its capture, ms. */
export interface Filmed {
  readonly number: number;
  readonly at: number;
}

/** A frame that the pupil's page showed. */
export interface Watched {
  /** Seen in the video; -1: there is none. */
  readonly number: number;
  readonly strokes: number;
  /** Of them, those that were there while the shown time was that of sound. */
  readonly heard: number;
  /** True time, ms. */
  readonly at: number;
  /** The page's shown time, µs room time; 0: now. */
  readonly shown: number;
}

declare global {
  interface Window {
    readCounter: typeof readCounter;
    filmed: Filmed[];
    drew: number[];
    watched: Watched[];
  }
}

const VIEWPORT = { width: 1000, height: 700 };

/** Whose clocks are wrong, and how. */
export const TEACHER: WrongClock = { offset: 90_000, ppm: 200, stepAfter: 0, step: 0 };
export const PUPIL: WrongClock = { offset: -300_000, ppm: 0, stepAfter: 20_000, step: 2000 };

/** A browser with two cameras that show the film, and a microphone that hears the sound. */
export function launch(executable: string | undefined, film: string, sound: string): Promise<{ browser: Browser; tabs: BrowserContext }> {
  return openWindow({
    ...(executable === undefined ? { channel: "chromium" } : { executablePath: executable }),
    args: [
      "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
      "--autoplay-policy=no-user-gesture-required", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=2",
      `--use-file-for-fake-video-capture=${film}`, `--use-file-for-fake-audio-capture=${sound}`,
    ],
  });
}

/** The line of one person: to the server's own port (page, signalling, live streams), and to that of WebRTC. */
export interface Links {
  readonly site: Link;
  readonly media: Link;
}

export class Someone {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly name: string,
    readonly links: Links,
  ) {}

  /** Opens the start page, or a room's; everything goes through the links. plain: a browser without sender transforms. */
  static async open(context: BrowserContext, path: string, name: string, clock: WrongClock, links: Links, plain = false): Promise<Someone> {
    await context.grantPermissions(["camera", "microphone"]);
    await context.addInitScript(hearing, scale);
    await context.addInitScript(bend, clock);
    await context.addInitScript((who) => localStorage.setItem("chalkline.name", JSON.stringify(who)), name);
    await context.addInitScript(`window.readCounter = ${readCounter.toString()}; window.filmed = []; window.drew = []; window.watched = [];`);
    if (plain) await context.addInitScript(() => Reflect.deleteProperty(globalThis, "RTCRtpScriptTransform"));
    await signalThrough(context, links.site.port);
    await mediaThrough(context, () => links.media.port);
    const page = await context.newPage();
    await page.setViewportSize(VIEWPORT);
    page.on("pageerror", (error) => console.error(`${name}: ${error.message}`));
    await page.goto(`http://localhost:${links.site.port}${path}?diagnostics`);
    return new Someone(context, page, name, links);
  }

  async createRoom(): Promise<string> {
    await this.page.locator("#create").fill("avsync");
    await this.page.locator("#create").press("Enter");
    await this.page.waitForURL(/\/r\//);
    await this.synced();
    return new URL(this.page.url()).pathname;
  }

  async synced(): Promise<void> {
    await this.page.waitForFunction(() => window.chalkline?.connection.kind === "synced" && window.chalkline.page !== "", undefined, { timeout: 20_000 });
    await this.page.waitForSelector(".board canvas");
  }

  /** Rejects unless there is a session, and it has the round trip of its line: the way past it is shorter. Returns its route. */
  async onItsLine(): Promise<string> {
    const connection = await this.page.evaluate(() => window.chalkline?.connection);
    if (connection?.kind !== "synced") throw new Error(`${this.name}: there is no session`);
    const { route, rttMs } = connection;
    if (rttMs < this.links.site.roundTrip) throw new Error(`${this.name}: ${route} takes ${rttMs} ms there and back, its line ${this.links.site.roundTrip}`);
    return route;
  }

  /** Rejects unless media come through its line, or go, within a while. */
  async mediaOnItsLine(): Promise<void> {
    const { media } = this.links;
    const before = media.packets;
    for (let tries = 0; media.packets === before; tries++) {
      if (tries === 100) throw new Error(`${this.name}: no media on its line`);
      await this.page.waitForTimeout(100);
    }
  }

  /** Publishes the camera, the microphone, or both. */
  async publish(what: { readonly video: boolean; readonly audio: boolean }): Promise<void> {
    await this.page.evaluate(async (wanted) => {
      const camera = window.chalkline?.media.camera;
      await camera?.start(wanted);
      if (camera?.stream.value === undefined) throw new Error(`the camera did not start: ${JSON.stringify(camera?.fault.value)}`);
    }, what);
  }

  /** Leads: who is only heard does not by himself (STG2). */
  async lead(): Promise<void> {
    await this.page.evaluate(() => window.chalkline?.session.lead(window.chalkline.session.participant));
  }

  /** Rejects where the boards show now: strokes that come as fast as the media by chance are not aligned. */
  async isAligned(): Promise<void> {
    const { kind, shown } = await this.page.evaluate(() => ({ kind: window.chalkline?.alignment.kind, shown: window.chalkline?.shown() }));
    if (kind !== "aligned" || shown === "now") throw new Error(`${this.name}: the boards do not follow the media: ${kind}`);
  }

  /** Rejects unless the boards go on, by picture or sound, and are less behind than this, ms. */
  async goesOn(most: number): Promise<void> {
    const alignment = await this.page.evaluate(() => window.chalkline?.alignment);
    if (alignment?.kind === "aligned" && alignment.delay < most) return;
    throw new Error(`${this.name}: the boards do not go on: ${JSON.stringify(alignment)}`);
  }

  /** Rejects unless T stands for so long, ms. */
  async stands(ms: number): Promise<void> {
    const shown = (): Promise<number | "now" | undefined> => this.page.evaluate(() => window.chalkline?.shown());
    const before = await shown();
    await this.page.waitForTimeout(ms);
    const after = await shown();
    if (before !== after) throw new Error(`${this.name}: the boards went on, from ${before} to ${after} µs`);
  }

  /** Presses the page's switch of the camera. The mouse draws meanwhile. */
  async pressCamera(): Promise<void> {
    await this.page.getByRole("switch", { name: "Camera" }).dispatchEvent("click");
  }

  /** Notes when tones came into the microphone. */
  async record(): Promise<void> {
    await this.page.evaluate(async () => {
      const track = window.chalkline?.media.camera.stream.value?.getAudioTracks()[0]?.clone();
      if (track === undefined) throw new Error("there is no microphone to listen to");
      await window.hear(track, false);
    });
  }

  /** Notes which number was filmed when, from a copy of the camera's track, which keeps the film running. */
  async film(): Promise<void> {
    await this.page.evaluate(async () => {
      const track = window.chalkline?.media.camera.stream.value?.getVideoTracks()[0]?.clone();
      if (track === undefined) throw new Error("there is no camera to look at");
      const video = document.createElement("video"), canvas = document.createElement("canvas");
      video.muted = true;
      video.srcObject = new MediaStream([track]);
      video.style.cssText = "position:fixed;right:0;bottom:0;width:32px;z-index:9999;pointer-events:none";
      document.body.append(video);
      await video.play();
      const look = (): void => window.trueClock.frame(video, (metadata) => {
        look();
        const number = window.readCounter(video, canvas);
        if (number < 0) return;
        window.filmed.push({ number, at: metadata.captureTime === undefined ? window.trueClock.now() : window.trueClock.of(metadata.captureTime) });
      });
      look();
    });
  }

  /** Notes true times of strokes. */
  async noteStrokes(): Promise<void> {
    await this.page.evaluate(() => {
      const board = document.querySelector(".board");
      board?.addEventListener("pointerdown", (event) => window.drew.push(window.trueClock.when(event)), { capture: true });
    });
  }

  /** One short stroke, the i-th. */
  async draw(i: number): Promise<void> {
    const { mouse } = this.page;
    const x = 180 + (i % 20) * 30, y = 160 + (Math.floor(i / 20) % 10) * 40;
    await mouse.move(x, y);
    await mouse.down();
    await mouse.move(x + 12, y + 8);
    await mouse.up();
  }

  /** Plays the room's source. */
  async play(player: Player, aligned: boolean): Promise<void> {
    await this.page.waitForFunction(() => window.chalkline?.session.sources.value.some((s) => s.video || s.audio), undefined, { timeout: 20_000 });
    await this.page.evaluate(({ way, follow }) => {
      const { chalkline } = window;
      const source = chalkline?.session.sources.value.find((s) => s.video || s.audio);
      if (chalkline === undefined || source === undefined) throw new Error("nothing is published");
      chalkline.media.setAligned(follow);
      chalkline.media.play(source.number, { player: way });
    }, { way: player, follow: aligned });
  }

  /** Notes of each frame of the video which number it has and how many strokes are drawn, and when strokes come while a picture stands. */
  async watch(): Promise<void> {
    await this.page.waitForFunction(() => [...document.querySelectorAll("video")].some((v) => v.videoWidth > 0), undefined, { timeout: 40_000 });
    await this.page.evaluate(() => {
      const { chalkline } = window;
      if (chalkline === undefined) throw new Error("nothing is played");
      const canvas = document.createElement("canvas");
      const painted = new MessageChannel();
      const waiting: (() => void)[] = [];
      painted.port1.onmessage = () => waiting.shift()?.();
      const note = (video: HTMLVideoElement, at: number, stands: boolean): void => {
        const number = window.readCounter(video, canvas), shown = chalkline.shown();
        if (number < 0) return;
        // What is painted with this frame stands once its animation callbacks have run.
        requestAnimationFrame(() => {
          waiting.push(() => {
            if (window.trueClock.now() - at > 500) return; // the tab was hidden before it was painted
            const strokes = chalkline.drawn(chalkline.page).length;
            if (window.trueClock.now() - sounded < 500) heard = strokes; // alignment is told every 250 ms
            if (stands && (moved > at || strokes === window.watched.at(-1)?.strokes)) return; // the next picture is painted with them
            window.watched.push({ number, strokes, at, heard, shown: shown === "now" ? 0 : shown });
          });
          painted.port2.postMessage(0);
        });
      };
      let moved = 0, heard = 0, sounded = -Infinity;
      const look = (video: HTMLVideoElement): void => window.trueClock.frame(video, (metadata) => {
        look(video);
        moved = window.trueClock.now();
        note(video, window.trueClock.of(metadata.expectedDisplayTime), false);
      });
      // A picture that stands has no frames. Where sound says the time it says nothing of when strokes are due.
      const stand = (): void => void requestAnimationFrame(() => {
        const video = document.querySelector("video"), now = window.trueClock.now(), { alignment } = chalkline;
        const by = alignment.kind === "aligned" ? alignment.by : undefined;
        if (by === "sound") sounded = now;
        if (video !== null && now - moved > 100 && by === "video") note(video, now, true);
        stand();
      });
      stand();
      // A publisher that comes back is shown by another element.
      const known = new Set<HTMLVideoElement>();
      const find = (): void => {
        for (const video of document.querySelectorAll("video")) {
          if (video.videoWidth === 0 || known.has(video)) continue;
          known.add(video);
          look(video);
        }
      };
      find();
      setInterval(find, 100);
    });
  }

  /** Plays nothing. */
  async stopPlaying(): Promise<void> {
    await this.page.evaluate(() => {
      for (const playing of window.chalkline?.media.playing.value ?? []) playing.stop();
    });
  }

  /** Waits a while until so many strokes are drawn: else they are missed by whoever judges. */
  async shows(strokes: number): Promise<void> {
    await this.page.waitForFunction((n) => (window.watched.at(-1)?.strokes ?? 0) >= n, strokes, { timeout: 60_000 }).catch(() => {});
    await this.page.waitForTimeout(500);
  }

  /** Notes at each frame of the page how many strokes are drawn. */
  async look(): Promise<void> {
    await this.page.evaluate(() => {
      const { chalkline } = window;
      if (chalkline === undefined) throw new Error("no room is shown");
      const look = (): void => void requestAnimationFrame(() => {
        const strokes = chalkline.drawn(chalkline.page).length, shown = chalkline.shown();
        window.watched.push({ number: -1, strokes, at: window.trueClock.now(), heard: 0, shown: shown === "now" ? 0 : shown });
        look();
      });
      look();
    });
  }

  /** Listens to the tones, and looks. */
  async listen(): Promise<void> {
    await this.page.waitForFunction(() => window.sound !== undefined, undefined, { timeout: 20_000 });
    await this.page.evaluate(async () => {
      if (window.sound === undefined) throw new Error("nothing is played");
      await window.hear(window.sound, true);
    });
    await this.look();
  }
}

/** Sends a context's WebTransport through the port that the page came from, as WebSocket goes by itself. */
async function signalThrough(context: BrowserContext, port: number): Promise<void> {
  await relayed(context, "**/api/connect", async (route) => {
    const response = await route.fetch();
    const info = (await response.json()) as { webtransport: string };
    const webtransport = new URL(info.webtransport);
    webtransport.port = String(port);
    await route.fulfill({ response, json: { ...info, webtransport } });
  });
}
