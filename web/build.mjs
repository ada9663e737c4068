// Builds the page into web/dist: index.html, app.js, app.css. Nothing in them refers to another host.
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
const options = {
  absWorkingDir: web,
  entryPoints: { app: "src/main.tsx" },
  outdir: out,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome100", "firefox105", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: !watch,
  sourcemap: watch,
  legalComments: "none",
  logLevel: "info",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await writeFile(join(out, ".gitkeep"), ""); // embed.go needs the folder in a fresh clone too
await cp(join(web, "src/index.html"), join(out, "index.html"));
if (watch) await (await context(options)).watch();
else await build(options);
