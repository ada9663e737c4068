// Seeded chaos: several people in several tabs and browsers draw while pages reload, the server dies, messages get lost,
// routes hang and replicas are taken over. At rest everybody must see the same, and every stroke exactly once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Register, type Setting } from "../src/ot/types.ts";
import { colorValue } from "../src/ot/value.ts";
import type { BoardDocument, StrokeWriter } from "../src/sync/api.ts";
import { Browser, Page, World } from "./sync-world.ts";
import { fault, heal } from "./sync-faults.ts";

interface Drawn {
  /** Its colour tells a stroke apart. */
  readonly color: number;
  points: number;
  /** False if the page died while the newest points were not in its store. */
  whole: boolean;
}

interface Tab {
  page: Page;
  board: BoardDocument;
  stroke: StrokeWriter | undefined;
  drawn: Drawn | undefined;
}

class Chaos {
  readonly w = new World();
  private readonly browsers = [this.w.browser, new Browser(this.w.clock)];
  readonly tabs: Tab[] = [];
  readonly drawn: Drawn[] = [];

  constructor(private state: number) {}

  private below(n: number): number {
    this.state = (this.state * 48271) % 2147483647;
    return this.state % n;
  }

  open(browser = this.browsers[this.below(2)] ?? this.w.browser, name = ["ann", "bob"][this.below(2)] ?? "ann"): void {
    const page = new Page(this.w, browser, name);
    this.tabs.push({ page, board: page.session.look("p1"), stroke: undefined, drawn: undefined });
  }

  async step(): Promise<void> {
    const tab = this.tabs[this.below(this.tabs.length)];
    if (tab === undefined) return this.open();
    const dice = this.below(24);
    if (dice >= 2 && dice < 10) return fault(this.w, dice - 2, (n) => this.below(n));
    switch (dice) {
      case 0:
        return this.tabs.length < 5 ? this.open() : this.reload(tab);
      case 1:
        return this.reload(tab);
      default:
        return this.draw(tab);
    }
  }

  private reload(tab: Tab): void {
    if (tab.drawn !== undefined) tab.drawn.whole = false;
    tab.page.kill();
    this.tabs.splice(this.tabs.indexOf(tab), 1);
    this.open();
  }

  private async draw(tab: Tab): Promise<void> {
    if (tab.stroke === undefined || !tab.stroke.alive) {
      const color = this.drawn.length + 1;
      const settings: Setting[] = [{ register: Register.Color, value: colorValue(color) }];
      const stroke = tab.board.startStroke(settings);
      if (!stroke.alive) return;
      tab.stroke = stroke;
      tab.drawn = { color, points: 0, whole: true };
      this.drawn.push(tab.drawn);
    }
    for (let i = this.below(30); i >= 0; i--) {
      tab.stroke.add(this.below(4000), this.below(4000), this.below(256), this.w.clock.now());
      if (tab.drawn !== undefined) tab.drawn.points++;
      await this.w.pass(this.below(12));
    }
    if (this.below(3) > 0) return;
    tab.stroke.end();
    const { drawn } = tab;
    tab.stroke = tab.drawn = undefined;
    if (drawn === undefined) return;
    await this.w.pass(40); // into the store
  }

  async rest(): Promise<void> {
    heal(this.w);
    for (const tab of this.tabs) tab.stroke?.end();
    // Whoever has left work in a browser comes back there.
    for (const browser of this.browsers) for (const name of ["ann", "bob"]) this.open(browser, name);
    await this.w.pass(150_000);
  }

  check(): void {
    const { server } = this.w;
    const contents = new Map<string, string>();
    for (const { document, replica, n, ops } of server.submitted) {
      const at = `${document} ${replica} ${n}`;
      const content = Buffer.from(ops).toString("hex");
      assert.equal(contents.get(at) ?? content, content, `batch ${at} has two contents`);
      contents.set(at, content);
    }
    for (const { page, board } of this.tabs) {
      assert.equal(page.kind, "synced", page.name);
      assert.equal(page.session.connection.value.unsent, 0);
      assert.equal(board.hash(), server.hash("board::p1"));
      assert.deepEqual([...board.elements()].map((e) => [e.key, e.count, e.open]), [...(server.doc("board::p1").board?.elements() ?? [])].map((e) => [e.key, e.count, e.open]));
    }
    const shown = [...(server.doc("board::p1").board?.elements() ?? [])];
    for (const { color, points, whole } of this.drawn) {
      const found = shown.filter((e) => e.color === color);
      assert.ok(found.length <= 1, `stroke ${color} is there ${found.length} times`);
      if (whole) assert.equal(found[0]?.count, points, `points of stroke ${color} ${found[0]?.key}`);
      assert.ok(found[0] === undefined || (!found[0].open && found[0].count <= points), `stroke ${color} (${found[0]?.key}): ${found[0]?.count} points of ${points}, open ${found[0]?.open}`);
    }
  }
}

const only = Number(process.env["CHAOS_SEED"] ?? 0);
for (let seed = only || 1; seed <= (only || Number(process.env["CHAOS_SEEDS"] ?? 8)); seed++) {
  test(`chaos, seed ${seed}: converges, nothing lost or doubled`, async () => {
    const chaos = new Chaos(seed * 7919);
    chaos.open();
    await chaos.w.pass(500);
    for (let i = 0; i < 120; i++) {
      await chaos.step();
      await chaos.w.pass((i * 37) % 400);
    }
    await chaos.rest();
    chaos.check();
  });
}
