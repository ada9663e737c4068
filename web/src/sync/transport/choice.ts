// Which route to start with: the one that worked last, for ten minutes (SES4).
import type { Route } from "../api.ts";

/** Small texts that outlive the page; localStorage in a page. */
export interface Notes {
  get(name: string): string | null;
  set(name: string, value: string): void;
}

const NAME = "chalkline.route";
const KEPT_MS = 10 * 60_000;
/** Noted behind the time. */
const FALLBACK = "fallback";

/** The remembered choice. */
export class Choice {
  /** Given up for silence in this session: the other goes first. */
  private avoid: Route | undefined;
  /** The route that won is WebSocket, and the network let WebTransport go unanswered. One that was refused (its certificate, say) is no fallback. */
  fallback = false;

  /** wall: ms since 1970, since it is compared over reloads. */
  constructor(
    private readonly notes: Notes,
    private readonly wall: () => number,
  ) {}

  get first(): Route {
    if (this.avoid !== undefined) return this.avoid === "websocket" ? "webtransport" : "websocket";
    const [route, at] = (this.notes.get(NAME) ?? "").split(" ");
    const age = this.wall() - Number(at);
    return route === "websocket" && age >= 0 && age < KEPT_MS ? "websocket" : "webtransport";
  }

  /** unanswered: WebTransport was tried and did not answer; undefined: it was not tried, so that what was found before holds. */
  won(route: Route, unanswered?: boolean): void {
    const before = this.avoid === "webtransport" || (this.notes.get(NAME) ?? "").endsWith(FALLBACK);
    this.fallback = route === "websocket" && (unanswered ?? before);
    this.avoid = undefined;
    this.notes.set(NAME, `${route} ${this.wall()}${this.fallback ? ` ${FALLBACK}` : ""}`);
  }

  silent(route: Route): void {
    this.avoid = route;
  }
}
