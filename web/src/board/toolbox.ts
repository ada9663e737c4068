// The tools of a board, one of each, and which of them a press goes to.
import { ElementKind } from "../ot/types.ts";
import type { ToolName } from "./api.ts";
import type { Desk } from "./desk.ts";
import type { Table } from "./table.ts";
import { AreaEraserTool } from "./tools/areaeraser.ts";
import { CaretTool } from "./tools/caret.ts";
import type { WritingBench } from "./tools/caret.ts";
import { EraserTool } from "./tools/eraser.ts";
import { LaserTool } from "./tools/laser.ts";
import { PenTool } from "./tools/pen.ts";
import { PolygonTool } from "./tools/polygon.ts";
import { RulerTool } from "./tools/ruler.ts";
import { SelectTool } from "./tools/select.ts";
import { ShapeTool } from "./tools/shape.ts";
import { TextTool } from "./tools/text.ts";
import type { Tool } from "./tools/tool.ts";

export type Tools = Readonly<Record<Exclude<ToolName, "hand">, Tool>> & {
  /** What works whatever tool is chosen. */
  readonly ruler: Tool;
  readonly caret: Tool;
};

export function makeTools(desk: Desk, table: Table, writing: WritingBench): Tools {
  const pen = new PenTool(desk);
  return {
    select: new SelectTool(table),
    lasso: new SelectTool(table, "lasso"),
    pen,
    highlighter: pen,
    eraser: new EraserTool(desk),
    "area-eraser": new AreaEraserTool(desk),
    laser: new LaserTool(desk),
    line: new ShapeTool(table, ElementKind.Line),
    arrow: new ShapeTool(table, ElementKind.Arrow),
    rectangle: new ShapeTool(table, ElementKind.Rectangle),
    ellipse: new ShapeTool(table, ElementKind.Ellipse),
    polygon: new PolygonTool(table),
    text: new TextTool(table),
    ruler: new RulerTool(desk),
    caret: new CaretTool(writing),
  };
}
