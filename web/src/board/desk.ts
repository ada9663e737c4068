// What pens, erasers, the laser and the ruler work on: InkBench and RulerBench over a site and the layers.
import { Register } from "../ot/types.ts";
import type { Key, Setting } from "../ot/types.ts";
import { byteValue, colorValue, settings, widthValue } from "../ot/value.ts";
import type { CursorKind, StrokeWriter } from "../sync/api.ts";
import type { Vec } from "./geometry.ts";
import type { Keys } from "./gestures.ts";
import type { InkLayer } from "./inklayer.ts";
import { HIGHLIGHTER, PEN } from "./looks.ts";
import type { ToolPen } from "./looks.ts";
import type { Overlay } from "./overlay.ts";
import { RULER_BREADTH, RULER_LENGTH } from "./ruler.ts";
import type { Ruler } from "./ruler.ts";
import type { Site } from "./site.ts";
import type { BoardSample, InkBench, RulerBench, Wiper } from "./tools/tool.ts";
import type { Mark, WetLayer } from "./wetlayer.ts";
import { Wiping } from "./wiping.ts";

/** What a highlighter shows of itself if its style says nothing: 40 %. */
const HIGHLIGHTER_OPACITY = 102;

interface Parts {
  readonly ink: InkLayer;
  readonly wet: WetLayer;
  readonly overlay: Overlay;
  /** Radius of the erasers in CSS px. */
  readonly eraser: number;
  readonly changed: () => void;
  /** A stroke or an erasing begins, or goes on to something else. */
  readonly wrote: () => void;
}

export class Desk implements InkBench, RulerBench {
  /** The pen at hand is the highlighter. */
  highlighting = false;
  readonly #site: Site;
  readonly #parts: Parts;
  #ruler: Ruler | undefined;
  #writing: Key | undefined;
  /** The pen is up; its stroke stays on the wet layer until the tiles have its end. */
  #drying = false;

  constructor(site: Site, parts: Parts) {
    this.#site = site;
    this.#parts = parts;
  }

  get pen(): ToolPen {
    const { color, width, opacity } = this.#site.style;
    if (!this.highlighting) return { id: PEN, color, width, opacity };
    return { id: HIGHLIGHTER, color, width, opacity: opacity < 255 ? opacity : HIGHLIGHTER_OPACITY };
  }

  get pixel(): number {
    return this.#site.pixel;
  }

  get keys(): Keys {
    return this.#site.keys;
  }

  get ruler(): Ruler | undefined {
    return this.#ruler;
  }

  set ruler(ruler: Ruler | undefined) {
    this.#ruler = ruler;
    this.#parts.overlay.touch();
    this.#parts.changed();
  }

  /** Lays a ruler into the middle of the view, as large as it is handy there; or takes it away. */
  layRuler(on: boolean): void {
    if (on === (this.#ruler !== undefined)) return;
    const { view, pixel } = this.#site;
    this.ruler = on
      ? { x: view.x + (view.width / 2) * pixel, y: view.y + (view.height / 2) * pixel, angle: 0, length: RULER_LENGTH * pixel, breadth: RULER_BREADTH * pixel }
      : undefined;
  }

  /** Samples of the stroke under the pen that are in the tiles already. */
  get drySamples(): number {
    const stroke = this.#writing === undefined ? undefined : this.#site.item(this.#writing);
    return stroke?.line?.count ?? 0;
  }

  /** Another board. */
  clear(): void {
    this.#dry();
  }

  begin(): () => void {
    return this.#site.begin();
  }

  write(pen: ToolPen): StrokeWriter {
    const { document } = this.#site;
    if (document === undefined) throw new Error("board: write: no board is open");
    this.#parts.wrote();
    return document.startStroke(penSettings(pen));
  }

  wetBegin(pen: ToolPen, key: Key): void {
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
    const stroke = this.#site.item(this.#writing);
    if (stroke === undefined || stroke.line?.closed === true) this.#dry();
  }

  hit(a: Vec, b: Vec): Key[] {
    const { scene } = this.#site;
    return (scene?.hit(a, b, this.#radius) ?? []).filter((k) => scene?.get(k)?.locked === false);
  }

  fade(keys: Iterable<Key>, faded: boolean): void {
    if (faded) this.#parts.wrote();
    this.#parts.ink.damage(this.#site.scene?.fade(keys, faded) ?? []);
    this.#parts.changed();
  }

  delete(keys: readonly Key[]): void {
    this.#site.document?.delete(keys);
  }

  startErasing(): Wiper {
    this.#parts.wrote();
    return new Wiping(this.#site, (a, b) => this.hit(a, b), () => this.#radius);
  }

  laser(at: BoardSample, joined: boolean): void {
    this.#parts.overlay.laser(at, at.at, joined);
    this.#parts.changed();
  }

  point(at: Vec, kind: CursorKind): void {
    this.#site.document?.pointAt(Math.round(at.x), Math.round(at.y), kind);
  }

  ring(at: Vec | undefined): void {
    this.#parts.overlay.ring(at === undefined ? undefined : { at, radius: this.#parts.eraser });
    this.#parts.changed();
  }

  get #radius(): number {
    return this.#parts.eraser * this.pixel;
  }

  #dry(): void {
    const held = this.#writing !== undefined;
    this.#writing = undefined;
    this.#drying = false;
    this.#parts.wet.end();
    if (held) this.#parts.ink.hold(undefined);
    this.#parts.changed();
  }
}

/** The registers that make a stroke look like the pen's; what a stroke counts as without one is left out. */
function penSettings(pen: ToolPen): Setting[] {
  const list: Setting[] = [
    { register: Register.Color, value: colorValue(pen.color) },
    { register: Register.Width, value: widthValue(pen.width) },
  ];
  if (pen.opacity < 255) list.push({ register: Register.Opacity, value: byteValue(pen.opacity) });
  if (pen.id !== PEN) list.push({ register: Register.Pen, value: byteValue(pen.id) });
  return settings(...list);
}
