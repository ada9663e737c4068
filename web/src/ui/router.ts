// Two kinds of pages: the start, and a room by its code.
import { signal } from "@preact/signals";
import { parseCode } from "./code.ts";

export type Route = { readonly kind: "start" } | { readonly kind: "room"; readonly room: bigint } | { readonly kind: "bad-link" };

function routeOf(path: string): Route {
  const match = /^\/r\/([^/]+)\/?$/.exec(path);
  if (match === null) return path.startsWith("/r/") ? { kind: "bad-link" } : { kind: "start" };
  const room = parseCode(match[1] ?? "");
  return room === undefined ? { kind: "bad-link" } : { kind: "room", room };
}

export const route = signal<Route>(routeOf(location.pathname));

addEventListener("popstate", () => (route.value = routeOf(location.pathname)));

/** Goes to a path of this page; the query (diagnostics, say) stays. */
export function go(path: string): void {
  history.pushState(null, "", path + location.search);
  route.value = routeOf(path);
}
