// The media worker, a file of its own (build.mjs): puts the room's time into frames that leave, reads it from those that
// come, and ticks on while the page is hidden.
import { CaptureClock } from "./captureclock.ts";
import { readTime, withTime } from "./stamp.ts";
import type { FromWorker, ReceiveNews, SendNews, ToWorker, TransformOptions } from "./workermessages.ts";

/** The parts of a worker's global and of WebRTC encoded transform that the page's types do not have. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  onrtctransform: ((event: { readonly transformer: Transformer }) => void) | null;
  postMessage(message: FromWorker): void;
}

interface Transformer {
  readonly options: TransformOptions;
  readonly readable: ReadableStream<RTCEncodedVideoFrame>;
  readonly writable: WritableStream<RTCEncodedVideoFrame>;
}

const scope = self as unknown as WorkerScope;

let clock: { worker: number; room: number } | undefined;
let ticking: ReturnType<typeof setInterval> | undefined;

scope.onmessage = ({ data }) => {
  switch (data.kind) {
    case "ping":
      scope.postMessage({ kind: "pong", at: data.at, worker: performance.now() });
      break;
    case "clock":
      clock = data;
      break;
    case "tick":
      clearInterval(ticking);
      ticking = data.every > 0 ? setInterval(() => scope.postMessage({ kind: "tick" }), data.every) : undefined;
  }
};

scope.onrtctransform = ({ transformer }) => {
  const { role, port } = transformer.options;
  const through = new TransformStream(role === "send" ? stamping(port) : reading(port));
  // Ends with its sender or receiver; how does not matter, since there is nothing left to do then.
  transformer.readable.pipeThrough(through).pipeTo(transformer.writable).catch(() => port.close());
};

type Through = Transform<RTCEncodedVideoFrame>;
interface Transform<T> {
  transform(frame: T, controller: TransformStreamDefaultController<T>): void;
}

/** A frame that is not stamped here for want of a clock is stamped by the server (MED8). */
function stamping(port: MessagePort): Through {
  let delay = 0;
  const captures = new Map<number, CaptureClock>(); // by stream: the qualities of a camera have timestamps of their own
  const leftAt = ({ synchronizationSource: stream = 0, rtpTimestamp: rtp }: RTCEncodedVideoFrameMetadata): number => {
    const now = performance.now();
    if (rtp === undefined) return now;
    const clock = captures.get(stream) ?? new CaptureClock();
    captures.set(stream, clock);
    return clock.left(rtp, now);
  };
  port.onmessage = ({ data }: MessageEvent<SendNews>) => void (delay = data.delay);
  return {
    transform(frame, controller) {
      if (clock !== undefined) {
        const time = clock.room + (leftAt(frame.getMetadata()) - clock.worker - delay) * 1000;
        frame.data = withTime(new Uint8Array(frame.data), time).buffer as ArrayBuffer;
      }
      controller.enqueue(frame);
    },
  };
}

function reading(port: MessagePort): Through {
  return {
    transform(frame, controller) {
      const time = readTime(new Uint8Array(frame.data));
      const rtp = frame.getMetadata().rtpTimestamp;
      if (time !== undefined && rtp !== undefined) port.postMessage({ rtp, time } satisfies ReceiveNews);
      controller.enqueue(frame);
    },
  };
}
