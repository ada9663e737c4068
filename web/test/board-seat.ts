// People at boards in tests: the board's tools on the page's own sync, without canvases.
import assert from "node:assert/strict";
import type { Command } from "../src/board/api.ts";
import { Commands } from "../src/board/commands.ts";
import { NO_MARKS } from "../src/board/marks.ts";
import type { Marks } from "../src/board/marks.ts";
import { Scene } from "../src/board/scene.ts";
import { Site } from "../src/board/site.ts";
import { sourceOf } from "../src/board/source.ts";
import type { Measure } from "../src/board/textlayout.ts";
import { Table } from "../src/board/table.ts";
import { SelectTool } from "../src/board/tools/select.ts";
import type { BoardSample, Tool } from "../src/board/tools/tool.ts";
import { ElementKind, Register } from "../src/ot/types.ts";
import type { Key } from "../src/ot/types.ts";
import { colorValue, placeValue, textValue } from "../src/ot/value.ts";
import type { Placement } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { Browser, World } from "./sync-world.ts";

/** Letters that are half as wide as they are high. */
const measure: Measure = (text, { size }) => (Array.from(text).length * size) / 2;

/** A person at a board: what Board puts together, without canvases. A CSS px is 10 units. */
export class Seat {
  readonly site: Site;
  readonly table: Table;
  readonly commands: Commands;
  readonly select: SelectTool;
  readonly lasso: SelectTool;
  marks: Marks = NO_MARKS;
  clipboard: Readonly<Record<string, string>> = {};
  readonly notices: string[] = [];
  written: Key | undefined;
  made: Key | undefined;
  now = 0;

  constructor(readonly doc: BoardDocument) {
    const site = (this.site = new Site(measure, () => ({ x: 0, y: 0, zoom: 1, width: 2000, height: 1500 })));
    site.document = doc;
    site.snaps = false;
    const scene = (site.scene = new Scene(sourceOf(doc), measure));
    doc.subscribe((change) => {
      scene.note(change);
      site.picked.changed(change.all ? "all" : change.keys);
    });
    this.table = new Table(site, {
      show: (marks) => (this.marks = marks),
      made: (k) => {
        this.made = k;
        site.picked.set([k]);
      },
      write: (k, _, made) => {
        this.written = k;
        made?.();
      },
      duplicate: (keys) => this.commands.duplicate(keys, 0),
    });
    this.commands = new Commands(site, {
      copy: (texts) => (this.clipboard = texts), reshape: (shapes) => this.table.reshape(shapes), upload: undefined,
      images: undefined, pasted: (keys) => site.picked.set(keys), notice: (notice) => this.notices.push(notice),
    });
    this.select = new SelectTool(this.table);
    this.lasso = new SelectTool(this.table, "lasso");
  }

  get picked(): Key[] {
    return [...this.site.picked.keys];
  }

  /** The shape that was made last. */
  get shape(): Key {
    assert.ok(this.made !== undefined);
    return this.made;
  }

  keys(held: { shift?: boolean; alt?: boolean; ctrl?: boolean }): void {
    this.site.keys = { shift: false, alt: false, ctrl: false, ...held };
  }

  at(x: number, y: number, wait = 1000): BoardSample {
    this.now += wait;
    return { x, y, p: 128, at: this.now };
  }

  press(tool: Tool, ...path: readonly (readonly [number, number])[]): void {
    path.forEach(([x, y], i) => (i === 0 ? tool.begin([this.at(x, y)]) : tool.move([this.at(x, y)])));
  }

  drag(tool: Tool, ...path: readonly (readonly [number, number])[]): void {
    this.press(tool, ...path);
    tool.end();
  }

  doubleClick(tool: Tool, x: number, y: number): void {
    tool.begin([this.at(x, y)]);
    tool.end();
    tool.begin([this.at(x, y, 100)]);
    tool.end();
  }

  do(command: Command): void {
    assert.ok(this.commands.can(command), command);
    this.commands.do(command);
  }

  box(x: number, y: number, w = 1000, h = 1000): Key {
    return this.doc.create(ElementKind.Rectangle, [
      { register: Register.Place, value: placeValue({ x, y, w, h, angle: 0 }) }, { register: Register.Color, value: colorValue(0xff) },
    ]);
  }

  stroke(points: readonly (readonly [number, number])[]): Key {
    return this.doc.createInk([], points.map(([x, y], i) => ({ x, y, p: 128, t: 8 * i })));
  }

  image(x: number, y: number, content: string): Key {
    return this.doc.create(ElementKind.Image, [
      { register: Register.Place, value: placeValue({ x, y, w: 500, h: 500, angle: 0 }) }, { register: Register.Content, value: textValue(content) },
    ]);
  }

  text(x: number, y: number, text: string): Key {
    const k = this.doc.create(ElementKind.Text, [{ register: Register.Place, value: placeValue({ x, y, w: 0, h: 336, angle: 0 }) }]);
    this.doc.editText(k, [{ kind: "insert", text }]);
    return k;
  }

  place(k: Key): Placement {
    const place = this.site.get(k)?.place;
    assert.ok(place !== undefined, k);
    return place;
  }

  xy(k: Key): [number, number] {
    const { x, y } = this.place(k);
    return [x, y];
  }

  order(): Key[] {
    return [...this.doc.elements()].map((e) => e.key);
  }
}

/** A board with people at it who see each other's work. */
export async function seats<N extends readonly string[]>(...names: N): Promise<{ w: World; at: { [K in keyof N]: Seat } }> {
  const w = new World();
  const list: Seat[] = [];
  for (const name of names) {
    const doc = w.page(name, new Browser(w.clock)).session.look("p1");
    await w.pass(300);
    assert.ok(doc.ready.value);
    list.push(new Seat(doc));
  }
  return { w, at: list as { [K in keyof N]: Seat } };
}
