// The documents that a session follows, by name, handle and stream.
import type { DocumentHeader, DocumentMessage } from "../protocol/gen/chalkline/v1/chalkline_pb.ts";
import type { Feed } from "./feed.ts";
import { Repairs } from "./repairs.ts";

export interface Open {
  readonly handle: number;
  readonly feed: Feed;
  readonly repairs: Repairs;
}

export class Opens {
  private readonly byName = new Map<string, Open>();
  private readonly byHandle: Open[] = [];
  private streams = new Map<number, Feed>();

  get(document: string): Open | undefined {
    return this.byName.get(document);
  }

  /** Handles are given from 1 on. */
  add(feed: Feed): Open {
    const open = { handle: this.byHandle.length + 1, feed, repairs: new Repairs() };
    this.byName.set(feed.document, open);
    this.byHandle.push(open);
    return open;
  }

  ofHandle(handle: number): Open | undefined {
    return this.byHandle[handle - 1];
  }

  /** In the order of handles. */
  get all(): readonly Open[] {
    return this.byHandle;
  }

  *feeds(): Generator<Feed> {
    for (const { feed } of this.byHandle) yield feed;
  }

  // ---- Streams.

  header(stream: number, header: DocumentHeader): void {
    const open = this.ofHandle(header.handle);
    if (open?.feed.document !== header.document) return;
    this.streams.set(stream, open.feed);
    open.feed.begin(stream, header);
  }

  message(stream: number, message: DocumentMessage["message"]): void {
    if (message.case === "header") this.header(stream, message.value);
    else this.streams.get(stream)?.take(stream, message);
  }

  undecodable(stream: number): void {
    this.streams.get(stream)?.undecodable(stream);
  }

  disconnected(): void {
    this.streams.clear();
    for (const { feed } of this.byHandle) feed.reconnected();
  }
}
