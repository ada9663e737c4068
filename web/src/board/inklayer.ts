// The board as it stands: paper with its grid, and all elements, drawn tile by tile. Strokes that grow are added to their
// tiles; anything else redraws the part that it spoils. The window's canvas is only ever put together from tiles.
import type { Key } from "../ot/types.ts";
import { BOARD, NOWHERE, grow, intersection, isEmpty, union } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import { Pace } from "./pace.ts";
import { Painter } from "./paint.ts";
import { Images, decodeImage } from "./images.ts";
import type { Grid } from "./api.ts";
import { drawGrid } from "./paper.ts";
import type { Damage, Item, Scene } from "./scene.ts";
import { context2d, offscreen2d } from "./surface.ts";
import type { Clock } from "./surface.ts";
import type { Look } from "./theme.ts";
import { ALL_CELLS, CELLS, TILE, TILE_BYTES, Tiles, boxOf, cellsOf, takesAppend, tileRange } from "./tiles.ts";
import type { Tile } from "./tiles.ts";
import { unitScale, visible } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** What has no more items than this is drawn at once, all else cell by cell. */
const FEW = 40;

/** Bytes of tiles to keep beyond those in view, so that going back a little costs nothing. */
const SPARE_BYTES = 24 << 20;

/** A pinch shows the old tiles stretched until they would be this much too coarse or too fine. */
const STRETCH = 2;

const NONE: ReadonlySet<Key> = new Set();

type Surface = OffscreenCanvasRenderingContext2D;

export class InkLayer {
  readonly #context: CanvasRenderingContext2D;
  readonly #clock: Clock;
  readonly #painter: Painter;
  #tiles: Tiles<Surface>;
  #scene: Scene | undefined;
  #view: Viewport;
  #dpr = 1;
  #scale = 0;
  /** Part of the window, in units, that must be put together anew. */
  #spoiled: Rect | "all" = "all";
  #unfinished = false;
  readonly #pace = new Pace();
  /** Elements that another layer shows for the moment. */
  #held: ReadonlySet<Key> = NONE;
  #grid: Grid = "none";
  #images: Images<ImageBitmap> | undefined;

  constructor(canvas: HTMLCanvasElement, clock: Clock, look: Look, view: Viewport) {
    this.#context = context2d(canvas, { alpha: false });
    this.#clock = clock;
    this.#painter = new Painter(look);
    this.#view = view;
    this.#tiles = new Tiles(SPARE_BYTES, () => offscreen2d(TILE));
  }

  get painter(): Painter {
    return this.#painter;
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
    this.#held = NONE;
    this.#tiles.blank();
    this.#spoiled = "all";
  }

  /** Background lines under everything. */
  setGrid(grid: Grid): void {
    this.#grid = grid;
    this.#spoiled = "all";
  }

  /** Where the board's images come from (RoomImages.load), and what to call when one came. */
  setImages(load: ((content: string) => Promise<Blob>) | undefined, changed: () => void): void {
    this.#images?.close();
    this.#images = load && new Images({ load, decode: decodeImage }, (content) => {
      for (const item of this.#scene?.showing(content) ?? []) this.#redraw(item.bounds);
      changed();
    });
    this.#painter.pictures = this.#images;
    this.refresh();
  }

  /** Bytes of tiles and images. */
  get bytes(): number {
    return this.#tiles.bytes + (this.#images?.bytes ?? 0);
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

  /** Leaves an element out while another layer shows it; undefined ends that. */
  hold(key: Key | undefined): void {
    this.holdAll(key === undefined ? NONE : new Set([key]));
  }

  /** Leaves elements out while another layer shows them. */
  holdAll(keys: ReadonlySet<Key>): void {
    const before = this.#held;
    this.#held = keys;
    for (const key of new Set([...before, ...keys])) {
      const item = before.has(key) === keys.has(key) ? undefined : this.#scene?.get(key);
      if (item !== undefined) this.#redraw(grow(item.bounds, 8));
    }
  }

  damage(damages: readonly Damage[]): void {
    for (const d of damages) {
      if (isEmpty(d.rect)) continue;
      if (d.kind === "append" && !this.#scene?.coveredAbove(d.item, d.rect)) this.#append(d.item, d.from, d.rect);
      else this.#redraw(d.rect);
    }
  }

  /** Draws what changed, of the scene too. True: there is more to do, come again with the next frame. */
  frame(): boolean {
    this.#follow();
    if (!this.#unfinished && this.#spoiled !== "all" && isEmpty(this.#spoiled)) return false;
    this.#pace.begin(this.#clock.now());
    this.#tiles.turn();
    const wanted = this.#visibleTiles();
    this.#unfinished = this.#drawStale(wanted);
    this.#compose(wanted);
    this.#pace.end(this.#clock.now(), this.#unfinished);
    return this.#unfinished;
  }

  /** Takes over what the scene has seen change since the last frame. */
  #follow(): void {
    const damages = this.#scene?.take();
    if (damages === undefined) this.refresh();
    else this.damage(damages);
  }

  #wanted(): number {
    return unitScale(this.#view) * this.#dpr;
  }

  #redraw(rect: Rect): void {
    this.#tiles.spoil(rect, this.#scale);
    this.#spoil(rect);
  }

  #append(item: Item, from: number, rect: Rect): void {
    if (this.#held.has(item.key)) return;
    for (const tile of this.#tiles.touching(rect, this.#scale)) {
      const how = takesAppend(tile, rect);
      if (how === "add") this.#addTo(tile, item, from);
      else if (how === "spoil") this.#tiles.mark(tile, cellsOf(tile, rect));
    }
    this.#spoil(rect);
  }

  #addTo(tile: Tile<Surface>, item: Item, from: number): void {
    this.#aim(tile);
    this.#painter.end(tile.surface, item, from);
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

  /** Never-drawn tiles first, then those that are stale for longest; of equal ones the nearest to the middle of the window. */
  #drawStale(tiles: readonly Tile<Surface>[]): boolean {
    const waiting = tiles.filter((t) => t.stale !== 0);
    waiting.sort((a, b) => Number(a.drawn) - Number(b.drawn) || a.since - b.since || this.#remoteness(a) - this.#remoteness(b));
    for (const [i, tile] of waiting.entries()) {
      if (i > 0 && this.#pace.isOver(this.#clock.now())) return true;
      this.#draw(tile);
    }
    return waiting.some((t) => t.stale !== 0);
  }

  #remoteness(tile: Tile<Surface>): number {
    const v = visible(this.#view);
    const dx = (tile.rect.x0 + tile.rect.x1 - v.x0 - v.x1) / 2, dy = (tile.rect.y0 + tile.rect.y1 - v.y0 - v.y1) / 2;
    return dx * dx + dy * dy;
  }

  /** All that is stale of a tile or, of one that is drawn already, as many cells as there is time for, at least one. */
  #draw(tile: Tile<Surface>): void {
    const whole = boxOf(tile.stale);
    if (!tile.drawn || (this.#scene?.inOrder(unitBox(whole, tile)).length ?? 0) <= FEW) {
      this.#drawBox(tile, whole);
      tile.drawn = true;
      return this.#tiles.done(tile, ALL_CELLS, CELLS * CELLS);
    }
    for (let i = tile.next; i < CELLS * CELLS; i++) {
      const cell = tile.stale & (1 << i);
      if (cell !== 0) this.#drawBox(tile, boxOf(cell));
      this.#tiles.done(tile, cell, i + 1);
      if (cell !== 0 && this.#pace.isOver(this.#clock.now())) return;
    }
  }

  /** A box of whole device px, so that no edge is half cleared. */
  #drawBox(tile: Tile<Surface>, box: Rect): void {
    const context = tile.surface;
    const rect = unitBox(box, tile);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.save();
    context.beginPath();
    context.rect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    context.clip();
    context.clearRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    this.#aim(tile);
    for (const item of this.#scene?.inOrder(rect) ?? []) {
      if (this.#held.has(item.key)) continue;
      this.#painter.item(context, item);
      this.#pace.spend(1);
    }
    context.restore();
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
    this.#paper(part, ox, oy, s);
    if (missing) this.#standIn(tiles, part, s, ox, oy);
    for (const tile of tiles) if (tile.drawn) this.#blit(tile, part, s, ox, oy);
    context.restore();
  }

  #paper(part: Rect, ox: number, oy: number, s: number): void {
    const context = this.#context;
    context.fillStyle = this.#painter.look.edge;
    context.fillRect(0, 0, context.canvas.width, context.canvas.height);
    context.fillStyle = this.#painter.look.paper;
    context.fillRect(-ox, -oy, Math.round(BOARD.x1 * s), Math.round(BOARD.y1 * s));
    drawGrid(context, this.#grid, part, { x: -ox, y: -oy, scale: s, dpr: this.#dpr }, this.#painter.look);
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

/** A box of a tile's px, in units. */
const unitBox = (box: Rect, tile: Tile<unknown>): Rect => ({
  x0: (box.x0 + tile.column * TILE) / tile.scale, y0: (box.y0 + tile.row * TILE) / tile.scale,
  x1: (box.x1 + tile.column * TILE) / tile.scale, y1: (box.y1 + tile.row * TILE) / tile.scale,
});

const windowBox = (r: Rect, s: number, ox: number, oy: number): Rect => ({
  x0: Math.floor(r.x0 * s - ox) - 1, y0: Math.floor(r.y0 * s - oy) - 1,
  x1: Math.ceil(r.x1 * s - ox) + 1, y1: Math.ceil(r.y1 * s - oy) + 1,
});
