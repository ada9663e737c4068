// Sound as the instrument hears it: a film's sound track of short tones, and when each of them came, at the microphone and at the
// pupil's.
import { writeFileSync } from "node:fs";

const RATE = 48_000;
/** Between the beginnings of two tones; longer than any delay that is measured by them, ms. */
export const TONE_MS = 1000;
const SECONDS = 10;

/** Writes the sound for --use-file-for-fake-audio-capture: WAV, mono, 16 bits, a tone of 1 kHz for 50 ms each second. */
export function record(path: string): void {
  const samples = new Int16Array(RATE * SECONDS);
  for (let i = 0; i < samples.length; i++) {
    const at = i % ((RATE * TONE_MS) / 1000);
    if (at < RATE * 0.05) samples[i] = Math.round(20_000 * Math.sin((2 * Math.PI * 1000 * at) / RATE));
  }
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16); // of the format's chunk
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // channels
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(RATE * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.byteLength, 40);
  writeFileSync(path, Buffer.concat([head, Buffer.from(samples.buffer)]));
}

declare global {
  interface Window {
    /** Notes when tones begin in a track, or when they leave the loudspeaker if it is played: true times, ms. */
    hear(track: MediaStreamTrack, played: boolean): Promise<void>;
    tones: number[];
    /** The last track of sound that a connection brought. */
    sound?: MediaStreamTrack;
  }
}

/** Gives a page window.hear, and window.sound; runs before anything else in it. */
export function hearing(): void {
  window.tones = [];
  window.hear = async (track, played) => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 4096 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    await context.resume();
    const samples = new Float32Array(analyser.fftSize);
    let last = -Infinity;
    const listen = (): void => {
      analyser.getFloatTimeDomainData(samples);
      const loud = samples.findIndex((sample) => Math.abs(sample) > 0.05);
      const output = played ? (context.outputLatency + context.baseLatency) * 1000 : 0;
      const at = window.trueClock.now() - ((samples.length - loud) * 1000) / context.sampleRate + output;
      // Of a tone that began before these samples the beginning was noted before.
      if (loud > 0 && at - last > 500) window.tones.push((last = at));
    };
    setInterval(listen, 20);
  };
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener("track", ({ track }) => {
        if (track.kind === "audio") window.sound = track;
      });
    }
  };
}
