// Where a source is played from over HTTP (MED9): URLs that end, and are asked for anew in time.
import type { Clock } from "../sync/clock.ts";
import { CodeError } from "../protocol/codes.ts";
import type { Request } from "./resource.ts";

export interface LiveUrls {
  readonly hls: string;
  readonly httpts: string;
}

/** URLs are renewed so long before they end, and not more often than this, ms. */
const EARLY_MS = 120_000;
const RETRY_MS = 10_000;

/** The URLs of one source. */
export class LiveTokens {
  urls: LiveUrls | undefined;
  private cancel: (() => void) | undefined;
  private stopped = false;

  constructor(
    private readonly request: Request,
    private readonly source: number,
    private readonly clock: Clock,
    private readonly wall: () => number,
  ) {}

  /** Asks for URLs, and goes on asking before they end. Rejects with a CodeError. */
  async begin(): Promise<LiveUrls> {
    const response = await this.request(`sources/${this.source}/live`, { cache: "no-store" });
    const { hls, httpts, expires } = (await response.json()) as { hls?: unknown; httpts?: unknown; expires?: unknown };
    if (typeof hls !== "string" || typeof httpts !== "string") throw new CodeError(0);
    this.urls = { hls, httpts };
    if (typeof expires === "number") this.later(Math.max(RETRY_MS, expires * 1000 - this.wall() - EARLY_MS));
    return this.urls;
  }

  /** The URL of a playlist or a segment with the token that holds now. */
  renewed(url: string): string {
    const token = new RegExp("/live/[^/]+/");
    const now = token.exec(this.urls?.hls ?? "")?.[0];
    return now === undefined ? url : url.replace(token, now);
  }

  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private later(ms: number): void {
    this.cancel?.();
    if (this.stopped) return;
    this.cancel = this.clock.after(ms, () => {
      this.begin().catch(() => this.later(RETRY_MS));
    });
  }
}
