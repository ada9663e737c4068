import type { Key } from "../../ot/types.ts";
import { ElementKind } from "../../ot/types.ts";
import type { Vec } from "../geometry.ts";
import { cursorOf, handleUnder, handlesOf } from "../handles.ts";
import type { Handle } from "../handles.ts";
import { NO_MARKS, cornersOf } from "../marks.ts";
import { inBox } from "../transform.ts";
import { Clicks, apart } from "./clicks.ts";
import { EndDrag, MoveDrag, ResizeDrag, TurnDrag } from "./drags.ts";
import type { Drag } from "./drags.ts";
import type { BoardSample, SelectBench, Tool } from "./tool.ts";

/** A press becomes a drag once it has gone this far, CSS px. */
const SLACK = 4;

/** A lasso takes a point once it is this far from the one before, CSS px. */
const LASSO_STEP = 3;

type State =
  | { readonly kind: "idle" }
  /** Pressed on something; released without a drag it is a click. */
  | { readonly kind: "pressed"; readonly from: BoardSample; readonly click: () => void }
  | { readonly kind: "dragging"; readonly drag: Drag }
  /** Drawing a marquee (two corners) or a lasso. before: what was selected already and stays so. */
  | { readonly kind: "catching"; readonly path: readonly Vec[]; readonly before: readonly Key[] };

/** Selects, moves, resizes and turns. On the empty board it draws a marquee, or a lasso. */
export class SelectTool implements Tool {
  readonly #bench: SelectBench;
  readonly #shape: "marquee" | "lasso";
  readonly #clicks = new Clicks();
  #state: State = { kind: "idle" };
  /** Ends the step of undo that the gesture has begun. */
  #step: (() => void) | undefined;

  constructor(bench: SelectBench, shape: "marquee" | "lasso" = "marquee") {
    this.#bench = bench;
    this.#shape = shape;
  }

  begin([first, ...rest]: readonly BoardSample[]): void {
    this.end();
    if (first === undefined) return;
    const double = this.#clicks.press(first, this.#bench.pixel);
    this.#state = this.#handle(first) ?? this.#press(first, double);
    this.move(rest);
  }

  move(samples: readonly BoardSample[]): void {
    const to = samples.at(-1);
    if (to === undefined) return;
    this.#bench.point(to, "pointer");
    const state = this.#state;
    switch (state.kind) {
      case "idle":
        return;
      case "pressed":
        if (apart(state.from, to) < SLACK * this.#bench.pixel) return;
        this.#state = this.#dragFrom(state.from);
        return this.move(samples);
      case "dragging":
        return state.drag.to(to);
      case "catching":
        this.#state = { ...state, path: this.#path(state.path, samples) };
        return this.#showCatch();
    }
  }

  end(): void {
    const state = this.#state;
    this.#state = { kind: "idle" };
    if (state.kind === "pressed") state.click();
    if (state.kind === "catching") this.#catch(state);
    this.#close();
  }

  undo(): void {
    const state = this.#state;
    this.#state = { kind: "idle" };
    if (state.kind === "dragging") state.drag.back();
    if (state.kind === "catching") this.#bench.pick(state.before);
    this.#close();
  }

  hover(at: Vec): string | undefined {
    const handle = this.#handleAt(at);
    if (handle !== undefined) return cursorOf(handle, this.#bench.frame?.angle ?? 0);
    if (this.#shape === "lasso" && !this.#inSelection(at)) return "crosshair";
    const key = this.#bench.at(at);
    if (key === undefined && !this.#inSelection(at)) return undefined;
    return key !== undefined && this.#bench.thing(key)?.locked === true ? "default" : "move";
  }

  cancel(): boolean {
    const busy = this.#state.kind === "dragging" || this.#state.kind === "catching";
    if (busy) this.undo();
    return busy;
  }

  #close(): void {
    this.#bench.show(NO_MARKS);
    this.#step?.();
    this.#step = undefined;
  }

  /** Everything from here on to the end of the gesture is one step of undo. */
  #begin(): void {
    this.#step ??= this.#bench.begin();
  }

  #handleAt(at: Vec): Handle | undefined {
    const { things, frame, pixel } = this.#bench;
    return handleUnder(handlesOf(things, frame, pixel), at, pixel);
  }

  #handle(at: BoardSample): State | undefined {
    const { things, frame } = this.#bench;
    const handle = this.#handleAt(at);
    if (handle === undefined || frame === undefined) return undefined;
    this.#begin();
    switch (handle.kind) {
      case "side":
        return { kind: "dragging", drag: new ResizeDrag(this.#bench, things, frame, handle.side, at) };
      case "turn":
        return { kind: "dragging", drag: new TurnDrag(this.#bench, things, frame, at) };
      case "end":
        return { kind: "dragging", drag: new EndDrag(this.#bench, things, handle.end, at) };
    }
  }

  #press(at: BoardSample, double: boolean): State {
    const bench = this.#bench;
    const under = bench.at(at);
    const inside = this.#inSelection(at);
    // What is pressed within the selection is the selection, but a click may still choose the one below.
    if (under === undefined && inside) return { kind: "pressed", from: at, click: () => bench.pick([]) };
    if (under === undefined || (this.#shape === "lasso" && !inside)) {
      if (!bench.keys.shift) bench.entered = undefined;
      return { kind: "catching", path: [at], before: bench.keys.shift ? [...bench.picked] : [] };
    }
    if (double) return this.#doubleClick(under, at);
    const members = this.#membersOf(under);
    const already = members.every((k) => bench.picked.has(k));
    if (bench.keys.shift) return { kind: "pressed", from: at, click: this.#adding(members, already, at) };
    if (already && bench.picked.size > members.length) return { kind: "pressed", from: at, click: () => this.#pickOne(under, at) };
    if (!already) this.#pickOne(under, at);
    return { kind: "pressed", from: at, click: () => undefined };
  }

  #adding(members: readonly Key[], already: boolean, at: Vec): () => void {
    const picked = [...this.#bench.picked];
    if (already) return () => this.#bench.pick(picked.filter((k) => !members.includes(k)));
    this.#bench.pick([...picked, ...this.#pressed(members, at)]);
    return () => undefined;
  }

  #pickOne(key: Key, at: Vec): void {
    this.#bench.pick(this.#pressed(this.#membersOf(key), at));
  }

  /** Of a stroke that was erased in part the piece that is pressed. */
  #pressed(members: readonly Key[], at: Vec): readonly Key[] {
    const [only] = members;
    if (members.length !== 1 || only === undefined || this.#bench.thing(only)?.locked === true) return members;
    this.#begin();
    const piece = this.#bench.piece(only, at);
    return piece === undefined ? [] : [piece];
  }

  /** The group it is in, unless one is at work within it. */
  #membersOf(key: Key): readonly Key[] {
    const bench = this.#bench;
    const group = bench.thing(key)?.group;
    if (group !== undefined && group === bench.entered) return [key];
    bench.entered = undefined;
    return bench.members(key);
  }

  #doubleClick(key: Key, at: BoardSample): State {
    const thing = this.#bench.thing(key);
    if (thing === undefined || thing.locked) return { kind: "idle" };
    if (thing.group !== undefined && thing.group !== this.#bench.entered && this.#bench.members(key).length > 1) {
      this.#bench.entered = thing.group;
      this.#bench.pick([key]);
      return { kind: "pressed", from: at, click: () => undefined };
    }
    if (thing.kind !== ElementKind.Text) return { kind: "pressed", from: at, click: () => undefined };
    // At the release: only then a phone shows its keyboard.
    return { kind: "pressed", from: at, click: () => this.#bench.write(key, at) };
  }

  #dragFrom(from: BoardSample): State {
    this.#begin();
    const bench = this.#bench;
    if (bench.keys.alt) bench.pick(bench.duplicate([...bench.picked]));
    return { kind: "dragging", drag: new MoveDrag(bench, bench.things, from) };
  }

  #inSelection(at: Vec): boolean {
    const { things, frame } = this.#bench;
    return frame !== undefined && !things.every((t) => t.locked) && inBox(frame, at, 2 * this.#bench.pixel);
  }

  #path(path: readonly Vec[], samples: readonly BoardSample[]): readonly Vec[] {
    const [from] = path, to = samples.at(-1);
    if (from === undefined || to === undefined) return path;
    if (this.#shape === "marquee") return [from, to];
    const all = [...path];
    for (const s of samples) if (apart(all.at(-1) ?? s, s) >= LASSO_STEP * this.#bench.pixel) all.push(s);
    return all;
  }

  #ring(path: readonly Vec[]): readonly Vec[] {
    const [a, b] = path;
    if (this.#shape === "lasso" || a === undefined || b === undefined) return path;
    return cornersOf({ x0: Math.min(a.x, b.x), y0: Math.min(a.y, b.y), x1: Math.max(a.x, b.x), y1: Math.max(a.y, b.y) });
  }

  #showCatch(): void {
    if (this.#state.kind !== "catching") return;
    const { path } = this.#state;
    const [a, , c] = this.#ring(path);
    if (this.#shape === "lasso") this.#bench.show({ ...NO_MARKS, lasso: path });
    else if (a !== undefined && c !== undefined) this.#bench.show({ ...NO_MARKS, marquee: { x0: a.x, y0: a.y, x1: c.x, y1: c.y } });
  }

  #catch({ path, before }: Extract<State, { kind: "catching" }>): void {
    const ring = this.#ring(path);
    if (ring.length < 3) return this.#bench.pick(before);
    this.#begin();
    const caught = this.#bench.within(ring, this.#shape);
    this.#bench.pick([...before, ...this.#bench.withGroups(caught)]);
  }
}
