// The size budget of the board SDK: protocol, ot, sync and board, everything they export, bundled without the page.
// Fails when the bundle is over budget or when a package other than the schema's runtime has crept in.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { find, isSource, sdkFolders, web } from "./files.mjs";

// With every tool, text and its transformation, export and drawing of every kind; a third is the schema's runtime and codec.
const budget = 123 * 1024; // bytes, minified and gzip'd
const allowedPackages = ["@bufbuild/protobuf"];

// Every export of every file counts, since each user of the SDK takes another part of it.
const sources = sdkFolders.flatMap((folder) => find(`src/${folder}`, isSource));
const entry = sources.map((path, i) => `export * as m${i} from "./${path}";`).join("\n");

const result = await build({
  stdin: { contents: entry, resolveDir: web, sourcefile: "sdk.ts", loader: "ts" },
  absWorkingDir: web,
  bundle: true,
  minify: true,
  platform: "browser",
  target: "es2022",
  format: "esm",
  write: false,
  metafile: true,
  logLevel: "warning",
}).catch(() => process.exit(1)); // esbuild has said why

const packages = new Set(
  Object.keys(result.metafile.inputs)
    .filter((path) => path.includes("node_modules/"))
    .map((path) => path.split("node_modules/").at(-1).split("/").slice(0, 2).join("/"))
    .map((name) => (name.startsWith("@") ? name : name.split("/")[0])),
);
const foreign = [...packages].filter((name) => !allowedPackages.includes(name));
const code = result.outputFiles[0].contents;
const size = gzipSync(code, { level: 9 }).length;

const kB = (bytes) => `${(bytes / 1024).toFixed(1)} kB`;
console.log(`board SDK: ${kB(code.length)} minified, ${kB(size)} gzip'd of ${kB(budget)}, ${sources.length} files`);
if (foreign.length > 0) console.error(`board SDK: bundles ${foreign.join(", ")}: it imports no framework`);
if (size > budget) console.error(`board SDK: over its budget by ${size - budget} bytes`);
process.exit(foreign.length > 0 || size > budget ? 1 : 0);
