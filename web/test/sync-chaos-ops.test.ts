// Seeded chaos with every kind of op: people in several tabs and browsers draw, place, move, erase, split, type, clear and
// undo while pages reload, ops are refused, and the network and the server fail. At rest everybody sees the same as the server. Where
// nobody undoes, every letter is unique, so that none may be lost or doubled.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ElementKind, Register, type Key, type Setting } from "../src/ot/types.ts";
import { colorValue, groupValue, placeValue, textValue } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { Browser, Page, World } from "./sync-fake.ts";
import { FAULTS, fault, heal } from "./sync-faults.ts";

const BOARD = "board::p1";
/** First of the letters that are typed. */
const LETTERS = 0x4e00;
/** What was done so shortly before a page died need not have been in its store, ms. */
const UNSAFE_MS = 80;

type Fate = "typed" | "deleted" | "unknown";

interface Tab {
  readonly page: Page;
  readonly board: BoardDocument;
  /** What it did to letters last. */
  recent: { at: number; letter: string }[];
}

class Chaos {
  readonly w = new World();
  private readonly browsers = [this.w.browser, new Browser(this.w.clock)];
  private tabs: Tab[] = [];
  private readonly letters = new Map<string, Fate>();

  /** letters: nobody undoes and nothing is purged. */
  constructor(
    private state: number,
    private readonly careful: boolean,
  ) {}

  private readonly below = (n: number): number => {
    this.state = (this.state * 48271) % 2147483647;
    return this.state % n;
  };

  private pick<T>(all: readonly T[]): T | undefined {
    return all[this.below(all.length || 1)];
  }

  open(browser = this.pick(this.browsers) ?? this.w.browser, name = this.pick(["ann", "bob"]) ?? "ann"): void {
    const page = new Page(this.w, browser, name);
    this.tabs.push({ page, board: page.session.look("p1"), recent: [] });
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
      this.act(tab);
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
    for (const { at, letter } of tab.recent) if (at > this.w.clock.now() - UNSAFE_MS) this.letters.set(letter, "unknown");
    tab.page.kill();
    this.tabs = this.tabs.filter((t) => t !== tab);
    this.open();
  }

  private act(tab: Tab): void {
    const { board } = tab;
    const all = [...board.elements()];
    const k = this.pick(all)?.key;
    switch (this.below(16)) {
      case 0:
        return void board.create(ElementKind.Rectangle, [this.place()]);
      case 1:
        return void board.create(ElementKind.Text, [this.place()]);
      case 2:
        return void board.createInk([this.color()], Array.from({ length: 1 + this.below(300) }, (_, i) => ({ x: this.below(4000), y: i, p: 9, t: 5 * i })));
      case 3:
        return board.set(all.filter(() => this.below(3) === 0).map((e) => [e.key, [this.place()]]));
      case 4:
        return k === undefined ? undefined : board.set([[k, [this.setting(k)]], [k, [this.setting(k)]]]);
      case 5:
        return this.below(3) > 0 ? undefined : board.delete(k === undefined ? [] : [k]);
      case 6:
        return this.below(8) > 0 ? undefined : board.clear();
      case 7:
        return this.erase(board);
      case 8: {
        const ink = this.pick(all.filter((e) => e.ink !== undefined));
        return void (ink === undefined ? undefined : board.split(ink.key));
      }
      case 9:
        return this.careful ? undefined : this.below(3) === 0 ? board.history.redo() : board.history.undo();
      case 10:
        return this.draw(board);
      default:
        return this.type(tab);
    }
  }

  private draw(board: BoardDocument): void {
    const stroke = board.startStroke([this.color()], this.w.clock.now());
    for (let i = this.below(20); i >= 0; i--) stroke.add(this.below(4000), 10 * i, 100, this.w.clock.now() + i);
    stroke.end();
  }

  private erase(board: BoardDocument): void {
    const eraser = board.startErasing();
    for (const e of board.elements()) {
      if (e.ink === undefined || this.below(2) > 0) continue;
      const from = this.below(256 * e.count);
      eraser.erase(e.key, [{ from, to: from + 1 + this.below(5000) }]);
    }
    eraser.end();
  }

  private type(tab: Tab): void {
    const text = this.pick([...tab.board.elements()].filter((e) => e.kind === ElementKind.Text));
    if (text === undefined) return;
    const before = [...text.text];
    const at = this.below(before.length + 1);
    const gone = this.below(4) === 0 ? before.slice(at, at + 1 + this.below(3)) : [];
    const letter = String.fromCharCode(LETTERS + this.letters.size);
    const keep = at > 0 ? [{ kind: "keep" as const, n: at }] : [];
    const cut = gone.length > 0 ? [{ kind: "delete" as const, n: gone.length }] : [];
    tab.board.editText(text.key, [...keep, { kind: "insert", text: letter }, ...cut]);
    if (tab.board.get(text.key)?.text.includes(letter) !== true) return; // nothing may be written yet
    const now = this.w.clock.now();
    this.letters.set(letter, "typed");
    for (const l of gone) if (this.letters.get(l) === "typed") this.letters.set(l, "deleted");
    tab.recent = [...tab.recent.filter((r) => r.at > now - UNSAFE_MS), ...[letter, ...gone].map((l) => ({ at: now, letter: l }))];
  }

  private readonly color = (): Setting => ({ register: Register.Color, value: colorValue(this.below(1 << 24)) });

  private readonly place = (): Setting => ({ register: Register.Place, value: placeValue({ x: this.below(9000), y: this.below(9000), w: 1 + this.below(900), h: 1 + this.below(900), angle: this.below(36000) }) });

  private setting(k: Key): Setting {
    const [replica = 0, counter = 0] = k.split(".").map(Number);
    switch (this.below(3)) {
      case 0:
        return this.color();
      case 1:
        return { register: Register.Order, value: textValue(`U${this.below(1000)}`) };
      default:
        return { register: Register.Group, value: groupValue({ replica, counter }) };
    }
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
    if (this.careful) this.checkLetters([...(confirmed?.created ?? [])].map((e) => e.text).join(""));
  }

  private checkLetters(all: string): void {
    for (const [letter, fate] of this.letters) {
      const times = all.split(letter).length - 1;
      const name = `letter ${letter.charCodeAt(0) - LETTERS}, ${fate}`;
      if (fate === "unknown") assert.ok(times <= 1, `${name}, is there ${times} times`);
      else assert.equal(times, fate === "typed" ? 1 : 0, name);
    }
  }
}

const only = Number(process.env["CHAOS_SEED"] ?? 0);
for (let seed = only || 1; seed <= (only || Number(process.env["CHAOS_SEEDS"] ?? 8)); seed++) {
  const careful = seed % 2 === 0;
  test(`chaos of all ops, seed ${seed}: converges, ${careful ? "no letter is lost or doubled" : "with undo and purge"}`, async () => {
    const chaos = new Chaos(seed * 7919, careful);
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
