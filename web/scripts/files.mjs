// Finding source files, for the scripts beside this one.
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder web/, whatever the working directory is. */
export const web = dirname(dirname(fileURLToPath(import.meta.url)));

/** The folders of the board SDK: what a terminal of another maker takes without the page around it. */
export const sdkFolders = ["protocol", "ot", "sync", "board"];

/** Paths of the files under folder whose name matches, sorted, relative to web/. */
export function find(folder, matches) {
  const root = join(web, folder);
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && matches(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(web.length + 1))
    .sort();
}

export const isTest = (name) => name.endsWith(".test.ts");
export const isSource = (name) => /\.tsx?$/.test(name) && !isTest(name);
