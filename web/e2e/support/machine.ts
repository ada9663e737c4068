// How much of the machine a test had: a virtual one is not given its cores all the time.
import { readFileSync } from "node:fs";

/** What all cores did since the system started, in its ticks (proc_stat(5)): what ran, and what would have but was not let. */
function ticks(): { readonly ran: number; readonly stolen: number } {
  try {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = 0] = readFileSync("/proc/stat", "utf8").split("\n", 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
    return { ran: user + nice + system + irq + softirq, stolen };
  } catch {
    return { ran: 0, stolen: 0 }; // another system, which does not say
  }
}

/** Begins to watch. What it returns tells how much longer than on cores of its own everything took since then: 1 or more. */
export function watchMachine(): () => number {
  const before = ticks();
  return () => {
    const now = ticks();
    return 1 + (now.stolen - before.stolen) / Math.max(now.ran - before.ran, 1);
  };
}
