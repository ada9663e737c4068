// Requests about a room (docs/protocol.md, HTTP), and its images.
import { CodeError } from "../protocol/codes.ts";
import type { RoomImage, RoomImages } from "./api.ts";
import type { Fetch } from "./environment.ts";
import { roomCode } from "./names.ts";

/** Requests to the server about one room, as the participant that a token names. */
export class RoomRequests {
  /** Its code. */
  readonly room: string;

  constructor(
    private readonly fetch: Fetch,
    room: bigint,
    private readonly token: string,
  ) {
    this.room = roomCode(room);
  }

  /** path: below that of the room. Rejects with a CodeError (0: the server was not reached), or an AbortError. */
  async send(path: string, init: RequestInit = {}, progress?: (part: number) => void): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${this.token}`);
    const response = await this.reach(`/api/rooms/${this.room}/${path}`, { ...init, headers }, progress);
    if (!response.ok) throw await failureOf(response);
    return response;
  }

  private async reach(path: string, init: RequestInit, progress: ((part: number) => void) | undefined): Promise<Response> {
    try {
      return await this.fetch(path, init, progress);
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw new CodeError(0);
    }
  }
}

/** The code that a refusal carries; 0 where it carries none (a proxy's, say). */
export async function failureOf(response: Response): Promise<CodeError> {
  try {
    const body: unknown = await response.json();
    if (typeof body !== "object" || body === null || !("code" in body) || typeof body.code !== "number") return new CodeError(0);
    return new CodeError(body.code, "parameters" in body ? wordsOf(body.parameters) : {});
  } catch {
    return new CodeError(0);
  }
}

function wordsOf(parameters: unknown): Record<string, string> {
  return typeof parameters === "object" && parameters !== null ? Object.fromEntries(Object.entries(parameters).map(([k, v]) => [k, String(v)])) : {};
}

/** The room's images; what was loaded or uploaded is kept. */
export class Images implements RoomImages {
  private readonly loaded = new Map<string, Promise<Blob>>();

  constructor(private readonly requests: RoomRequests) {}

  async upload(image: Blob, progress?: (part: number) => void, signal?: AbortSignal): Promise<RoomImage> {
    const init: RequestInit = { method: "POST", body: image, headers: { "Content-Type": image.type || "application/octet-stream" } };
    if (signal !== undefined) init.signal = signal;
    const response = await this.requests.send("images", init, progress);
    return imageOf(await response.json().catch(() => undefined));
  }

  load(content: string): Promise<Blob> {
    const held = this.loaded.get(content);
    if (held !== undefined) return held;
    const loading = this.requests.send(`images/${encodeURIComponent(content)}`).then((response) => response.blob());
    this.loaded.set(content, loading);
    loading.catch(() => this.loaded.delete(content)); // another try may do better
    return loading;
  }

  get room(): string {
    return this.requests.room;
  }

  async bring(content: string, room: string): Promise<void> {
    await this.requests.send(`images/${encodeURIComponent(content)}?from=${encodeURIComponent(room)}`, { method: "PUT" });
  }
}

function imageOf(body: unknown): RoomImage {
  if (typeof body === "object" && body !== null && "content" in body && "width" in body && "height" in body) {
    const { content, width, height } = body;
    if (typeof content === "string" && typeof width === "number" && typeof height === "number") return { content, width, height };
  }
  throw new CodeError(0);
}
