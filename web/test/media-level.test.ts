import assert from "node:assert/strict";
import { test } from "node:test";
import type { MediaEnvironment } from "../src/media/environment.ts";
import { Level } from "../src/media/level.ts";
import { FakeClock } from "./media-fake.ts";

test("how loud a track is is told ten times a second, of one track at a time; without one it is silent", async () => {
  const clock = new FakeClock();
  const running: string[] = [];
  const loud = new Map([["one", 0.25], ["two", 0.5]]);
  const env = {
    clock,
    stream: ([track]: MediaStreamTrack[]) => ({ id: track?.id }),
    meter: ({ id }: MediaStream) => {
      running.push(id);
      return { level: () => loud.get(id) ?? 0, stop: () => void running.splice(running.indexOf(id), 1) };
    },
  };
  let told: number[] = [];
  const level = new Level(env as unknown as MediaEnvironment, (value) => told.push(value));
  const heard = async (id?: string): Promise<number[]> => {
    told = [];
    level.watch(id === undefined ? null : ({ id } as MediaStreamTrack));
    await clock.pass(250);
    return told;
  };
  assert.deepEqual(await heard("one"), [0.25, 0.25, 0.25]);
  assert.deepEqual(await heard("two"), [0.5, 0.5, 0.5]);
  assert.deepEqual(running, ["two"]);
  assert.deepEqual(await heard(), [0]);
  assert.deepEqual(running, []);
});
