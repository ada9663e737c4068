import type { Meter } from "./environment.ts";

/** Measures a stream by the browser's own means. */
export class Analyser implements Meter {
  private readonly source: MediaStreamAudioSourceNode;
  private readonly node: AnalyserNode;
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(audio: AudioContext, stream: MediaStream) {
    this.source = audio.createMediaStreamSource(stream);
    this.node = audio.createAnalyser();
    this.node.fftSize = 1024;
    this.samples = new Float32Array(this.node.fftSize);
    this.source.connect(this.node);
  }

  /** Root mean square on a scale of loudness: -60 dB is 0, full scale is 1. */
  level(): number {
    this.node.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, value) => sum + value * value, 0) / this.samples.length;
    const decibel = 10 * Math.log10(power + 1e-9);
    return Math.min(1, Math.max(0, (decibel + 60) / 60));
  }

  stop(): void {
    this.source.disconnect();
  }
}
