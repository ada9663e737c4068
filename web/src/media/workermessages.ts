// What the page and its worker tell each other.

/**
 * To the worker. ping is answered; clock: at the worker's time worker (performance.now(), ms) room time is room, µs; tick:
 * whether it is to tick.
 */
export type ToWorker =
  | { readonly kind: "ping"; readonly at: number }
  | { readonly kind: "clock"; readonly worker: number; readonly room: number }
  | { readonly kind: "tick"; readonly every: number };

/** From the worker. pong: the ping's at, and the worker's time when it came. */
export type FromWorker = { readonly kind: "pong"; readonly at: number; readonly worker: number } | { readonly kind: "tick" };

/** What a transform is made with. */
export interface TransformOptions {
  readonly role: "send" | "receive";
  readonly port: MessagePort;
}

/** To a sender's transform: how long frames take from the camera to it at best, ms. */
export interface SendNews {
  readonly delay: number;
}

/** From a receiver's transform: the frame with this RTP timestamp has this stamp, µs. */
export interface ReceiveNews {
  readonly rtp: number;
  readonly time: number;
}
