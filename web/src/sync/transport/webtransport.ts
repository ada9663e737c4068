// The WebTransport route (SES2): a bidirectional stream for control, one incoming stream per document, datagrams.
import { Code, codeOfReason } from "../../protocol/codes.ts";
import { Deframer } from "../../protocol/framing.ts";
import { MAX_SERVER_MESSAGE } from "../../protocol/limits.ts";
import type { Clock } from "../clock.ts";
import { Once, type Link, type LinkEvents } from "./link.ts";

interface Duplex {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** What of WebTransport is used. */
export interface WebTransportSession {
  readonly ready: Promise<unknown>;
  readonly closed: Promise<{ closeCode?: number; reason?: string }>;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  readonly datagrams: Duplex & { incomingHighWaterMark?: number; incomingMaxBufferedDatagrams?: number };
  createBidirectionalStream(): Promise<Duplex>;
  close(info?: { closeCode?: number; reason?: string }): void;
}

/** Datagrams that may wait for a busy page; Chromium's default is one. */
const INCOMING_DATAGRAMS = 100;

/** How long the close code of a session whose streams broke is waited for, ms. */
const CODE_MS = 100;

/** A link over a WebTransport session that is just being opened. */
export function webTransportLink(session: WebTransportSession, to: LinkEvents, clock: Clock): Link {
  const events = new Once(to);
  let control: WritableStreamDefaultWriter<Uint8Array> | undefined;
  const datagrams = raiseMarks(session).writable.getWriter();
  const close = (code: number): void => {
    events.mute();
    closeSession(session, code);
  };
  // A close by the server may end the streams before closed settles with its code.
  const broke = (): void =>
    void clock.after(CODE_MS, () => {
      events.closed(0);
      closeSession(session, Code.BadMessage);
    });
  session.closed.then(
    (info) => events.closed(info.closeCode || codeOfReason(info.reason ?? "")),
    () => events.closed(0),
  );
  const run = async (): Promise<void> => {
    await session.ready;
    const stream = await session.createBidirectionalStream();
    control = stream.writable.getWriter();
    read(stream.readable, (m) => events.control(m)).then(broke, broke);
    readStreams(session, events).catch(broke);
    readDatagrams(session, events).catch(() => {});
    events.opened();
  };
  run().catch(() => {
    closeSession(session, 0);
    events.closed(0);
  });
  return {
    route: "webtransport",
    send: (framed) => {
      if (!events.ended) control?.write(framed).catch(broke);
    },
    sendDatagram: (message) => {
      if (!events.ended) datagrams.write(message).catch(() => {});
    },
    close,
  };
}

function raiseMarks({ datagrams }: WebTransportSession): Duplex {
  datagrams.incomingHighWaterMark = INCOMING_DATAGRAMS;
  datagrams.incomingMaxBufferedDatagrams = INCOMING_DATAGRAMS;
  return datagrams;
}

function closeSession(session: WebTransportSession, code: number): void {
  try {
    session.close({ closeCode: code, reason: String(code) });
  } catch {
    // It was never open, or is closed: nothing left to close.
  }
}

/** Gives every message of a stream to take, until it ends. */
async function read(stream: ReadableStream<Uint8Array>, take: (message: Uint8Array) => void): Promise<void> {
  const reader = stream.getReader();
  const deframer = new Deframer(MAX_SERVER_MESSAGE);
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    for (const message of deframer.push(value)) take(message);
  }
}

async function readStreams(session: WebTransportSession, events: Once): Promise<void> {
  const reader = session.incomingUnidirectionalStreams.getReader();
  for (let stream = 0; ; stream++) {
    const { value, done } = await reader.read();
    if (done) return;
    // A stream that the server resets ends here; a new generation follows (REC3).
    read(value, (m) => events.document(stream, m)).catch(() => {});
  }
}

async function readDatagrams(session: WebTransportSession, events: Once): Promise<void> {
  const reader = session.datagrams.readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    events.datagram(value);
  }
}
