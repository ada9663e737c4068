// What goes wrong in seeded chaos: the server dies or stands still, messages get lost, routes hang, replicas are taken over.
import { Code } from "../src/protocol/codes.ts";
import type { World } from "./sync-world.ts";

/** How many kinds of faults there are. */
export const FAULTS = 8;

/** Makes a fault, or ends one. kind: 0 … FAULTS − 1; below: a number below n. */
export function fault({ server }: World, kind: number, below: (n: number) => number): void {
  switch (kind) {
    case 0:
      return server.kill();
    case 1:
    case 2:
      server.up = true;
      return;
    case 3:
      server.frozen = below(3) === 0;
      return;
    case 4: {
      const peers = [...server.peers];
      const victim = peers[below(peers.length || 1)];
      const odds = 1 + below(4);
      server.lose = below(2) === 0 ? undefined : (message, peer) => message === "records" && peer === victim && below(odds) === 0;
      return;
    }
    case 5: {
      const peers = [...server.peers].filter((p) => p.replica > 0);
      peers[below(peers.length || 1)]?.control({ case: "error", value: { code: Code.TakenOver } });
      return;
    }
    case 6:
      server.routes.webtransport = (["works", "hangs", "refuses"] as const)[below(3)] ?? "works";
      return;
    case 7:
      server.delayUp = 1 + below(150);
      server.delayDown = 1 + below(150);
      return;
    default:
      throw new RangeError(`fault ${kind}`);
  }
}

/** Everything works again. */
export function heal({ server }: World): void {
  server.up = true;
  server.frozen = false;
  server.lose = undefined;
  server.delayUp = server.delayDown = 5;
  server.routes.webtransport = "works";
}
