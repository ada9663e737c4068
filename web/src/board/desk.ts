// What lies between the tools and the board: the Bench that tools work on, over a doc, its scene and the layers.
import type { Key } from "../ot/types.ts";
import { Register } from "../ot/types.ts";
import type { Setting } from "../ot/types.ts";
import { byteValue, colorValue, settings, widthValue } from "../ot/value.ts";
import type { BoardDocument, CursorKind, StrokeWriter } from "../sync/api.ts";
import type { Vec } from "./geometry.ts";
import type { InkLayer } from "./inklayer.ts";
import type { Overlay } from "./overlay.ts";
import type { Scene } from "./scene.ts";
import type { Bench, BoardSample } from "./tools/tool.ts";
import type { Mark, Pen, WetLayer } from "./wetlayer.ts";

interface Parts {
  readonly ink: InkLayer;
  readonly wet: WetLayer;
  readonly overlay: Overlay;
  /** Radius of the eraser in CSS px, and of what that is in units at the present zoom. */
  readonly eraser: () => { readonly px: number; readonly units: number };
  readonly changed: () => void;
}

export class Desk implements Bench {
  pen: Pen = { color: 0x1d2321, width: 100, opacity: 255 };
  readonly #parts: Parts;
  #document: BoardDocument | undefined;
  #scene: Scene | undefined;
  #writing: Key | undefined;
  /** The pen is up; its stroke stays on the wet layer until the tiles have its end. */
  #drying = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get scene(): Scene | undefined {
    return this.#scene;
  }

  /** Samples of the stroke under the pen that are in the tiles already. */
  get drySamples(): number {
    const stroke = this.#writing === undefined ? undefined : this.#scene?.get(this.#writing);
    return stroke?.line.count ?? 0;
  }

  show(doc: BoardDocument | undefined, scene: Scene | undefined): void {
    this.#dry();
    this.#document = doc;
    this.#scene = scene;
  }

  write(pen: Pen, at: number): StrokeWriter {
    if (this.#document === undefined) throw new Error("board: write: no board is open");
    return this.#document.startStroke(penSettings(pen), at);
  }

  wetBegin(pen: Pen, key: Key): void {
    this.#dry();
    this.#writing = key;
    this.#parts.wet.begin(pen);
    // Translucent ink must not lie on itself.
    if (pen.opacity < 255) this.#parts.ink.hold(key);
    this.#parts.changed();
  }

  wetAdd(mark: Mark): void {
    this.#parts.wet.add(mark);
    this.#parts.changed();
  }

  wetPredict(marks: readonly Mark[]): void {
    this.#parts.wet.predict(marks);
  }

  wetEnd(): void {
    this.#drying = true;
    this.#parts.wet.predict([]);
    this.dryOut();
  }

  /** Takes the wet ink away once the dry ink is complete. */
  dryOut(): void {
    if (!this.#drying || this.#writing === undefined) return;
    const stroke = this.#scene?.get(this.#writing);
    if (stroke === undefined || stroke.line.closed) this.#dry();
  }

  hit(a: Vec, b: Vec): Key[] {
    return this.#scene?.hit(a, b, this.#parts.eraser().units) ?? [];
  }

  fade(keys: Iterable<Key>, faded: boolean): void {
    this.#parts.ink.damage(this.#scene?.fade(keys, faded) ?? []);
    this.#parts.changed();
  }

  delete(keys: readonly Key[]): void {
    this.#document?.delete(keys);
  }

  laser(at: BoardSample, joined: boolean): void {
    this.#parts.overlay.laser(at, at.at, joined);
    this.#parts.changed();
  }

  point(at: Vec, kind: CursorKind): void {
    this.#document?.pointAt(Math.round(at.x), Math.round(at.y), kind);
  }

  ring(at: Vec | undefined): void {
    this.#parts.overlay.ring(at === undefined ? undefined : { at, radius: this.#parts.eraser().px });
    this.#parts.changed();
  }

  #dry(): void {
    this.#writing = undefined;
    this.#drying = false;
    this.#parts.wet.end();
    this.#parts.ink.hold(undefined);
    this.#parts.changed();
  }
}

/** The registers that make a stroke look like the pen's; full opacity is what a stroke has without one. */
export function penSettings(pen: Pen): Setting[] {
  const list: Setting[] = [
    { register: Register.Color, value: colorValue(pen.color) },
    { register: Register.Width, value: widthValue(pen.width) },
  ];
  if (pen.opacity < 255) list.push({ register: Register.Opacity, value: byteValue(pen.opacity) });
  return settings(...list);
}
