// Whether a batch came back as it was sent.
import { equalBytes } from "./bytes.ts";
import { encodeOps } from "./codec.ts";
import type { ID, Op, Point, Setting } from "./types.ts";

/** Whether a record has the ops of a batch as they were sent; edits of texts come back transformed (SYN7). */
export function sameOps(sent: readonly Op[], got: readonly Op[]): boolean {
  const ours = sent.filter((op) => op.kind !== "textEdit");
  const theirs = got.filter((op) => op.kind !== "textEdit");
  return ours.length === theirs.length && ours.every((op, i) => sameOp(op, theirs[i]));
}

function sameOp(a: Op, b: Op | undefined): boolean {
  if (b === undefined || a.kind !== b.kind) return false;
  // There are thousands of these when much is moved.
  if (a.kind === "set" && b.kind === "set") return sameID(a.id, b.id) && sameSettings(a.settings, b.settings);
  return equalBytes(encodeOps([a]), encodeOps([b])) && samePoints(a, b);
}

const sameID = (a: ID, b: ID): boolean => a.replica === b.replica && a.counter === b.counter;

const sameSettings = (a: readonly Setting[], b: readonly Setting[]): boolean =>
  a.length === b.length && a.every((s, i) => s.register === b[i]?.register && equalBytes(s.value, b[i].value));

function samePoints(a: Op, b: Op): boolean {
  if (a.kind !== "extend" || b.kind !== "extend") return true;
  return a.points.length === b.points.length && a.points.every((p, i) => samePoint(p, b.points[i]));
}

const samePoint = (a: Point, b: Point | undefined): boolean =>
  b !== undefined && a.x === b.x && a.y === b.y && a.p === b.p && a.t === b.t;
