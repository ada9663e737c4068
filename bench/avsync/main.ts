// avsync measures how far strokes and pictures are apart when a pupil sees them, on every path that media can take. It
// prints one line of JSON for each: docs/performance.md says how to read them.
//
//   make avsync                       all paths
//   make avsync AVSYNC="webrtc hls"   some
//   MINUTES=60 make avsync AVSYNC=webrtc
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { film } from "./camera.ts";
import { record } from "./hearing.ts";
import { EARLY_MAX, PATHS, type Path } from "./paths.ts";
import { run, type Length } from "./run.ts";
import type { Score } from "./score.ts";

/** Goals are whole frames of 33.3 ms, and cameras do not keep time to the millisecond. */
const SLACK_MS = 3;
/** Between strokes, ms: not a multiple of a frame. Long lessons have fewer. */
const GAP_MS = 617, LONG_GAP_MS = 5017;

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const paths = PATHS.filter((p) => wanted.length === 0 || wanted.includes(p.name));
  if (paths.length === 0) throw new Error(`no such path; there are ${PATHS.map((p) => p.name).join(", ")}`);
  const folder = mkdtempSync(join(tmpdir(), "avsync-"));
  let failed = false;
  try {
    const studio = { film: join(folder, "film.mjpeg"), sound: join(folder, "sound.wav") };
    await film(studio.film);
    record(studio.sound);
    for (const path of paths) {
      const result = await run(path, studio, lengthOf(process.env)).catch((error: unknown) => String(error));
      if (typeof result === "string") console.error(`avsync: ${path.name}: ${result}`);
      else console.log(JSON.stringify({ path: path.name, ...result, goal_ms: path.goal ?? null, ok: holds(path, result) }));
      failed ||= typeof result === "string" || !holds(path, result);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = failed ? 1 : 0;
}

/** $MINUTES, else $STROKES, of each path. */
function lengthOf({ MINUTES, STROKES }: NodeJS.ProcessEnv): Length {
  if (MINUTES !== undefined) return { strokes: Math.ceil((Number(MINUTES) * 60_000) / LONG_GAP_MS), gap: LONG_GAP_MS };
  return { strokes: Number(STROKES ?? 40), gap: GAP_MS };
}

function holds({ goal }: Path, result: Score): boolean {
  if (goal === undefined) return true;
  if (result.alone_p99_ms !== undefined) return result.delivery_p99_ms <= result.alone_p99_ms + goal;
  return result.p95_ms <= goal + SLACK_MS && result.early_max_ms <= EARLY_MAX;
}

await main();
