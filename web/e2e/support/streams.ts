// TCP through a bad network: everything comes, in order, late. Without a network it waits, as what is sent again would.
import type { Duplex } from "node:stream";

/** So much is under way at most in one direction, bytes: a window. */
const WINDOW = 128 << 10;
/** Without a network it is tried again so often, ms. */
const AGAIN_MS = 50;

/** Carries one direction of a connection; late: how long so many bytes take, ms. */
export function carryStream(from: Duplex, to: Duplex, late: (bytes: number) => number, online: () => boolean): void {
  const waiting: { readonly data: Buffer | undefined; readonly due: number }[] = [];
  let bytes = 0, last = 0;
  const put = (data: Buffer | undefined): void => {
    last = Math.max(last, performance.now() + late(data?.length ?? 0));
    waiting.push({ data, due: last });
    bytes += data?.length ?? 0;
    if (bytes > WINDOW) from.pause();
    if (waiting.length === 1) sendLater();
  };
  const sendLater = (): void => {
    const [next] = waiting;
    if (next === undefined || to.destroyed) return;
    const wait = online() ? next.due - performance.now() : AGAIN_MS;
    if (wait >= 1) return void setTimeout(sendLater, wait);
    waiting.shift();
    bytes -= next.data?.length ?? 0;
    if (bytes <= WINDOW) from.resume();
    if (next.data === undefined) to.end();
    else to.write(next.data);
    sendLater();
  };
  from.on("data", put).on("end", () => put(undefined));
}
