// What the confirmed side of a document is made of, whatever the document is.
import type { CodedRecord, Context, Lengths } from "../protocol/record.ts";

/** The state that records are applied to. All methods throw where the bytes cannot be read. */
export interface DocumentState {
  readonly lengths: Lengths;
  apply(record: CodedRecord): void;
  /** Begins to read a snapshot; the state stays what it was until commit. */
  restore(table: Uint8Array): Restoring;
  /** State hash, 16 bytes. */
  hash(): Uint8Array;
}

/** A snapshot on its way. */
export interface Restoring {
  /** The next chunk of closed strokes. */
  chunk(ink: Uint8Array): void;
  /** State hash of the snapshot, 16 bytes. */
  hash(): Uint8Array;
  /** Replaces the state by the snapshot. context: who wrote what last; revision, epoch: where it stands. */
  commit(context: Context, revision: number, epoch: bigint): void;
}
