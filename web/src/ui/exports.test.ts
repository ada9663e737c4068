import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals";
import type { Connection } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import type { RoomState } from "./roomstate.ts";

// Settings ask the browser when they are loaded.
Object.defineProperty(globalThis, "navigator", { value: { languages: ["en"] } });
const { exportAll } = await import("./exports.ts");
const { Tasks } = await import("./tasks.ts");

const SYNCED = { kind: "synced", route: "webtransport", fallback: false, rttMs: 9, unsent: 0, sending: false } as const;

/** A room with one page that is not open here. */
function setUp(first: Connection) {
  const requests: string[] = [];
  const connection = new Value<Connection>(first);
  const request = (path: string): Promise<Response> => {
    requests.push(path);
    return new Promise(() => undefined);
  };
  const session = { pages: new Value(["a"]), roomName: new Value("Class"), connection, request };
  const room = { session, tasks: new Tasks(), opened: signal(new Map()) };
  exportAll(room as unknown as RoomState);
  return { connection, requests, tasks: room.tasks };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("all pages are asked for once everything is delivered, and how far that is can be seen", async () => {
  const { connection, requests, tasks } = setUp({ ...SYNCED, unsent: 200, sending: true });
  await settle();
  connection.set({ ...SYNCED, unsent: 50, sending: true });
  assert.deepEqual(tasks.list.value[0]?.state, { kind: "running", part: 0.75 });
  await settle();
  assert.deepEqual(requests, []);
  connection.set(SYNCED);
  await settle();
  assert.deepEqual(requests, ["export.pdf"]);
  tasks.close();
});

test("all pages are asked for at once where nothing is undelivered", async () => {
  const { requests } = setUp(SYNCED);
  await settle();
  assert.deepEqual(requests, ["export.pdf"]);
});

test("who waits for what is undelivered may stop; without a connection the pages are drawn here", async () => {
  const stopped = setUp({ ...SYNCED, unsent: 200 });
  stopped.tasks.close();
  stopped.connection.set(SYNCED);
  await settle();
  assert.deepEqual([stopped.requests, stopped.tasks.list.value], [[], []]);
  const lost = setUp({ ...SYNCED, unsent: 200 });
  lost.connection.set({ kind: "offline", unsent: 200, begun: true });
  await settle();
  assert.deepEqual([lost.requests, lost.tasks.list.value[0]?.state.kind], [[], "failed"]); // the page is not open here
});
