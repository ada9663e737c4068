// Finds out how late a stream is: the screen flashes, the encoder films it, and the page watches for it in the stream.
import type { Playing } from "../../media/api.ts";
import type { Alignment } from "../../sync/api.ts";
import { delayOf, jumps } from "./calibration.ts";
import type { Bright } from "./calibration.ts";

/** When flashes begin, ms from the start: uneven, so that each is known by its neighbours. */
const FLASHES = [1500, 2700, 4400, 5900, 7800] as const;
const LIT_MS = 350;
/** An HLS player may be so far behind, and its encoder on top, ms. */
const PATIENCE_MS = 25_000;
/** Size of the picture whose brightness is measured, px. */
const SAMPLE = { width: 32, height: 18 } as const;

export const FLASH_COUNT = FLASHES.length;

export interface FlashHost {
  readonly playing: Playing;
  readonly video: HTMLVideoElement;
  readonly clock: Alignment;
  /** What the stream is calibrated to while it is measured, µs. */
  readonly offset: number;
  /** Lights the screen up, or not; it is drawn with the next frame. */
  light(on: boolean): void;
  /** So many flashes have been shown. */
  flashed(count: number): void;
}

/** Resolves with the delay in µs; undefined: it was not found, or the signal has come. */
export async function measure(host: FlashHost, signal: AbortSignal): Promise<number | undefined> {
  const frames: Bright[] = [];
  const stop = watch(host.video, host.playing, frames);
  try {
    const shown = await show(host, signal);
    const end = performance.now() + PATIENCE_MS;
    while (!signal.aborted && performance.now() < end) {
      const found = jumps(frames);
      const delay = delayOf(shown, found, host.offset);
      // All of them, or what has come by the end.
      if (delay !== undefined && found.length >= shown.length) return delay;
      await wait(200, signal);
    }
    return signal.aborted ? undefined : delayOf(shown, jumps(frames), host.offset);
  } finally {
    stop();
    host.light(false);
  }
}

/** Shows the flashes; returns their times, µs room time. */
async function show(host: FlashHost, signal: AbortSignal): Promise<number[]> {
  const begun = performance.now();
  const times: number[] = [];
  for (const at of FLASHES) {
    await wait(begun + at - performance.now(), signal);
    if (signal.aborted) break;
    host.light(true);
    // Drawn in the first frame, on the screen with the next.
    times.push(host.clock.at(await nextFrame(2)));
    host.flashed(times.length);
    await wait(LIT_MS, signal);
    host.light(false);
  }
  return times;
}

function nextFrame(count: number): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame((at) => (count === 1 ? resolve(at) : resolve(nextFrame(count - 1)))));
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, ms));
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** Notes brightness and stamp of each frame until the function returned is called. */
function watch(video: HTMLVideoElement, playing: Playing, frames: Bright[]): () => void {
  const context = new OffscreenCanvas(SAMPLE.width, SAMPLE.height).getContext("2d", { willReadFrequently: true });
  let stopped = false;
  const look = (): void => void video.requestVideoFrameCallback(() => {
    if (stopped || context === null) return;
    context.drawImage(video, 0, 0, SAMPLE.width, SAMPLE.height);
    const level = brightness(context.getImageData(0, 0, SAMPLE.width, SAMPLE.height).data);
    // The player's own callback for this frame may come after this one; before the next painting both have been.
    requestAnimationFrame(() => {
      const at = playing.time();
      if (at !== undefined) frames.push({ at, level });
    });
    look();
  });
  look();
  return () => {
    stopped = true;
  };
}

function brightness(pixels: Uint8ClampedArray): number {
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) sum += 0.3 * (pixels[i] ?? 0) + 0.59 * (pixels[i + 1] ?? 0) + 0.11 * (pixels[i + 2] ?? 0);
  return (4 * sum) / pixels.length;
}
