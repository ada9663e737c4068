import assert from "node:assert/strict";
import { test } from "node:test";
import type { MediaSource } from "../../sync/api.ts";
import { Value } from "../../sync/observable.ts";
import { OwnStreamKey } from "./streamkey.ts";

test("MED9: to look at the stream key does not end the one that an encoder pushes with", async () => {
  let given = 0;
  const sources = new Value<readonly MediaSource[]>([]);
  const request = (): Promise<Response> => Promise.resolve(Response.json({ key: `k${++given}`, rtmp: "r", http: "h" }));
  const answered = (): Promise<void> => new Promise((go) => setTimeout(go));
  const own = (video: boolean): MediaSource => ({ kind: "stream", participant: "ann", video, audio: false }) as MediaSource;
  const key = new OwnStreamKey({ participant: "ann", sources, request });
  for (let i = 0; i < 2; i++) {
    key.look();
    await answered();
    assert.deepEqual(key.state.value, { kind: "given", key: { key: "k1", rtmp: "r", http: "h" } });
  }
  sources.set([own(true)]);
  const reloaded = new OwnStreamKey({ participant: "ann", sources, request });
  reloaded.look();
  await answered();
  assert.deepEqual([reloaded.state.value, given], [{ kind: "pushing" }, 1]);
  reloaded.ask();
  await answered();
  assert.equal(given, 2, "whoever wants another one gets it");
  sources.set([own(false)]);
  new OwnStreamKey({ participant: "ann", sources, request }).look();
  await answered();
  assert.equal(given, 3);
});
