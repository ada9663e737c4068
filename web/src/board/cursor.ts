// The cursor over the board: it shows what the tool would do, the pen's colour and width, the eraser's size.
import type { ToolName } from "./api.ts";
import type { Pen } from "./wetlayer.ts";

/** Radius of the erasers in CSS px. */
export const ERASER_RADIUS = 14;

/** pen: of the tool; scale: CSS px per unit; ink: how a colour looks on the paper. */
export function cursorFor(tool: ToolName, pen: Pen, scale: number, ink: (color: number) => string): string {
  switch (tool) {
    case "pen":
    case "highlighter":
      return ring((pen.width * scale) / 2, ink(pen.color), pen.opacity / 255);
    case "eraser":
    case "area-eraser":
      return ring(ERASER_RADIUS, "#ffffff", 0.5);
    case "laser":
      return ring(5, "#ff3b30", 1);
    case "hand":
      return "grab";
    case "text":
      return "text";
    case "select":
      return "default";
    case "lasso":
    case "line":
    case "arrow":
    case "rectangle":
    case "ellipse":
    case "polygon":
      return "crosshair";
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
