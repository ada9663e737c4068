// What a person of a simulation does at a page: every kind of op, at random.
import { ElementKind, Register, type Key, type Setting } from "../src/ot/types.ts";
import { colorValue, groupValue, placeValue, textValue } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";

/** First of the letters that are typed. */
const LETTERS = 0x4e00;
const MAX_LETTERS = 20_000;
/** What was done so shortly before a page died need not have been in its store, ms. */
const UNSAFE_MS = 500;
/** Elements on a board, before some go. */
const MAX_SHOWN = 200;

type Fate = "typed" | "deleted" | "unknown";

/** The letters of all people: each is typed once. */
export class Letters {
  readonly fates = new Map<string, Fate>();

  /** undefined: there are no more. */
  next(): string | undefined {
    return this.fates.size < MAX_LETTERS ? String.fromCharCode(LETTERS + this.fates.size) : undefined;
  }

  /** Letters that are not there as often as they should be. */
  faults(all: string): string[] {
    const times = new Map<string, number>();
    for (const letter of all) times.set(letter, (times.get(letter) ?? 0) + 1);
    return [...this.fates].flatMap(([letter, fate]) => {
      const n = times.get(letter) ?? 0;
      const right = fate === "unknown" ? n <= 1 : n === (fate === "typed" ? 1 : 0);
      return right ? [] : [`letter ${letter.charCodeAt(0) - LETTERS}, ${fate}, is there ${n} times`];
    });
  }
}

/** One person's hands. */
export class Hands {
  ops = 0;
  private recent: { readonly at: number; readonly letter: string }[] = [];

  /** careful: letters are counted, so that nobody undoes and no text is deleted. */
  constructor(
    private readonly random: () => number,
    private readonly letters: Letters,
    private readonly careful: boolean,
  ) {}

  /** The page died: what was done last may be lost. */
  died(): void {
    const safe = performance.now() - UNSAFE_MS;
    for (const { at, letter } of this.recent) if (at > safe) this.letters.fates.set(letter, "unknown");
    this.recent = [];
  }

  act(board: BoardDocument): void {
    this.ops++;
    const all = [...board.elements()];
    const any = this.pick(all);
    switch (this.below(16)) {
      case 0:
        return void board.create(ElementKind.Rectangle, [this.place()]);
      case 1:
        return void board.create(ElementKind.Text, [this.place()]);
      case 2:
        return void board.createInk([this.color()], Array.from({ length: 1 + this.below(60) }, (_, i) => ({ x: this.below(4000), y: i, p: 9, t: 5 * i })));
      case 3:
        return board.set(all.filter(() => this.below(20) === 0).map((e) => [e.key, [this.place()]]));
      case 4:
        return any === undefined ? undefined : board.set([[any.key, [this.setting(any.key)]]]);
      case 5:
        return this.erase(board);
      case 6: {
        const ink = this.pick(all.filter((e) => e.ink !== undefined));
        return void (ink === undefined || this.below(4) > 0 ? undefined : board.split(ink.key));
      }
      case 7:
        return this.takeAway(board);
      case 8:
        return this.careful ? this.draw(board) : this.below(3) === 0 ? board.history.redo() : board.history.undo();
      case 9:
      case 10:
        return this.draw(board);
      default:
        return this.type(board);
    }
  }

  private readonly below = (n: number): number => Math.floor(this.random() * n);

  private pick<T>(all: readonly T[]): T | undefined {
    return all[this.below(all.length)];
  }

  private draw(board: BoardDocument): void {
    const now = performance.now();
    const stroke = board.startStroke([this.color()], now);
    for (let i = this.below(20); i >= 0; i--) stroke.add(this.below(4000), 10 * i, 100, now + i);
    stroke.end();
  }

  private erase(board: BoardDocument): void {
    const eraser = board.startErasing();
    for (const e of board.elements()) {
      if (e.ink === undefined || this.below(10) > 0) continue;
      const from = this.below(256 * e.count);
      eraser.erase(e.key, [{ from, to: from + 1 + this.below(5000) }]);
    }
    eraser.end();
  }

  private takeAway(board: BoardDocument): void {
    const all = [...board.elements()];
    if (!this.careful && this.below(40) === 0) return board.clear();
    const few = all.length < MAX_SHOWN;
    const gone = all.filter((e) => !(this.careful && e.kind === ElementKind.Text) && this.below(few ? 100 : 3) === 0);
    board.delete(gone.map((e) => e.key));
  }

  private type(board: BoardDocument): void {
    const text = this.pick([...board.elements()].filter((e) => e.kind === ElementKind.Text));
    const letter = this.letters.next();
    if (text === undefined || letter === undefined) return;
    const before = [...text.text];
    const at = this.below(before.length + 1);
    const gone = this.below(4) === 0 ? before.slice(at, at + 1 + this.below(3)) : [];
    const keep = at > 0 ? [{ kind: "keep" as const, n: at }] : [];
    const cut = gone.length > 0 ? [{ kind: "delete" as const, n: gone.length }] : [];
    board.editText(text.key, [...keep, { kind: "insert", text: letter }, ...cut]);
    if (board.get(text.key)?.text.includes(letter) !== true) return; // nothing may be written yet
    const { fates } = this.letters;
    fates.set(letter, "typed");
    for (const l of gone) if (fates.get(l) === "typed") fates.set(l, "deleted");
    const now = performance.now();
    this.recent = [...this.recent.filter((r) => r.at > now - UNSAFE_MS), ...[letter, ...gone].map((l) => ({ at: now, letter: l }))];
  }

  private readonly color = (): Setting => ({ register: Register.Color, value: colorValue(this.below(1 << 24)) });

  private readonly place = (): Setting => ({
    register: Register.Place,
    value: placeValue({ x: this.below(9000), y: this.below(9000), w: 1 + this.below(900), h: 1 + this.below(900), angle: this.below(36000) }),
  });

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
}
