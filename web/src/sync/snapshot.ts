// A snapshot on its way (REC1): checked before it takes the place of what is shown.
import type { SnapshotStart } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import { equalBytes } from "../ot/bytes.ts";
import { joinBytes } from "../protocol/bytes.ts";
import { Context } from "../protocol/record.ts";
import type { DocumentState, Restoring } from "./documentstate.ts";

/** Bytes of one snapshot that are taken at most. */
const MAX_SNAPSHOT = 64 << 20;

/** All methods throw where the bytes cannot be read, are out of order or too many. */
export class Snapshot {
  readonly revision: number;
  readonly digest: bigint;
  readonly context: Context;
  /** release_at of the revision, ms room time. */
  readonly release: number;
  private readonly parts: Uint8Array[] = [];
  private bytes = 0;
  /** Once the table is whole. */
  private restoring: Restoring | undefined;

  constructor(
    { revision, digest, context, bytes, releaseAtUs }: SnapshotStart,
    private readonly state: DocumentState,
    private readonly epoch: bigint,
  ) {
    if (bytes > BigInt(MAX_SNAPSHOT)) throw new Error("snapshot is too large");
    this.revision = Number(revision);
    this.digest = digest;
    this.context = Context.decode(context);
    this.release = Number(releaseAtUs) / 1000;
  }

  table(part: Uint8Array): void {
    this.count(part);
    if (this.restoring !== undefined) throw new Error("table after ink");
    this.parts.push(part);
  }

  ink(chunk: Uint8Array): void {
    this.count(chunk);
    this.begun().chunk(chunk);
  }

  /** The last of it came: if it is whole, what commit does replaces the state. */
  end(hash: Uint8Array): { commit(): void } {
    const restoring = this.begun();
    if (!equalBytes(hash, restoring.hash())) throw new Error("snapshot differs from its hash");
    return { commit: () => restoring.commit(this.context, this.revision, this.epoch) };
  }

  private begun(): Restoring {
    return (this.restoring ??= this.state.restore(joinBytes(this.parts)));
  }

  private count(part: Uint8Array): void {
    this.bytes += part.length;
    if (this.bytes > MAX_SNAPSHOT) throw new Error("snapshot is too large");
  }
}
