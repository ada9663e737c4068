// The two cameras: a file that Chromium films in a loop, and an encoder that pushes what it films, late.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { Encoder as Filming } from "../../web/e2e/support/encoder.ts";
import { CYCLE, FPS, HEIGHT, picture, WIDTH } from "./counter.ts";

/** Writes the film for --use-file-for-fake-video-capture: Motion JPEG, a cycle of numbers. */
export async function film(path: string): Promise<void> {
  const ffmpeg = spawn("ffmpeg", [
    "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "gray", "-s", `${WIDTH}x${HEIGHT}`, "-r", String(FPS), "-i", "-", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "4", "-f", "mjpeg", "-",
  ], { stdio: ["pipe", "pipe", "inherit"] });
  const written = once(ffmpeg.stdout.pipe(createWriteStream(path)), "finish");
  for (let n = 0; n < CYCLE; n++) if (!ffmpeg.stdin.write(picture(n))) await once(ffmpeg.stdin, "drain");
  ffmpeg.stdin.end();
  await written;
}

/** Films numbers from now on, 30 a second, and the screen that they stand before, and pushes each picture `late` ms after it was taken. */
export class Encoder extends Filming {
  /** to: an RTMP URL, or an http one for MPEG-TS. */
  constructor(to: string, late: number) {
    super(to, late, { width: WIDTH, height: HEIGHT, fps: FPS, picture: (n, lit) => picture(n % CYCLE, lit) });
  }
}
