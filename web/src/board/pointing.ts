// Brings what pointers and wheels do to the tools and the camera.
import type { ToolName } from "./api.ts";
import type { Camera } from "./camera.ts";
import type { Vec } from "./geometry.ts";
import { Gestures, NO_KEYS } from "./gestures.ts";
import type { Action, Keys, PointerInput, PointerKind, Sample } from "./gestures.ts";
import type { InputSink } from "./input.ts";
import { gripAt, wheeledRuler } from "./ruler.ts";
import type { Site } from "./site.ts";
import type { Tools } from "./toolbox.ts";
import type { BoardSample, RulerBench, Tool } from "./tools/tool.ts";
import { toBoard } from "./viewport.ts";
import type { Writing } from "./writing.ts";

/** Around a text that is written, CSS px: a press there still puts the caret. */
const MARGIN = 6;

interface Parts {
  readonly site: Site;
  readonly camera: Camera;
  readonly tools: Tools;
  readonly ruler: RulerBench;
  readonly writing: Writing;
  readonly tool: () => ToolName;
  /** Something is to be drawn. */
  readonly changed: () => void;
  /** The CSS cursor to show; undefined: that of the tool. */
  readonly cursor: (css: string | undefined) => void;
}

export class Pointing implements InputSink {
  readonly gestures = new Gestures();
  readonly #parts: Parts;
  #active: Tool | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A tool is at work. */
  get busy(): boolean {
    return this.#active !== undefined;
  }

  /** Ends what is under way: the tool or the board changes. */
  end(): void {
    this.#active?.end();
    this.#active = undefined;
    this.#chosen?.cancel?.();
  }

  /** Esc; false if nothing was under way. */
  cancel(): boolean {
    const active = this.#active;
    this.#active = undefined;
    if (active === undefined) return this.#chosen?.cancel?.() ?? false;
    if (active.cancel?.() !== true) active.undo();
    return true;
  }

  /** Enter. */
  finish(): void {
    this.#chosen?.finish?.();
  }

  down(input: PointerInput): void {
    this.#keys(input);
    this.#do(this.gestures.down(input));
  }

  move(input: PointerInput, predicted: readonly Sample[]): void {
    this.#keys(input);
    this.#do(this.gestures.move(input));
    if (predicted.length > 0) this.#active?.predict?.(predicted.map((s) => this.#onBoard(s)));
  }

  up(input: PointerInput): void {
    this.#keys(input);
    this.#do(this.gestures.up(input));
  }

  cancelled(input: PointerInput): void {
    this.#do(this.gestures.cancel(input));
  }

  hover(at: Vec | undefined, kind: PointerKind, keys: Keys): void {
    const { site, writing, ruler } = this.#parts;
    if (site.document === undefined || (kind === "touch" && at !== undefined)) return;
    if (at === undefined) return site.document.pointAt(0, 0, "gone");
    site.keys = keys;
    const p = toBoard(site.view, at);
    site.document.pointAt(Math.round(p.x), Math.round(p.y), "pointer");
    if (this.gestures.panning) return;
    if (writing.holds(p, MARGIN * site.pixel)) return this.#parts.cursor("text");
    if (ruler.ruler !== undefined && gripAt(ruler.ruler, p) !== undefined) return this.#parts.cursor(gripAt(ruler.ruler, p) === "end" ? "grab" : "move");
    this.#parts.cursor(this.#chosen?.hover?.(p));
  }

  wheel(dx: number, dy: number, at: Vec): boolean {
    const { site, ruler } = this.#parts;
    if (ruler.ruler === undefined || gripAt(ruler.ruler, toBoard(site.view, at)) === undefined) return false;
    ruler.ruler = wheeledRuler(ruler.ruler, Math.sign(dy === 0 ? dx : dy));
    return true;
  }

  wheelPan(dx: number, dy: number): void {
    this.#parts.camera.pan(dx, dy);
  }

  wheelZoom(factor: number, at: Vec): void {
    this.#parts.camera.zoomBy(factor, at);
  }

  enter(): void {
    this.finish();
  }

  get #chosen(): Tool | undefined {
    const name = this.#parts.tool();
    return name === "hand" ? undefined : this.#parts.tools[name];
  }

  #keys(input: PointerInput): void {
    this.#parts.site.keys = input.keys ?? NO_KEYS;
  }

  #do(actions: readonly Action[]): void {
    for (const action of actions) this.#act(action);
    if (actions.length > 0) this.#parts.changed();
  }

  #act(action: Action): void {
    const { camera } = this.#parts;
    switch (action.do) {
      case "tool-begin":
        return this.#begin(action.samples.map((s) => this.#onBoard(s)), action.eraser);
      case "tool-move":
        return this.#active?.move(action.samples.map((s) => this.#onBoard(s)));
      case "tool-end":
        return this.#release((tool) => tool.end());
      case "tool-undo":
        return this.#release((tool) => tool.undo());
      case "pan":
        return camera.pan(action.dx, action.dy);
      case "pinch":
        camera.pan(action.dx, action.dy);
        return camera.zoomBy(action.factor, action.at);
      case "settle":
        return camera.settle();
    }
  }

  #begin(samples: readonly BoardSample[], turned: boolean): void {
    this.#active = this.#toolFor(samples[0], turned);
    this.#active?.begin(samples);
  }

  /** It is at work no more when it ends: what it ends with may choose another. */
  #release(end: (tool: Tool) => void): void {
    const tool = this.#active;
    this.#active = undefined;
    if (tool !== undefined) end(tool);
  }

  #toolFor(at: BoardSample | undefined, turned: boolean): Tool | undefined {
    const { site, tools, writing, ruler } = this.#parts;
    if (site.document === undefined || at === undefined) return undefined;
    if (writing.key !== undefined) {
      if (writing.holds(at, MARGIN * site.pixel)) return tools.caret;
      writing.close();
    }
    if (ruler.ruler !== undefined && gripAt(ruler.ruler, at) !== undefined) return tools.ruler;
    if (!turned) return this.#chosen;
    return this.#parts.tool() === "area-eraser" ? tools["area-eraser"] : tools.eraser;
  }

  #onBoard(s: Sample): BoardSample {
    return { ...toBoard(this.#parts.site.view, s), p: s.p, at: s.at };
  }
}
