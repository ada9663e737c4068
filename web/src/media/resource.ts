// WHIP and WHEP (RFC 9725 and its twin for players): an offer that becomes a resource of the server.
import { CodeError } from "../protocol/codes.ts";
import type { RoomSession } from "../sync/api.ts";
import type { Quality } from "./api.ts";

export type Request = RoomSession["request"];

/** A packet's RTP timestamp, and the room time in µs of its capture. */
export interface RtpTime {
  readonly rtp: number;
  readonly time: number;
}

/** One connection as the server knows it. */
export class Resource {
  constructor(
    private readonly request: Request,
    /** Below the room's. */
    private readonly path: string,
  ) {}

  async choose(quality: Quality): Promise<void> {
    const body = JSON.stringify({ quality });
    await this.request(this.path, { method: "PATCH", headers: { "Content-Type": "application/json" }, body });
  }

  /** Which moments packets are of; a track of which nothing is known is left out. */
  async times(): Promise<{ readonly audio?: RtpTime; readonly video?: RtpTime }> {
    const body: unknown = await (await this.request(this.path, { cache: "no-store" })).json();
    const { audio, video } = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
    const [sound, picture] = [rtpTimeOf(audio), rtpTimeOf(video)];
    return { ...(sound === undefined ? {} : { audio: sound }), ...(picture === undefined ? {} : { video: picture }) };
  }

  /** Tells the server that it is over. It notices by itself too, later. */
  async remove(): Promise<void> {
    await this.request(this.path, { method: "DELETE", keepalive: true });
  }
}

function rtpTimeOf(value: unknown): RtpTime | undefined {
  if (typeof value !== "object" || value === null || !("rtp" in value) || !("time_us" in value)) return undefined;
  const { rtp, time_us: time } = value;
  return typeof rtp === "number" && typeof time === "number" && time > 0 ? { rtp, time } : undefined;
}

/** Sends an offer to "whip?kind=camera" or "sources/7/whep". Rejects with a CodeError, or an AbortError. */
export async function negotiate(request: Request, path: string, offer: string, signal: AbortSignal): Promise<{ answer: string; resource: Resource }> {
  const response = await request(path, { method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer, signal });
  const answer = await response.text();
  const below = pathBelowRoom(response.headers.get("Location") ?? "", path, response.url);
  if (below === undefined) throw new CodeError(0);
  return { answer, resource: new Resource(request, below) };
}

/** Where a Location leads, below the path of the room; undefined where it leads elsewhere. */
function pathBelowRoom(location: string, path: string, url: string): string | undefined {
  if (location === "") return undefined;
  const room = new RegExp("/api/rooms/[^/]+/");
  // A fetch of a test's may know no URL: the request's own path is as good.
  const base = room.test(url) ? url : `http://server/api/rooms/-/${path}`;
  try {
    const { pathname, search } = new URL(location, base);
    const match = room.exec(pathname);
    return match === null || match.index !== 0 ? undefined : pathname.slice(match[0].length) + search;
  } catch {
    return undefined;
  }
}

/** STUN and TURN servers, asked for once in six hours of the twelve that their credentials hold. */
export class IceServers {
  private asked: { readonly at: number; readonly servers: Promise<RTCIceServer[]> } | undefined;

  constructor(
    private readonly request: Request,
    private readonly now: () => number,
  ) {}

  /** Never rejects: without them the way is direct. */
  get(): Promise<RTCIceServer[]> {
    if (this.asked !== undefined && this.now() - this.asked.at < 6 * 3_600_000) return this.asked.servers;
    const servers = this.ask().catch(() => {
      this.asked = undefined; // the next connection asks again
      return [];
    });
    this.asked = { at: this.now(), servers };
    return servers;
  }

  private async ask(): Promise<RTCIceServer[]> {
    const body: unknown = await (await this.request("ice")).json();
    const servers = typeof body === "object" && body !== null && "ice_servers" in body ? body.ice_servers : [];
    return Array.isArray(servers) ? servers.filter((server): server is RTCIceServer => typeof server === "object" && server !== null && "urls" in server) : [];
  }
}
