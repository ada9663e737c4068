// Another way for a page's media than the straight one: the server's answers are changed on their way.
import type { BrowserContext, Route } from "@playwright/test";

/** Sends a context's WebRTC through a port, which is asked for with the server's own: its answers name no other. */
export async function mediaThrough(context: BrowserContext, through: (server: number) => number | Promise<number>): Promise<void> {
  await relayed(context, /\/(whip|whep)(\?|$)/, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    // Nor does its offer: else the server would find the straight way.
    const offer = (route.request().postData() ?? "").replace(/^(a=candidate:\S+ \d+ udp \d+) \S+ \d+ typ host/gim, "$1 127.0.0.1 9 typ host");
    const response = await route.fetch({ postData: offer });
    const lines = (await response.text()).split("\r\n").filter((line) => !/^a=candidate:.* tcp /i.test(line));
    const ways = /^(a=candidate:\S+ \d+ udp \d+) \S+ (\d+) typ host.*$/i;
    const server = lines.map((line) => ways.exec(line)?.[2]).find((port) => port !== undefined);
    const port = server === undefined ? 0 : await through(Number(server));
    const body = lines.map((line) => line.replace(ways, `$1 127.0.0.1 ${port} typ host`)).join("\r\n");
    await route.fulfill({ response, body });
  });
}

/** Has requests handled; one that the page gives up, as when it is closed, ends nothing. */
export async function relayed(context: BrowserContext, url: string | RegExp, handle: (route: Route) => Promise<void>): Promise<void> {
  await context.route(url, (route) => handle(route).catch((error: unknown) => {
    console.error(`${route.request().url()}: ${String(error).split("\n", 1)[0] ?? ""}`);
    return route.abort().catch(() => undefined);
  }));
}
