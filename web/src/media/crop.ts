// A part of a shared screen as a track of its own. Browsers crop to elements of the page's own tab only (cropTo), so that
// frames are cut here, by track processors.
import type { Cropped, Region } from "./environment.ts";

/** The parts of Chromium's mediacapture-transform that the page's types do not have. */
interface Processors {
  MediaStreamTrackProcessor?: new (init: { track: MediaStreamTrack; maxBufferSize: number }) => { readonly readable: ReadableStream<VideoFrame> };
  MediaStreamTrackGenerator?: new (init: { kind: "video" }) => MediaStreamTrack & { readonly writable: WritableStream<VideoFrame> };
}

interface Cut {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** No part is smaller, px: encoders want some. */
const LEAST = 32;

/** The pixels of a region of a picture: even, as 4:2:0 wants it, and inside. */
function cutOf(region: Region, width: number, height: number): Cut {
  const even = (value: number): number => Math.floor(value / 2) * 2;
  const side = (from: number, part: number, whole: number): [number, number] => {
    const size = Math.min(even(whole), Math.max(LEAST, even(Math.min(1, Math.max(0, part)) * whole)));
    return [Math.max(0, Math.min(even(Math.max(0, from) * whole), even(whole - size))), size];
  };
  const [x, w] = side(region.x, region.w, width);
  const [y, h] = side(region.y, region.h, height);
  return { x, y, width: w, height: h };
}

/** What crops tracks; undefined where the browser has no track processors. A canvas would stand still while the page is hidden. */
export function cropper(): ((track: MediaStreamTrack, region: Region) => Cropped) | undefined {
  const { MediaStreamTrackProcessor: Processor, MediaStreamTrackGenerator: Generator } = globalThis as Processors;
  if (Processor === undefined || Generator === undefined) return undefined;
  return (track, region) => crop(region, new Processor({ track, maxBufferSize: 2 }).readable, new Generator({ kind: "video" }));
}

function crop(first: Region, frames: ReadableStream<VideoFrame>, out: MediaStreamTrack & { readonly writable: WritableStream<VideoFrame> }): Cropped {
  let region = first;
  const over = new AbortController();
  const cut = new TransformStream<VideoFrame, VideoFrame>({
    transform(frame, controller) {
      try {
        controller.enqueue(new VideoFrame(frame, { visibleRect: cutOf(region, frame.codedWidth, frame.codedHeight), timestamp: frame.timestamp }));
      } finally {
        frame.close();
      }
    },
  });
  frames.pipeThrough(cut, { signal: over.signal }).pipeTo(out.writable, { signal: over.signal }).catch(() => out.stop()); // the sharing ended
  return {
    track: out,
    move: (next) => void (region = next),
    stop() {
      over.abort();
      out.stop();
    },
  };
}
