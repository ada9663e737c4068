// Every relative link and picture in the documents leads to a file that is there, and to a heading that it has.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const documents = execFileSync("find", ["README.md", "README.zh-CN.md", "docs", "-name", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

/** The names under which GitHub shows the headings of a document. */
function anchors(text) {
  const headings = text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm);
  return new Set([...headings].map(([, heading]) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")));
}

const faults = [];
for (const document of documents) {
  const text = readFileSync(join(root, document), "utf8");
  for (const [, link, anchor] of text.matchAll(/\]\(([^)\s#]*)(?:#([^)\s]*))?\)/g)) {
    if (/^[a-z]+:/.test(link)) continue;
    const path = link === "" ? join(root, document) : join(root, dirname(document), link);
    if (!existsSync(path)) faults.push(`${document}: links to ${link}, which is not there`);
    else if (anchor !== undefined && !anchors(readFileSync(path, "utf8")).has(anchor)) faults.push(`${document}: links to ${link}#${anchor}, a heading that is not there`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log(`links: ok (${documents.length} documents)`);
