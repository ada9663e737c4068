// OT15: when nobody wrote in between, undo then redo is identity. A person does at random what hands and the board's tools can;
// what another sees after each step is what he sees again when it is undone up to there, and when it is redone.
//
//   UNDO_SEED=n   one seed      UNDO_SEEDS=n   so many
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "../src/board/api.ts";
import { ElementKind, Register } from "../src/ot/types.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { valueOrDefault } from "../src/sync/defaults.ts";
import { seats, type Seat } from "./board-seat.ts";
import { Hands, Letters } from "./hands.ts";
import type { World } from "./sync-world.ts";

const ACTS = 60;
/** Typing that pauses so long begins another step, ms. */
const PAUSE_MS = 1100;
const COMMANDS: readonly Command[] = ["delete", "duplicate", "copy", "cut", "front", "forward", "backward", "back", "group", "group", "ungroup", "lock", "unlock", "clear"];

/** How a board looks: all that elements count as, in drawing order; with erasures, since one may take what was not to be seen. */
const look = (board: BoardDocument): string[] =>
  [...board.elements()].map((e) => {
    const { key, kind, text, count, open, order, group, locked, content, vertices } = e;
    const style = [e.color, e.width, e.opacity, e.fill, e.dash, e.size, e.align, e.bold, e.italic];
    const place = Buffer.from(valueOrDefault(e, Register.Place) ?? []).toString("hex"); // of ink: where its points are
    return JSON.stringify([key, kind, place, text, count, open, e.visible(), e.erasures.filter(({ off }) => !off), order, group, locked, content, vertices, style]);
  });

class Person {
  private readonly hands: Hands;
  /** Letters: none is put where the same one was deleted, which would be a step that nobody sees. */
  private letters = 0;

  constructor(
    private readonly seat: Seat,
    private readonly w: World,
    private readonly below: (n: number) => number,
  ) {
    this.hands = new Hands({ below, now: () => w.clock.now(), unsafe: 0, undoes: false, texts: Infinity, deletesTexts: true, ink: 40, moves: 3, rubs: 2, splits: 1 }, new Letters(true));
  }

  /** A gesture: one step at most. Returns what it was. */
  async act(): Promise<string> {
    const { below, seat, seat: { site, commands } } = this;
    const what = below(8);
    if (what < 3) {
      this.hands.act(seat.doc);
      return "hands";
    }
    if (what === 3) return this.write();
    const end = site.begin(); // pieces are made of erased strokes that are picked
    site.picked.set([...seat.doc.elements()].filter(() => below(4) === 0).flatMap((e) => site.pieces(e.key)));
    const done = what === 4 ? this.style() : what === 5 ? this.drag() : what === 6 ? await this.paste() : this.command();
    end();
    commands.do("deselect");
    return done;
  }

  private command(): string {
    const command = COMMANDS[this.below(COMMANDS.length)] ?? "delete";
    this.seat.commands.do(command);
    return command;
  }

  private style(): string {
    const { below, seat } = this;
    seat.commands.restyle({ color: below(1 << 24), width: 1 + below(100) });
    if (below(2) === 0) seat.commands.restyle({ fill: below(2) === 0 ? undefined : below(1 << 24), dash: "dashed", bold: below(2) === 0, opacity: 1 + below(255) });
    return "style";
  }

  /** Moves what is picked, or turns or resizes it: from somewhere on it or a corner, by way of several places. */
  private drag(): string {
    const { below, seat } = this, box = seat.site.picked.frame;
    const from = box === undefined ? ([below(9000), below(9000)] as const) : ([box.x + (below(3) * box.w) / 2, box.y + (below(3) * box.h) / 2] as const);
    seat.drag(seat.select, from, ...Array.from({ length: 3 }, () => [below(9000), below(9000)] as const));
    return "drag";
  }

  private async paste(): Promise<string> {
    const { clipboard } = this.seat;
    const types: Readonly<Record<string, string>> = this.below(3) === 0 ? { "text/plain": "字\nb" } : clipboard;
    await this.seat.commands.paste({ getData: (type: string) => types[type] ?? "", files: [], types: Object.keys(types) } as unknown as DataTransfer);
    return "paste";
  }

  /** Types on in one text, with pauses that are none, or makes one and types. What was typed may be deleted again at once. */
  private async write(): Promise<string> {
    const { below, seat: { doc } } = this;
    const texts = [...doc.elements()].filter((e) => e.kind === ElementKind.Text), text = texts[below(texts.length + 1)];
    const end = text === undefined ? doc.history.begin() : undefined;
    const k = text?.key ?? this.seat.text(below(9000), below(9000), "");
    for (let i = below(5), at = 0, typed = 0; i >= 0; i--) {
      const length = [...(doc.get(k)?.text ?? "")].length, again = typed > 0 && below(2) === 0;
      if (!again) at = below(length + 1);
      const gone = again ? typed : Math.min(below(3), length - at);
      const text = again || below(3) === 0 ? "" : String.fromCodePoint(0x1f300 + this.letters++);
      doc.editText(k, [{ kind: "keep", n: at }, { kind: "insert", text }, { kind: "delete", n: gone }]);
      typed = [...text].length;
      await this.w.pass(below(200));
    }
    end?.();
    return "writing";
  }
}

/** Numbers below n (mulberry32). */
function numbers(seed: number): (n: number) => number {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const only = Number(process.env["UNDO_SEED"] ?? 0);
for (let seed = only || 1; seed <= (only || Number(process.env["UNDO_SEEDS"] ?? 6)); seed++) {
  test(`OT15 undo and redo of anything that hands do is identity, seed ${seed}`, async () => {
    const below = numbers(seed);
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const person = new Person(ann, w, below);
    const { history } = ann.doc;
    const looks = [look(bob.doc)], did = ["nothing"];
    /** What the other sees is what everybody has. */
    const seen = async (said: string, ms = PAUSE_MS): Promise<string[]> => {
      await w.pass(ms);
      assert.deepEqual(look(ann.doc), look(bob.doc), `seed ${seed}: ${said}: the two see different boards`);
      for (const { doc } of [ann, bob]) assert.equal(doc.hash(), w.server.hash("board::p1"), `seed ${seed}: ${said}`);
      return look(bob.doc);
    };
    for (let i = 0; i < ACTS; i++) {
      const what = await person.act();
      const now = await seen(`act ${i}, ${what}`);
      if (now.join() === looks.at(-1)?.join()) continue;
      looks.push(now);
      did.push(`act ${i}, ${what}`);
    }
    assert.ok(looks.length > ACTS / 3, `seed ${seed}: ${looks.length} steps`);
    for (let i = looks.length - 1; i > 0; i--) {
      history.undo();
      assert.deepEqual(await seen(`undo ${did[i]}`, 300), looks[i - 1], `seed ${seed}: undo of ${did[i]}`);
    }
    assert.equal(history.canUndo.value, false, `seed ${seed}`);
    for (let i = 1; i < looks.length; i++) {
      history.redo();
      assert.deepEqual(await seen(`redo ${did[i]}`, 300), looks[i], `seed ${seed}: redo of ${did[i]}`);
    }
    assert.equal(history.canRedo.value, false, `seed ${seed}`);
    // At once, before the server has any of it.
    while (history.canUndo.value) history.undo();
    assert.deepEqual(await seen("undo all"), looks[0], `seed ${seed}: undo of all at once`);
    while (history.canRedo.value) history.redo();
    assert.deepEqual(await seen("redo all"), looks.at(-1), `seed ${seed}: redo of all at once`);
  });
}
