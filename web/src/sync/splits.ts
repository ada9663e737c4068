// Strokes that were split lately. Verdicts are per op (SYN3): on a board without room for the pieces, only that the stroke is
// deleted would stand.
import { key, Register, type ID, type Key, type Op, type UndoItem } from "../ot/types.ts";
import { boolValue } from "../ot/value.ts";

const MAX_RECENT = 64;

interface Split {
  readonly pieces: ReadonlySet<Key>;
  /** What takes it back, as far as it was done (OT15). */
  readonly items: readonly UndoItem[];
}

export class Splits {
  private recent: Split[] = [];

  add(stroke: ID, pieces: readonly ID[]): void {
    const shown: UndoItem = { kind: "value", id: stroke, register: Register.Deleted, expected: boolValue(true), value: boolValue(false) };
    const made = pieces.map((id): UndoItem => ({ kind: "made", id }));
    this.recent = [...this.recent.slice(1 - MAX_RECENT), { pieces: new Set(pieces.map(key)), items: [...made, shown] }];
  }

  /** Ops were refused: what takes back the splits of which they were to make a piece. */
  refused(ops: readonly Op[]): UndoItem[] {
    const refused = new Set(ops.flatMap((op) => (op.kind === "create" || op.kind === "extend" ? [key(op.id)] : [])));
    const failed = this.recent.filter(({ pieces }) => [...refused].some((k) => pieces.has(k)));
    this.recent = this.recent.filter((split) => !failed.includes(split));
    return failed.flatMap(({ items }) => items);
  }

  /** The own elements have other names now. */
  forget(): void {
    this.recent = [];
  }
}
