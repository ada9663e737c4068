import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Writer } from "../src/ot/bytes.ts";
import { key, type Key } from "../src/ot/types.ts";
import { hex, joinBytes, unhex } from "../src/protocol/bytes.ts";
import { chain } from "../src/protocol/chain.ts";
import { Code, codeOfReason, retryOf } from "../src/protocol/codes.ts";
import { Deframer, frame, FrameError } from "../src/protocol/framing.ts";
import { decodeReply, encodeRequest } from "../src/protocol/messages.ts";
import { Context, GapError, type CodedRecord } from "../src/protocol/record.ts";

const bytes = (digits: string): Uint8Array => unhex(digits) ?? assert.fail(`${digits} is not hex`);

describe("framing (SES2)", () => {
  const messages = [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(300).fill(7), Uint8Array.of(2, 3)];
  const stream = joinBytes(messages.map((m) => frame(m)));

  test("messages read back in order however the stream is cut", () => {
    for (const cut of [1, 2, 3, 100, 301, stream.length]) {
      const deframer = new Deframer(300);
      const got: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += cut) got.push(...deframer.push(stream.slice(at, at + cut)).map((m) => m.slice()));
      assert.deepEqual(got, messages, `cut every ${cut} bytes`);
    }
  });

  test("what breaks the framing is refused before it is kept", () => {
    for (const [name, src] of Object.entries({ "over the limit": "65", "endless varint": "808080808001", "padded varint": "8100" })) {
      assert.throws(() => new Deframer(100).push(bytes(src)), FrameError, name);
    }
  });

  test("a request is framed by its length", () => {
    const b = encodeRequest({ case: "ping", value: { clientTimeUs: 5n } });
    assert.equal(b[0], b.length - 1);
  });

  test("bytes that are no message are an error", () => {
    assert.throws(() => decodeReply(Uint8Array.of(0xff, 0xff)));
  });
});

/** A step of protocol/testdata/records.json, which protocol/record_test.go writes. */
interface Step {
  revision: number;
  replica: number;
  n: number;
  captured_ms: number;
  sequenced_ms: number;
  payload: string;
  coded: string;
  extended: { Replica: number; Counter: number };
  points: number;
  context_before?: string;
}

describe("records (docs/format.md)", () => {
  const file = "../protocol/testdata/records.json";
  const steps = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Step[]) : assert.fail(`${file} is missing`);
  const recordOf = (s: Step): CodedRecord => ({ revision: s.revision, replica: s.replica, n: s.n, capturedAt: s.captured_ms, sequencedAt: s.sequenced_ms, payload: bytes(s.payload) });

  test("the vectors shared with Go read and write the same", () => {
    const lengths = new Map<Key, number>();
    const board = (id: { replica: number; counter: number }): number => lengths.get(key(id)) ?? 0;
    const reader = new Context();
    const writer = new Context();
    for (const s of steps) {
      if (s.context_before !== undefined) assert.equal(hex(writer.encode()), s.context_before);
      const message = joinBytes([Uint8Array.of(s.revision % 256), bytes(s.coded)]);
      const [got, ...more] = reader.read(message, s.revision - 1, board);
      assert.deepEqual({ ...got, payload: hex(got?.payload ?? bytes("")) }, { ...recordOf(s), payload: s.payload });
      assert.equal(more.length, 0);
      const w = new Writer();
      writer.write(w, recordOf(s), board);
      assert.equal(hex(w.take()), s.coded, `revision ${s.revision}`);
      const id = key({ replica: s.extended.Replica, counter: s.extended.Counter });
      lengths.set(id, (lengths.get(id) ?? 0) + s.points);
    }
  });

  test("a context reads back from a snapshot", () => {
    for (const { context_before: c } of steps) if (c !== undefined) assert.equal(hex(Context.decode(bytes(c)).encode()), c);
  });

  test("REC3: a missing message is noticed by its first byte and leaves the context as it was", () => {
    const c = new Context();
    const [first] = steps;
    assert.throws(() => [...c.read(joinBytes([Uint8Array.of(2), bytes(first?.coded ?? "")]), 0, () => 0)], GapError);
    assert.equal([...c.read(joinBytes([Uint8Array.of(1), bytes(first?.coded ?? "")]), 0, () => 0)].length, 1);
  });

  test("damaged records are refused", () => {
    const damaged = { empty: "", "unknown bits": "80", "unknown form": "05", "continues nothing": "390000", "starts nothing": "3b0000", "long varint": "3081000000", "body beyond the end": "300100c8", "replica beyond 32 bits": "30ffffffff7f0000" };
    for (const [name, src] of Object.entries(damaged)) {
      assert.throws(() => [...new Context().read(joinBytes([Uint8Array.of(1), bytes(src)]), 0, () => 0)], name);
    }
  });

  test("random bytes never hang nor leave the reader", () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 2147483647);
    for (let i = 0; i < 20_000; i++) {
      const src = Uint8Array.from({ length: random() % 40 }, () => random() & 255);
      try {
        for (const r of new Context().read(joinBytes([Uint8Array.of(1), src]), 0, () => 3)) assert.ok(r.payload.length <= src.length + 64);
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
  });

  test("the chain digest is the halves of FNV-1a/128 over position and payload", () => {
    const record = { revision: 1, replica: 2, n: 3, capturedAt: 4, sequencedAt: 5, payload: Uint8Array.of(6) };
    const w = new Writer();
    for (let i = 0; i < 8; i++) w.byte(0);
    for (const v of [1, 2, 3, 4000, 5000]) w.uvarint(v);
    w.byte(6);
    let h = 0x6c62272e07bb014262b821756295c58dn;
    for (const b of w.take()) h = ((h ^ BigInt(b)) * ((1n << 88n) + 0x13bn)) & ((1n << 128n) - 1n);
    assert.equal(chain(0n, record), (h >> 64n) ^ (h & 0xffff_ffff_ffff_ffffn));
  });
});

describe("codes", () => {
  test("every code has the retry rule of its thousand", () => {
    for (const [name, code] of Object.entries(Code)) {
      assert.equal(retryOf(code), ({ 1: "now", 2: "back-off", 3: "never" } as Record<number, string>)[Math.floor(code / 1000)], name);
    }
    assert.equal(retryOf(0), "back-off");
  });

  test("SES9: a close reason is a code in decimals", () => {
    assert.equal(codeOfReason("1001"), 1001);
    for (const other of ["", "0", "x", "10010", "1001 "]) assert.equal(codeOfReason(other), 0);
  });
});
