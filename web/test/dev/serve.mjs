// Builds the development page (a room without a server) and serves it: node test/dev/serve.mjs [port]
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Serves the page on a port of localhost, 0 for any; answers the server. */
export async function serve(port) {
  const built = await build({
    absWorkingDir: web,
    entryPoints: { app: "test/dev/page.ts" },
    outdir: "build/dev",
    bundle: true,
    write: false,
    format: "esm",
    target: "es2023",
    jsx: "automatic",
    jsxImportSource: "preact",
    logLevel: "warning",
  });
  const files = new Map(built.outputFiles.map((f) => [f.path.endsWith(".css") ? "/app.css" : "/app.js", f.contents]));
  files.set("/oldbrowser.js", await readFile(join(web, "src/oldbrowser.js")));
  const html = await readFile(join(web, "src/index.html"));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = files.get(pathname);
    const type = pathname.endsWith(".css") ? "text/css" : pathname.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
    response.writeHead(200, { "content-type": type });
    response.end(file ?? html);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 8090));
  console.log(`http://127.0.0.1:${server.address().port}/`);
}
