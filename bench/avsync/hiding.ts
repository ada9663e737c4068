// A tab that is hidden, for browsers without a screen, which show every tab: the page is told that it is hidden, gets no frames,
// and its timers run once a second.

declare global {
  interface Window {
    hide(on: boolean): void;
  }
}

/** Gives a page window.hide; runs before anything else in it. */
export function hiding(): void {
  if (window !== window.top) return;
  let hidden = false;
  const held: (() => void)[] = [];
  /** Calls now, or once the tab is seen again. */
  const whenSeen = (call: () => void): void => void (hidden ? held.push(call) : call());

  const frame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (call) => frame((time) => whenSeen(() => call(time)));
  const videoFrame = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (call): number {
    return videoFrame.call(this, (time, metadata) => whenSeen(() => call(time, metadata)));
  };
  const timeout = window.setTimeout.bind(window) as (call: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => number;
  window.setTimeout = ((call: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => timeout(call, hidden ? Math.max(ms, 1000) : ms, ...args)) as typeof window.setTimeout;

  Object.defineProperty(document, "visibilityState", { get: () => (hidden ? "hidden" : "visible") });
  Object.defineProperty(document, "hidden", { get: () => hidden });
  window.hide = (on) => {
    hidden = on;
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    if (!on) for (const call of held.splice(0)) call();
  };
}
