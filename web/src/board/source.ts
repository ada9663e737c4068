// A board's view as the scene reads it.
import type { Element } from "../ot/board.ts";
import { ElementKind, key } from "../ot/types.ts";
import { ALIGNS, DASHES } from "../ot/value.ts";
import type { BoardDocument } from "../sync/api.ts";
import type { Facts, ShapeFacts, Source } from "./facts.ts";

export function sourceOf(doc: Pick<BoardDocument, "elements" | "get">): Source {
  return {
    *all() {
      for (const element of doc.elements()) yield factsOf(element);
    },
    get(key) {
      const element = doc.get(key);
      return element === undefined || element.deleted ? undefined : factsOf(element);
    },
    *keys() {
      for (const element of doc.elements()) yield element.key;
    },
  };
}

const SHAPES = {
  [ElementKind.Line]: "line",
  [ElementKind.Arrow]: "arrow",
  [ElementKind.Rectangle]: "rectangle",
  [ElementKind.Ellipse]: "ellipse",
  [ElementKind.Polygon]: "polygon",
} as const satisfies Partial<Record<ElementKind, ShapeFacts["kind"]>>;

/** The values of an element. */
export function factsOf(element: Element): Facts {
  const { group } = element;
  const common = {
    key: element.key,
    created: element.created,
    order: element.order,
    place: element.place,
    color: element.color,
    width: element.width,
    opacity: element.opacity,
    locked: element.locked,
    group: group === undefined ? "" : key(group),
  } as const;
  switch (element.kind) {
    case ElementKind.Ink: {
      const { open, count, points } = element;
      return { ...common, kind: "ink", open, count, points, visible: element.visible() };
    }
    case ElementKind.Text: {
      const { size, bold, italic, text } = element;
      return { ...common, kind: "text", text, style: { size, bold, italic, align: ALIGNS[element.align] ?? "left" } };
    }
    case ElementKind.Image:
      return { ...common, kind: "image", content: element.content };
    default: {
      const { fill, vertices } = element;
      return { ...common, kind: SHAPES[element.kind], fill, dash: DASHES[element.dash] ?? "solid", vertices };
    }
  }
}
