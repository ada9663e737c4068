// Benchmarks of the page: as the end-to-end tests, but each prints what it measured as a line of JSON.
import base from "../playwright.config.ts";
import { defineConfig } from "@playwright/test";

export default defineConfig(base, { testDir: ".", testMatch: "**/*.bench.ts", outputDir: "../../build/bench", timeout: 180_000 });
