// A board of a few elements that tests change by hand, and letters that are easy to count.
import type { Key } from "../src/ot/types.ts";
import type { Placement } from "../src/ot/value.ts";
import type { Facts, ImageFacts, InkFacts, ShapeFacts, Source, TextFacts } from "../src/board/facts.ts";
import type { Change } from "../src/board/scene.ts";
import { isCJK } from "../src/board/textlayout.ts";
import type { Measure } from "../src/board/textlayout.ts";

/** A CJK character is as wide as it is high, all others half as much. */
export const measure: Measure = (text, { size }) => Array.from(text).reduce((sum, c) => sum + (isCJK(c) ? 1 : 0.5) * size, 0);

const COMMON = { created: 1, order: "", place: undefined, color: 0, width: 100, opacity: 255, locked: false, group: "" } as const;

export const box = (x: number, y: number, w: number, h: number, angle = 0): Placement => ({ x, y, w, h, angle });

export class Fake implements Source {
  readonly facts = new Map<Key, Facts>();

  /** Ink through these points; values that are not named stay. */
  put(key: Key, points: readonly (readonly [number, number])[], more: Partial<InkFacts> = {}): Change {
    const before = this.facts.get(key) as InkFacts | undefined;
    return this.#set({
      ...COMMON, kind: "ink", key, open: true, visible: undefined, ...before, ...more,
      points: Int32Array.from(points.flatMap(([x, y], i) => [x, y, 128, i * 8])), count: points.length,
    });
  }

  shape(key: Key, kind: ShapeFacts["kind"], place: Placement, more: Partial<ShapeFacts> = {}): Change {
    return this.#set({ ...COMMON, key, kind, place, fill: undefined, dash: "solid", vertices: [], ...more });
  }

  text(key: Key, text: string, place: Placement, more: Partial<TextFacts> = {}): Change {
    return this.#set({ ...COMMON, key, kind: "text", text, place, style: { size: 200, bold: false, italic: false, align: "left" }, ...more });
  }

  image(key: Key, content: string, place: Placement, more: Partial<ImageFacts> = {}): Change {
    return this.#set({ ...COMMON, key, kind: "image", content, place, ...more });
  }

  /** Writes single values of any element. */
  write(key: Key, more: Partial<Pick<Facts, "place" | "color" | "order" | "created" | "group" | "opacity">>): Change {
    const before = this.facts.get(key);
    if (before === undefined) throw new Error(`no element ${key}`);
    return this.#set({ ...before, ...more });
  }

  remove(key: Key): Change {
    this.facts.delete(key);
    return { all: false, keys: new Set([key]) };
  }

  all = (): Iterable<Facts> => this.keys().map((key) => this.facts.get(key) as Facts);
  get = (key: Key): Facts | undefined => this.facts.get(key);

  /** Those with a key above all others here: tests need no more of OT10. */
  keys = (): Key[] => {
    const list = [...this.facts.values()];
    return [...list.filter((f) => f.order === ""), ...list.filter((f) => f.order !== "").sort((a, b) => (a.order < b.order ? -1 : 1))]
      .map((f) => f.key);
  };

  #set(facts: Facts): Change {
    this.facts.set(facts.key, facts);
    return { all: false, keys: new Set([facts.key]) };
  }
}

export const row = (y: number, from: number, to: number): [number, number][] =>
  Array.from({ length: (to - from) / 100 + 1 }, (_, i) => [from + i * 100, y]);
