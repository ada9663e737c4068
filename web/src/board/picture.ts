// Ops as a picture: what could not be sent can at least be kept.
import { Element } from "../ot/board.ts";
import { applyEdit } from "../ot/text.ts";
import { ElementKind, Register, key } from "../ot/types.ts";
import type { ID, Key, Op, Setting } from "../ot/types.ts";
import { colorValue, widthValue } from "../ot/value.ts";
import { NOWHERE, UNITS, grow, isEmpty, union } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import { Drawn } from "./items.ts";
import { Painter } from "./paint.ts";
import { canvasMeasure } from "./painttext.ts";
import { factsOf } from "./source.ts";
import { lookOf } from "./theme.ts";

/** The longer edge of a picture in px, at most. */
const MAX_EDGE = 4096;
const MARGIN = 200;

/** Sizes the canvas and draws what the ops make on white paper; false if there is nothing to draw. */
export function drawPicture(canvas: HTMLCanvasElement, ops: readonly Op[]): boolean {
  const measure = canvasMeasure();
  const items = elementsOf(ops).filter((e) => !e.deleted).map((element) => new Drawn(factsOf(element), measure));
  const bounds = items.reduce<Rect>((all, item) => union(all, item.bounds), NOWHERE);
  const context = canvas.getContext("2d");
  if (isEmpty(bounds) || context === null) return false;
  const box = grow(bounds, MARGIN);
  const scale = Math.min(1 / UNITS, MAX_EDGE / Math.max(box.x1 - box.x0, box.y1 - box.y0));
  canvas.width = Math.ceil((box.x1 - box.x0) * scale);
  canvas.height = Math.ceil((box.y1 - box.y0) * scale);
  const look = lookOf("white");
  context.fillStyle = look.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(scale, 0, 0, scale, -box.x0 * scale, -box.y0 * scale);
  const painter = new Painter(look);
  for (const item of items) painter.item(context, item);
  return true;
}

/** A stroke whose beginning was accepted is drawn as far as it is there, in ink; other work on what is not in the ops is not. */
function elementsOf(ops: readonly Op[]): Element[] {
  const made = new Map<Key, Element>();
  const make = (id: ID, kind: ElementKind, settings: readonly Setting[]): Element => {
    const element = new Element(id, kind, 0);
    for (const s of settings) element.write(s.register, s.value, 0, id.replica);
    made.set(element.key, element);
    return element;
  };
  for (const op of ops) {
    if (op.kind === "create") make(op.id, op.element, op.settings);
    else if (op.kind === "extend") (made.get(key(op.id)) ?? make(op.id, ElementKind.Ink, UNKNOWN)).ink?.append(op.points);
    else if (op.kind === "set") for (const s of op.settings) made.get(key(op.id))?.write(s.register, s.value, 0, op.id.replica);
    else if (op.kind === "textEdit") edit(made.get(key(op.id)), op);
  }
  for (const element of made.values()) element.ink?.close();
  return [...made.values()];
}

/** What a stroke counts as whose registers are not in the ops: a pen in ink. */
const UNKNOWN: readonly Setting[] = [
  { register: Register.Color, value: colorValue(0x1d2321) },
  { register: Register.Width, value: widthValue(100) },
];

function edit(element: Element | undefined, op: Extract<Op, { kind: "textEdit" }>): void {
  if (element?.kind === ElementKind.Text) element.text = applyEdit(element.text, op.edit);
}
