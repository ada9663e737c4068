/** A set of small numbers, walked in rising order faster than its numbers are many. */
export class Bitmap {
  #words = new Uint32Array(16);

  put(i: number, present: boolean): void {
    const w = i >>> 5;
    if (w >= this.#words.length) {
      const words = new Uint32Array(Math.max(2 * this.#words.length, w + 1));
      words.set(this.#words);
      this.#words = words;
    }
    const bit = 1 << (i & 31);
    if (present) this.#words[w]! |= bit;
    else this.#words[w]! &= ~bit;
  }

  has(i: number): boolean {
    return (((this.#words[i >>> 5] ?? 0) >>> (i & 31)) & 1) === 1;
  }

  /** The numbers below end. */
  below(end: number): number[] {
    const found: number[] = [];
    for (let w = 0; w * 32 < end && w < this.#words.length; w++) {
      for (let word = this.#words[w]!; word !== 0; word &= word - 1) {
        const i = w * 32 + 31 - Math.clz32(word & -word);
        if (i < end) found.push(i);
      }
    }
    return found;
  }
}
