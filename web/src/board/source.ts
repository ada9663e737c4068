// A board's view as the scene reads it.
import type { Element } from "../ot/board.ts";
import { ElementKind, key } from "../ot/types.ts";
import { ALIGNS, DASHES } from "../ot/value.ts";
import type { BoardDocument } from "../sync/api.ts";
import type { Facts, ImageFacts, InkFacts, ShapeFacts, Source, TextFacts } from "./facts.ts";

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

/** What all kinds have. Classes, for facts are made by the thousand in a frame: objects that are spread cost several times as much. */
class Common {
  readonly key: Facts["key"];
  readonly created: number;
  readonly order: string;
  readonly place: Facts["place"];
  readonly color: number;
  readonly width: number;
  readonly opacity: number;
  readonly locked: boolean;
  readonly group: Facts["group"];

  constructor(element: Element) {
    const { group } = element;
    this.key = element.key;
    this.created = element.created;
    this.order = element.order;
    this.place = element.place;
    this.color = element.color;
    this.width = element.width;
    this.opacity = element.opacity;
    this.locked = element.locked;
    this.group = group === undefined ? "" : key(group);
  }
}

class OfInk extends Common implements InkFacts {
  readonly kind = "ink";
  readonly open: boolean;
  readonly count: number;
  readonly points: InkFacts["points"];
  readonly visible: InkFacts["visible"];

  constructor(element: Element) {
    super(element);
    this.open = element.open;
    this.count = element.count;
    this.points = element.points;
    this.visible = element.visible();
  }
}

class OfShape extends Common implements ShapeFacts {
  readonly kind: ShapeFacts["kind"];
  readonly fill: number | undefined;
  readonly dash: ShapeFacts["dash"];
  readonly vertices: ShapeFacts["vertices"];

  constructor(element: Element, kind: ShapeFacts["kind"]) {
    super(element);
    this.kind = kind;
    this.fill = element.fill;
    this.dash = DASHES[element.dash] ?? "solid";
    this.vertices = element.vertices;
  }
}

class OfText extends Common implements TextFacts {
  readonly kind = "text";
  readonly text: string;
  readonly style: TextFacts["style"];

  constructor(element: Element) {
    super(element);
    const { size, bold, italic } = element;
    this.text = element.text;
    this.style = { size, bold, italic, align: ALIGNS[element.align] ?? "left" };
  }
}

class OfImage extends Common implements ImageFacts {
  readonly kind = "image";
  readonly content: string;

  constructor(element: Element) {
    super(element);
    this.content = element.content;
  }
}

/** The values of an element. */
export function factsOf(element: Element): Facts {
  switch (element.kind) {
    case ElementKind.Ink:
      return new OfInk(element);
    case ElementKind.Text:
      return new OfText(element);
    case ElementKind.Image:
      return new OfImage(element);
    default:
      return new OfShape(element, SHAPES[element.kind]);
  }
}
