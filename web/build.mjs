// Builds the page into web/dist: index.html, oldbrowser.js, app.js, app.css, and what it loads when it is used (players of live streams,
// workers). Nothing in them refers to another host.
//
//   node build.mjs           small, for the binary that embeds it
//   node build.mjs --watch   with source maps, again at every change
import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const web = dirname(fileURLToPath(import.meta.url));
const out = join(web, "dist");
const watch = process.argv.includes("--watch");

/** @type {import("esbuild").BuildOptions} */
const common = {
  absWorkingDir: web,
  outdir: out,
  bundle: true,
  target: ["es2022", "chrome110", "firefox125", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: !watch,
  sourcemap: watch,
  legalComments: "none",
  logLevel: "info",
};

/** What is imported by import() becomes a file of its own, named by its content. */
const page = { ...common, entryPoints: { app: "src/main.tsx" }, format: "esm", splitting: true, chunkNames: "part-[hash]" };

/** Workers are files too, since the content security policy lets no other scripts in; as classic scripts all browsers run them. */
const workers = {
  ...common,
  entryPoints: { "media-worker": "src/media/worker.ts", "hls-worker": "hls.js/dist/hls.worker.js" },
  format: "iife",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await writeFile(join(out, ".gitkeep"), ""); // embed.go needs the folder in a fresh clone too
for (const asIs of ["index.html", "oldbrowser.js"]) await cp(join(web, "src", asIs), join(out, asIs));
for (const options of [page, workers]) {
  if (watch) await (await context(options)).watch();
  else await build(options);
}
