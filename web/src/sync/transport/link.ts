// One connection to the server, whichever way it travels (SES2, SES3).
import type { Route } from "../api.ts";

/** What a connection is good for. All methods may be called at any time and do nothing once it is closed. */
export interface Link {
  readonly route: Route;
  /** Sends framed messages on the control stream, in order. */
  send(framed: Uint8Array<ArrayBuffer>): void;
  /** Sends one datagram; it may get lost. */
  sendDatagram(message: Uint8Array<ArrayBuffer>): void;
  /** Closes with a code (SES9); events end at once. */
  close(code: number): void;
}

/** What a connection tells; nothing after closed. Messages are given without their length, whole and per stream in order. */
export interface LinkEvents {
  opened(): void;
  control(message: Uint8Array): void;
  /** A message of a stream that the server opened; stream tells them apart. */
  document(stream: number, message: Uint8Array): void;
  datagram(message: Uint8Array): void;
  /** It is gone: closed by the server with a code, or 0 where it broke. */
  closed(code: number): void;
}

/** Begins to open a connection. */
export type OpenLink = (events: LinkEvents) => Link;

/** Events that stop at the first closed or when they are muted, so that no implementation has to think of it. */
export class Once implements LinkEvents {
  private over = false;

  constructor(private readonly to: LinkEvents) {}

  /** True once the connection is over. */
  get ended(): boolean {
    return this.over;
  }

  mute(): void {
    this.over = true;
  }

  opened(): void {
    if (!this.over) this.to.opened();
  }

  control(message: Uint8Array): void {
    if (!this.over) this.to.control(message);
  }

  document(stream: number, message: Uint8Array): void {
    if (!this.over) this.to.document(stream, message);
  }

  datagram(message: Uint8Array): void {
    if (!this.over) this.to.datagram(message);
  }

  closed(code: number): void {
    if (this.over) return;
    this.over = true;
    this.to.closed(code);
  }
}
