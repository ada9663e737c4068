// Which pointer does what: one state machine over mouse, pen and fingers. It tells pen from finger, takes a second finger
// for a pinch and a palm for nothing. It knows no tool and no DOM.
import type { Vec } from "./geometry.ts";

export type PointerKind = "mouse" | "pen" | "touch";

/** One place of a pointer on the screen: CSS px of the board's corner, pressure 0..255, at in ms. */
export interface Sample extends Vec {
  readonly p: number;
  readonly at: number;
}

/** Keys that are held while a pointer is used. ctrl: or the command key. */
export interface Keys {
  readonly shift: boolean;
  readonly alt: boolean;
  readonly ctrl: boolean;
}

export const NO_KEYS: Keys = { shift: false, alt: false, ctrl: false };

export interface PointerInput {
  readonly id: number;
  readonly kind: PointerKind;
  readonly button: "main" | "middle" | "eraser" | "other";
  /** The newest last; at least one. */
  readonly samples: readonly Sample[];
  /** None held if it is missing. */
  readonly keys?: Keys;
}

/** What is to be done. tool-* go to the tool in use, or to the eraser if the pen was turned around. */
export type Action =
  | { readonly do: "tool-begin"; readonly samples: readonly Sample[]; readonly eraser: boolean; readonly kind: PointerKind }
  | { readonly do: "tool-move"; readonly samples: readonly Sample[] }
  | { readonly do: "tool-end" }
  /** What was begun was not meant: a palm, or the first finger of a pinch. */
  | { readonly do: "tool-undo" }
  | { readonly do: "pan"; readonly dx: number; readonly dy: number }
  | { readonly do: "pinch"; readonly factor: number; readonly at: Vec; readonly dx: number; readonly dy: number }
  | { readonly do: "settle" };

export type Fingers = "auto" | "draw" | "pan";

/** A finger draws only once it has gone this far (CSS px) or stayed this long (ms): a pinch leaves no mark. */
const FINGER_SLACK = 6;
const FINGER_WAIT = 90;

/** A second finger this soon (ms) after the first began to draw still makes it a pinch. */
const PINCH_WITHIN = 250;

/** For this long (ms) after a pen was seen near, new touches are palms. */
const PALM_AFTER_PEN = 600;

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "tool"; readonly id: number; readonly pointer: PointerKind; readonly since: number }
  | { readonly kind: "finger"; readonly id: number; readonly samples: readonly Sample[] }
  | { readonly kind: "pan"; readonly id: number; readonly last: Vec }
  | { readonly kind: "pinch"; readonly a: number; readonly b: number };

export class Gestures {
  /** What a single finger does; auto: it draws until a pen was seen, then it pans. */
  fingers: Fingers = "auto";
  /** The main button pans: the space bar is down or the hand is in use. */
  panning = false;
  #penSeen = false;
  #penNear = -Infinity;
  #state: State = { kind: "idle" };
  readonly #touches = new Map<number, Vec>();
  readonly #palms = new Set<number>();

  get busy(): boolean {
    return this.#state.kind !== "idle";
  }

  down(input: PointerInput): Action[] {
    const now = newest(input).at;
    if (input.kind === "pen") return this.#penDown(input);
    if (input.kind === "touch") return this.#touchDown(input, now);
    if (this.#state.kind !== "idle" || input.button === "other") return [];
    return this.#start(input, this.panning || input.button === "middle");
  }

  move(input: PointerInput): Action[] {
    if (input.kind === "pen") this.#penIsNear(newest(input).at);
    const at = newest(input);
    const before = this.#touches.get(input.id);
    if (before !== undefined) this.#touches.set(input.id, at);
    const state = this.#state;
    switch (state.kind) {
      case "idle":
        return [];
      case "tool":
        return state.id === input.id ? [{ do: "tool-move", samples: input.samples }] : [];
      case "finger":
        return state.id === input.id ? this.#fingerMove(state.samples, input) : [];
      case "pan":
        return state.id === input.id ? this.#panMove(state.last, at) : [];
      case "pinch":
        return before === undefined ? [] : this.#pinchMove(state.a, state.b, input.id, before);
    }
  }

  up(input: PointerInput): Action[] {
    this.#touches.delete(input.id);
    if (this.#palms.delete(input.id)) return [];
    const state = this.#state;
    switch (state.kind) {
      case "idle":
        return [];
      case "tool":
        return this.#leave(state.id === input.id, [{ do: "tool-end" }]);
      case "finger":
        return this.#leave(state.id === input.id, [
          { do: "tool-begin", samples: state.samples, eraser: false, kind: "touch" },
          { do: "tool-end" },
        ]);
      case "pan":
        return this.#leave(state.id === input.id, [{ do: "settle" }]);
      case "pinch":
        return this.#unpinch(state.a, state.b, input.id);
    }
  }

  /** The system took the pointer away: a finger's mark was not meant, a pen's or mouse's stands. */
  cancel(input: PointerInput): Action[] {
    const state = this.#state;
    const mine = (state.kind === "tool" || state.kind === "finger") && state.id === input.id;
    if (!mine || input.kind !== "touch") return this.up(input);
    this.#touches.delete(input.id);
    return this.#leave(true, state.kind === "tool" ? [{ do: "tool-undo" }] : []);
  }

  #penDown(input: PointerInput): Action[] {
    this.#penIsNear(newest(input).at);
    const actions = this.#ignorePalms();
    if (this.#state.kind !== "idle") return actions;
    return [...actions, ...this.#start(input, this.panning || input.button === "middle")];
  }

  #penIsNear(at: number): void {
    this.#penSeen = true;
    this.#penNear = at;
  }

  /** The pen comes while touches are there: the hand lay down first. */
  #ignorePalms(): Action[] {
    for (const id of this.#touches.keys()) this.#palms.add(id);
    this.#touches.clear();
    const state = this.#state;
    const byTouch = state.kind === "finger" || state.kind === "pinch" ||
      (state.kind === "tool" && state.pointer === "touch") || (state.kind === "pan" && this.#palms.has(state.id));
    if (!byTouch) return [];
    this.#state = { kind: "idle" };
    return state.kind === "tool" ? [{ do: "tool-undo" }] : state.kind === "finger" ? [] : [{ do: "settle" }];
  }

  #touchDown(input: PointerInput, now: number): Action[] {
    const penAtWork = this.#state.kind === "tool" && this.#state.pointer === "pen";
    if (penAtWork || now - this.#penNear < PALM_AFTER_PEN) {
      this.#palms.add(input.id);
      return [];
    }
    this.#touches.set(input.id, newest(input));
    const state = this.#state;
    switch (state.kind) {
      case "idle":
        return this.#firstFinger(input);
      case "finger":
      case "pan":
        return this.#pinch(state.id, input.id, []);
      case "tool":
        if (state.pointer !== "touch" || now - state.since > PINCH_WITHIN) return [];
        return this.#pinch(state.id, input.id, [{ do: "tool-undo" }]);
      case "pinch":
        return [];
    }
  }

  #firstFinger(input: PointerInput): Action[] {
    const draws = this.fingers === "draw" || (this.fingers === "auto" && !this.#penSeen);
    if (this.panning || !draws) return this.#start(input, true);
    this.#state = { kind: "finger", id: input.id, samples: input.samples };
    return [];
  }

  #fingerMove(before: readonly Sample[], input: PointerInput): Action[] {
    const samples = [...before, ...input.samples];
    const first = before[0] ?? newest(input), last = newest(input);
    const far = Math.hypot(last.x - first.x, last.y - first.y) > FINGER_SLACK;
    if (!far && last.at - first.at < FINGER_WAIT) {
      this.#state = { kind: "finger", id: input.id, samples };
      return [];
    }
    this.#state = { kind: "tool", id: input.id, pointer: "touch", since: first.at };
    return [{ do: "tool-begin", samples, eraser: false, kind: "touch" }];
  }

  #start(input: PointerInput, pan: boolean): Action[] {
    if (pan) {
      this.#state = { kind: "pan", id: input.id, last: newest(input) };
      return [];
    }
    this.#state = { kind: "tool", id: input.id, pointer: input.kind, since: newest(input).at };
    return [{ do: "tool-begin", samples: input.samples, eraser: input.button === "eraser", kind: input.kind }];
  }

  #panMove(last: Vec, at: Sample): Action[] {
    const state = this.#state;
    if (state.kind === "pan") this.#state = { ...state, last: at };
    return [{ do: "pan", dx: at.x - last.x, dy: at.y - last.y }];
  }

  #pinch(a: number, b: number, first: Action[]): Action[] {
    if (!this.#touches.has(a)) return first;
    this.#state = { kind: "pinch", a, b };
    return first;
  }

  #pinchMove(a: number, b: number, moved: number, before: Vec): Action[] {
    if (moved !== a && moved !== b) return [];
    const still = this.#touches.get(moved === a ? b : a), now = this.#touches.get(moved);
    if (still === undefined || now === undefined) return [];
    const apart = Math.hypot(before.x - still.x, before.y - still.y);
    const factor = apart < 1 ? 1 : Math.hypot(now.x - still.x, now.y - still.y) / apart;
    const at = { x: (now.x + still.x) / 2, y: (now.y + still.y) / 2 };
    return [{ do: "pinch", factor, at, dx: (now.x - before.x) / 2, dy: (now.y - before.y) / 2 }];
  }

  /** One finger of the pinch left: the other goes on panning. */
  #unpinch(a: number, b: number, gone: number): Action[] {
    if (gone !== a && gone !== b) return [];
    const id = gone === a ? b : a;
    const last = this.#touches.get(id);
    this.#state = last === undefined ? { kind: "idle" } : { kind: "pan", id, last };
    return [{ do: "settle" }];
  }

  #leave(mine: boolean, actions: Action[]): Action[] {
    if (!mine) return [];
    this.#state = { kind: "idle" };
    return actions;
  }
}

const NOWHERE: Sample = { x: 0, y: 0, p: 0, at: 0 };

const newest = (input: PointerInput): Sample => input.samples.at(-1) ?? NOWHERE;
