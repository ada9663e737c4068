// The images of a board as the canvas draws them: decoded in the background, no larger than they are shown, and never more
// than a bounded amount of memory. Those that were not drawn for longest go first and come back when they are drawn again.

/** What a canvas draws; close frees it. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  close(): void;
}

/** Where pictures come from. Both reject for what is no image. */
export interface Decoding<P extends Picture> {
  load(content: string): Promise<Blob>;
  /** longest: its longer edge in px at most; undefined: as it is. */
  decode(image: Blob, longest: number | undefined): Promise<P>;
}

/** What a painter asks. */
export interface Pictures {
  /** The image, drawn with its longer edge of so many px; undefined until it is there. */
  get(content: string, pixels: number): ImageBitmap | undefined;
}

/** Bytes of all decoded images. */
const BUDGET = 20 << 20;

/** The longer edge of one, px: 16 MB at most. */
const LONGEST = 2048;

/** Images are kept at these edges, each twice the one before, so that a zoom decodes anew only now and then. */
const LEAST = 128;

/** Decoded at once. */
const AT_ONCE = 2;

/** What was asked for among the last so many questions is on the screen: it is not given up for another's sharpness. */
const RECENT = 64;

interface Entry<P> {
  picture: P | undefined;
  /** Longer edge that it was decoded for. */
  edge: number;
  /** That it should be decoded for; 0: it cannot be had. */
  wanted: number;
  /** For which there was no room. */
  denied: number;
  /** Number of the question that last asked for it. */
  asked: number;
  busy: boolean;
}

export class Images<P extends Picture> {
  readonly #decoding: Decoding<P>;
  readonly #changed: (content: string) => void;
  readonly #budget: number;
  /** The one that was asked for last at the end. */
  readonly #entries = new Map<string, Entry<P>>();
  #bytes = 0;
  #busy = 0;
  #questions = 0;
  #closed = false;

  /** changed: told when an image can be drawn, or drawn better. budget: bytes of decoded images. */
  constructor(decoding: Decoding<P>, changed: (content: string) => void, budget = BUDGET) {
    this.#decoding = decoding;
    this.#changed = changed;
    this.#budget = budget;
  }

  /** Bytes that decoded images take. */
  get bytes(): number {
    return this.#bytes;
  }

  get(content: string, pixels: number): P | undefined {
    if (content === "") return undefined;
    const entry = this.#entries.get(content) ?? fresh<P>();
    this.#entries.delete(content);
    this.#entries.set(content, entry);
    entry.asked = ++this.#questions;
    const edge = edgeFor(pixels);
    if (entry.wanted > 0 && edge > entry.wanted && edge > entry.denied) entry.wanted = edge;
    this.#decodeNext();
    return entry.picture;
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) entry.picture?.close();
    this.#entries.clear();
    this.#bytes = 0;
  }

  #decodeNext(): void {
    for (const [content, entry] of this.#entries) {
      if (this.#busy >= AT_ONCE || this.#closed) return;
      if (!entry.busy && entry.wanted > entry.edge) void this.#decode(content, entry);
    }
  }

  async #decode(content: string, entry: Entry<P>): Promise<void> {
    entry.busy = true;
    this.#busy++;
    const edge = this.#roomFor(entry);
    try {
      const picture = await this.#decoding.decode(await this.#decoding.load(content), edge);
      this.#put(content, entry, picture, edge);
    } catch (error) {
      if (isFinal(error)) entry.wanted = 0; // The placeholder stays.
      else if (entry.picture === undefined) this.#entries.delete(content); // Asked for again when it is drawn again.
      else entry.wanted = entry.edge;
    } finally {
      entry.busy = false;
      this.#busy--;
      this.#decodeNext();
    }
  }

  #put(content: string, entry: Entry<P>, picture: P, edge: number): void {
    if (this.#closed || this.#entries.get(content) !== entry) return picture.close();
    this.#release(entry);
    entry.picture = picture;
    entry.edge = edge;
    this.#bytes += bytesOf(picture);
    this.#changed(content);
  }

  /** The edge to decode an image for: what is wanted, or the least if even giving up old ones makes no room for it. */
  #roomFor(entry: Entry<P>): number {
    const need = entry.wanted * entry.wanted * 4;
    for (const [content, old] of this.#entries) {
      if (this.#bytes + need <= this.#budget || old.asked > this.#questions - RECENT) break;
      if (old === entry || old.busy) continue;
      this.#release(old);
      this.#entries.delete(content);
    }
    if (this.#bytes + need > this.#budget) {
      entry.denied = entry.wanted;
      entry.wanted = Math.max(entry.edge, LEAST);
    }
    return entry.wanted;
  }

  #release(entry: Entry<P>): void {
    if (entry.picture === undefined) return;
    this.#bytes -= bytesOf(entry.picture);
    entry.picture.close();
    entry.picture = undefined;
    for (const other of this.#entries.values()) other.denied = 0;
  }
}

/** Without a network an image may come later; what the room does not have, or no browser can read, does not. */
function isFinal(error: unknown): boolean {
  if (error instanceof DOMException && error.name === "InvalidStateError") return true;
  return error instanceof Error && "code" in error && typeof error.code === "number" && error.code >= 3000;
}

const fresh = <P>(): Entry<P> => ({ picture: undefined, edge: 0, wanted: LEAST, denied: 0, asked: 0, busy: false });

const bytesOf = (picture: Picture): number => picture.width * picture.height * 4;

function edgeFor(pixels: number): number {
  let edge = LEAST;
  while (edge < pixels && edge < LONGEST) edge *= 2;
  return edge;
}

/** Decodes with the browser; nothing is made larger than it is. */
export async function decodeImage(image: Blob, longest: number | undefined): Promise<ImageBitmap> {
  const whole = await createImageBitmap(image);
  const scale = (longest ?? Infinity) / Math.max(whole.width, whole.height);
  if (scale >= 1) return whole;
  const resizeWidth = Math.max(1, Math.round(whole.width * scale)), resizeHeight = Math.max(1, Math.round(whole.height * scale));
  const small = await createImageBitmap(whole, { resizeWidth, resizeHeight, resizeQuality: "high" });
  whole.close();
  return small;
}
