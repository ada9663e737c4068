// Bringing undelivered work under another replica (ID4, SES10): batches are numbered from 1, own ids renamed.
//
// A stroke cannot go on across replicas: only the replica of its id may extend it (OT3), and its ink frames only make
// sense from its first on. So a stroke of which anything is undelivered, or that is still being drawn, is made anew
// whole, from the frames that are kept of it, byte for byte; the part that may stand under the old id is deleted in the
// same batch.
import { encodeOps } from "../ot/codec.ts";
import { ElementKind, Register, type ID, type Op } from "../ot/types.ts";
import { boolValue } from "../ot/value.ts";
import type { Batch } from "./store.ts";

export interface Rekeying {
  readonly batches: readonly { readonly batch: Batch; readonly ops: readonly Op[] }[];
  /** Whether payloads are ops; else they stay as they are. */
  readonly board: boolean;
  readonly from: number;
  /** The last batch that stands under the old replica. */
  readonly acked: number;
  readonly to: number;
  /** Counters of strokes that are still being drawn. */
  readonly drawing: ReadonlySet<number>;
  /** Newest revision that a clear may name: of the state that the work is brought to. */
  readonly maxBase: number;
}

export interface Rekeyed {
  readonly batches: Batch[];
  /** Counters: old → new. */
  readonly renamed: ReadonlyMap<number, number>;
  /** The next element's. */
  readonly counter: number;
}

export function rekey(r: Rekeying): Rekeyed {
  const renamed = new Map<number, number>();
  const moving = r.board ? movingStrokes(r) : new Set<number>();
  const batches: Batch[] = [];
  for (const { batch, ops } of r.batches) {
    const payload = r.board ? translate(r, batch.n, ops, moving, renamed) : batch.n > r.acked ? batch.payload : undefined;
    if (payload !== undefined) batches.push({ ...batch, payload, n: batches.length + 1 });
  }
  return { batches, renamed, counter: renamed.size + 1 };
}

/** Strokes to make anew: drawn on still, or not durable to their last frame. */
function movingStrokes({ batches, from, acked, drawing }: Rekeying): Set<number> {
  const moving = new Set(drawing);
  for (const { batch, ops } of batches) {
    if (batch.n <= acked) continue;
    for (const op of ops) if ((op.kind === "extend" || op.kind === "end") && op.id.replica === from) moving.add(op.id.counter);
  }
  return moving;
}

/** The payload under the new replica; undefined if nothing is left to say. */
function translate(r: Rekeying, n: number, ops: readonly Op[], moving: ReadonlySet<number>, renamed: Map<number, number>): Uint8Array | undefined {
  const durable = n <= r.acked;
  const out: Op[] = [];
  const rename = (id: ID): ID => {
    const counter = id.replica === r.from ? renamed.get(id.counter) : undefined;
    return counter === undefined ? id : { replica: r.to, counter };
  };
  for (const op of ops) {
    if (op.kind === "clear") {
      if (!durable) out.push({ kind: "clear", base: op.base < BigInt(r.maxBase) ? op.base : BigInt(r.maxBase) });
      continue;
    }
    const stroke = moving.has(op.id.counter) && op.id.replica === r.from && op.kind !== "set";
    if (durable && !stroke) continue;
    if (op.kind === "create" && op.id.replica === r.from) renamed.set(op.id.counter, renamed.size + 1);
    const id = rename(op.id);
    if ((op.kind === "extend" || op.kind === "end") && id === op.id) continue; // nobody else may extend it
    out.push({ ...op, id });
    if (durable && op.kind === "create" && op.element === ElementKind.Ink) out.push(deleted(op.id));
  }
  return out.length === 0 ? undefined : encodeOps(out);
}

function deleted(id: ID): Op {
  return { kind: "set", id, settings: [{ register: Register.Deleted, value: boolValue(true) }] };
}
