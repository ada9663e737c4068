// An encoder (ffmpeg) that pushes what a camera takes, late; the camera sees the screen of a page flash.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { JSHandle, Page } from "@playwright/test";

export interface Film {
  readonly width: number;
  readonly height: number;
  /** Pictures a second. */
  readonly fps: number;
  /** The n-th picture, grey, one byte a pixel; lit: the screen before the camera is bright. */
  picture(n: number, lit: boolean): Uint8Array;
}

/** A picture, and true time at which it was taken, ms since 1970. */
export interface Taken {
  readonly index: number;
  readonly at: number;
}

/** A screen shows what was painted with its next refresh, ms. */
const REFRESH = 1000 / 60;

/** Takes pictures from now on, and pushes each of them `late` ms after it was taken; that may change. */
export class Encoder {
  readonly taken: Taken[] = [];
  /** When the screen became bright, dark, bright …; true time, ms. */
  private readonly lights: number[] = [];
  private readonly process: ChildProcess;
  private readonly timer: NodeJS.Timeout;
  private pushed = 0;

  /** to: an RTMP URL, or an http one for MPEG-TS. */
  constructor(to: string, public late: number, private readonly film: Film) {
    const { width, height, fps } = film;
    this.process = spawn("ffmpeg", [
      "-v", "error", "-fflags", "nobuffer", "-thread_queue_size", "64",
      "-f", "rawvideo", "-pix_fmt", "gray", "-s", `${width}x${height}`, "-r", String(fps), "-i", "-",
      "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo",
      "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "1M", "-g", String(fps),
      "-c:a", "aac", "-b:a", "64k", "-flush_packets", "1", "-shortest",
      ...(to.startsWith("rtmp") ? ["-f", "flv"] : ["-method", "POST", "-f", "mpegts"]), to,
    ], { stdio: ["pipe", "ignore", "inherit"] });
    this.process.stdin?.on("error", () => {}); // it was stopped
    const start = performance.now();
    this.timer = setInterval(() => {
      for (let due = start + (this.taken.length * 1000) / fps; due <= performance.now(); due += 1000 / fps) {
        this.taken.push({ index: this.taken.length, at: performance.timeOrigin + due });
      }
      this.push(performance.timeOrigin + performance.now());
    }, 5);
  }

  /** From now on the camera sees a page's screen, which is bright while its calibration flashes; now: true time there, ms since 1970. */
  async look(page: Page, now: JSHandle<() => number>): Promise<void> {
    await page.exposeFunction("screenTurned", (at: number) => void this.lights.push(at + REFRESH / 2));
    await page.evaluate((clock) => {
      const painted = new MessageChannel();
      painted.port1.onmessage = () => (window as unknown as { screenTurned(at: number): void }).screenTurned(clock());
      let lit = false;
      const observer = new MutationObserver(() => {
        const now = document.querySelector(".flash.lit") !== null;
        if (now === lit) return;
        lit = now;
        // What is painted with this frame stands once its animation callbacks have run.
        requestAnimationFrame(() => painted.port2.postMessage(0));
      });
      observer.observe(document, { subtree: true, childList: true, attributeFilter: ["class"] });
    }, now);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.process.exitCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
  }

  private push(now: number): void {
    for (let next = this.taken[this.pushed]; next !== undefined && next.at + this.late <= now; next = this.taken[this.pushed]) {
      this.process.stdin?.write(this.film.picture(this.pushed++, this.lit(next.at)));
    }
  }

  private lit(at: number): boolean {
    return this.lights.filter((turned) => turned <= at).length % 2 === 1;
  }
}
