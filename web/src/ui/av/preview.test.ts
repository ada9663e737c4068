import assert from "node:assert/strict";
import { test } from "node:test";
import { Preview } from "./preview.ts";

test("when the device that is remembered is gone, the preview still knows which there are", async () => {
  const there = { kind: "videoinput", deviceId: "b", label: "B" };
  const mediaDevices = {
    getUserMedia: () => Promise.reject(Object.assign(new Error("deviceId"), { name: "OverconstrainedError" })),
    enumerateDevices: () => Promise.resolve([there]),
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true });
  const preview = new Preview();
  await preview.open({ camera: "a", microphone: undefined });
  assert.deepEqual(preview.fault.value, { kind: "no-device" });
  assert.deepEqual(preview.devices.value, [{ id: "b", kind: "camera", label: "B" }]);
});
