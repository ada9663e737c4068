// The text that is being written: its session, its field, and what of it is shown.
import { MAX_TEXT, codePoints, indexAfter } from "../ot/text.ts";
import type { Key } from "../ot/types.ts";
import type { Observable } from "../sync/api.ts";
import { Value } from "../sync/observable.ts";
import { editInPlace } from "./anchored.ts";
import type { Style } from "./api.ts";
import type { TextFacts } from "./facts.ts";
import { boundsOn, frameOf, toBoard, toOwn } from "./frame.ts";
import type { Frame } from "./frame.ts";
import { BOARD } from "./geometry.ts";
import type { Rect, Vec } from "./geometry.ts";
import type { Site } from "./site.ts";
import { TextSession } from "./textedit.ts";
import type { Shown } from "./textedit.ts";
import { placeField, textField } from "./textfield.ts";
import { layoutText } from "./textlayout.ts";
import type { TextLayout } from "./textlayout.ts";
import { MARGIN, visible } from "./viewport.ts";

interface Parts {
  /** Where the field goes. */
  readonly host: HTMLElement;
  /** What the field is called. */
  readonly label: () => string;
  /** What has the focus when nothing is written. */
  readonly home: HTMLElement;
  /** Leaves the element to this, or back to the ink layer. */
  readonly hold: (key: Key | undefined) => void;
  readonly changed: () => void;
  /** By the keyboard: whoever types looks at the caret. */
  readonly typed: () => void;
  /** Ended by a key: the text stays chosen. */
  readonly left: (key: Key) => void;
  readonly restyle: (key: Key, style: Partial<Style>) => void;
}

/** Keys that move the caret. */
const MOVES = /^(Arrow|Home$|End$)/;

/** A text as it is shown while it is written. */
export interface WrittenText {
  readonly key: Key;
  readonly facts: TextFacts;
  readonly shown: Shown;
  readonly layout: TextLayout;
  readonly frame: Frame;
}

interface Open {
  readonly key: Key;
  readonly field: HTMLTextAreaElement;
  readonly session: TextSession;
  readonly stop: AbortController;
  readonly made: () => void;
  /** Ends the step of a turned text: what is typed is one, with the places that it got meanwhile. */
  readonly typed: () => void;
}

export class Writing {
  readonly #site: Site;
  readonly #parts: Parts;
  readonly #editing = new Value(false);
  #open: Open | undefined;

  constructor(site: Site, parts: Parts) {
    this.#site = site;
    this.#parts = parts;
  }

  get editing(): Observable<boolean> {
    return this.#editing;
  }

  get key(): Key | undefined {
    return this.#open?.key;
  }

  /**
   * Opens a text with the caret at a place on the board. step: ends the step of undo in which it was made; what is written
   * first belongs to it, so that a text that stays empty leaves nothing to undo, and one that was undone no empty text. A text
   * just made wraps where its writer sees it.
   */
  open(key: Key, at: Vec, step?: () => void): void {
    this.close();
    const { document } = this.#site;
    const made = step ?? ((): void => undefined);
    const edge = step === undefined ? undefined : Math.min(BOARD.x1, visible(this.#site.view).x1 - MARGIN * this.#site.pixel);
    if (document === undefined || this.#site.get(key) === undefined) return made();
    const field = textField(this.#parts.host, MAX_TEXT, this.#parts.label());
    const session = new TextSession(field, {
      text: () => this.#site.get(key)?.text,
      edit: (edit) => {
        if (this.#site.get(key) !== undefined) editInPlace(this.#site, key, edit, edge);
        made();
      },
      watch: (listener) => document.watchText(key, listener),
      select: (anchor, head) => this.#tell(key, anchor, head),
    }, () => this.#parts.changed());
    const stop = new AbortController();
    const turned = (this.#site.item(key)?.facts.place?.angle ?? 0) !== 0;
    this.#open = { key, field, session, stop, made, typed: turned ? this.#site.begin() : () => undefined };
    listenTo(field, session, stop.signal, (e) => this.#key(e), (redo) => this.#history(redo), this.#parts.typed);
    this.#parts.home.addEventListener("focus", () => this.focus(), { signal: stop.signal });
    this.#parts.hold(key);
    this.#editing.set(true);
    this.focus();
    this.select(at, at);
  }

  focus(): void {
    this.#open?.field.focus({ preventScroll: true });
  }

  /** Ends; a text without letters goes. */
  close(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    open.session.close();
    open.stop.abort();
    const focused = open.field.ownerDocument.activeElement === open.field;
    open.field.remove();
    this.#site.document?.selectText(undefined);
    if (this.#site.get(open.key)?.text === "") this.#site.document?.delete([open.key]);
    open.typed();
    open.made();
    this.#parts.hold(undefined);
    this.#editing.set(false);
    this.#parts.changed();
    if (focused) this.#parts.home.focus({ preventScroll: true });
  }

  /** The board changed: a text that was deleted is not written any more. */
  changed(): void {
    if (this.#open !== undefined && this.#site.get(this.#open.key) === undefined) this.close();
  }

  /** Of the caret, on the board; undefined: nothing is written. */
  get caret(): Rect | undefined {
    const text = this.#written();
    if (text === undefined) return undefined;
    const { x, y, height } = text.layout.pointOf(text.shown.head);
    return boundsOn(text.frame, { x0: x, y0: y, x1: x, y1: y + height });
  }

  /** What is to be shown; puts the field there as well. */
  frame(): WrittenText | undefined {
    const text = this.#written();
    if (text === undefined || this.#open === undefined) return undefined;
    placeField(this.#open.field, this.#site.view, text.frame, text.layout, text.facts.style, (text.facts.place?.w ?? 0) > 0);
    return text;
  }

  /** A position of the element's text as it is in what is shown. */
  fromView(position: number): number {
    return this.#open?.session.fromView(position) ?? position;
  }

  /** Whether a place on the board is in the text that is written. */
  holds(p: Vec, margin: number): boolean {
    const text = this.#written();
    if (text === undefined) return false;
    const q = toOwn(text.frame, p);
    return q.x >= -margin && q.y >= -margin && q.x <= text.layout.width + margin && q.y <= text.layout.height + margin;
  }

  /** Selects from one place on the board to another. */
  select(from: Vec, to: Vec): void {
    const text = this.#written();
    if (text === undefined) return;
    const at = (p: Vec): number => text.layout.caretAt(toOwn(text.frame, p));
    this.#open?.session.select(at(from), at(to));
    this.focus();
  }

  selectWord(at: Vec): void {
    const text = this.#written();
    if (text === undefined) return;
    const [from, to] = wordAt(text.shown.text, text.layout.caretAt(toOwn(text.frame, at)));
    this.#open?.session.select(from, to);
    this.focus();
  }

  #written(): WrittenText | undefined {
    const open = this.#open;
    const facts = open === undefined ? undefined : this.#site.item(open.key)?.facts;
    if (open === undefined || facts?.kind !== "text" || facts.place === undefined) return undefined;
    const { shown } = open.session;
    const layout = layoutText(shown.text, facts.style, facts.place.w, this.#site.measure);
    return { key: open.key, facts, shown, layout, frame: frameOf({ ...facts.place, w: layout.width, h: layout.height }) };
  }

  #tell(key: Key, anchor: number, head: number): void {
    const item = this.#site.item(key);
    if (item?.body.kind !== "text") return;
    const { x, y } = toBoard(item.frame, item.body.layout.pointOf(head));
    this.#site.document?.selectText({ key, anchor, head, x: Math.round(x), y: Math.round(y) });
  }

  #history(redo: boolean): void {
    const history = this.#site.document?.history;
    if (this.#open?.session.composing === true) return;
    if (redo) history?.redo();
    else history?.undo();
  }

  /** True if the key was for this. */
  #key(e: KeyboardEvent): boolean {
    const command = e.ctrlKey || e.metaKey;
    if (e.key === "Escape" || (command && e.key === "Enter")) return this.#does(() => this.#leave());
    if (!command) return this.#moveCaret(e.key, e.shiftKey);
    const facts = this.#written()?.facts;
    switch (e.key.toLowerCase()) {
      case "z":
        return this.#does(() => this.#history(e.shiftKey));
      case "y":
        return this.#does(() => this.#history(true));
      case "b":
        return this.#does(() => this.#style({ bold: facts?.style.bold !== true }));
      case "i":
        return this.#does(() => this.#style({ italic: facts?.style.italic !== true }));
      default:
        return false;
    }
  }

  #leave(): void {
    const { key } = this;
    this.close();
    if (key !== undefined) this.#parts.left(key);
  }

  #does(work: () => void): true {
    work();
    return true;
  }

  #style(style: Partial<Style>): void {
    if (this.#open !== undefined) this.#parts.restyle(this.#open.key, style);
  }

  /** Up, down and to the ends of a line by the lines as they are drawn; the field may break them elsewhere. */
  #moveCaret(name: string, selecting: boolean): boolean {
    const text = this.#written();
    if (text === undefined) return false;
    const { layout, shown } = text;
    const caret = layout.pointOf(shown.head);
    const middle = caret.y + caret.height / 2;
    const to = (p: Vec): true => this.#does(() => {
      const head = layout.caretAt(p);
      this.#open?.session.select(selecting ? shown.anchor : head, head);
    });
    switch (name) {
      case "ArrowUp":
        return caret.line === 0 ? to({ x: -Infinity, y: middle }) : to({ x: caret.x, y: middle - caret.height });
      case "ArrowDown":
        return caret.line === layout.lines.length - 1 ? to({ x: Infinity, y: middle }) : to({ x: caret.x, y: middle + caret.height });
      case "Home":
        return to({ x: -Infinity, y: middle });
      case "End":
        return to({ x: Infinity, y: middle });
      default:
        return false;
    }
  }
}

function listenTo(field: HTMLTextAreaElement, session: TextSession, signal: AbortSignal, key: (e: KeyboardEvent) => boolean, history: (redo: boolean) => void, typed: () => void): void {
  const options = { signal };
  field.addEventListener("input", () => {
    session.input();
    typed();
  }, options);
  field.addEventListener("compositionstart", () => session.compositionStart(), options);
  field.addEventListener("compositionend", () => session.compositionEnd(), options);
  field.addEventListener("selectionchange", () => session.selectionChanged(), options);
  field.addEventListener("keyup", (e) => {
    session.selectionChanged();
    if (MOVES.test(e.key)) typed();
  }, options);
  field.addEventListener("select", () => session.selectionChanged(), options);
  field.addEventListener("beforeinput", (e) => {
    // The browser's own undo knows nothing of what others wrote.
    if (e.inputType !== "historyUndo" && e.inputType !== "historyRedo") return;
    e.preventDefault();
    history(e.inputType === "historyRedo");
  }, options);
  field.addEventListener("keydown", (e) => {
    if (e.isComposing || e.keyCode === 229 || !key(e)) return;
    e.preventDefault();
    e.stopPropagation();
  }, options);
}

/** The word around a position, both in code points. */
export function wordAt(text: string, position: number): [number, number] {
  const unit = indexAfter(text, position);
  for (const { index, segment } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    if (unit < index + segment.length) return [codePoints(text, index), codePoints(text, index + segment.length)];
  }
  return [position, position];
}
