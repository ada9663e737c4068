// Sound as the instrument hears it: a film's sound track of short tones, and when each of them came, at the microphone and at the
// pupil's.
import { writeFileSync } from "node:fs";

const RATE = 48_000;
/** Between the beginnings of two tones, and how long each is, ms: often enough that a buffer which fills or runs dry is seen. */
const EVERY_MS = 100;
const LONG_MS = 40;
/** So many tones of different pitch, then again: their cycle is longer than any delay that is measured by them. */
const PITCHES = 20;
const SECONDS = 10;

/** Hz. */
const LOWEST = 600;
const STEP = 150;

/** What a page knows of the tones. */
export const scale = { every: EVERY_MS, lowest: LOWEST, step: STEP, pitches: PITCHES };

/** Writes the sound for --use-file-for-fake-audio-capture: WAV, mono, 16 bits, tones each of its pitch. */
export function record(path: string): void {
  const samples = new Int16Array(RATE * SECONDS);
  for (let i = 0; i < samples.length; i++) {
    const ms = (i * 1000) / RATE, at = ms % EVERY_MS;
    const pitch = LOWEST + STEP * (Math.floor(ms / EVERY_MS) % PITCHES);
    if (at < LONG_MS) samples[i] = Math.round(20_000 * Math.sin((2 * Math.PI * pitch * at) / 1000));
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

/** A tone that was heard: which, and when it began, in ms of true time. */
export interface Tone {
  readonly pitch: number;
  readonly at: number;
}

declare global {
  interface Window {
    /** Notes when tones begin in a track, or when they leave the loudspeaker if it is played: true times, ms. */
    hear(track: MediaStreamTrack, played: boolean): Promise<void>;
    tones: Tone[];
    /** The last track of sound that a connection brought. */
    sound?: MediaStreamTrack;
  }
}

/** Gives a page window.hear, and window.sound; runs before anything else in it. */
export function hearing({ every, lowest, step, pitches }: typeof scale): void {
  window.tones = [];
  /** Of the tone that begins with a sample, by how often 25 ms of it change sign; -1: none. */
  const pitchOf = (samples: Float32Array, from: number, rate: number): number => {
    let changes = 0;
    const begin = from + Math.round(rate * 0.005), end = begin + Math.round(rate * 0.025);
    for (let i = begin; i < end; i++) if ((samples[i] ?? 0) >= 0 !== (samples[i - 1] ?? 0) >= 0) changes++;
    const pitch = (changes / 0.05 - lowest) / step, nearest = Math.round(pitch);
    return nearest >= 0 && nearest < pitches && Math.abs(pitch - nearest) < 0.35 ? nearest : -1;
  };
  window.hear = async (track, played) => {
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 8192 });
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    await context.resume();
    const { sampleRate } = context;
    const samples = new Float32Array(analyser.fftSize);
    let last = -Infinity;
    const listen = (): void => {
      analyser.getFloatTimeDomainData(samples);
      const output = played ? (context.outputLatency + context.baseLatency) * 1000 : 0;
      const end = window.trueClock.now() + output;
      const quiet = Math.round(sampleRate * 0.015), known = samples.length - Math.round(sampleRate * 0.035);
      // A tone is one if it is quiet before it, and all of it that is looked at has come.
      for (let i = 0, since = 0; i < known; i++) {
        if (Math.abs(samples[i] ?? 0) <= 0.05) {
          since++;
          continue;
        }
        if (since >= quiet) {
          const at = end - ((samples.length - i) * 1000) / sampleRate, pitch = pitchOf(samples, i, sampleRate);
          if (pitch >= 0 && at - last > every / 2) window.tones.push({ pitch, at: (last = at) });
        }
        since = 0;
      }
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
