import assert from "node:assert/strict";
import { test } from "node:test";
import { Analyser } from "./analyser.ts";

/** The level of sound whose sample n is wave(n). */
function levelOf(wave: (n: number) => number): number {
  const node = { fftSize: 0, getFloatTimeDomainData: (samples: Float32Array) => samples.forEach((_, n) => (samples[n] = wave(n))) };
  const source = { connect: (to: unknown) => assert.equal(to, node), disconnect: () => undefined };
  const audio = { createMediaStreamSource: () => source, createAnalyser: () => node };
  return new Analyser(audio as unknown as AudioContext, {} as MediaStream).level();
}

/** 750 Hz at 48 kHz. */
const tone = (amplitude: number) => (n: number): number => amplitude * Math.sin((2 * Math.PI * n) / 64);

test("the level is the loudness: nothing where it is silent, one where it is as loud as can be, a sixth less for each 10 dB", () => {
  assert.equal(levelOf(() => 0), 0);
  assert.equal(levelOf((n) => (n % 2 === 0 ? 1 : -1)), 1);
  // The mean power of a tone is 3 dB below that of its crest.
  for (const dB of [0, -10, -20, -40]) assert.ok(Math.abs(levelOf(tone(10 ** (dB / 20))) - (dB + 60 - 3.01) / 60) < 0.001, `${dB} dB`);
  for (const amplitude of [1e-9, 1e-4, 0.001, 0.9, 2, 1e6]) assert.ok(levelOf(tone(amplitude)) >= 0 && levelOf(tone(amplitude)) <= 1, `${amplitude}`);
});
