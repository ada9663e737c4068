// Ops that are gathered to go together: what is said again before they leave takes the place of what was said.
import { merge } from "../ot/spans.ts";
import { key, type Op, type Setting } from "../ot/types.ts";
import { MAX_OPS_PER_BATCH } from "../protocol/limits.ts";

/** Ops of one batch; the rest of it is kept for the frames of strokes and for texts. */
const MAX_OPS = Math.floor((MAX_OPS_PER_BATCH * 2) / 3);
/** Bytes of one batch, about; the server reads twice as much in one message. */
const MAX_BYTES = 128 << 10;
/** Ops and bytes that are gathered at most. */
const MAX_HELD = 8192;
const MAX_HELD_BYTES = 1 << 20;
/** Spans of one op. */
const MAX_SPANS = 4096;

/** What a gathering came to. changed: it is not one batch of all the ops as they were added. */
export interface Gathered {
  readonly batches: readonly (readonly Op[])[];
  readonly changed: boolean;
}

export class Gathering {
  /** What was added together, which stays together where a batch has room for it. */
  private groups: Op[][] = [];
  private held = 0;
  private bytes = 0;
  private merged = false;
  /** Ops at the end that may still change, by what they speak of: between them there are only ops of the same sort. */
  private readonly recent = new Map<string, { readonly group: Op[]; readonly at: number }>();

  /** There is no room for more. */
  get full(): boolean {
    return this.held >= MAX_HELD || this.bytes >= MAX_HELD_BYTES;
  }

  add(ops: readonly Op[]): void {
    const group: Op[] = [];
    this.groups.push(group);
    for (const op of ops) this.put(group, op);
  }

  /** Everything that was gathered, in batches; it begins anew. */
  take(): Gathered {
    const batches = batchesOf(this.groups);
    const changed = this.merged || batches.length > 1;
    this.groups = [];
    this.held = this.bytes = 0;
    this.merged = false;
    this.recent.clear();
    return { batches, changed };
  }

  private put(group: Op[], op: Op): void {
    const subject = subjectOf(op);
    if (subject === undefined) this.recent.clear();
    const place = subject === undefined ? undefined : this.recent.get(subject);
    const before = place?.group[place.at];
    const both = before === undefined ? undefined : mergedOps(before, op);
    if (place !== undefined && before !== undefined && both !== undefined) {
      place.group[place.at] = both;
      this.bytes += sizeOf(both) - sizeOf(before);
      this.merged = true;
      return;
    }
    if (subject !== undefined) this.recent.set(subject, { group, at: group.length });
    group.push(op);
    this.held++;
    this.bytes += sizeOf(op);
  }
}

/** Groups in as few batches as take them, in order. A group is cut only if it is more than one batch. */
function batchesOf(groups: readonly (readonly Op[])[]): Op[][] {
  const batches: Op[][] = [];
  let batch: Op[] = [];
  let bytes = 0;
  const cut = (): void => {
    if (batch.length > 0) batches.push(batch);
    [batch, bytes] = [[], 0];
  };
  for (const group of groups) {
    const size = group.reduce((sum, op) => sum + sizeOf(op), 0);
    if (batch.length + group.length > MAX_OPS || bytes + size > MAX_BYTES) cut();
    for (const op of group) {
      if (batch.length + 1 > MAX_OPS || (batch.length > 0 && bytes + sizeOf(op) > MAX_BYTES)) cut();
      batch.push(op);
      bytes += sizeOf(op);
    }
  }
  cut();
  return batches;
}

/** What an op that may be said again speaks of; of a write simply its element. */
function subjectOf(op: Op): string | undefined {
  switch (op.kind) {
    case "set":
      return key(op.id);
    case "eraseSpans":
      return `erase ${op.eraser} ${key(op.id)}`;
    default:
      return undefined;
  }
}

/** One op that does what two do one after the other; undefined where it would be too long. */
function mergedOps(before: Op, op: Op): Op | undefined {
  if (before.kind === "set" && op.kind === "set") return { ...before, settings: mergedSettings(before.settings, op.settings) };
  if (before.kind !== "eraseSpans" || op.kind !== "eraseSpans") return undefined;
  const spans = merge([...before.spans, ...op.spans]);
  return spans.length <= MAX_SPANS ? { ...before, spans } : undefined;
}

function mergedSettings(before: readonly Setting[], after: readonly Setting[]): readonly Setting[] {
  if (before.length === after.length && before.every((s, i) => s.register === after[i]?.register)) return after; // a drag goes on
  const all = new Map([...before, ...after].map((s) => [s.register, s]));
  return [...all.values()].sort((a, b) => a.register - b.register);
}

/** About how many bytes an op takes, not less than it does. */
export function sizeOf(op: Op): number {
  const head = 24;
  switch (op.kind) {
    case "create":
    case "set":
      return head + op.settings.reduce((sum, s) => sum + 3 + s.value.length, 0);
    case "extend":
      return head + op.frame.length;
    case "textEdit":
      return head + op.edit.reduce((sum, c) => sum + 10 + (c.kind === "insert" ? 3 * c.text.length : 0), 0);
    case "eraseSpans":
      return head + 8 * op.spans.length;
    case "undo":
      return head + op.items.reduce((sum, item) => sum + head + (item.kind === "value" ? item.expected.length + item.value.length : 0), 0);
    case "purge":
      return head + 15 * op.ranges.length;
    case "clear":
    case "end":
      return head;
  }
}
