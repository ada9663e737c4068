// Chain digests: what a record and everything before it in its document comes to (docs/format.md).
import { Writer } from "../ot/bytes.ts";
import { hashOf } from "../ot/fnv.ts";
import type { CodedRecord } from "./record.ts";

/** The digest after a record: the high 8 bytes XOR the low 8 bytes of FNV-1a/128, as the fixed64 of a Position. */
export function chain(before: bigint, record: CodedRecord): bigint {
  const w = new Writer(record.payload.length + 64);
  for (let shift = 56n; shift >= 0n; shift -= 8n) w.byte(Number((before >> shift) & 0xffn));
  w.uvarint(record.revision);
  w.uvarint(record.replica);
  w.uvarint(record.n);
  w.uvarint(record.capturedAt * 1000);
  w.uvarint(record.sequencedAt * 1000);
  w.raw(record.payload);
  const sum = hashOf(w);
  const view = new DataView(sum.buffer, sum.byteOffset, 16);
  return view.getBigUint64(0) ^ view.getBigUint64(8);
}
