// Runs the unit tests: bundles every *.test.ts under src/ and test/ for Node and hands the bundles to Node's own test runner.
//
//   npm test                   all
//   npm test -- src/ot         those under a folder, or one file
//
// The tests run with web/ as the working directory: vectors shared with Go are at ../ot/testdata and so on.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { find, isTest, web } from "./files.mjs";

const wanted = process.argv.slice(2);
const tests = [...find("src", isTest), ...find("test", isTest)].filter((path) => wanted.length === 0 || wanted.some((w) => path.startsWith(w)));
if (tests.length === 0) {
  console.error(`no test found under ${wanted.join(" ") || "src or test"}`);
  process.exit(1);
}

const out = join(web, "build", "test", String(process.pid)); // two runs at once do not meet
try {
  await build({
    absWorkingDir: web,
    entryPoints: tests,
    outbase: ".",
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    sourcemap: "inline",
    logLevel: "warning",
  });
  const bundles = tests.map((path) => join(out, path.replace(/\.ts$/, ".mjs")));
  const env = { CHALKLINE_BIN: join(web, "..", "bin", "chalkline"), ...process.env }; // of the tests that need a server
  const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...bundles], { cwd: web, stdio: "inherit", env });
  process.exitCode = run.status ?? 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}
