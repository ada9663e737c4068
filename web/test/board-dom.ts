// As much of a browser as a whole Board needs: elements that take events and focus, and canvases that draw nothing.
import { Board } from "../src/board/board.ts";
import type { BoardDocument, RoomImages } from "../src/sync/api.ts";

/** An element, a text area too. */
export class Node extends EventTarget {
  readonly style: Record<string, string> = {};
  readonly children: Node[] = [];
  readonly attributes = new Map<string, string>();
  value = "";
  selectionStart = 0;
  selectionEnd = 0;
  selectionDirection = "forward";
  clientHeight = 1000;

  constructor(readonly ownerDocument: Page, readonly parent?: Node) {
    super();
  }

  append(child: Node): void {
    this.children.push(child);
  }

  remove(): void {
    for (const list of this.ownerDocument.nodes) list.children.splice(0, list.children.length, ...list.children.filter((c) => c !== this));
    if (this.ownerDocument.activeElement === this) this.ownerDocument.activeElement = undefined;
  }

  focus(): void {
    if (this.ownerDocument.activeElement === this) return;
    this.ownerDocument.activeElement = this;
    this.dispatchEvent(new Event("focus"));
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  setPointerCapture(): void {}

  getBoundingClientRect(): { left: number; top: number } {
    return { left: 0, top: 0 };
  }

  setSelectionRange(start: number, end: number): void {
    [this.selectionStart, this.selectionEnd] = [start, end];
  }

  /** Types at the caret. */
  type(text: string): void {
    this.value = this.value.slice(0, this.selectionStart) + text + this.value.slice(this.selectionEnd);
    this.selectionStart = this.selectionEnd = this.selectionStart + text.length;
    this.dispatchEvent(new Event("input"));
  }

  getContext(): unknown {
    return context;
  }
}

class Page extends EventTarget {
  activeElement: Node | undefined;
  readonly nodes: Node[] = [];

  execCommand(): boolean {
    return true;
  }

  createElement(): Node {
    const node = new Node(this);
    this.nodes.push(node);
    return node;
  }
}

/** A canvas context on which everything may be called; letters are half as wide as the font's 100 px. */
const context: unknown = new Proxy({ canvas: { style: {} }, measureText: (text: string) => ({ width: 50 * Array.from(text).length }) }, {
  get: (known, name) => (name in known ? known[name as keyof typeof known] : () => context),
  set: () => true,
});

class Canvas {
  getContext(): unknown {
    return context;
  }
}

Object.assign(globalThis, { OffscreenCanvas: Canvas, Path2D: class { moveTo(): void {} lineTo(): void {} arc(): void {} closePath(): void {} ellipse(): void {} addPath(): void {} } });

/** A board in a window of 1000 × 800 px, with a mouse and fingers. */
export class Window {
  readonly board: Board;
  readonly input: Node;
  now = 0;

  constructor(images?: RoomImages) {
    const page = new Page();
    this.input = page.createElement();
    const canvas = (): HTMLCanvasElement => page.createElement() as unknown as HTMLCanvasElement;
    this.board = new Board({
      ink: canvas(), wet: canvas(), overlay: canvas(), input: this.input as unknown as HTMLElement,
      clock: { now: () => this.now, frame: () => 0, cancelFrame: () => undefined, later: () => 0, cancelLater: () => undefined },
      textLabel: () => "words", paper: "white", plates: () => ({ name: "", color: "#000" }), onView: () => undefined, ...(images === undefined ? {} : { images }),
    });
    this.board.resize(1000, 800, 1);
  }

  open(doc: BoardDocument | undefined): void {
    this.board.open(doc);
  }

  /** The text area, if a text is written. */
  get field(): Node | undefined {
    return this.input.children[0];
  }

  pointer(name: "down" | "move" | "up" | "cancel", x: number, y: number, more: Readonly<Record<string, unknown>> = {}): void {
    this.now += 20;
    const event = Object.assign(new Event(`pointer${name}`, { cancelable: true }), {
      pointerId: 1, pointerType: "mouse", button: name === "move" ? -1 : 0, buttons: name === "up" ? 0 : 1, clientX: x, clientY: y, pressure: 0.5,
      shiftKey: false, altKey: false, ctrlKey: false, metaKey: false, ...more,
    });
    Object.defineProperty(event, "timeStamp", { value: this.now });
    this.input.dispatchEvent(event);
  }

  click(x: number, y: number): void {
    this.pointer("down", x, y);
    this.pointer("up", x, y);
  }
}
