// End-to-end tests: real pages in a real Chromium against a real server (bin/chalkline, built by `make e2e`). Each test
// starts the server it needs, on ports of its own, so that it may also kill it.
import { existsSync } from "node:fs";
import { defineConfig } from "@playwright/test";

/** The system's Chromium: $CHROMIUM, else where packages put it (as in scripts/setup), else Playwright's own. */
const chromium = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

const ci = process.env["CI"] === "true";

/** Tests of how soon something is so, and of video that is encoded and decoded: they have the machine for themselves. */
const TIMED = /(network|restart)\.spec\.ts$/;
const VIDEO = /(encoder|media|players|screen)\.spec\.ts$/;

export default defineConfig({
  testDir: ".",
  testMatch: "**/*.spec.ts",
  outputDir: "../build/e2e",
  forbidOnly: ci,
  retries: 0,
  projects: [
    { name: "beside", testIgnore: [TIMED, VIDEO], fullyParallel: true, workers: 2 },
    { name: "timed", testMatch: TIMED, workers: 1 },
    // Where a machine stands still for seconds, as one that others use does, video does as well, and is given up.
    { name: "video", testMatch: VIDEO, workers: 1, retries: ci ? 1 : 0 },
  ],
  // What takes how long is asserted where it matters; a machine may be slow.
  timeout: 480_000,
  expect: { timeout: 60_000, toPass: { timeout: 60_000 } },
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
