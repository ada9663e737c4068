// Package board draws one board on the canvases that it is given and turns pointers into work on it.
//
// Three canvases lie one above the other: ink (paper and all elements, in tiles), wet (the stroke under the pen) and overlay
// (selection, others' cursors, lasers). Nothing is drawn while nothing changes. It knows BoardDocument and a clock, no
// framework, and touches no DOM but what it is given.
import type { BoardDocument, Observable } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import type { Key } from "../ot/types.ts";
import type { BoardTools, Command, Grid, OneOf, Selection, Style, ToolName } from "./api.ts";
import { Camera } from "./camera.ts";
import { Canvases, loadFrom } from "./canvases.ts";
import { Commands } from "./commands.ts";
import { copyTexts } from "./copying.ts";
import { ERASER_RADIUS, cursorFor } from "./cursor.ts";
import { Desk } from "./desk.ts";
import { exportPage } from "./exportpage.ts";
import type { Vec } from "./geometry.ts";
import type { Fingers } from "./gestures.ts";
import { listen } from "./input.ts";
import { Layers } from "./layers.ts";
import type { BoardDiagnostics, BoardOptions } from "./options.ts";
import { canvasMeasure } from "./painttext.ts";
import { putImage } from "./paste.ts";
import { Pointing } from "./pointing.ts";
import { Scene } from "./scene.ts";
import { Site } from "./site.ts";
import { sourceOf } from "./source.ts";
import { Table } from "./table.ts";
import type { Paper } from "./theme.ts";
import { makeTools } from "./toolbox.ts";
import { unitScale } from "./viewport.ts";
import type { Viewport } from "./viewport.ts";
import { followWrites } from "./writes.ts";
import { Writing } from "./writing.ts";

export { ERASER_RADIUS } from "./cursor.ts";
export type { BoardDiagnostics, BoardOptions } from "./options.ts";

export class Board implements BoardTools {
  readonly #options: BoardOptions;
  readonly #camera: Camera;
  readonly #canvases: Canvases;
  readonly #layers: Layers;
  readonly #site: Site;
  readonly #desk: Desk;
  readonly #writing: Writing;
  readonly #commands: Commands;
  readonly #pointing: Pointing;
  readonly #tool = new Value<ToolName>("pen");
  /** The tool was chosen twice: it stays after what it draws. */
  #kept = false;
  #shownCursor: string | undefined;
  readonly #stops: (() => void)[];
  #stopDocument: () => void = () => undefined;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#camera = new Camera({ clock: options.clock, seen: (view) => this.#seen(view), settled: () => this.#sharpen() });
    this.#site = new Site(canvasMeasure(), () => this.#camera.view);
    this.#layers = new Layers({
      site: this.#site, desk: () => this.#desk, writing: () => this.#writing, look: () => this.#canvases.ink.painter.look,
      cursors: () => this.#canvases.overlay.cursors, plates: options.plates, busy: () => this.#pointing.busy,
    });
    this.#canvases = new Canvases({
      ...options, images: options.images, layers: this.#layers.all, view: () => this.#camera.view,
      drySamples: () => this.#desk.drySamples, busy: () => this.#pointing.gestures.busy, drawn: () => this.#site.picked.publish(),
    });
    const { ink, wet, overlay } = this.#canvases;
    const changed = (): void => this.#canvases.request();
    this.#desk = new Desk(this.#site, { ink, wet, overlay, eraser: ERASER_RADIUS, changed, wrote: () => options.onWrite?.() });
    this.#writing = this.#makeWriting();
    const table = this.#makeTable();
    this.#commands = new Commands(this.#site, {
      copy: (texts) => copyTexts(options.input, texts),
      reshape: (shapes) => table.reshape(shapes),
      upload: options.images && ((image) => this.#upload(image)),
      images: options.images, pasted: (keys) => this.#hand(keys), notice: options.onNotice,
    });
    const writing = this.#writing, site = this.#site;
    const tools = makeTools(this.#desk, table, {
      get pixel() {
        return site.pixel;
      },
      select: (from, to) => writing.select(from, to),
      selectWord: (at) => writing.selectWord(at),
    });
    this.#pointing = new Pointing({
      site, camera: this.#camera, tools, ruler: this.#desk, writing, tool: () => this.#tool.value, changed,
      cursor: (css) => this.#showCursor(css),
    });
    this.#stops = [listen(options.input, this.#pointing), site.picked.selection.subscribe(() => this.#canvases.touch())];
    this.#showCursor();
  }

  get view(): Viewport {
    return this.#camera.view;
  }

  get diagnostics(): BoardDiagnostics {
    return { frames: this.#canvases.report, strokes: this.#site.scene?.size ?? 0, tileBytes: this.#canvases.ink.bytes };
  }

  resetDiagnostics(): void {
    this.#canvases.resetReport();
  }

  get tool(): Observable<ToolName> {
    return this.#tool;
  }

  get selection(): Observable<Selection> {
    return this.#site.picked.selection;
  }

  get editing(): Observable<boolean> {
    return this.#writing.editing;
  }

  /** Shows a board, or nothing. Each page keeps its own view. */
  open(doc: BoardDocument | undefined): void {
    const before = this.#site.document;
    if (doc === before) return;
    this.#rest();
    this.#site.picked.set([]);
    this.#stopDocument();
    this.#stopDocument = () => undefined;
    const scene = doc === undefined ? undefined : new Scene(sourceOf(doc), this.#site.measure);
    this.#site.document = doc;
    this.#site.scene = scene;
    this.#desk.clear();
    this.#canvases.ink.show(scene);
    this.#canvases.overlay.clear();
    if (doc !== undefined && scene !== undefined) this.#follow(doc, scene);
    this.#camera.turn(before?.page, doc?.page ?? "");
  }

  /** The size of the canvases in CSS px, and device px per CSS px. */
  resize(width: number, height: number, dpr: number): void {
    const view = this.#camera.resize(width, height);
    this.#options.onView(view);
    this.#showCursor();
    this.#canvases.resize(view, dpr);
    this.#showCaret();
  }

  setTool(tool: ToolName, kept = false): void {
    this.#rest();
    this.#kept = kept;
    if (tool !== "select" && tool !== "lasso") this.#site.picked.set([]);
    this.#useTool(tool);
  }

  setStyle(style: Partial<Style>): void {
    this.#site.style = { ...this.#site.style, ...style };
    const written = this.#writing.key;
    if (written === undefined) this.#commands.restyle(style);
    else this.#restyleText(written, style);
    this.#showCursor();
  }

  can(command: Command): boolean {
    return this.#commands.can(command);
  }

  do(command: Command): void {
    // Undo and redo reach into a text that is being written, too.
    if (command === "undo" || command === "redo") this.#pointing.end();
    else this.#rest();
    // What is selected is worked on by the selection's tool.
    if (command === "select-all" && this.#tool.value !== "lasso") this.setTool("select");
    this.#commands.do(command);
    this.#canvases.touch();
  }

  nudge(dx: number, dy: number): boolean {
    return this.#commands.nudge(dx, dy);
  }

  escape(): boolean {
    if (this.#pointing.cancel()) return true;
    const some = this.#site.picked.keys.size > 0;
    this.#site.picked.set([]);
    return some;
  }

  paste(data: DataTransfer): Promise<void> {
    return this.#commands.paste(data);
  }

  placeImage(content: string, width: number, height: number, on = this.#site.document, one?: OneOf): void {
    if (on === undefined) return;
    const here = on === this.#site.document;
    const keys = putImage(on, here ? this.#camera.view : this.#camera.viewOf(on.page), content, width, height, one);
    if (here) this.#hand(keys);
  }

  setGrid(grid: Grid): void {
    this.#site.gridded = grid !== "none";
    this.#canvases.ink.setGrid(grid);
    this.#canvases.request();
  }

  setSnap(on: boolean): void {
    this.#site.snaps = on;
  }

  setRuler(on: boolean): void {
    this.#desk.layRuler(on);
  }

  exportPage(as: "png" | "svg"): Promise<Blob> {
    const { document, measure } = this.#site;
    if (document === undefined) return Promise.reject(new Error("board: export: no board is open"));
    return exportPage(sourceOf(document), as, { measure, load: (content) => loadFrom(this.#options.images, content) });
  }

  setFingers(fingers: Fingers): void {
    this.#pointing.gestures.fingers = fingers;
  }

  setPaper(paper: Paper): void {
    this.#canvases.setPaper(paper);
    this.#showCursor();
  }

  /** The space bar: while it is down every pointer pans. */
  holdToPan(held: boolean): void {
    this.#pointing.gestures.panning = held || this.#tool.value === "hand";
    this.#showCursor();
  }

  /** Names or colours of people changed. */
  namesChanged(): void {
    this.#canvases.touch();
  }

  zoomTo(zoom: number): void {
    this.#camera.zoomTo(zoom);
  }

  zoomStep(direction: 1 | -1): void {
    this.#camera.zoomStep(direction);
  }

  fit(): void {
    this.#camera.fit();
  }

  /** Moves the view by CSS px (arrow keys). */
  panBy(dx: number, dy: number): void {
    this.#camera.pan(dx, dy);
  }

  destroy(): void {
    this.open(undefined);
    for (const stop of this.#stops) stop();
    this.#canvases.stop();
    this.#camera.stop();
  }

  #makeTable(): Table {
    return new Table(this.#site, {
      show: (marks) => {
        this.#layers.marks = marks;
        this.#canvases.touch();
      },
      made: (key) => this.#made(key),
      write: (key, at, made) => this.#write(key, at, made),
      duplicate: (keys) => this.#commands.duplicate(keys, 0),
    });
  }

  #makeWriting(): Writing {
    const { input, text, textLabel } = this.#options;
    return new Writing(this.#site, {
      host: text ?? input,
      label: () => textLabel?.() ?? "",
      home: input,
      hold: (key) => this.#canvases.ink.hold(key),
      changed: () => {
        this.#layers.movedAt = this.#options.clock.now();
        this.#canvases.touch();
      },
      typed: () => this.#showCaret(),
      left: (key) => this.#site.picked.set([key]),
      restyle: (key, style) => this.#restyleText(key, style),
    });
  }

  #follow(doc: BoardDocument, scene: Scene): void {
    const stopChanges = doc.subscribe((change) => {
      scene.note(change);
      this.#site.picked.changed(change.all ? "all" : change.keys);
      this.#writing.changed();
      this.#desk.dryOut();
      this.#canvases.touch();
    });
    const stopCursors = doc.cursors.subscribe((cursors) => {
      this.#canvases.overlay.setCursors(cursors);
      this.#canvases.request();
    });
    const stopWrites = followWrites(doc, () => this.#options.onWrite?.());
    this.#stopDocument = () => {
      stopWrites();
      stopChanges();
      stopCursors();
    };
  }

  /** Ends what is under way. The pointer's work first: it may end with a text to be written. */
  #rest(): void {
    this.#pointing.end();
    this.#writing.close();
  }

  #seen(view: Viewport): void {
    this.#canvases.look(view);
    this.#options.onView(view);
  }

  /** The view follows what is written; a keyboard on the screen may have covered it. */
  #showCaret(): void {
    const { caret } = this.#writing;
    if (caret !== undefined) this.#camera.reveal(caret);
  }

  /** Draws tiles of exactly this zoom, and the cursor to its scale. */
  #sharpen(): void {
    this.#canvases.ink.settle();
    this.#showCursor();
    this.#canvases.request();
  }

  #useTool(tool: ToolName): void {
    this.#tool.set(tool);
    this.#desk.highlighting = tool === "highlighter";
    this.#pointing.gestures.panning = tool === "hand";
    this.#showCursor();
    this.#canvases.touch();
  }

  /** A shape was drawn. */
  #made(key: Key): void {
    if (this.#kept) return;
    this.#useTool("select");
    this.#site.picked.set([key]);
  }

  #write(key: Key, at: Vec, made: (() => void) | undefined): void {
    if (!this.#kept) this.#useTool("select");
    this.#site.picked.set([]);
    this.#writing.open(key, at, made);
  }

  #restyleText(key: Key, style: Partial<Style>): void {
    const element = this.#site.get(key);
    if (element !== undefined) this.#commands.restyleElements([element], style);
    this.#writing.focus();
  }

  async #upload(image: File): Promise<void> {
    const doc = this.#site.document;
    const stored = await this.#options.images?.upload(image);
    // The page may have been turned meanwhile.
    if (stored !== undefined) this.placeImage(stored.content, stored.width, stored.height, doc);
  }

  /** Selects what came onto the board. Nobody's pen is taken out of the hand. */
  #hand(keys: readonly Key[]): void {
    if (this.#pointing.busy || this.#writing.key !== undefined) return;
    this.#site.picked.set(keys);
    this.#useTool("select");
  }

  /** css: what the tool would do right there, if it says so. */
  #showCursor(css?: string): void {
    const { panning } = this.#pointing.gestures;
    const cursor = panning ? "grab" : (css ?? cursorFor(this.#tool.value, this.#desk.pen, unitScale(this.view), this.#canvases.ink.painter.look.ink));
    if (cursor === this.#shownCursor) return;
    this.#shownCursor = cursor;
    this.#options.input.style.cursor = cursor;
  }
}
