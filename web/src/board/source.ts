// A board's view as the scene reads it: its ink elements.
import type { Element } from "../ot/board.ts";
import { ElementKind } from "../ot/types.ts";
import type { BoardDocument } from "../sync/api.ts";
import type { Ink, InkSource } from "./scene.ts";

export function inkOf(doc: Pick<BoardDocument, "elements" | "get">): InkSource {
  return {
    *all() {
      for (const element of doc.elements()) {
        if (element.kind === ElementKind.Ink) yield ink(element);
      }
    },
    get(key) {
      const element = doc.get(key);
      return element?.kind === ElementKind.Ink && !element.deleted ? ink(element) : undefined;
    },
    *keys() {
      for (const element of doc.elements()) yield element.key;
    },
  };
}

function ink(element: Element): Ink {
  return {
    key: element.key,
    color: element.color,
    width: element.width,
    opacity: element.opacity,
    open: element.open,
    created: element.created,
    count: element.count,
    points: element.points,
  };
}
