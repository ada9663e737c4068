// What a client instance keeps over a reload: its replica, its numbers and its undelivered work (design: Identity).
import type { Edit, ID } from "../ot/types.ts";

/** Proof that a replica was given to this client instance (ID2). */
export interface Claim {
  readonly replica: number;
  readonly key: Uint8Array;
  readonly epoch: bigint;
}

/** One batch as it will be sent, however often (SYN1). */
export interface Batch {
  readonly n: number;
  /** Ops in whole form, or the event of another document. */
  readonly payload: Uint8Array;
  /** Whole ms of room time. */
  readonly capturedAt: number;
  /** Authority revision that was known when it was made. */
  readonly authority: number;
}

/** An edit of a text that waits for the one before it to be confirmed (SYN7). */
export interface WaitingText {
  readonly id: ID;
  /** The confirmed text, and the edit on its way as it was on that: what this edit was made on. */
  readonly confirmed: string;
  readonly out: Edit;
  readonly edit: Edit;
  /** Revision that the confirmed text is of; 0: of another history. */
  readonly revision: number;
}

/** Numbers of one document, and what is too small for a batch. */
export interface Numbers {
  /** Replica that the batches and own element ids below belong to. */
  readonly replica: number;
  /** The next batch and the next element. */
  readonly next: number;
  readonly counter: number;
  /** The last batch that is known to be durable. */
  readonly acked: number;
  /** The next erasure. */
  readonly eraser: number;
  /** Own strokes without an end. */
  readonly open: number;
  readonly texts: readonly WaitingText[];
}

/** Whether something is left to do on a document: batches to deliver, strokes to end, texts to send. */
export const unfinished = ({ next, acked, open, texts }: Numbers): boolean => next - 1 > acked || open > 0 || texts.length > 0;

/** Who the client instance is. */
export interface Standing {
  /** Undefined: it asks for a new replica. */
  readonly claim: Claim | undefined;
  /** Epoch in which work under an older replica may be durable although nobody said so (SES10). */
  readonly doubt: bigint | undefined;
}

/** Everything of one client instance in one room. */
export interface Saved extends Standing {
  readonly documents: ReadonlyMap<string, Numbers>;
  readonly batches: ReadonlyMap<string, readonly Batch[]>;
}

/** Part of what is saved, written as one transaction. */
export interface Change extends Standing {
  readonly documents: ReadonlyMap<string, Numbers>;
  /** Documents of which all batches are replaced; the others get put and lose drop. */
  readonly replace: ReadonlySet<string>;
  readonly put: ReadonlyMap<string, readonly Batch[]>;
  readonly drop: ReadonlyMap<string, readonly number[]>;
}

/** The place of one client instance. Whoever has it has it alone, until it is freed or the page is gone. */
export interface Slot {
  /** False: nothing that is written survives a reload. */
  readonly kept: boolean;
  load(): Promise<Saved>;
  /** Resolves once the change would survive a reload. After a failure the next one begins with a storage that is opened anew. */
  write(change: Change): Promise<void>;
  /** Leaves it to whoever comes next. */
  free(): void;
  /** Forgets it for good. */
  remove(): Promise<void>;
}

/** Slots of all rooms in this browser. */
export interface Store {
  /**
   * A slot of the participant in the room that no living page has, else a new one. Slots with unfinished documents
   * come first. With onlyWork: undefined unless there is one with unfinished documents.
   */
  take(room: bigint, participant: string, onlyWork: boolean): Promise<Slot | undefined>;
}

/** Keeps nothing over a reload: where the browser has no storage or no locks, every page is a new client instance. */
export class VolatileStore implements Store {
  take(_room: bigint, _participant: string, onlyWork: boolean): Promise<Slot | undefined> {
    const slot: Slot = {
      kept: false,
      load: () => Promise.resolve({ claim: undefined, doubt: undefined, documents: new Map(), batches: new Map() }),
      write: () => Promise.resolve(),
      free: () => {},
      remove: () => Promise.resolve(),
    };
    return Promise.resolve(onlyWork ? undefined : slot);
  }
}
