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
  private handles = 0;
  private readonly streams = new Map<number, Feed>();

  get(document: string): Open | undefined {
    return this.byName.get(document);
  }

  /** Handles are given from 1 on. */
  add(feed: Feed): Open {
    const open = { handle: ++this.handles, feed, repairs: new Repairs() };
    this.byName.set(feed.document, open);
    return open;
  }

  /** Forgets a document that is closed. */
  remove({ feed }: Open): void {
    this.byName.delete(feed.document);
    for (const [stream, followed] of this.streams) if (followed === feed) this.streams.delete(stream);
  }

  ofHandle(handle: number): Open | undefined {
    return this.all.find((open) => open.handle === handle);
  }

  /** In the order of handles. */
  get all(): readonly Open[] {
    return [...this.byName.values()];
  }

  *feeds(): Generator<Feed> {
    for (const { feed } of this.byName.values()) yield feed;
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
    for (const feed of this.feeds()) feed.reconnected();
  }
}
