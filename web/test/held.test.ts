import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Writer } from "../src/ot/bytes.ts";
import { encodeOps } from "../src/ot/codec.ts";
import { ElementKind } from "../src/ot/types.ts";
import { Context, GapError, RecordError, type CodedRecord } from "../src/protocol/record.ts";
import { Held, releaseOf } from "../src/sync/held.ts";

const START = 1_770_000_000_000;

/** Records of replica 1, captured and sequenced at these times after START. */
function messagesOf(...times: readonly (readonly [captured: number, sequenced: number])[]): { records: CodedRecord[]; messages: Uint8Array[] } {
  const context = new Context();
  const records = times.map(([captured, sequenced], i): CodedRecord => {
    const payload = encodeOps([{ kind: "create", id: { replica: 1, counter: i + 1 }, element: ElementKind.Line, settings: [] }]);
    return { revision: i + 1, replica: 1, n: i + 1, capturedAt: START + captured, sequencedAt: START + sequenced, payload };
  });
  const messages = records.map((record) => {
    const w = new Writer();
    w.byte(record.revision % 256);
    context.write(w, record, () => 0);
    return w.take();
  });
  return { records, messages };
}

const board = (): Held => new Held(new Context(), 0, 0, true);

describe("records that wait", () => {
  test("REC5: release_at is that of the capture, but never before the record before nor after it was sequenced", () => {
    const record = (capturedAt: number, sequencedAt: number): CodedRecord => ({ revision: 1, replica: 1, n: 1, capturedAt, sequencedAt, payload: new Uint8Array() });
    assert.equal(releaseOf(0, record(100, 200)), 100);
    assert.equal(releaseOf(150, record(100, 200)), 150);
    assert.equal(releaseOf(150, record(900, 200)), 200);
  });

  test("ALN4: they tell their numbers and times when they come, and are read in earnest in order", () => {
    const { records, messages } = messagesOf([0, 10], [20, 50], [5, 60]);
    const held = board();
    const heads = messages.flatMap((m) => [...held.add(m)]);
    assert.deepEqual(heads.map((h) => [h.replica, h.n, h.release - START]), [[1, 1, 0], [1, 2, 20], [1, 3, 20]]);
    assert.deepEqual([held.count, held.revision, held.next], [3, 3, START]);
    const context = new Context();
    const read = records.map((_, i) => held.shift(context, i, () => 0));
    assert.deepEqual(read, records);
    assert.deepEqual([held.count, held.next, held.shift(context, 3, () => 0)], [0, undefined, undefined]);
  });

  test("markers keep their place", () => {
    const { messages } = messagesOf([0, 0], [1, 1]);
    const held = board();
    const marker = { $typeName: "chalkline.v1.Marker", revision: 1n, digest: 0n, hash: new Uint8Array() } as const;
    for (const message of messages) {
      held.add(message);
      held.mark(marker);
    }
    const context = new Context();
    assert.equal(held.shiftMarker(), undefined);
    held.shift(context, 0, () => 0);
    assert.equal(held.next, undefined);
    assert.equal(held.shiftMarker(), marker);
    assert.equal(held.next, START + 1);
    held.shift(context, 1, () => 0);
    assert.equal(held.shiftMarker(), marker);
    assert.equal(held.shiftMarker(), undefined);
  });

  test("REC3: a gap is noticed when it comes, and what waits stays good; bytes that are no record throw", () => {
    const { messages } = messagesOf([0, 0], [1, 1], [2, 2]);
    const held = board();
    held.add(messages[0] ?? new Uint8Array());
    assert.throws(() => held.add(messages[2] ?? new Uint8Array()), GapError);
    assert.deepEqual([held.count, held.revision], [1, 1]);
    assert.throws(() => held.add(Uint8Array.of(2, 255)), RecordError);
  });

  test("a message that is reused by who gave it does not change what waits", () => {
    const { records, messages } = messagesOf([0, 0]);
    const held = board();
    const [message = new Uint8Array()] = messages;
    held.add(message);
    message.fill(0);
    assert.deepEqual(held.shift(new Context(), 0, () => 0), records[0]);
  });

  test("more than 200 000 records, or 16 MiB, are too many", () => {
    const held = board();
    const context = new Context();
    const payload = new Uint8Array();
    for (let i = 0; i < 200_100; i += 100) {
      const w = new Writer();
      w.byte((i + 1) % 256);
      for (let n = i + 1; n <= i + 100; n++) context.write(w, { revision: n, replica: 1, n, capturedAt: START, sequencedAt: START, payload }, () => 0);
      assert.equal(held.full, false);
      held.add(w.take());
    }
    assert.deepEqual([held.full, held.light], [true, false]);
    const reading = new Context();
    for (let i = 0; i < 100_100; i++) held.shift(reading, i, () => 0);
    assert.deepEqual([held.full, held.light], [false, true]);
  });
});
