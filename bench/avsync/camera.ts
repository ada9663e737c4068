// The two cameras: a file that Chromium films in a loop, and an encoder that pushes what it films, late.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { CYCLE, FPS, HEIGHT, picture, WIDTH } from "./counter.ts";
import type { Taken } from "./score.ts";

/** Writes the film for --use-file-for-fake-video-capture: Motion JPEG, a cycle of numbers. */
export async function film(path: string): Promise<void> {
  const ffmpeg = spawn("ffmpeg", [
    "-v", "error", "-y", ...raw(), "-i", "-", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "4", "-f", "mjpeg", "-",
  ], { stdio: ["pipe", "pipe", "inherit"] });
  const written = once(ffmpeg.stdout.pipe(createWriteStream(path)), "finish");
  for (let n = 0; n < CYCLE; n++) if (!ffmpeg.stdin.write(picture(n))) await once(ffmpeg.stdin, "drain");
  ffmpeg.stdin.end();
  await written;
}

const raw = (): string[] => ["-f", "rawvideo", "-pix_fmt", "gray", "-s", `${WIDTH}x${HEIGHT}`, "-r", String(FPS)];

/** Films numbers from now on, 30 a second, and pushes each of them `late` ms after it was filmed. */
export class Encoder {
  readonly taken: Taken[] = [];
  private readonly process: ChildProcess;
  private readonly timer: NodeJS.Timeout;
  private pushed = 0;

  /** to: an RTMP URL, or an http one for MPEG-TS. */
  constructor(to: string, private readonly late: number) {
    this.process = spawn("ffmpeg", [
      "-v", "error", "-fflags", "nobuffer", "-thread_queue_size", "64", ...raw(), "-i", "-",
      "-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo",
      "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "1M", "-g", String(FPS),
      "-c:a", "aac", "-b:a", "64k", "-flush_packets", "1", "-shortest",
      ...(to.startsWith("rtmp") ? ["-f", "flv"] : ["-method", "POST", "-f", "mpegts"]), to,
    ], { stdio: ["pipe", "ignore", "inherit"] });
    this.process.stdin?.on("error", () => {}); // it was stopped
    const start = performance.now();
    this.timer = setInterval(() => {
      for (let due = start + (this.taken.length * 1000) / FPS; due <= performance.now(); due += 1000 / FPS) {
        this.taken.push({ index: this.taken.length, at: performance.timeOrigin + due });
      }
      const now = performance.timeOrigin + performance.now();
      for (let next = this.taken[this.pushed]; next !== undefined && next.at + this.late <= now; next = this.taken[this.pushed]) {
        this.process.stdin?.write(picture(this.pushed++ % CYCLE));
      }
    }, 5);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    if (this.process.exitCode !== null) return;
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
  }
}
