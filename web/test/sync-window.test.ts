// A window of what a server sent, played to a page in other orders across the streams. server/window_test.go recorded it,
// and plays it to the Go client.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { Deframer } from "../src/protocol/framing.ts";
import { ClientMessageSchema, type ClientMessage } from "../src/protocol/gen/chalkline/v1/chalkline_pb.ts";
import { decodeDocument } from "../src/protocol/messages.ts";
import type { Route } from "../src/sync/api.ts";
import type { Link, LinkEvents } from "../src/sync/transport/link.ts";
import { settle } from "./sync-clock.ts";
import { World } from "./sync-world.ts";

const ORDERS = 16;

interface Stream {
  /** Of the document, "" of the control stream. */
  readonly document: string;
  readonly messages: readonly Uint8Array[];
}

/** The file: messages with their lengths, the first in JSON, then those of the control stream and of the others. */
function read(): { pages: string[]; hashes: Record<string, string>; streams: Stream[] } {
  const [head, ...rest] = new Deframer(1 << 20).push(gunzipSync(readFileSync("test/testdata/window.gz")));
  const { pages, hashes, messages } = JSON.parse(Buffer.from(head ?? []).toString()) as { pages: string[]; hashes: Record<string, string>; messages: number[] };
  const streams = messages.map((n, i) => {
    const of = rest.splice(0, n);
    return { document: i === 0 ? "" : documentOf(of[0]), messages: of };
  });
  return { pages, hashes, streams };
}

function documentOf(header: Uint8Array = new Uint8Array()): string {
  const message = decodeDocument(header);
  assert.equal(message.case, "header");
  return message.case === "header" ? message.value.document : "";
}

/** A server that answers with what was recorded, once it has been asked for it. */
class Player {
  /** Documents that the page asked for; "" once it asked to come in. */
  readonly asked = new Set<string>();
  readonly heard: string[] = [];
  events: LinkEvents | undefined;
  private readonly deframer = new Deframer(1 << 20);

  constructor(
    private readonly world: World,
    private readonly welcome: Uint8Array,
  ) {}

  open(route: Route, events: LinkEvents): Link {
    assert.equal(this.events, undefined, "a second connection");
    this.events = events;
    this.world.clock.after(1, () => events.opened());
    return {
      route,
      send: (framed) => {
        for (const bytes of this.deframer.push(framed)) this.hear(fromBinary(ClientMessageSchema, bytes).message);
      },
      sendDatagram: () => {},
      close: () => {},
    };
  }

  private hear(m: ClientMessage["message"]): void {
    this.heard.push(m.case ?? "");
    if (m.case === "hello") this.world.clock.after(1, () => this.events?.control(this.welcome));
    if (m.case === "joinRoom") for (const { document } of [{ document: "" }, ...m.value.open]) this.asked.add(document);
    if (m.case === "changeBoard" && m.value.open !== undefined) this.asked.add(m.value.open.document);
  }

  /** Delivers all: within a stream in order, otherwise in any. The stream held arrives last if it can. */
  async play(streams: readonly Stream[], held: number, below: (n: number) => number): Promise<void> {
    const left = streams.map((s, number) => ({ ...s, number, next: number === 0 ? 1 : 0 })); // the page has the welcome
    for (;;) {
      const ready = left.filter((s) => s.next < s.messages.length && this.asked.has(s.document));
      if (ready.length === 0) break;
      const others = ready.filter((s) => s.number !== held);
      const from = others.length > 0 ? others : ready;
      const s = from[below(from.length)];
      for (let burst = 1 + below(1 + below(60)); s !== undefined && burst > 0 && s.next < s.messages.length; burst--) {
        const message = s.messages[s.next++] ?? new Uint8Array();
        if (s.number === 0) this.events?.control(message);
        else this.events?.document(s.number, message);
        if (below(2) === 0) await settle();
      }
      await this.world.pass(below(3));
    }
    assert.ok(left.every((s) => s.next === s.messages.length), "something was never asked for");
  }
}

/** Whole numbers from 0 to below n, the same for the same seed, 0 … 100. */
function dice(seed: number): (n: number) => number {
  let state = 1 + seed * 12_345_678;
  return (n) => Math.floor(((state = (state * 16807) % 2147483647) / 2147483647) * n);
}

test("any order of a window of a thousand messages ends in the same state", async () => {
  const { pages, hashes, streams } = read();
  assert.ok(streams.reduce((n, s) => n + s.messages.length, 0) >= 1000);
  assert.equal(Object.keys(hashes).length, 2);
  for (let seed = 0; seed < ORDERS; seed++) {
    const w = new World();
    const player = new Player(w, streams[0]?.messages[0] ?? new Uint8Array());
    w.server.open = (route, events) => player.open(route, events);
    const { session } = w.page("fresh");
    const boards = pages.map((page) => session.look(page));
    await w.pass(50);
    const below = dice(seed);
    await player.play(streams, below(streams.length), below);
    await w.pass(50);
    assert.equal(session.connection.value.kind, "synced", `order ${seed}`);
    for (const board of boards) assert.equal(board.hash(), hashes[board.page], `order ${seed}, page ${board.page}`);
    assert.ok(!player.heard.includes("syncState"), `order ${seed}: a document was asked for again`);
  }
});
