// From what was seen to how far strokes and pictures were apart.
import type { Tone } from "./hearing.ts";

/** When a picture was taken: its number, counted on over cycles, and true time in ms. */
export interface Taken {
  readonly index: number;
  readonly at: number;
}

/** What a pupil's page showed at one moment, in ms of true time. */
export interface Shown {
  /** When what was seen or heard had been taken. */
  readonly media: number;
  /** How many strokes were drawn. */
  readonly strokes: number;
  /** Of them, those that were there while sound alone said the time: no picture says whether they were early. */
  readonly heard: number;
  readonly at: number;
}

/** A stroke, in ms of true time. */
export interface Drawn {
  readonly at: number;
  /** When the media were taken with which it is to be seen first. */
  readonly due: number;
}

export interface Score {
  /** Strokes that were judged. */
  readonly strokes: number;
  readonly frames: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** The most that a stroke was there before its media, at any time; 0: none was. */
  readonly early_max_ms: number;
  /** Median age of the media when they were shown. */
  readonly delay_ms: number;
  /** From the pen to the glass, 99th percentile. */
  readonly delivery_p99_ms: number;
  /** The same while nothing is played on the same narrow line. */
  readonly alone_p99_ms?: number;
  /** By which the teacher and the pupil were connected. */
  readonly routes?: string;
}

/** When pictures were taken, by index; between those that were seen, and a little beyond, in proportion. */
export class Camera {
  constructor(private readonly taken: readonly Taken[]) {
    if (taken.length < 2) throw new Error("the camera was not seen");
  }

  /** Pictures a second; the run fails where it is not the rate that the source is said to have. */
  get rate(): number {
    const first = this.nth(0), last = this.nth(this.taken.length - 1);
    return (1000 * (last.index - first.index)) / (last.at - first.at);
  }

  /** True time at which the picture of an index was taken. */
  at(index: number): number {
    let low = 0, high = this.taken.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.nth(middle).index <= index) low = middle;
      else high = middle;
    }
    const a = this.nth(low), b = this.nth(high);
    return a.at + ((index - a.index) * (b.at - a.at)) / (b.index - a.index);
  }

  /** The first picture taken at or after a true time. */
  firstAfter(time: number): number {
    const { index, at } = this.nth(0);
    let n = index + Math.floor(((time - at) * this.rate) / 1000); // cameras are not as even as their mean
    while (this.at(n - 1) >= time) n--;
    while (this.at(n) < time) n++;
    return n;
  }

  private nth(i: number): Taken {
    const taken = this.taken[i];
    if (taken === undefined) throw new Error("no such picture");
    return taken;
  }
}

/** The index, counted on over cycles, of a number seen at a true time: the last one that had been taken by then. */
export function unwrap(number: number, cycle: number, camera: Camera, at: number): number {
  const newest = camera.firstAfter(at);
  const back = (((newest - number) % cycle) + cycle) % cycle;
  return newest - back;
}

/** Whether a stroke that was seen at a true time is judged. */
export type Judged = (stroke: Drawn, seen: number) => boolean;

/**
 * Judges strokes: the error of one is when the media were taken with which it was first seen, less when they were with which it
 * was due. Some may be left out of the errors, but not of what must never be: a stroke that is lost, or early.
 */
export function score(drawn: readonly Drawn[], shown: readonly Shown[], judged: Judged): Score {
  const errors: number[] = [], deliveries: number[] = [];
  drawn.forEach((stroke, i) => {
    const first = shown.find((frame) => frame.strokes > i);
    if (first === undefined) throw new Error(`stroke ${i + 1} of ${drawn.length} was never seen`);
    if (!judged(stroke, first.at)) return;
    errors.push(Math.abs(first.media - stroke.due));
    deliveries.push(first.at - stroke.at);
  });
  if (errors.length === 0) throw new Error("no stroke to judge");
  return {
    strokes: errors.length, frames: shown.length,
    p50_ms: quantile(errors, 0.5), p95_ms: quantile(errors, 0.95), p99_ms: quantile(errors, 0.99), max_ms: quantile(errors, 1),
    early_max_ms: round(shown.reduce((most, { media, strokes, heard }) => (strokes > heard ? Math.max(most, (drawn[strokes - 1]?.due ?? -Infinity) - media) : most), 0)),
    delay_ms: quantile(shown.map((frame) => frame.at - frame.media), 0.5),
    delivery_p99_ms: quantile(deliveries, 0.99),
  };
}

/** How old sound is when it is heard at a true time, by the tones that went in and came out; the last one known counts. */
export function ageOfSound(said: readonly Tone[], heard: readonly Tone[], longest: number): (at: number) => number {
  const ages = heard.flatMap(({ pitch, at }) => {
    const since = said.findLast((tone) => tone.pitch === pitch && tone.at <= at)?.at;
    return since === undefined || at - since > longest ? [] : [{ at, age: at - since }];
  });
  return (at) => {
    const age = (ages.findLast((known) => known.at <= at) ?? ages[0])?.age;
    if (age === undefined) throw new Error("no sound was heard");
    return age;
  };
}

/** How much sound a microphone gave in the time that passed, by tones that are every so many ms (1: all of it). */
export function rateOfSound(tones: readonly Tone[], every: number, pitches: number): number {
  const [first] = tones, last = tones.at(-1);
  if (first === undefined || last === undefined || first === last) throw new Error("the microphone was not heard");
  let steps = 0;
  tones.forEach(({ pitch, at }, i) => {
    const before = tones[i - 1];
    if (before === undefined) return;
    const step = (((pitch - before.pitch) % pitches) + pitches) % pitches, passed = (at - before.at) / every;
    steps += step + pitches * Math.round((passed - step) / pitches); // some may not have been heard, or for their neighbours
  });
  return (steps * every) / (last.at - first.at);
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? 0);
}

const round = (v: number): number => Math.round(v * 10) / 10;
