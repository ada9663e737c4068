// Every relative link and picture in the documents leads to a file that is there.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const documents = execFileSync("find", ["README.md", "README.zh-CN.md", "docs", "-name", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

const faults = [];
for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8");
  for (const [, link] of text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    if (!existsSync(join(root, dirname(document), link))) faults.push(`${document}: links to ${link}, which is not there`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`links: ok (${documents.length} documents)`);
