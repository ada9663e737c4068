// Every rule of docs/protocol.md is cited by a test, and every rule that is cited stands there.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rules = new Set([...readFileSync(join(root, "docs/protocol.md"), "utf8").matchAll(/^- \*\*([A-Z]+\d+)\*\*/gm)].map(([, rule]) => rule));
const prefixes = [...new Set([...rules].map((rule) => rule.replace(/\d+$/, "")))].join("|");
const citation = new RegExp(`(?<![A-Z])(?:${prefixes})\\d+(?!\\d)`, "g");

const folders = ["bench", "cmd", "docs", "ot", "protocol", "replay", "sei", "server", "web/e2e", "web/src", "web/test"];
const found = execFileSync("find", [...folders, "-type", "f", "-regex", ".*\\.\\(go\\|ts\\|tsx\\|md\\|proto\\)"], { cwd: root, encoding: "utf8" });
const cited = new Set();
const faults = [];
for (const file of found.trim().split("\n")) {
  const isTest = /_test\.go$|\.(test|spec)\.ts$|^ot\/ottest\/|^replay\/replaytest\//.test(file);
  for (const [rule] of readFileSync(join(root, file), "utf8").matchAll(citation)) {
    if (!rules.has(rule)) faults.push(`${file}: cites ${rule}, which docs/protocol.md does not have`);
    if (isTest) cited.add(rule);
  }
}
for (const rule of rules) if (!cited.has(rule)) faults.push(`docs/protocol.md: no test cites ${rule}`);
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`rules: ok (${rules.size})`);
