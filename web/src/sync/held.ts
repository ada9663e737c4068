// Records that came and wait for the shown time (ALN4), with the markers between them.
import type { Marker } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { CodedRecord, Context, Lengths } from "../protocol/record.ts";

/** Bytes of messages and records of one document that wait at most; reopened below half of it. */
const MAX_BYTES = 16 << 20;
const MAX_RECORDS = 200_000;

/** release_at of a record, ms room time (REC5); before: that of the record before it, 0 for the first. */
export function releaseOf(before: number, { capturedAt, sequencedAt }: CodedRecord): number {
  return Math.min(sequencedAt, Math.max(before, capturedAt));
}

/** What can be told of a record before its time. */
export interface Head {
  readonly replica: number;
  readonly n: number;
  readonly revision: number;
  readonly sequencedAt: number;
  readonly release: number;
}

interface Message {
  readonly kind: "records";
  readonly bytes: Uint8Array;
  /** release_at of each of its records. */
  readonly releases: readonly number[];
  /** How many of them were taken out, by this. */
  taken: number;
  reading: Iterator<CodedRecord, void> | undefined;
}

type Item = Message | { readonly kind: "marker"; readonly marker: Marker };

/**
 * What a record says of its own points is known only once those before it are applied: it leans on the lengths of
 * strokes. So messages wait as they came, and are read ahead only for their times and numbers, with a context of their own.
 */
export class Held {
  private readonly ahead: Context;
  private readonly lengths: Lengths;
  /** From first on; the items before it are done with. */
  private items: Item[] = [];
  private first = 0;
  private bytes = 0;
  /** Records that wait. */
  count = 0;

  /** After the record that context stands at, which has this revision and release_at. board: records may be ink. */
  constructor(
    context: Context,
    public revision: number,
    private release: number,
    board: boolean,
  ) {
    this.ahead = context.copy();
    this.lengths = board ? () => 0 : undefined;
  }

  /** Takes a message in. Throws as Context.read does; after a GapError what was held before still holds. */
  add(message: Uint8Array): readonly Head[] {
    const heads: Head[] = [];
    for (const record of this.ahead.read(message, this.revision, this.lengths)) {
      this.release = releaseOf(this.release, record);
      this.revision = record.revision;
      heads.push({ ...record, release: this.release });
    }
    this.items.push({ kind: "records", bytes: message.slice(), releases: heads.map((h) => h.release), taken: 0, reading: undefined });
    this.bytes += message.length;
    this.count += heads.length;
    return heads;
  }

  /** A marker takes its place behind what waits. */
  mark(marker: Marker): void {
    this.items.push({ kind: "marker", marker });
  }

  /** release_at of the next record; undefined: none waits. */
  get next(): number | undefined {
    const item = this.items[this.first];
    return item?.kind === "records" ? item.releases[item.taken] : undefined;
  }

  /** The next record, read in earnest: context and revision are those of the record before it. Throws as Context.read does. */
  shift(context: Context, revision: number, lengths: Lengths): CodedRecord | undefined {
    const item = this.items[this.first];
    if (item?.kind !== "records") return undefined;
    item.reading ??= context.read(item.bytes, revision, lengths);
    const { value } = item.reading.next();
    this.count--;
    if (++item.taken === item.releases.length) {
      this.bytes -= item.bytes.length;
      this.drop();
    }
    return value ?? undefined;
  }

  /** The marker whose turn it is. */
  shiftMarker(): Marker | undefined {
    const item = this.items[this.first];
    if (item?.kind !== "marker") return undefined;
    this.drop();
    return item.marker;
  }

  /** More than may wait. */
  get full(): boolean {
    return this.bytes > MAX_BYTES || this.count > MAX_RECORDS;
  }

  /** Half of what may wait, at most. */
  get light(): boolean {
    return this.bytes <= MAX_BYTES / 2 && this.count <= MAX_RECORDS / 2;
  }

  private drop(): void {
    if (++this.first < 1024 && this.first < this.items.length) return;
    this.items = this.items.slice(this.first);
    this.first = 0;
  }
}
