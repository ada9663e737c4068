// The shown time of one source being played, and who wants to know it.

/** What a driver tells of the moment that its media show. */
export interface Shown {
  /** Room time, µs; undefined before the first. */
  readonly time: number | undefined;
  readonly by: "video" | "sound";
  /** Local time (performance.now()) when it last went on, ms. */
  readonly movedAt: number;
  /** Calls back at each frame, and at ticks where there are none. */
  subscribe(listener: () => void): () => void;
}

/** A Shown that its driver sets. */
export class ShownValue implements Shown {
  time: number | undefined;
  by: "video" | "sound" = "video";
  movedAt = -Infinity;
  private readonly listeners = new Set<() => void>();

  set(time: number | undefined, by: "video" | "sound", now: number): void {
    if (time !== this.time) this.movedAt = now;
    this.time = time;
    this.by = by;
    for (const listener of [...this.listeners]) listener();
  }

  subscribe(listener: () => void): () => void {
    const own = (): void => listener();
    this.listeners.add(own);
    return () => void this.listeners.delete(own);
  }
}
