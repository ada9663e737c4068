// Seeded chaos with every kind of op: people in several tabs and browsers draw, place, move, erase, split, type, clear and
// undo while pages reload, ops are refused, and the network and the server fail. At rest everybody sees the same as the server. Every
// letter is unique: none may be lost or doubled, but for those of people who undo, where half of them do.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Key } from "../src/ot/types.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { Hands, Letters } from "./hands.ts";
import { Browser, Page, World } from "./sync-world.ts";
import { FAULTS, fault, heal } from "./sync-faults.ts";
import { BOARD } from "./sync-people.ts";

/** What was done so shortly before a page died need not have been in its store, ms. */
const UNSAFE_MS = 80;

interface Tab {
  readonly page: Page;
  readonly board: BoardDocument;
  readonly hands: Hands;
}

/** What people do besides the rest: nothing, undo by every other page, or undo, purges and refusals. */
type Kind = "careful" | "half undo" | "wild";

const TITLES: Readonly<Record<Kind, string>> = {
  careful: "no letter is lost or doubled", "half undo": "undo takes and doubles no letter of others", wild: "with undo and purge",
};

class Chaos {
  readonly w = new World();
  private readonly browsers = [this.w.browser, new Browser(this.w.clock)];
  private tabs: Tab[] = [];
  private readonly letters = new Letters(true);
  private opened = 0;

  constructor(
    private state: number,
    private readonly kind: Kind,
  ) {}

  /** Letters are counted, so that nothing is refused or purged. */
  private get careful(): boolean {
    return this.kind !== "wild";
  }

  private readonly below = (n: number): number => {
    this.state = (this.state * 48271) % 2147483647;
    return this.state % n;
  };

  private pick<T>(all: readonly T[]): T | undefined {
    return all[this.below(all.length || 1)];
  }

  open(browser = this.pick(this.browsers) ?? this.w.browser, name = this.pick(["ann", "bob"]) ?? "ann"): void {
    const page = new Page(this.w, browser, name);
    this.tabs.push({ page, board: page.session.look("p1"), hands: this.hands() });
  }

  private hands(): Hands {
    const { below, kind } = this;
    const undoes = kind === "wild" || (kind === "half undo" && this.opened++ % 2 === 0);
    const habits = { below, now: () => this.w.clock.now(), unsafe: UNSAFE_MS, undoes, texts: kind === "half undo" ? 3 : Infinity, deletesTexts: true, ink: 300, moves: 3, rubs: 2, splits: 1 };
    return new Hands(habits, this.letters);
  }

  async step(): Promise<void> {
    const tab = this.pick(this.tabs);
    if (tab === undefined || (this.tabs.length < 4 && this.below(20) === 0)) return this.open();
    const dice = this.below(30);
    if (dice < FAULTS) return fault(this.w, dice, this.below);
    if (dice === FAULTS) return this.reload(tab);
    if (dice === FAULTS + 1 && !this.careful) return this.w.server.purge(BOARD);
    if (dice === FAULTS + 2 && !this.careful) return this.refuse();
    for (let i = this.below(6); i >= 0; i--) {
      tab.hands.act(tab.board);
      await this.w.pass(this.below(40));
    }
  }

  /** The server refuses ops for a while, or texts' edits with an old base. */
  private refuse(): void {
    const { server } = this.w;
    const odds = 2 + this.below(6);
    server.judge = this.below(2) === 0 ? undefined : (ops) => (this.below(odds) > 0 ? undefined : ops.flatMap((_, i) => (this.below(2) === 0 ? [i] : [])));
    server.keepsFrom = this.below(2) === 0 ? 0 : server.doc(BOARD).records.length;
    server.refusalsOvertaken = this.below(2) === 0;
  }

  private reload(tab: Tab): void {
    tab.page.kill();
    tab.hands.died();
    this.tabs = this.tabs.filter((t) => t !== tab);
    this.open();
  }

  async rest(): Promise<void> {
    heal(this.w);
    this.w.server.judge = undefined;
    this.w.server.keepsFrom = 0;
    for (const browser of this.browsers) for (const name of ["ann", "bob"]) this.open(browser, name);
    await this.w.pass(150_000);
  }

  check(): void {
    const { server } = this.w;
    const confirmed = server.doc(BOARD).board;
    const seen = (board: { elements(): Iterable<{ key: Key; count: number; text: string; color: number }> }): unknown[] =>
      [...board.elements()].map((e) => [e.key, e.count, e.text, e.color]);
    for (const { page, board } of this.tabs) {
      assert.equal(page.kind, "synced", page.name);
      assert.equal(page.session.connection.value.unsent, 0);
      assert.equal(board.hash(), server.hash(BOARD));
      assert.deepEqual(seen(board), confirmed === undefined ? [] : seen(confirmed));
    }
    if (this.careful) assert.deepEqual(this.letters.faults([...(confirmed?.created ?? [])].map((e) => e.text).join("")), []);
  }
}

const only = Number(process.env["CHAOS_SEED"] ?? 0);
for (let seed = only || 1; seed <= (only || Number(process.env["CHAOS_SEEDS"] ?? 8)); seed++) {
  const kind: Kind = seed % 2 === 0 ? "careful" : seed % 4 === 1 ? "wild" : "half undo";
  test(`chaos of all ops, seed ${seed}: converges, ${TITLES[kind]}`, async () => {
    const chaos = new Chaos(seed * 7919, kind);
    chaos.open();
    await chaos.w.pass(500);
    for (let i = 0; i < 150; i++) {
      await chaos.step();
      await chaos.w.pass((i * 37) % 400);
    }
    await chaos.rest();
    chaos.check();
  });
}
