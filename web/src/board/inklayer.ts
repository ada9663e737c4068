// The board as it stands: paper and dry ink, drawn tile by tile. Strokes that grow are added to their tiles; anything
// else redraws the part that it spoils. The window's canvas is only ever put together from tiles.
import type { Key } from "../ot/types.ts";
import { BOARD, NOWHERE, grow, intersection, isEmpty, union } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import { InkPainter } from "./ink.ts";
import type { Damage, Scene, Stroke } from "./scene.ts";
import { context2d, offscreen2d } from "./surface.ts";
import type { Clock } from "./surface.ts";
import type { Look } from "./theme.ts";
import { TILE, TILE_BYTES, Tiles, takesAppend, tileRange } from "./tiles.ts";
import type { Tile } from "./tiles.ts";
import { unitScale, visible } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** Time in ms that one frame may spend on stale tiles; the rest waits for the next. */
const FRAME_BUDGET = 7;

/** Bytes of tiles to keep beyond those in view, so that going back a little costs nothing. */
const SPARE_BYTES = 48 << 20;

/** A pinch shows the old tiles stretched until they would be this much too coarse or too fine. */
const STRETCH = 2;

type Surface = OffscreenCanvasRenderingContext2D;

export class InkLayer {
  readonly #context: CanvasRenderingContext2D;
  readonly #clock: Clock;
  readonly #painter: InkPainter;
  #tiles: Tiles<Surface>;
  #scene: Scene | undefined;
  #view: Viewport;
  #dpr = 1;
  #scale = 0;
  /** Part of the window, in units, that must be put together anew. */
  #spoiled: Rect | "all" = "all";
  #unfinished = false;
  /** A stroke that another layer shows for the moment. */
  #held: Key | undefined;

  constructor(canvas: HTMLCanvasElement, clock: Clock, look: Look, view: Viewport) {
    this.#context = context2d(canvas, { alpha: false });
    this.#clock = clock;
    this.#painter = new InkPainter(look);
    this.#view = view;
    this.#tiles = new Tiles(SPARE_BYTES, () => offscreen2d(TILE));
  }

  get painter(): InkPainter {
    return this.#painter;
  }

  get tileBytes(): number {
    return this.#tiles.bytes;
  }

  /** Another size of the window, in CSS px of the view. */
  resize(view: Viewport, dpr: number): void {
    const canvas = this.#context.canvas;
    canvas.width = Math.round(view.width * dpr);
    canvas.height = Math.round(view.height * dpr);
    const inView = (Math.ceil(canvas.width / TILE) + 1) * (Math.ceil(canvas.height / TILE) + 1);
    if (this.#dpr !== dpr || this.#tiles.bytes === 0) {
      this.#tiles.clear();
      this.#tiles = new Tiles(inView * TILE_BYTES + SPARE_BYTES, () => offscreen2d(TILE));
    }
    this.#dpr = dpr;
    this.look(view);
    this.settle();
  }

  show(scene: Scene | undefined): void {
    this.#scene = scene;
    this.#held = undefined;
    this.refresh();
  }

  setLook(look: Look): void {
    this.#painter.look = look;
    this.refresh();
  }

  /** Draws everything anew. */
  refresh(): void {
    this.#tiles.spoilAll();
    this.#spoiled = "all";
  }

  look(view: Viewport): void {
    this.#view = view;
    this.#spoiled = "all";
    const ratio = this.#wanted() / this.#scale;
    if (!(ratio < STRETCH && ratio > 1 / STRETCH)) this.settle();
  }

  /** The zoom stands: draw tiles of exactly this size. */
  settle(): void {
    if (this.#scale === this.#wanted()) return;
    this.#scale = this.#wanted();
    this.#spoiled = "all";
  }

  /** Leaves a stroke out while another layer shows it; undefined ends that. */
  hold(key: Key | undefined): void {
    const before = this.#held;
    this.#held = key;
    for (const changed of [before, key]) {
      const stroke = changed === undefined ? undefined : this.#scene?.get(changed);
      if (stroke !== undefined) this.#redraw(grow(stroke.line.bounds, 8));
    }
  }

  damage(damages: readonly Damage[]): void {
    for (const d of damages) {
      if (isEmpty(d.rect)) continue;
      if (d.kind === "append" && !this.#scene?.coveredAbove(d.stroke, d.rect)) this.#append(d.stroke, d.from, d.rect);
      else this.#redraw(d.rect);
    }
  }

  /** Draws what changed. True: there is more to do, come again with the next frame. */
  frame(): boolean {
    if (!this.#unfinished && this.#spoiled !== "all" && isEmpty(this.#spoiled)) return false;
    this.#tiles.turn();
    const wanted = this.#visibleTiles();
    this.#unfinished = this.#drawStale(wanted);
    this.#compose(wanted);
    return this.#unfinished;
  }

  #wanted(): number {
    return unitScale(this.#view) * this.#dpr;
  }

  #redraw(rect: Rect): void {
    this.#tiles.spoil(rect, this.#scale);
    this.#spoil(rect);
  }

  #append(stroke: Stroke, from: number, rect: Rect): void {
    if (stroke.key === this.#held) return;
    for (const tile of this.#tiles.touching(rect, this.#scale)) {
      const how = takesAppend(tile, rect);
      if (how === "add") this.#addTo(tile, stroke, from);
      else if (how === "spoil") tile.stale = union(tile.stale, intersection(rect, tile.rect));
    }
    this.#spoil(rect);
  }

  #addTo(tile: Tile<Surface>, stroke: Stroke, from: number): void {
    this.#aim(tile);
    this.#painter.end(tile.surface, stroke, from);
  }

  #spoil(rect: Rect): void {
    if (this.#spoiled !== "all") this.#spoiled = union(this.#spoiled, rect);
  }

  #visibleTiles(): Tile<Surface>[] {
    const range = tileRange(intersection(visible(this.#view), BOARD), this.#scale);
    const tiles: Tile<Surface>[] = [];
    for (let row = range.r0; row <= range.r1; row++) {
      for (let column = range.c0; column <= range.c1; column++) tiles.push(this.#tiles.at(column, row, this.#scale));
    }
    return tiles;
  }

  /** Never-drawn tiles first, the nearest to the middle of the window before the others; then those that are in part stale. */
  #drawStale(tiles: readonly Tile<Surface>[]): boolean {
    const waiting = tiles.filter((t) => !isEmpty(t.stale));
    const deadline = this.#clock.now() + FRAME_BUDGET;
    waiting.sort((a, b) => Number(a.drawn) - Number(b.drawn) || this.#remoteness(a) - this.#remoteness(b));
    let done = 0;
    for (const tile of waiting) {
      if (done > 0 && this.#clock.now() > deadline) return true;
      this.#draw(tile);
      done++;
    }
    return false;
  }

  #remoteness(tile: Tile<Surface>): number {
    const v = visible(this.#view);
    const dx = (tile.rect.x0 + tile.rect.x1 - v.x0 - v.x1) / 2, dy = (tile.rect.y0 + tile.rect.y1 - v.y0 - v.y1) / 2;
    return dx * dx + dy * dy;
  }

  #draw(tile: Tile<Surface>): void {
    const context = tile.surface;
    // Whole device px, so that no edge is half cleared.
    const box = deviceBox(tile.drawn ? tile.stale : tile.rect, tile);
    const rect = unitBox(box, tile);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.save();
    context.beginPath();
    context.rect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    context.clip();
    context.clearRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    this.#aim(tile);
    for (const stroke of this.#scene?.inOrder(rect) ?? []) {
      if (stroke.key !== this.#held) this.#painter.stroke(context, stroke);
    }
    context.restore();
    tile.stale = NOWHERE;
    tile.drawn = true;
    this.#spoil(rect);
  }

  #aim(tile: Tile<Surface>): void {
    tile.surface.setTransform(tile.scale, 0, 0, tile.scale, -tile.column * TILE, -tile.row * TILE);
  }

  /** Puts the window together: all of it or the spoiled part. */
  #compose(tiles: readonly Tile<Surface>[]): void {
    const context = this.#context;
    const { width, height } = context.canvas;
    const s = this.#wanted();
    const ox = Math.round(this.#view.x * s), oy = Math.round(this.#view.y * s);
    let part: Rect = { x0: 0, y0: 0, x1: width, y1: height };
    if (this.#spoiled !== "all") part = intersection(part, windowBox(this.#spoiled, s, ox, oy));
    const missing = tiles.some((t) => !t.drawn);
    this.#spoiled = NOWHERE;
    if (isEmpty(part)) return;
    context.save();
    context.beginPath();
    context.rect(part.x0, part.y0, part.x1 - part.x0, part.y1 - part.y0);
    context.clip();
    this.#paper(ox, oy, s);
    if (missing) this.#standIn(tiles, part, s, ox, oy);
    for (const tile of tiles) if (tile.drawn) this.#blit(tile, part, s, ox, oy);
    context.restore();
  }

  #paper(ox: number, oy: number, s: number): void {
    const context = this.#context;
    context.fillStyle = this.#painter.look.edge;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    context.fillStyle = this.#painter.look.paper;
    context.fillRect(-ox, -oy, Math.round(BOARD.x1 * s), Math.round(BOARD.y1 * s));
  }

  #standIn(tiles: readonly Tile<Surface>[], part: Rect, s: number, ox: number, oy: number): void {
    const context = this.#context;
    context.save();
    context.beginPath();
    for (const t of tiles.filter((tile) => !tile.drawn)) {
      const box = windowBox(t.rect, s, ox, oy);
      context.rect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    }
    context.clip();
    for (const old of this.#tiles.standIns(visible(this.#view), this.#scale)) this.#blit(old, part, s, ox, oy);
    context.restore();
  }

  #blit(tile: Tile<Surface>, part: Rect, s: number, ox: number, oy: number): void {
    const ratio = s / tile.scale;
    const x = tile.column * TILE * ratio - ox, y = tile.row * TILE * ratio - oy, size = TILE * ratio;
    if (x >= part.x1 || y >= part.y1 || x + size <= part.x0 || y + size <= part.y0) return;
    this.#context.drawImage(tile.surface.canvas, x, y, size, size);
  }
}

/** A rectangle of units on the tile, in its px, rounded outwards. */
function deviceBox(r: Rect, tile: Tile<unknown>): Rect {
  const x = tile.column * TILE, y = tile.row * TILE;
  return intersection(
    {
      x0: Math.floor(r.x0 * tile.scale - x - 0.01), y0: Math.floor(r.y0 * tile.scale - y - 0.01),
      x1: Math.ceil(r.x1 * tile.scale - x + 0.01), y1: Math.ceil(r.y1 * tile.scale - y + 0.01),
    },
    { x0: 0, y0: 0, x1: TILE, y1: TILE },
  );
}

const unitBox = (box: Rect, tile: Tile<unknown>): Rect => ({
  x0: (box.x0 + tile.column * TILE) / tile.scale, y0: (box.y0 + tile.row * TILE) / tile.scale,
  x1: (box.x1 + tile.column * TILE) / tile.scale, y1: (box.y1 + tile.row * TILE) / tile.scale,
});

const windowBox = (r: Rect, s: number, ox: number, oy: number): Rect => ({
  x0: Math.floor(r.x0 * s - ox) - 1, y0: Math.floor(r.y0 * s - oy) - 1,
  x1: Math.ceil(r.x1 * s - ox) + 1, y1: Math.ceil(r.y1 * s - oy) + 1,
});
