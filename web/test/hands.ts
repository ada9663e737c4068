// What a person of a simulation or of chaos does at a page: every kind of op, at random.
import { ElementKind, Register, type Key, type Setting } from "../src/ot/types.ts";
import { colorValue, groupValue, placeValue, sizeValue, textValue } from "../src/ot/value.ts";
import type { BoardDocument } from "../src/sync/api.ts";

/** First of the letters that are typed. */
const LETTERS = 0x4e00;
const MAX_LETTERS = 20_000;
/** Elements on a board, before a third of them goes. */
const MAX_SHOWN = 200;

/** unknown: at most once there; free: typed or deleted by one who undoes, who may bring it back or take it away. */
type Fate = "typed" | "deleted" | "unknown" | "free";

/** What one who undoes makes has texts of this size, which nobody changes: undo may hide such a text while another types in it. */
const UNDOERS_SIZE = 777;
const UNDOERS: Setting = { register: Register.Size, value: sizeValue(UNDOERS_SIZE) };

/** The letters of all people: each is typed once. */
export class Letters {
  readonly fates = new Map<string, Fate>();

  /** hidden: letters of deleted texts are counted as well. */
  constructor(readonly hidden: boolean) {}

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
      const right = fate === "free" || (fate === "unknown" ? n <= 1 : n === (fate === "typed" ? 1 : 0));
      return right ? [] : [`letter ${letter.charCodeAt(0) - LETTERS}, ${fate}, is there ${n} times`];
    });
  }
}

/** How a person works. */
export interface Habits {
  /** A number below n. */
  readonly below: (n: number) => number;
  /** ms. */
  readonly now: () => number;
  /** What was done so shortly before a page died need not have been in its store, ms. */
  readonly unsafe: number;
  readonly undoes: boolean;
  /** Texts that are made: the fewer there are, the more people write in one. */
  readonly texts: number;
  /** Whether texts go and boards are cleared. */
  readonly deletesTexts: boolean;
  /** Most points of ink that are put down at once. */
  readonly ink: number;
  /** Of elements, one in so many is moved when some are; of strokes, one in so many is rubbed when some are, and split. */
  readonly moves: number;
  readonly rubs: number;
  readonly splits: number;
}

/** One person's hands. */
export class Hands {
  ops = 0;
  private recent: { readonly at: number; readonly letter: string }[] = [];

  constructor(
    private readonly habits: Habits,
    private readonly letters: Letters,
  ) {}

  /** The page died: what was done last may be lost. */
  died(): void {
    const { fates } = this.letters;
    for (const { letter } of this.unsafe()) if (fates.get(letter) !== "free") fates.set(letter, "unknown");
    this.recent = [];
  }

  act(board: BoardDocument): void {
    this.ops++;
    const { habits } = this;
    const all = [...board.elements()];
    const any = this.pick(all)?.key;
    switch (habits.below(16)) {
      case 0:
        return void board.create(ElementKind.Rectangle, [this.place()]);
      case 1:
        if (all.filter((e) => e.kind === ElementKind.Text).length >= habits.texts) return this.type(board);
        return void board.create(ElementKind.Text, habits.undoes ? [this.place(), UNDOERS] : [this.place()]);
      case 2:
        return void board.createInk([this.color()], Array.from({ length: 1 + habits.below(habits.ink) }, (_, i) => ({ x: habits.below(4000), y: i, p: 9, t: 5 * i })));
      case 3:
        return board.set(all.filter(() => this.oneIn(habits.moves)).map((e) => [e.key, [this.place()]]));
      case 4:
        return any === undefined ? undefined : board.set([[any, [this.setting(any)]], [any, [this.setting(any)]]]);
      case 5:
        return this.rub(board);
      case 6: {
        const ink = this.pick(all.filter((e) => e.ink !== undefined));
        return void (ink !== undefined && this.oneIn(habits.splits) && board.split(ink.key));
      }
      case 7:
        return this.takeAway(board);
      case 8:
      case 9:
        return habits.undoes ? this.goBack(board) : this.draw(board);
      case 10:
        return this.draw(board);
      default:
        return this.type(board);
    }
  }

  private readonly oneIn = (n: number): boolean => this.habits.below(n) === 0;

  private pick<T>(all: readonly T[]): T | undefined {
    return all[this.habits.below(all.length || 1)];
  }

  private draw(board: BoardDocument): void {
    const { below, now } = this.habits;
    const stroke = board.startStroke([this.color()]);
    for (let i = below(20); i >= 0; i--) stroke.add(below(4000), 10 * i, 100, now() + i);
    stroke.end();
  }

  /** Some steps at once: of those that are older others have written since. */
  private goBack({ history }: BoardDocument): void {
    const redo = this.oneIn(3);
    for (let i = this.habits.below(8); i >= 0; i--) redo ? history.redo() : history.undo();
  }

  private rub(board: BoardDocument): void {
    const { below, rubs } = this.habits;
    const eraser = board.startErasing();
    for (const e of board.elements()) {
      if (e.ink === undefined || !this.oneIn(rubs)) continue;
      const from = below(256 * e.count);
      eraser.erase(e.key, [{ from, to: from + 1 + below(5000) }]);
    }
    eraser.end();
  }

  private takeAway(board: BoardDocument): void {
    const { deletesTexts } = this.habits;
    if (deletesTexts && this.oneIn(20)) return board.clear();
    const all = [...board.elements()].filter((e) => deletesTexts || e.kind !== ElementKind.Text);
    const one = this.pick(all);
    board.delete(all.filter((e) => e === one || (all.length > MAX_SHOWN && this.oneIn(3))).map((e) => e.key));
  }

  private type(board: BoardDocument): void {
    const text = this.pick([...board.elements()].filter((e) => e.kind === ElementKind.Text));
    const letter = this.letters.next();
    if (text === undefined || letter === undefined) return;
    const before = [...text.text];
    const caret = this.habits.below(before.length + 1);
    const gone = this.habits.below(4) === 0 ? before.slice(caret, caret + 1 + this.habits.below(3)) : [];
    const keep = caret > 0 ? [{ kind: "keep" as const, n: caret }] : [];
    const cut = gone.length > 0 ? [{ kind: "delete" as const, n: gone.length }] : [];
    board.editText(text.key, [...keep, { kind: "insert", text: letter }, ...cut]);
    if (board.get(text.key)?.text.includes(letter) !== true) return; // nothing may be written yet
    const { fates, hidden } = this.letters, { undoes } = this.habits;
    fates.set(letter, undoes ? "free" : hidden || text.size !== UNDOERS_SIZE ? "typed" : "unknown");
    for (const l of gone) {
      if (undoes) fates.set(l, "free");
      else if (fates.get(l) === "typed") fates.set(l, "deleted");
    }
    const at = this.habits.now();
    this.recent = [...this.unsafe(), ...[letter, ...gone.filter((l) => fates.has(l))].map((l) => ({ at, letter: l }))];
  }

  private unsafe(): typeof this.recent {
    const safe = this.habits.now() - this.habits.unsafe;
    return this.recent.filter(({ at }) => at > safe);
  }

  private readonly color = (): Setting => ({ register: Register.Color, value: colorValue(this.habits.below(1 << 24)) });

  private readonly place = (): Setting => ({
    register: Register.Place,
    value: placeValue({ x: this.habits.below(9000), y: this.habits.below(9000), w: 1 + this.habits.below(900), h: 1 + this.habits.below(900), angle: this.habits.below(36000) }),
  });

  private setting(k: Key): Setting {
    const [replica = 0, counter = 0] = k.split(".").map(Number);
    switch (this.habits.below(3)) {
      case 0:
        return this.color();
      case 1:
        return { register: Register.Order, value: textValue(`U${this.habits.below(1000)}`) };
      default:
        return { register: Register.Group, value: groupValue({ replica, counter }) };
    }
  }
}
