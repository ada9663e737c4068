// Pages with wrong clocks: what a device would have whose wall clock is off and whose crystal runs fast.

export interface WrongClock {
  /** The wall clock is off by so much, ms. */
  readonly offset: number;
  /** It runs fast by so many parts per million. */
  readonly ppm: number;
  /** So much later, ms, the wall clock is set by step, ms; 0: never. */
  readonly stepAfter: number;
  readonly step: number;
}

/** What the instrument itself needs: the clocks as they are. */
export interface TrueClock {
  /** True time, ms since 1970. */
  now(): number;
  /** True time of a time of the browser's own (captureTime …), ms. */
  of(time: number): number;
  /** True time of an event. */
  when(event: Event): number;
  /** requestVideoFrameCallback with the browser's own times. */
  frame(video: HTMLVideoElement, call: (metadata: VideoFrameCallbackMetadata) => void): void;
}

declare global {
  interface Window {
    trueClock: TrueClock;
  }
}

/**
 * Replaces the clocks of a page, and of its workers, before anything runs in it. Frame callbacks get times of the same wrong
 * clock, as on a device that has no other.
 */
export function bend({ offset, ppm, stepAfter, step }: WrongClock): void {
  const now = performance.now.bind(performance), origin = performance.timeOrigin;
  const factor = 1 + ppm / 1e6;
  const wrong = (time: number): number => time * factor;
  const RealDate = Date;
  const wall = (): number => origin + offset + wrong(now()) + (stepAfter > 0 && now() > stepAfter ? step : 0);
  performance.now = () => wrong(now());
  Object.defineProperty(performance, "timeOrigin", { get: () => origin + offset });
  Date.now = () => Math.floor(wall());
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[]) => Reflect.construct(target, args.length === 0 ? [Math.floor(wall())] : args) as object,
    apply: () => new RealDate(Math.floor(wall())).toString(),
  });
  if (typeof window === "undefined") return;
  const stamp = Object.getOwnPropertyDescriptor(Event.prototype, "timeStamp")?.get ?? (() => 0);
  Object.defineProperty(Event.prototype, "timeStamp", {
    get(this: Event) {
      return wrong(stamp.call(this) as number);
    },
  });
  const frame = HTMLVideoElement.prototype.requestVideoFrameCallback;
  window.trueClock = {
    now: () => origin + now(),
    of: (time) => origin + time,
    when: (event) => origin + (stamp.call(event) as number),
    frame: (video, call) => void frame.call(video, (_, metadata) => call(metadata)),
  };
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (call): number {
    return frame.call(this, (time, metadata) => {
      const bent: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(metadata as unknown as Record<string, unknown>)) {
        const isTime = name === "presentationTime" || name === "expectedDisplayTime" || name === "captureTime" || name === "receiveTime";
        bent[name] = isTime ? wrong(value as number) : value;
      }
      call(wrong(time), bent as unknown as VideoFrameCallbackMetadata);
    });
  };
  const animate = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (call) => animate((time) => call(wrong(time)));
  const RealWorker = Worker;
  globalThis.Worker = new Proxy(RealWorker, {
    construct: (target, [url, options]: [string | URL, WorkerOptions | undefined]) => {
      if (String(url).startsWith("blob:")) return Reflect.construct(target, [url, options]) as object; // timers: they are asked for no time
      const settings = JSON.stringify({ offset, ppm, stepAfter, step });
      const source = `(${bend.toString()})(${settings}); await import(${JSON.stringify(new URL(url, location.href).href)});`;
      // What is posted before the module has loaded must not be lost: the queue of a worker waits for its first task only.
      const early = "const early = []; const keep = (e) => early.push(e); addEventListener('message', keep); const transforms = []; addEventListener('rtctransform', (e) => transforms.push(e));";
      const late = "removeEventListener('message', keep); for (const e of early) dispatchEvent(new MessageEvent('message', { data: e.data, ports: [...e.ports] })); for (const e of transforms) globalThis.onrtctransform?.(e);";
      const blob = new Blob([early, source, late], { type: "text/javascript" });
      return Reflect.construct(target, [URL.createObjectURL(blob), { ...options, type: "module" }]) as object;
    },
  });
}
