// Bringing undelivered work under another replica (ID4, SES10): batches are numbered from 1, own ids renamed.
//
// A stroke cannot go on across replicas: only the replica of its id may extend it (OT3), and its ink frames only make
// sense from its first on. So a stroke of which anything is undelivered, or that is still being drawn, is made anew
// whole, from the frames that are kept of it, byte for byte; the part that may stand under the old id is deleted in the
// same batch.
//
// What speaks of an element that is made anew speaks of the new one: items of undo, erasures, edits of texts, groups.
// Bases stay: whichever history they are of, the server brings them to its own.
import { encodeOps } from "../ot/codec.ts";
import { ElementKind, Register, type ID, type Op, type Setting, type UndoItem } from "../ot/types.ts";
import { boolValue, decodeGroup, groupValue } from "../ot/value.ts";
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

/** An id under the new replica: another one only if its element is made anew there. */
export function renamedID(id: ID, from: number, to: number, renamed: ReadonlyMap<number, number>): ID {
  const counter = id.replica === from ? renamed.get(id.counter) : undefined;
  return counter === undefined ? id : { replica: to, counter };
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
  for (const op of ops) {
    const own = "id" in op && op.id.replica === r.from;
    const stroke = own && moving.has(op.id.counter) && (op.kind === "create" || op.kind === "extend" || op.kind === "end");
    if (durable && !stroke) continue;
    if (own && op.kind === "create") renamed.set(op.id.counter, renamed.size + 1);
    out.push(...translateOp(op, (id) => renamedID(id, r.from, r.to, renamed)));
    if (durable && op.kind === "create" && op.element === ElementKind.Ink) out.push(deleted(op.id));
  }
  return out.length === 0 ? undefined : encodeOps(out);
}

/** The op under the new replica, if it can still do something. */
function translateOp(op: Op, rename: (id: ID) => ID): Op[] {
  switch (op.kind) {
    case "clear":
      return [op];
    case "undo":
      return [{ kind: "undo", items: op.items.map((item) => renamedItem(item, rename)) }];
    case "purge":
      return []; // the server's
    case "extend":
    case "end": {
      const id = rename(op.id);
      return id === op.id ? [] : [{ ...op, id }]; // nobody else may extend it
    }
    case "create":
    case "set":
      return [{ ...op, id: rename(op.id), settings: op.settings.map((s) => renamedSetting(s, rename)) }];
    case "textEdit":
    case "eraseSpans":
      return [{ ...op, id: rename(op.id) }];
  }
}

function renamedItem(item: UndoItem, rename: (id: ID) => ID): UndoItem {
  const id = rename(item.id);
  if (item.kind !== "value") return { ...item, id };
  const value = (v: Uint8Array): Uint8Array => renamedSetting({ register: item.register, value: v }, rename).value;
  return { ...item, id, expected: value(item.expected), value: value(item.value) };
}

/** A group is named by the id of an element; that may have another name now. */
function renamedSetting(setting: Setting, rename: (id: ID) => ID): Setting {
  const group = setting.register === Register.Group ? decodeGroup(setting.value) : undefined;
  return group === undefined ? setting : { register: setting.register, value: groupValue(rename(group)) };
}

function deleted(id: ID): Op {
  return { kind: "set", id, settings: [{ register: Register.Deleted, value: boolValue(true) }] };
}
