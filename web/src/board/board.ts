// Package board draws one board on the canvases that it is given and turns pointers into work on it.
//
// Three canvases lie one above the other: ink (paper and dry ink, in tiles), wet (the stroke under the pen) and overlay
// (others' cursors, lasers). Nothing is drawn while nothing changes. It knows BoardDocument and a clock, no framework,
// and touches no DOM but its canvases.
import type { BoardDocument } from "../sync/api.ts";
import { Desk } from "./desk.ts";
import type { Vec } from "./geometry.ts";
import { Gestures } from "./gestures.ts";
import type { Action, Fingers, PointerInput, PointerKind, Sample } from "./gestures.ts";
import { InkLayer } from "./inklayer.ts";
import { listen } from "./input.ts";
import { Meter } from "./meter.ts";
import type { FrameReport } from "./meter.ts";
import { Overlay } from "./overlay.ts";
import type { Nameplate } from "./overlay.ts";
import { Scene } from "./scene.ts";
import { inkOf } from "./source.ts";
import { Frames } from "./surface.ts";
import type { Clock } from "./surface.ts";
import { lookOf } from "./theme.ts";
import type { Paper } from "./theme.ts";
import { EraserTool } from "./tools/eraser.ts";
import { LaserTool } from "./tools/laser.ts";
import { PenTool } from "./tools/pen.ts";
import type { BoardSample, Tool, ToolName } from "./tools/tool.ts";
import { fitWidth, pan, resized, settled, toBoard, unitScale, zoomAt, zoomStep } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";
import { WetLayer } from "./wetlayer.ts";
import type { Pen } from "./wetlayer.ts";

export interface BoardOptions {
  readonly ink: HTMLCanvasElement;
  readonly wet: HTMLCanvasElement;
  /** The topmost. */
  readonly overlay: HTMLCanvasElement;
  /** Gets the pointers and shows the cursor: what the canvases fill. */
  readonly input: HTMLElement;
  readonly clock: Clock;
  readonly paper: Paper;
  readonly plates: (replica: number) => Nameplate;
  /** Told whenever the view or the cursor's look changes. */
  readonly onView: (view: Viewport) => void;
}

/** For tests and benchmarks. */
export interface BoardDiagnostics {
  readonly frames: FrameReport;
  readonly strokes: number;
  readonly tileBytes: number;
}

/** Radius of the eraser in CSS px. */
export const ERASER_RADIUS = 14;

/** A zoom gesture that rests this long (ms) is over: tiles of its exact size are drawn. */
const SETTLE_MS = 140;

export class Board {
  readonly #options: BoardOptions;
  readonly #clock: Clock;
  readonly #frames: Frames;
  readonly #meter = new Meter();
  readonly #gestures = new Gestures();
  readonly #ink: InkLayer;
  readonly #wet: WetLayer;
  readonly #overlay: Overlay;
  readonly #desk: Desk;
  readonly #tools: Record<Exclude<ToolName, "hand">, Tool>;
  readonly #views = new Map<string, Viewport>();
  readonly #stopInput: () => void;
  #view: Viewport = { x: 0, y: 0, zoom: 1, width: 1, height: 1 };
  #dpr = 1;
  /** The board is as wide as the window, and stays so when that changes. */
  #fitted = true;
  #tool: ToolName = "pen";
  #active: Tool | undefined;
  #document: BoardDocument | undefined;
  #stopDocument: () => void = () => undefined;
  #settleTimer: number | undefined;
  #overlayTimer: number | undefined;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#clock = options.clock;
    const look = lookOf(options.paper);
    this.#ink = new InkLayer(options.ink, options.clock, look, this.#view);
    this.#wet = new WetLayer(options.wet);
    this.#overlay = new Overlay(options.overlay, options.plates);
    this.#frames = new Frames(options.clock, () => this.#frame());
    this.#desk = new Desk({
      ink: this.#ink, wet: this.#wet, overlay: this.#overlay,
      eraser: () => ({ px: ERASER_RADIUS, units: ERASER_RADIUS / unitScale(this.#view) }),
      changed: () => this.#frames.request(),
    });
    this.#tools = { pen: new PenTool(this.#desk), eraser: new EraserTool(this.#desk), laser: new LaserTool(this.#desk) };
    this.#stopInput = listen(options.input, {
      down: (input) => this.#do(this.#gestures.down(input)),
      move: (input, predicted) => this.#move(input, predicted),
      up: (input) => this.#do(this.#gestures.up(input)),
      cancel: (input) => this.#do(this.#gestures.cancel(input)),
      hover: (at, kind) => this.#hover(at, kind),
      wheelPan: (dx, dy) => this.#see(pan(this.#view, dx, dy)),
      wheelZoom: (factor, at) => this.#zoomGesture(this.#view.zoom * factor, at),
    });
    this.#showCursor();
  }

  get view(): Viewport {
    return this.#view;
  }

  /** A pen has been used on this board. */
  get penSeen(): boolean {
    return this.#gestures.penSeen;
  }

  get diagnostics(): BoardDiagnostics {
    return { frames: this.#meter.report(), strokes: this.#desk.scene?.size ?? 0, tileBytes: this.#ink.tileBytes };
  }

  resetDiagnostics(): void {
    this.#meter.reset();
  }

  /** Shows a board, or nothing. Each page keeps its own view. */
  open(doc: BoardDocument | undefined): void {
    if (doc === this.#document) return;
    this.#stopDocument();
    this.#active?.end();
    this.#active = undefined;
    if (this.#document !== undefined) this.#views.set(this.#document.page, this.#view);
    this.#document = doc;
    const scene = doc === undefined ? undefined : new Scene(inkOf(doc));
    this.#desk.show(doc, scene);
    this.#ink.show(scene);
    this.#overlay.clear();
    if (doc !== undefined && scene !== undefined) this.#follow(doc, scene);
    const seen = this.#views.get(doc?.page ?? "");
    this.#fitted = seen === undefined;
    this.#see(seen === undefined ? fitWidth({ ...this.#view, y: 0 }) : resized(seen, this.#view.width, this.#view.height));
    this.#sharpen();
  }

  /** The size of the canvases in CSS px, and device px per CSS px. */
  resize(width: number, height: number, dpr: number): void {
    this.#dpr = dpr;
    const next = resized(this.#view, width, height);
    this.#view = this.#fitted ? fitWidth(next) : next;
    this.#ink.resize(this.#view, dpr);
    this.#wet.resize(this.#view, dpr);
    this.#overlay.resize(this.#view, dpr);
    this.#options.onView(this.#view);
    this.#showCursor();
    // At once: a canvas is blank from the moment its size is set.
    this.#frame();
  }

  setTool(tool: ToolName): void {
    this.#active?.end();
    this.#active = undefined;
    this.#tool = tool;
    this.#gestures.panning = tool === "hand";
    this.#showCursor();
  }

  setPen(pen: Pen): void {
    this.#desk.pen = pen;
    this.#showCursor();
  }

  setFingers(fingers: Fingers): void {
    this.#gestures.fingers = fingers;
  }

  setPaper(paper: Paper): void {
    this.#ink.setLook(lookOf(paper));
    this.#showCursor();
    this.#frames.request();
  }

  /** The space bar: while it is down every pointer pans. */
  holdToPan(held: boolean): void {
    this.#gestures.panning = held || this.#tool === "hand";
    this.#showCursor();
  }

  /** Names or colours of people changed. */
  namesChanged(): void {
    this.#overlay.touch();
    this.#frames.request();
  }

  zoomTo(zoom: number): void {
    this.#fitted = false;
    this.#see(zoomAt(this.#view, zoom, { x: this.#view.width / 2, y: this.#view.height / 2 }));
    this.#settle();
  }

  zoomStep(direction: 1 | -1): void {
    this.zoomTo(zoomStep(this.#view.zoom, direction));
  }

  fit(): void {
    this.#fitted = true;
    this.#see(fitWidth(this.#view));
    this.#sharpen();
  }

  /** Moves the view by CSS px (arrow keys). */
  panBy(dx: number, dy: number): void {
    this.#see(pan(this.#view, dx, dy));
  }

  destroy(): void {
    this.open(undefined);
    this.#stopInput();
    this.#frames.stop();
    for (const timer of [this.#settleTimer, this.#overlayTimer]) if (timer !== undefined) this.#clock.cancelLater(timer);
  }

  #follow(doc: BoardDocument, scene: Scene): void {
    const stopChanges = doc.subscribe((change) => {
      const damages = scene.apply(change);
      if (damages === undefined) this.#ink.refresh();
      else this.#ink.damage(damages);
      this.#desk.dryOut();
      this.#frames.request();
    });
    const stopCursors = doc.cursors.subscribe((cursors) => {
      this.#overlay.setCursors(cursors);
      this.#frames.request();
    });
    this.#stopDocument = () => {
      stopChanges();
      stopCursors();
    };
  }

  #frame(): void {
    const start = this.#clock.now();
    const more = this.#ink.frame();
    this.#wet.frame(this.#view, this.#dpr, this.#ink.painter.look, this.#desk.drySamples);
    const again = this.#overlay.frame(this.#view, this.#dpr, start);
    this.#wakeOverlay(again);
    const busy = more || again === 0 || this.#gestures.busy;
    if (more || again === 0) this.#frames.request();
    this.#meter.frame(start, this.#clock.now(), busy);
  }

  #wakeOverlay(wait: number | undefined): void {
    if (this.#overlayTimer !== undefined) this.#clock.cancelLater(this.#overlayTimer);
    this.#overlayTimer = undefined;
    if (wait === undefined || wait === 0) return;
    this.#overlayTimer = this.#clock.later(wait, () => {
      this.#overlay.touch();
      this.#frames.request();
    });
  }

  #move(input: PointerInput, predicted: readonly Sample[]): void {
    this.#do(this.#gestures.move(input));
    if (predicted.length > 0) this.#active?.predict?.(predicted.map((s) => this.#onBoard(s)));
  }

  #do(actions: readonly Action[]): void {
    for (const action of actions) this.#act(action);
    if (actions.length > 0) this.#frames.request();
  }

  #act(action: Action): void {
    switch (action.do) {
      case "tool-begin":
        this.#active = this.#toolFor(action.eraser);
        return this.#active?.begin(action.samples.map((s) => this.#onBoard(s)));
      case "tool-move":
        return this.#active?.move(action.samples.map((s) => this.#onBoard(s)));
      case "tool-end":
        this.#active?.end();
        this.#active = undefined;
        return;
      case "tool-undo":
        this.#active?.undo();
        this.#active = undefined;
        return;
      case "pan":
        return this.#see(pan(this.#view, action.dx, action.dy));
      case "pinch":
        this.#see(pan(this.#view, action.dx, action.dy));
        return this.#zoomGesture(this.#view.zoom * action.factor, action.at);
      case "settle":
        return this.#settle();
    }
  }

  #toolFor(turned: boolean): Tool | undefined {
    if (this.#document === undefined) return undefined;
    if (turned) return this.#tools.eraser;
    return this.#tool === "hand" ? undefined : this.#tools[this.#tool];
  }

  #onBoard(s: Sample): BoardSample {
    return { ...toBoard(this.#view, s), p: s.p, at: s.at };
  }

  #hover(at: Vec | undefined, kind: PointerKind): void {
    if (this.#document === undefined || (kind === "touch" && at !== undefined)) return;
    if (at === undefined) this.#document.pointAt(0, 0, "gone");
    else this.#desk.point(toBoard(this.#view, at), "pointer");
  }

  #zoomGesture(zoom: number, at: Vec): void {
    this.#fitted = false;
    this.#see(zoomAt(this.#view, zoom, at));
    if (this.#settleTimer !== undefined) this.#clock.cancelLater(this.#settleTimer);
    this.#settleTimer = this.#clock.later(SETTLE_MS, () => this.#settle());
  }

  #settle(): void {
    if (!this.#fitted) this.#see(settled(this.#view));
    this.#sharpen();
  }

  /** Draws tiles of exactly this zoom, and the cursor to its scale. */
  #sharpen(): void {
    this.#ink.settle();
    this.#showCursor();
    this.#frames.request();
  }

  #see(view: Viewport): void {
    if (view === this.#view) return;
    this.#view = view;
    this.#ink.look(view);
    this.#wet.touch();
    this.#overlay.touch();
    this.#options.onView(view);
    this.#frames.request();
  }

  /** The cursor shows what the tool would do: the pen's colour and width, the eraser's size. */
  #showCursor(): void {
    this.#options.input.style.cursor = this.#gestures.panning ? "grab" : this.#cursor();
  }

  #cursor(): string {
    switch (this.#tool) {
      case "pen": {
        const { color, width } = this.#desk.pen;
        return ring((width * unitScale(this.#view)) / 2, this.#ink.painter.look.ink(color), 1);
      }
      case "eraser":
        return ring(ERASER_RADIUS, "#ffffff", 0.5);
      case "laser":
        return ring(5, "#ff3b30", 1);
      case "hand":
        return "grab";
    }
  }
}

/** A CSS cursor: a filled ring of this radius in CSS px. */
function ring(radius: number, fill: string, opacity: number): string {
  const r = Math.min(Math.max(radius, 1.5), 40);
  const size = Math.ceil(r * 2 + 6), c = size / 2;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"><circle cx="${c}" cy="${c}" r="${r + 1}" ` +
    `fill="none" stroke="white" stroke-width="2"/><circle cx="${c}" cy="${c}" r="${r}" fill="${fill}" fill-opacity="${opacity}" ` +
    `stroke="#1d2321" stroke-width=".8"/></svg>`;
  return `url("data:image/svg+xml,${encodeURIComponent(svg)}") ${Math.floor(c)} ${Math.floor(c)}, crosshair`;
}
