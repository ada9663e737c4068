// The two routes over stand-ins for the browser's WebTransport and WebSocket, and what decides when to come back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { joinBytes } from "../src/protocol/bytes.ts";
import { frame } from "../src/protocol/framing.ts";
import { advance, shown, type Phase, type PhaseEvent } from "../src/sync/connection.ts";
import { Heart } from "../src/sync/heart.ts";
import { Backoff } from "../src/sync/transport/backoff.ts";
import type { LinkEvents } from "../src/sync/transport/link.ts";
import { webSocketLink, type Socket } from "../src/sync/transport/websocket.ts";
import { webTransportLink, type WebTransportSession } from "../src/sync/transport/webtransport.ts";
import { FakeClock } from "./sync-clock.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Events as a list of lines. */
function record(): { lines: string[]; events: LinkEvents } {
  const lines: string[] = [];
  const events: LinkEvents = {
    opened: () => lines.push("opened"),
    control: (m) => lines.push(`control ${m.join()}`),
    document: (stream, m) => lines.push(`document ${stream} ${m.join()}`),
    datagram: (m) => lines.push(`datagram ${m.join()}`),
    closed: (code) => lines.push(`closed ${code}`),
  };
  return { lines, events };
}

describe("WebSocket (SES3)", () => {
  const open = () => {
    const sent: Uint8Array[] = [];
    const closes: string[] = [];
    const socket: Socket = {
      binaryType: "",
      onopen: null,
      onmessage: null,
      onclose: null,
      readyState: 1,
      send: (data) => sent.push(data),
      close: (code, reason) => closes.push(`${code} ${reason}`),
    };
    const { lines, events } = record();
    return { socket, sent, closes, lines, link: webSocketLink(socket, events), take: (...b: number[]) => socket.onmessage?.({ data: Uint8Array.from(b).buffer }) };
  };

  test("channels are told apart, their bytes put together however they are cut", () => {
    const { take, lines, socket } = open();
    socket.onopen?.();
    take(0, 2, 7);
    take(2, 1, 5, 3, 1);
    take(0, 8, 1, 9);
    take(2, 2, 3);
    take(1, 4, 4);
    take(0x80, 1, 1, 6); // channel 128
    assert.deepEqual(lines, ["opened", "document 2 5", "control 7,8", "control 9", "document 2 1,2,3", "datagram 4,4", "document 128 6"]);
  });

  test("control goes on channel 0, datagrams on 1", () => {
    const { link, sent } = open();
    link.send(frame(Uint8Array.of(5, 6)));
    link.sendDatagram(Uint8Array.of(7));
    assert.deepEqual(sent.map((b) => [...b]), [[0, 2, 5, 6], [1, 7]]);
  });

  test("SES9: the code is in the reason, both ways; nothing is told after the end", () => {
    const one = open();
    one.socket.onclose?.({ reason: "3009" });
    one.socket.onclose?.({ reason: "" });
    assert.deepEqual(one.lines, ["closed 3009"]);
    const two = open();
    two.link.close(1001);
    two.take(0, 1, 1);
    two.socket.onclose?.({ reason: "" });
    assert.deepEqual([two.closes, two.lines], [["4000 1001"], []]);
  });

  test("SES7: broken framing ends the connection", () => {
    const { take, lines, closes } = open();
    take(0, 0xff, 0xff, 0xff, 0xff, 0xff);
    assert.deepEqual([lines, closes], [["closed 0"], ["4000 3001"]]);
  });
});

describe("WebTransport (SES2)", () => {
  /** A session of which the test holds the other end. */
  const open = () => {
    const pipe = () => new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 100 }, { highWaterMark: 100 });
    const [up, down, datagramsUp, datagramsDown] = [pipe(), pipe(), pipe(), pipe()];
    const streams = new TransformStream<ReadableStream<Uint8Array>, ReadableStream<Uint8Array>>(undefined, { highWaterMark: 9 }, { highWaterMark: 9 });
    let settle = { resolve: (_: { closeCode?: number; reason?: string }) => {}, reject: (_: Error) => {} };
    const closed = new Promise<{ closeCode?: number; reason?: string }>((resolve, reject) => (settle = { resolve, reject }));
    const closes: string[] = [];
    const session: WebTransportSession = {
      ready: Promise.resolve(),
      closed,
      incomingUnidirectionalStreams: streams.readable,
      datagrams: { readable: datagramsDown.readable, writable: datagramsUp.writable },
      createBidirectionalStream: () => Promise.resolve({ readable: down.readable, writable: up.writable }),
      close: (info) => closes.push(`${info?.closeCode} ${info?.reason}`),
    };
    const { lines, events } = record();
    const clock = new FakeClock();
    const link = webTransportLink(session, events, clock);
    return { link, lines, closes, clock, session, settle, up, streams: streams.writable.getWriter(), down: down.writable.getWriter(), datagramsDown: datagramsDown.writable.getWriter(), pipe };
  };

  test("control, document streams and datagrams arrive; datagrams have room to wait", async () => {
    const t = open();
    await turn();
    assert.deepEqual(t.lines, ["opened"]);
    assert.equal(t.session.datagrams.incomingHighWaterMark, 100);
    await t.down.write(joinBytes([frame(Uint8Array.of(1)), Uint8Array.of(2, 8)]));
    await t.down.write(Uint8Array.of(9));
    const [a, b] = [t.pipe(), t.pipe()];
    await t.streams.write(a.readable);
    await t.streams.write(b.readable);
    await b.writable.getWriter().write(frame(Uint8Array.of(4)));
    await a.writable.getWriter().write(frame(Uint8Array.of(3)));
    await t.datagramsDown.write(Uint8Array.of(6));
    await turn();
    assert.deepEqual(t.lines.toSorted(), ["control 1", "control 8,9", "datagram 6", "document 0 3", "document 1 4", "opened"]);
    const reader = t.up.readable.getReader();
    t.link.send(frame(Uint8Array.of(5)));
    assert.deepEqual([...((await reader.read()).value ?? [])], [1, 5]);
  });

  test("SES9: a close by the server brings its code even if the streams break first", async () => {
    const t = open();
    await turn();
    await t.down.abort(new Error("reset"));
    await turn();
    t.settle.resolve({ closeCode: 3009, reason: "3009" });
    await turn();
    await t.clock.pass(200);
    assert.deepEqual(t.lines, ["opened", "closed 3009"]);
  });

  test("a connection that breaks has code 0; a document stream that is reset does not end it", async () => {
    const t = open();
    await turn();
    const a = t.pipe();
    await t.streams.write(a.readable);
    await a.writable.abort(new Error("reset"));
    await t.clock.pass(1000);
    assert.deepEqual(t.lines, ["opened"]);
    t.settle.reject(new Error("Connection lost."));
    await turn();
    assert.deepEqual(t.lines, ["opened", "closed 0"]);
  });

  test("a control stream that ends without the session ends the session", async () => {
    const t = open();
    await turn();
    await t.down.close();
    await t.clock.pass(200);
    assert.deepEqual([t.lines, t.closes], [["opened", "closed 0"], ["3001 3001"]]);
  });
});

describe("coming back", () => {
  test("the first wait is at most 250 ms, later ones at most 1.5 s while the page is seen, 10 s while it is not", () => {
    const most = new Backoff(() => 1);
    assert.ok(most.next(0, true) <= 250);
    assert.ok(Array.from({ length: 20 }, () => most.next(0, true)).every((ms) => ms <= 1500));
    assert.equal(most.next(0, false), 10_000);
    most.reset();
    assert.ok(most.next(1001, true) <= 250);
    const least = new Backoff(() => 0);
    assert.ok(least.next(0, true) >= 100);
  });

  test("2xxx waits longer and longer, up to half a minute", () => {
    const backoff = new Backoff(() => 1);
    assert.deepEqual([0, 0, 0, 0, 0, 0].map(() => backoff.next(2002, true)), [1000, 2000, 4000, 8000, 16_000, 30_000]);
  });

  test("a machine that slept is asked again before it is given up", async () => {
    const clock = new FakeClock();
    const lines: string[] = [];
    let late = 0;
    const sleepy = { now: () => clock.now() + late, after: (ms: number, call: () => void) => clock.after(ms, call) };
    const heart = new Heart(sleepy, { tick: () => {}, ping: () => lines.push("ping"), silent: () => lines.push("silent"), waiting: () => true, wall: () => clock.now() });
    heart.asked();
    late = 60_000;
    await clock.pass(4100);
    assert.deepEqual(lines, ["ping"]);
    await clock.pass(4100);
    assert.deepEqual(lines, ["ping", "silent"]);
  });
});

describe("SES11: the connection state machine", () => {
  const at = (events: PhaseEvent[]): Phase => events.reduce(advance, "resting" as Phase);
  const circumstances = { everSynced: false, online: true, route: "webtransport", fallback: false, rttMs: 12, unsent: 3, sending: true, code: 0, parameters: {} } as const;

  test("phases follow the table; what it does not name changes nothing", () => {
    assert.equal(at(["dial", "welcomed", "joined", "caught-up"]), "synced");
    assert.equal(at(["dial", "welcomed", "joined", "caught-up", "behind"]), "catching-up");
    assert.equal(at(["dial", "lost", "dial", "welcomed", "lost"]), "resting");
    assert.equal(at(["welcomed", "joined", "caught-up", "lost"]), "resting");
    assert.equal(at(["dial", "over", "dial", "welcomed", "lost"]), "ended");
  });

  test("people see connecting before the first sync and reconnecting after it", () => {
    assert.deepEqual(shown("joining", circumstances), { kind: "connecting", unsent: 3, code: 0, parameters: {} });
    assert.deepEqual(shown("resting", { ...circumstances, code: 2003 }), { kind: "connecting", unsent: 3, code: 2003, parameters: {} });
    assert.deepEqual(shown("joining", { ...circumstances, everSynced: true, code: 1001 }), { kind: "reconnecting", unsent: 3, code: 1001, parameters: {} });
    assert.deepEqual(shown("resting", { ...circumstances, everSynced: true, online: false }), { kind: "offline", unsent: 3, begun: true });
    assert.deepEqual(shown("resting", { ...circumstances, online: false }), { kind: "offline", unsent: 3, begun: false });
    assert.deepEqual(shown("synced", circumstances), { kind: "synced", route: "webtransport", fallback: false, rttMs: 12, unsent: 3, sending: true });
    assert.deepEqual(shown("ended", { ...circumstances, code: 3006 }), { kind: "ended", code: 3006, parameters: {}, unsent: 3 });
  });
});
