// A board as SVG: paths and text, 1 px of the picture per px of the board. Coordinates inside are whole units.
import type { Facts, ImageFacts, ShapeFacts, TextFacts } from "./facts.ts";
import { IDENTITY } from "./frame.ts";
import { UNITS } from "./geometry.ts";
import type { Rect } from "./geometry.ts";
import type { Body, Item } from "./items.ts";
import { outline } from "./outline.ts";
import type { PathSink } from "./outline.ts";
import { dashesAlong, trace } from "./shapes.ts";
import type { ShapeSink } from "./shapes.ts";
import { FONT_FAMILY } from "./style.ts";
import type { TextLayout } from "./textlayout.ts";
import type { Look } from "./theme.ts";

/** Draws items, the lowest first, on paper as large as the box. images: data URLs by content; what is not in it is left out. */
export function svgOf(items: readonly Item[], box: Rect, look: Look, images: ReadonlyMap<string, string>): string {
  const w = Math.ceil(box.x1 - box.x0), h = Math.ceil(box.y1 - box.y0);
  const view = `${n(box.x0)} ${n(box.y0)} ${w} ${h}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(w / UNITS)}" height="${Math.ceil(h / UNITS)}" viewBox="${view}">`,
    `<rect x="${n(box.x0)}" y="${n(box.y0)}" width="${w}" height="${h}" fill="${look.paper}"/>`,
    ...items.map((item) => element(item, look, images)).filter((text) => text !== ""),
    "</svg>",
  ].join("\n");
}

function element(item: Item, look: Look, images: ReadonlyMap<string, string>): string {
  const inner = bodyOf(item, look, images);
  const { e, f, cos, sin } = item.frame;
  const attributes = [
    item.frame === IDENTITY ? "" : ` transform="matrix(${[cos, sin, -sin, cos].map(fine).join(" ")} ${fine(e)} ${fine(f)})"`,
    item.facts.opacity === 255 ? "" : ` opacity="${fine(item.facts.opacity / 255)}"`,
  ].join("");
  return inner === "" || attributes === "" ? inner : `<g${attributes}>${inner}</g>`;
}

function bodyOf({ body, facts }: Item, look: Look, images: ReadonlyMap<string, string>): string {
  const path = new SvgPath();
  switch (body.kind) {
    case "ink":
      for (const run of body.runs) outline(run.samples, 0, run.count, path);
      return path.d === "" ? "" : `<path d="${path.d}" fill="${look.ink(facts.color)}"/>`;
    case "shape":
      trace(body.outline, path);
      return `<path d="${path.d}"${line(facts as ShapeFacts, look, body)}/>`;
    case "text":
      return facts.kind === "text" ? textOf(body.layout, facts, look) : "";
    case "image":
      return image(facts, body.w, body.h, images);
    case "nothing":
      return "";
  }
}

function line(facts: ShapeFacts, look: Look, { area, runs }: Body): string {
  const dash = dashesAlong(runs, facts.dash, facts.width);
  const fill = area !== undefined && facts.fill !== undefined ? look.ink(facts.fill) : "none";
  return ` fill="${fill}" stroke="${look.ink(facts.color)}" stroke-width="${facts.width}" stroke-linecap="round" stroke-linejoin="round"` +
    (dash.length === 0 ? "" : ` stroke-dasharray="${dash.map(fine).join(" ")}"`);
}

function textOf(layout: TextLayout, { style, color }: TextFacts, look: Look): string {
  const lines = layout.lines.filter((l) => l.text.trim() !== "");
  const spans = lines.map((l) => `<tspan x="${n(l.x)}" y="${n(l.baseline)}">${escaped(l.text)}</tspan>`);
  if (spans.length === 0) return "";
  const font = `${style.bold ? ' font-weight="bold"' : ""}${style.italic ? ' font-style="italic"' : ""}`;
  return `<text xml:space="preserve" font-family="${escaped(FONT_FAMILY)}" font-size="${style.size}"${font} fill="${look.ink(color)}">` +
    `${spans.join("")}</text>`;
}

function image(facts: Facts, w: number, h: number, images: ReadonlyMap<string, string>): string {
  const url = images.get((facts as ImageFacts).content);
  return url === undefined ? "" : `<image width="${w}" height="${h}" preserveAspectRatio="none" href="${escaped(url)}"/>`;
}

/** Path data in whole units. Circles and ellipses are always whole here. */
class SvgPath implements PathSink, ShapeSink {
  d = "";

  moveTo(x: number, y: number): void {
    this.d += `M${n(x)} ${n(y)}`;
  }

  lineTo(x: number, y: number): void {
    this.d += `L${n(x)} ${n(y)}`;
  }

  arc(_x: number, _y: number, radius: number): void {
    this.#round(radius, radius);
  }

  ellipse(_x: number, _y: number, rx: number, ry: number): void {
    this.#round(rx, ry);
  }

  closePath(): void {
    this.d += "Z";
  }

  /** From its rightmost point, where the path is. */
  #round(rx: number, ry: number): void {
    const [a, b] = [fine(rx), fine(ry)];
    this.d += `a${a} ${b} 0 1 1 ${fine(-2 * rx)} 0a${a} ${b} 0 1 1 ${fine(2 * rx)} 0`;
  }
}

const n = (v: number): string => String(Math.round(v));

const fine = (v: number): string => String(Number(v.toFixed(4)));

/** What may stand in a text but in no XML, not even escaped, becomes U+FFFD. */
const escaped = (text: string): string =>
  text.replace(/[&<>"\ufffe\uffff]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? "\ufffd");
