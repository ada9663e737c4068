// The edge to a browser, as far as it can be seen without one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserEnvironment } from "../src/sync/browser.ts";

test("the sessions of a page tick by one worker, however many there were", () => {
  const workers: string[] = [];
  Object.assign(globalThis, {
    navigator: {},
    Worker: class {
      constructor(url: string) {
        workers.push(url);
      }
    },
  });
  for (let i = 0; i < 3; i++) browserEnvironment();
  assert.equal(workers.length, 1);
});
