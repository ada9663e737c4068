// The edge to a browser: everything of it that media need.
import { pageSignals } from "../sync/browser.ts";
import { Analyser } from "./analyser.ts";
import type { Support } from "./choice.ts";
import { cropper } from "./crop.ts";
import type { FrameWorker, MediaEnvironment } from "./environment.ts";
import type { FromWorker, TransformOptions } from "./workermessages.ts";

const WORKER = "/media-worker.js";
/** What most machines have where the browser does not say, ms. */
const OUTPUT_MS = 40;

export function browserMedia(): MediaEnvironment {
  const worker = new PageWorker();
  const loudspeaker = new Loudspeaker();
  const { mediaDevices: devices } = navigator as { mediaDevices?: MediaDevices };
  return {
    clock: {
      now: () => performance.now(),
      after: (ms, call) => {
        const timer = setTimeout(call, ms);
        return () => clearTimeout(timer);
      },
    },
    wall: () => performance.timeOrigin + performance.now(),
    random: () => Math.random(),
    signals: pageSignals(),
    support: support(),
    devices,
    peer: (configuration) => new RTCPeerConnection(configuration),
    codecs: (direction) => (direction === "send" ? RTCRtpSender : RTCRtpReceiver).getCapabilities("video")?.codecs ?? [],
    worker,
    live: {
      hls: async () => (await import("hls.js")).default,
      mpegts: async () => {
        const { default: mpegts } = await import("mpegts.js");
        mpegts.LoggingControl.enableAll = false; // it tells the console of each stream's parts
        return mpegts;
      },
    },
    element: () => document.createElement("video"),
    stream: (tracks) => new MediaStream([...tracks]),
    meter: (stream) => new Analyser(loudspeaker.audio, stream),
    crop: cropper(),
    outputDelay: () => loudspeaker.delay,
    gesture,
    leaving,
    close: () => {
      worker.close();
      loudspeaker.close();
    },
  };
}

function support(): Support {
  const h264 = (codecs: readonly RTCRtpCodec[]): boolean => codecs.some(({ mimeType }) => mimeType.toLowerCase() === "video/h264");
  return {
    webrtc: "RTCPeerConnection" in globalThis && h264(RTCRtpReceiver.getCapabilities("video")?.codecs ?? []),
    mse: "MediaSource" in globalThis && MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01F,mp4a.40.2"'),
    nativeHls: document.createElement("video").canPlayType("application/vnd.apple.mpegurl") !== "",
  };
}

/** One worker for all frames. */
class PageWorker implements FrameWorker {
  private readonly worker = new Worker(WORKER);

  post(message: object): void {
    this.worker.postMessage(message);
  }

  listen(listener: (message: FromWorker) => void): void {
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => listener(data));
  }

  transform(role: TransformOptions["role"], port: MessagePort): RTCRtpScriptTransform | undefined {
    if (!("RTCRtpScriptTransform" in globalThis)) return undefined;
    return new RTCRtpScriptTransform(this.worker, { role, port } satisfies TransformOptions, [port]);
  }

  close(): void {
    this.worker.terminate();
  }
}

/** Browsers let few audio contexts be: one for all, made when first used. */
class Loudspeaker {
  private context: AudioContext | undefined;

  get audio(): AudioContext {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") this.context.resume().catch(() => undefined); // at the next gesture
    return this.context;
  }

  /** ms. */
  get delay(): number {
    const { context } = this;
    return context?.state === "running" ? (context.outputLatency + context.baseLatency) * 1000 : OUTPUT_MS;
  }

  close(): void {
    this.context?.close().catch(() => undefined); // it is closed
  }
}

function leaving(call: () => void): () => void {
  const hidden = ({ persisted }: PageTransitionEvent): void => {
    if (!persisted) call();
  };
  window.addEventListener("pagehide", hidden);
  return () => window.removeEventListener("pagehide", hidden);
}

function gesture(call: () => void): () => void {
  const kinds = ["pointerup", "keydown"] as const;
  const stop = (): void => {
    for (const kind of kinds) document.removeEventListener(kind, once, { capture: true });
  };
  const once = (): void => {
    stop();
    call();
  };
  for (const kind of kinds) document.addEventListener(kind, once, { capture: true });
  return stop;
}
