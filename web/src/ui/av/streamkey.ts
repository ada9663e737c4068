// One's own stream key. It ends when another is asked for (MED9), and with it an encoder's next connection: so it is kept
// for as long as the page is, and while an encoder pushes another one is given only to who wants it.
import { signal } from "@preact/signals";
import type { RoomSession } from "../../sync/api.ts";
import { codeOf } from "../gateway.ts";

/** Where an encoder pushes to. */
export interface StreamKey {
  readonly key: string;
  readonly rtmp: string;
  readonly http: string;
}

const isStreamKey = (value: unknown): value is StreamKey =>
  typeof value === "object" && value !== null && ["key", "rtmp", "http"].every((name) => typeof (value as Record<string, unknown>)[name] === "string");

type State =
  /** pushing: an encoder uses one that this page does not know. */
  | { readonly kind: "asking" | "pushing" }
  | { readonly kind: "given"; readonly key: StreamKey }
  /** code: of the protocol, 0: the server was not reached. */
  | { readonly kind: "failed"; readonly code: number };

type Session = Pick<RoomSession, "request" | "sources" | "participant">;

export class OwnStreamKey {
  readonly state = signal<State>({ kind: "pushing" });
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Somebody looks at it. */
  look(): void {
    const { kind } = this.state.peek();
    if (kind !== "given" && kind !== "asking" && !this.#pushes()) this.ask();
  }

  /** Another one. */
  ask(): void {
    this.state.value = { kind: "asking" };
    this.#request().then((key) => (this.state.value = { kind: "given", key }), (error: unknown) => (this.state.value = { kind: "failed", code: codeOf(error) }));
  }

  #pushes(): boolean {
    const { participant, sources } = this.#session;
    return sources.value.some((source) => source.kind === "stream" && source.participant === participant && (source.video || source.audio));
  }

  async #request(): Promise<StreamKey> {
    const response = await this.#session.request("stream-key", { method: "POST" });
    const key: unknown = await response.json();
    if (!isStreamKey(key)) throw new Error("stream-key: not what was asked for");
    return key;
  }
}
