// Runs bench/avsync: bundles it for Node, with the modules of web/, and hands it the names of the paths to measure.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { web } from "./files.mjs";

const out = join(web, "build", "avsync", String(process.pid)); // two runs at once do not meet
try {
  await build({
    absWorkingDir: web,
    entryPoints: ["../bench/avsync/main.ts"],
    outfile: join(out, "main.mjs"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    external: ["@playwright/test"],
    logLevel: "warning",
  });
  const env = { CHALKLINE_BIN: join(web, "..", "bin", "chalkline"), ...process.env };
  const run = spawnSync(process.execPath, [join(out, "main.mjs"), ...process.argv.slice(2)], { cwd: web, stdio: "inherit", env });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
