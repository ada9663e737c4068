// The WebSocket route (SES3): every WebSocket message is a varint channel and bytes of that channel.
import { Reader, Writer } from "../../ot/bytes.ts";
import { own } from "../../protocol/bytes.ts";
import { Code, codeOfReason } from "../../protocol/codes.ts";
import { Deframer } from "../../protocol/framing.ts";
import { MAX_SERVER_MESSAGE } from "../../protocol/limits.ts";
import { Once, type Link, type LinkEvents } from "./link.ts";

const CONTROL = 0;
const DATAGRAMS = 1;
/** Close code of every coded close; the reason has the code (SES9). */
const CLOSE = 4000;

/** What of WebSocket is used. */
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { reason: string }) => void) | null;
  readonly readyState: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** A link over a WebSocket that is just being opened. */
export function webSocketLink(socket: Socket, to: LinkEvents): Link {
  const events = new Once(to);
  const channels = new Map<number, Deframer>();
  const close = (code: number): void => {
    events.mute();
    socket.close(CLOSE, String(code));
  };
  socket.binaryType = "arraybuffer";
  socket.onopen = () => events.opened();
  socket.onclose = ({ reason }) => events.closed(codeOfReason(reason));
  socket.onmessage = ({ data }) => {
    try {
      if (!(data instanceof ArrayBuffer)) throw new TypeError("text on a binary WebSocket");
      receive(new Uint8Array(data), channels, events);
    } catch {
      socket.close(CLOSE, String(Code.BadMessage));
      events.closed(0);
    }
  };
  const send = (channel: number, bytes: Uint8Array): void => {
    if (events.ended || socket.readyState !== 1) return;
    const w = new Writer(bytes.length + 1);
    w.byte(channel);
    w.raw(bytes);
    socket.send(own(w));
  };
  return {
    route: "websocket",
    send: (framed) => send(CONTROL, framed),
    sendDatagram: (message) => send(DATAGRAMS, message),
    close,
  };
}

function receive(data: Uint8Array, channels: Map<number, Deframer>, events: Once): void {
  const r = new Reader(data);
  const channel = r.uint32();
  const bytes = data.subarray(data.length - r.left);
  if (channel === DATAGRAMS) return events.datagram(bytes);
  let deframer = channels.get(channel);
  if (deframer === undefined) channels.set(channel, (deframer = new Deframer(MAX_SERVER_MESSAGE)));
  for (const message of deframer.push(bytes)) {
    if (channel === CONTROL) events.control(message);
    else events.document(channel, message);
  }
}
