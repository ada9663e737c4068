// End-to-end tests: real pages in a real Chromium against a real server (bin/chalkline, built by `make e2e`). Each test
// starts the server it needs, on ports of its own, so that it may also kill it.
import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

/** The system's Chromium: $CHROMIUM, else where packages put it (as in scripts/setup), else Playwright's own. */
const chromium = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

const ci = process.env["CI"] === "true";

export default defineConfig({
  testDir: ".",
  testMatch: "**/*.spec.ts",
  outputDir: "../build/e2e",
  forbidOnly: ci,
  retries: 0,
  workers: 1,
  // What takes how long is asserted where it matters; a machine may be slow.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    headless: true,
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    screenshot: "only-on-failure",
    // Recording one takes as much of the machine as the pages do; ask for it with --trace on.
    trace: "off",
    launchOptions: {
      ...(chromium === undefined ? { channel: "chromium" } : { executablePath: chromium }),
      // No sandbox: containers and CI run as root. Never --disable-quic: WebTransport is what is tested.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
