// Every direct dependency has its line in docs/dependencies.md saying why it is there, and every line its dependency.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (path) => readFileSync(join(root, path), "utf8");

const mod = JSON.parse(execFileSync("go", ["mod", "edit", "-json"], { cwd: root, encoding: "utf8" }));
const npm = JSON.parse(read("web/package.json"));
const used = new Set([
  ...mod.Require.filter((m) => !m.Indirect).map((m) => m.Path),
  ...Object.keys(npm.dependencies ?? {}),
  ...Object.keys(npm.devDependencies ?? {}),
]);

// A line is a table row whose first cell is a name in backquotes and whose last cell says something.
const rows = [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)];
const told = new Set(rows.filter(([, , rest]) => rest.trim() !== "").map(([, name]) => name));

const faults = [
  ...[...used].filter((name) => !told.has(name)).map((name) => `${name}: has no line saying why in docs/dependencies.md`),
  ...[...told].filter((name) => !used.has(name)).map((name) => `${name}: has a line in docs/dependencies.md but is not used`),
];
if (/"resolved":/.test(read("web/package-lock.json"))) {
  faults.push("web/package-lock.json: names registry addresses: npm config set omit-lockfile-registry-resolved true, install again");
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`dependencies: ok (${used.size})`);
