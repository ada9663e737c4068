// The import rules of the page's source, the counterpart of depguard in .golangci.yml: each rule has its reason, and a
// broken one fails `make lint`.
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { transformSync } from "esbuild";
import { find, isSource, isTest, web } from "./files.mjs";

/** Which folders of src a folder may import (besides itself), which packages, and why. */
const rules = {
  protocol: {
    folders: ["ot"],
    packages: ["@bufbuild/protobuf"],
    why: "messages, framing and the ink codec know points and ids, nothing of sessions or pages",
  },
  ot: { folders: [], packages: [], why: "the state of a board is a pure function of its log: no clock, no wire, no packages" },
  sync: {
    folders: ["protocol", "ot"],
    packages: ["@bufbuild/protobuf"],
    why: "the session runs under Node and in terminals that bring their own page",
  },
  media: {
    folders: ["protocol", "sync"],
    packages: ["hls.js", "mpegts.js"],
    why: "media are given a session and video elements; they know no board and belong to no framework",
  },
  board: {
    folders: ["protocol", "ot", "sync"],
    packages: [],
    why: "the board is given a canvas and a document; it belongs to no framework",
  },
};

/** Globals that the SDK is given by its caller instead of taking them, in any file but those that adapt the browser. */
const forbiddenGlobals = ["document", "window", "localStorage", "sessionStorage"];
const browserAdapters = new Set(["src/sync/browser.ts", "src/media/browser.ts"]);

/** esbuild's define replaces a name only where it is the global, never a local variable or a member of that name. */
const mark = (name) => `__global_${name}__`;
const define = Object.fromEntries(
  forbiddenGlobals.flatMap((name) => ["", "globalThis.", "self."].map((prefix) => [prefix + name, mark(name)])),
);

const importPattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g;
const skipPattern = /\b(?:test|it|describe|suite)\.(?:skip|fixme|only|todo)\b|\bt\.(?:skip|todo)\(|\b(?:skip|only|todo)\s*:/;

/** Source text with comments blanked, lines kept. Strings that hold "//" are cut short, which no rule minds. */
const withoutComments = (text) =>
  text.replace(/\/\*[\s\S]*?\*\//g, (c) => c.replace(/[^\n]/g, " ")).replace(/(^|[^:"'`])\/\/[^\n]*/gm, "$1");

function* lines(text) {
  for (const [index, line] of text.split("\n").entries()) yield { number: index + 1, line };
}

/** The folder of src that an import leads to, or the package's name. */
function target(file, specifier) {
  if (!specifier.startsWith(".")) {
    const parts = specifier.split("/");
    return { package: specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0] };
  }
  return { folder: normalize(join(dirname(file), specifier)).split("/")[1] };
}

function* importFaults(file, text, folder, testing) {
  const rule = rules[folder];
  for (const [, specifier] of text.matchAll(importPattern)) {
    const to = target(file, specifier);
    if (to.package !== undefined) {
      const known = rule.packages.includes(to.package) || (testing && to.package.startsWith("node:"));
      if (!known) yield `${file}: imports ${specifier}: ${folder} may import ${[...rule.packages, "no other package"].join(", ")} (${rule.why})`;
    } else if (to.folder !== folder && !rule.folders.includes(to.folder)) {
      yield `${file}: imports ${specifier}: ${folder} may import ${rule.folders.join(", ") || "no other folder"} (${rule.why})`;
    }
  }
}

function* globalFaults(file, text) {
  if (browserAdapters.has(file)) return;
  const { code } = transformSync(text, { loader: "ts", define });
  for (const name of forbiddenGlobals.filter((global) => code.includes(mark(global)))) {
    yield `${file}: uses the global ${name}: the SDK is given its canvas, transport, storage and clock`;
  }
}

function* skipFaults(file, text) {
  for (const { number, line } of lines(text)) {
    if (skipPattern.test(line)) yield `${file}:${number}: a test is skipped or singled out: one that lacks its component fails`;
  }
}

const faults = [];
for (const folder of Object.keys(rules)) {
  for (const file of find(join("src", folder), (name) => isSource(name) || isTest(name))) {
    const text = withoutComments(readFileSync(join(web, file), "utf8"));
    faults.push(...importFaults(file, text, folder, isTest(file)));
    if (!isTest(file)) faults.push(...globalFaults(file, text));
  }
}
for (const file of [...find("src", isTest), ...find("test", isTest), ...find("e2e", (name) => name.endsWith(".ts"))]) {
  faults.push(...skipFaults(file, withoutComments(readFileSync(join(web, file), "utf8"))));
}

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log("web imports: ok");
