// What moves above the board: others' cursors with their names, laser trails, the eraser's ring under a finger, and what
// tools and the selection show. Drawn only while something changes or fades.
import type { LiveCursor } from "../sync/api.ts";
import { Centerline } from "./centerline.ts";
import type { Vec } from "./geometry.ts";
import { outline } from "./outline.ts";
import { context2d } from "./surface.ts";
import { CURSOR_FADE_MS, CURSOR_PLAIN_MS, TRAIL_MS, Trail, cursorStrength, strength } from "./trail.ts";
import { toScreen } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";

/** Who a replica is, for the label at its cursor. */
export interface Nameplate {
  readonly name: string;
  /** CSS colour that bears white text. */
  readonly color: string;
}

/** Something else to draw above the board, in CSS px, below the cursors. */
export interface Layer {
  /** Whether anything was drawn. */
  draw(context: CanvasRenderingContext2D, view: Viewport, now: number): boolean;
  /** In how many ms it must be drawn again though nothing else changes; undefined: it need not be. */
  wait?(now: number): number | undefined;
}

const LASER = "#ff3b30";
/** Radius of a fresh laser trail in CSS px, and of its tip. */
const TRAIL_RADIUS = 3.2;
const TIP_RADIUS = 4.5;
/** Trails are computed in this fraction of a CSS px. */
const FINE = 10;
const LABEL_FONT = '12px system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';

export class Overlay {
  readonly #context: CanvasRenderingContext2D;
  readonly #plates: (replica: number) => Nameplate;
  readonly #own = new Trail();
  readonly #trails = new Map<number, Trail>();
  #cursors: readonly LiveCursor[] = [];
  #ring: { at: Vec; radius: number } | undefined;
  #changed = false;
  #blank = true;
  /** When it was last drawn, ms, and whether trails were fading then: they are to be wiped away, however late that is. */
  #drawnAt = -Infinity;
  #faded = false;
  readonly #layers: readonly Layer[];

  constructor(canvas: HTMLCanvasElement, plates: (replica: number) => Nameplate, layers: readonly Layer[] = []) {
    this.#context = context2d(canvas);
    this.#plates = plates;
    this.#layers = layers;
  }

  get cursors(): readonly LiveCursor[] {
    return this.#cursors;
  }

  resize(view: Viewport, dpr: number): void {
    this.#context.canvas.width = Math.round(view.width * dpr);
    this.#context.canvas.height = Math.round(view.height * dpr);
    this.#changed = true;
  }

  touch(): void {
    this.#changed = true;
  }

  setCursors(cursors: readonly LiveCursor[]): void {
    for (const cursor of cursors) this.#follow(cursor);
    this.#cursors = cursors;
    this.#changed = true;
  }

  clear(): void {
    this.#cursors = [];
    this.#trails.clear();
    this.#changed = true;
  }

  /** The own laser, drawn at once. */
  laser(point: Vec, at: number, joined: boolean): void {
    this.#own.add(point, at, joined);
    this.#changed = true;
  }

  /** Where the eraser is, radius in CSS px; undefined: nowhere. */
  ring(ring: { at: Vec; radius: number } | undefined): void {
    if (ring === this.#ring) return;
    this.#ring = ring;
    this.#changed = true;
  }

  /**
   * Draws. Answers in how many ms it must be drawn again: 0 with the next frame, undefined when nothing moves.
   */
  frame(view: Viewport, dpr: number, now: number): number | undefined {
    const faded = this.#faded, fading = (this.#faded = this.#fade(now));
    const wait = soonest([this.#nextFade(now), ...this.#layers.map((layer) => layer.wait?.(now))]);
    if (!this.#changed && !fading && !faded && wait !== 0) return wait;
    this.#changed = false;
    this.#drawnAt = now;
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    if (!this.#blank) context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    this.#blank = true;
    context.setTransform(dpr, 0, 0, dpr, 0, 0);
    for (const layer of this.#layers) {
      context.save();
      if (layer.draw(context, view, now)) this.#blank = false;
      context.restore();
    }
    this.#drawTrail(view, this.#own, now);
    for (const trail of this.#trails.values()) this.#drawTrail(view, trail, now);
    for (const cursor of this.#cursors) this.#drawCursor(view, cursor, now);
    if (this.#ring !== undefined) this.#drawRing(view, this.#ring);
    context.canvas.style.visibility = this.#blank ? "hidden" : "visible";
    return fading ? 0 : wait;
  }

  #follow(cursor: LiveCursor): void {
    const before = this.#cursors.find((c) => c.replica === cursor.replica);
    if (cursor.kind !== "laser" || before?.at === cursor.at) return;
    let trail = this.#trails.get(cursor.replica);
    if (trail === undefined) this.#trails.set(cursor.replica, (trail = new Trail()));
    const joined = before?.kind === "laser" && cursor.at - before.at < 400;
    const path = [...cursor.trail, { x: cursor.x, y: cursor.y }];
    path.forEach((point, i) => trail.add(point, cursor.at, joined || i > 0));
  }

  #fade(now: number): boolean {
    let fading = this.#own.fade(now);
    for (const [replica, trail] of this.#trails) {
      if (trail.fade(now)) fading = true;
      else this.#trails.delete(replica);
    }
    return fading;
  }

  /** Time until a cursor begins to fade, or 0 while one does, or has since it was drawn. */
  #nextFade(now: number): number | undefined {
    let wait: number | undefined;
    for (const cursor of this.#cursors) {
      if (cursor.kind === "gone" || this.#drawnAt - cursor.at >= CURSOR_PLAIN_MS + CURSOR_FADE_MS) continue;
      wait = Math.min(wait ?? Infinity, Math.max(0, CURSOR_PLAIN_MS - (now - cursor.at)));
    }
    return wait;
  }

  /** A band that is broad where the laser was last and narrows as it ages; no joint of it shows. */
  #drawTrail(view: Viewport, trail: Trail, now: number): void {
    if (trail.points.length === 0) return;
    this.#blank = false;
    const context = this.#context;
    context.save();
    context.scale(1 / FINE, 1 / FINE);
    context.fillStyle = LASER;
    context.globalAlpha = 0.9;
    context.beginPath();
    for (const line of linesOf(view, trail, now)) outline(line.samples, 0, line.count, context);
    context.fill();
    context.restore();
  }

  #drawCursor(view: Viewport, cursor: LiveCursor, now: number): void {
    const alpha = cursor.kind === "gone" ? 0 : cursorStrength(now - cursor.at);
    if (alpha <= 0) return;
    this.#blank = false;
    const { name, color } = this.#plates(cursor.replica);
    const at = toScreen(view, cursor);
    const context = this.#context;
    context.globalAlpha = alpha;
    if (cursor.kind !== "laser" && cursor.text === undefined) arrow(context, at, color);
    label(context, { x: at.x + 13, y: at.y + 18 }, name, color);
    context.globalAlpha = 1;
  }

  #drawRing(view: Viewport, ring: { at: Vec; radius: number }): void {
    const at = toScreen(view, ring.at);
    const context = this.#context;
    this.#blank = false;
    context.lineWidth = 1.5;
    for (const [color, radius] of [["#ffffff", ring.radius + 1], ["#1d2321", ring.radius]] as const) {
      context.strokeStyle = color;
      context.beginPath();
      context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

function soonest(waits: readonly (number | undefined)[]): number | undefined {
  const some = waits.filter((wait) => wait !== undefined);
  return some.length === 0 ? undefined : Math.min(...some);
}

/** The connected parts of a trail on the screen, in 1/FINE CSS px. */
function linesOf(view: Viewport, trail: Trail, now: number): Centerline[] {
  const lines: Centerline[] = [];
  const last = trail.points.length - 1;
  trail.points.forEach((point, i) => {
    const { x, y } = toScreen(view, point);
    const radius = (i === last ? TIP_RADIUS : TRAIL_RADIUS) * strength(now - point.at, TRAIL_MS);
    let line = lines.at(-1);
    if (line === undefined || !point.joined) lines.push((line = new Centerline(1)));
    line.addRound(x * FINE, y * FINE, radius * FINE);
  });
  for (const line of lines) line.close();
  return lines;
}

function arrow(context: CanvasRenderingContext2D, at: Vec, color: string): void {
  context.beginPath();
  context.moveTo(at.x, at.y);
  context.lineTo(at.x + 5, at.y + 18);
  context.lineTo(at.x + 8.5, at.y + 10.5);
  context.lineTo(at.x + 16.5, at.y + 8);
  context.closePath();
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.strokeStyle = "#ffffff";
  context.stroke();
}

function label(context: CanvasRenderingContext2D, at: Vec, name: string, color: string): void {
  if (name === "") return;
  context.font = LABEL_FONT;
  context.textBaseline = "middle";
  const width = context.measureText(name).width + 12;
  context.fillStyle = color;
  context.beginPath();
  context.roundRect(at.x, at.y, width, 20, 10);
  context.fill();
  context.fillStyle = "#ffffff";
  context.fillText(name, at.x + 6, at.y + 10.5);
}
