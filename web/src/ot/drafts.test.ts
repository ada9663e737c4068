import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Board } from "./board.ts";
import { decodeOps, encodeOps } from "./codec.ts";
import { Overlay } from "./overlay.ts";
import { Loader, encodeTable } from "./table.ts";
import { EditBuilder, MAX_COMPONENTS, applyEdit, codePoints, fit, transform } from "./text.ts";
import { ElementKind, Register, key } from "./types.ts";
import type { Edit, ID, Key, Op } from "./types.ts";
import { boolValue, colorValue } from "./value.ts";

const OWN = 1;
const TEXT: ID = { replica: 2, counter: 1 };
const K = key(TEXT);

const keep = (n: number): EditBuilder => new EditBuilder().keep(n);
const textEdit = (edit: Edit, base = 0n, id = TEXT): Op => ({ kind: "textEdit", id, base, edit });

/** A view of a text that somebody else made, at revision 2, and what it tells. */
function begin(text: string): { overlay: Overlay; told: Edit[] } {
  const overlay = new Overlay(new Board(), OWN);
  overlay.confirm(1, 2, 1, [{ kind: "create", id: TEXT, element: ElementKind.Text, settings: [] }]);
  overlay.confirm(2, 2, 2, [textEdit(keep(0).insert(text).edit())]);
  const told: Edit[] = [];
  overlay.onText((_, edit) => told.push(edit));
  return { overlay, told };
}

/** Puts what was typed in batch n. */
function send(overlay: Overlay, n: number): Op {
  const taken = overlay.takeText(K);
  assert.ok(taken);
  const op = textEdit(taken.edit, taken.base);
  overlay.add({ n, ops: [op] });
  return op;
}

/** The same board, without its history. */
function copyOf(board: Board): Board {
  return new Loader(encodeTable(board)).board();
}

describe("SYN7: own edits of a text", () => {
  test("what is typed is seen at once, goes when nothing is on its way, and is gone from the drafts when it is confirmed", () => {
    const { overlay, told } = begin("ac");
    overlay.typed(K, keep(1).insert("b").edit());
    assert.equal(overlay.get(K)?.text, "abc");
    assert.deepEqual(overlay.textsToTake(), [K]);
    const op = send(overlay, 1);
    assert.deepEqual(op, textEdit(keep(1).insert("b").edit(), 2n));
    overlay.typed(K, keep(3).insert("d").edit());
    assert.deepEqual([overlay.textsToTake(), overlay.takeText(K)], [[], undefined]);
    overlay.confirm(3, OWN, 1, [textEdit(keep(1).insert("b").edit())]);
    assert.equal(overlay.get(K)?.text, "abcd");
    assert.deepEqual(overlay.takeText(K), { edit: keep(3).insert("d").edit(), base: 3n });
    assert.deepEqual(told, []);
  });

  test("a deletion outlives a snapshot that is older than its text", () => {
    const { overlay, told } = begin("ab");
    const older = copyOf(overlay.confirmed); // revision 2
    const x = textEdit(keep(2).insert("x").edit());
    overlay.confirm(3, 2, 3, [x]);
    overlay.typed(K, keep(0).insert("-").edit());
    const sent = send(overlay, 1);
    overlay.typed(K, keep(3).delete(1).edit()); // the x
    told.length = 0;
    overlay.rebase(older, overlay.pending, 2);
    assert.equal(overlay.get(K)?.text, "-ab");
    overlay.confirm(3, 2, 3, [x]); // again
    overlay.confirm(4, OWN, 1, [sent]);
    assert.equal(overlay.confirmed.get(K)?.text, "-abx");
    assert.equal(overlay.get(K)?.text, "-ab");
    assert.deepEqual(overlay.takeText(K), { edit: keep(3).delete(1).edit(), base: 4n });
    assert.deepEqual(told, []);
  });

  test("an edit after an older snapshot says what it is made on; of another history, it is brought over", () => {
    const { overlay } = begin("ab");
    const older = copyOf(overlay.confirmed);
    overlay.confirm(3, 2, 3, [textEdit(keep(2).insert("xy").edit())]);
    overlay.typed(K, keep(2).delete(1).edit());
    overlay.rebase(older, [], 2);
    assert.deepEqual(overlay.pendingText(K).waiting, keep(2).delete(1).edit());
    overlay.confirm(3, 2, 3, [textEdit(keep(0).insert("z").edit())]); // another history
    assert.equal(overlay.get(K)?.text, "zab");
    const { overlay: same } = begin("ab");
    same.confirm(3, 2, 3, [textEdit(keep(2).insert("x").edit())]);
    same.typed(K, keep(2).delete(1).edit());
    same.rebase(copyOf(older), [], 2);
    assert.deepEqual(same.takeText(K), { edit: keep(2).delete(1).edit(), base: 3n });
  });

  test("what others type comes between the confirmed text and the drafts, left of them at one place", () => {
    const { overlay, told } = begin("ab");
    overlay.typed(K, keep(1).insert("1").edit());
    send(overlay, 1);
    overlay.typed(K, keep(2).insert("2").edit());
    overlay.confirm(3, 2, 3, [textEdit(keep(1).insert("x").edit())]);
    assert.equal(overlay.get(K)?.text, "ax12b");
    assert.deepEqual(told, [keep(1).insert("x").edit()]);
    assert.deepEqual(overlay.pendingText(K), { out: keep(2).insert("1").edit(), waiting: keep(3).insert("2").edit() });
    assert.deepEqual(overlay.confirm(4, OWN, 1, [textEdit(keep(2).insert("1").edit())]).size, 0);
    assert.equal(overlay.get(K)?.text, "ax12b");
  });

  test("OT13: what waits counts as later too, and the view tells where exactly others typed", () => {
    const { overlay, told } = begin("aa");
    overlay.typed(K, keep(0).insert("1").edit());
    overlay.confirm(3, 2, 3, [textEdit(keep(0).insert("x").edit())]);
    assert.equal(overlay.get(K)?.text, "x1aa");
    overlay.confirm(4, 2, 4, [textEdit(keep(2).insert("a").edit())]);
    assert.deepEqual(told, [keep(0).insert("x").edit(), keep(3).insert("a").edit()]);
    assert.deepEqual(overlay.takeText(K), { edit: keep(1).insert("1").edit(), base: 4n });
  });

  test("an edit of which nothing is left is missing from its record", () => {
    const { overlay, told } = begin("ab");
    overlay.typed(K, keep(1).delete(1).edit());
    send(overlay, 1);
    overlay.confirm(3, 2, 3, [textEdit(keep(0).delete(2).edit())]);
    overlay.typed(K, keep(0).insert("z").edit());
    assert.equal(overlay.takeText(K), undefined);
    overlay.confirm(4, OWN, 1, []);
    assert.equal(overlay.get(K)?.text, "z");
    assert.deepEqual(overlay.takeText(K), { edit: keep(0).insert("z").edit(), base: 4n });
    assert.equal(told.length, 1);
  });

  test("a refused edit is rolled back, and what was typed since stays", () => {
    const { overlay, told } = begin("ab");
    overlay.typed(K, keep(1).insert("123").edit());
    send(overlay, 1);
    overlay.typed(K, keep(2).delete(1).edit());
    overlay.typed(K, keep(3).insert("4").edit());
    assert.equal(overlay.get(K)?.text, "a134b");
    overlay.drop(1, [0]);
    assert.equal(overlay.get(K)?.text, "a4b");
    assert.equal(told.reduce(applyEdit, "a134b"), "a4b");
    overlay.confirm(3, OWN, 1, []);
    assert.equal(overlay.get(K)?.text, "a4b");
  });

  test("a text of one's own is typed into before it is confirmed, and purged texts take their drafts along", () => {
    const overlay = new Overlay(new Board(), OWN);
    const id = { replica: OWN, counter: 1 };
    const make: Op[] = [{ kind: "create", id, element: ElementKind.Text, settings: [] }];
    overlay.add({ n: 1, ops: make });
    overlay.typed("1.1", keep(0).insert("hi").edit());
    const taken = overlay.takeText("1.1");
    assert.deepEqual(taken, { edit: keep(0).insert("hi").edit(), base: 0n });
    overlay.add({ n: 2, ops: [textEdit(taken?.edit ?? [], 0n, id)] });
    overlay.confirm(1, OWN, 1, make);
    assert.equal(overlay.get("1.1")?.text, "hi");
    overlay.confirm(2, 2, 1, [textEdit(keep(0).insert("x").edit(), 0n, id), { kind: "set", id, settings: [{ register: Register.Deleted, value: boolValue(true) }] }]);
    assert.equal(overlay.get("1.1")?.text, "xhi");
    overlay.typed("1.1", keep(3).insert("!").edit());
    overlay.confirm(3, 0, 0, [{ kind: "purge", ranges: [{ replica: OWN, first: 1, count: 1 }] }]);
    assert.equal(overlay.get("1.1"), undefined);
    overlay.confirm(4, OWN, 2, []);
    assert.deepEqual([overlay.textsToTake(), overlay.waitingTexts().size], [[], 0]);
  });

  test("a second edit on its way, which SYN7 rules out, is seen once it is confirmed", () => {
    const { overlay, told } = begin("ab");
    overlay.add({ n: 1, ops: [textEdit(keep(1).insert("1").edit(), 2n)] });
    overlay.add({ n: 2, ops: [textEdit(keep(0).insert("2").edit(), 2n)] });
    assert.equal(overlay.get(K)?.text, "a1b");
    overlay.confirm(3, OWN, 1, [textEdit(keep(1).insert("1").edit())]);
    overlay.confirm(4, OWN, 2, [textEdit(keep(0).insert("2").edit())]);
    assert.equal(overlay.get(K)?.text, "2a1b");
    assert.equal(overlay.get(K), overlay.confirmed.get(K));
    assert.equal(told.reduce(applyEdit, "ab"), "2a1b");
  });

  test("an edit with more components than an op may have goes in two", () => {
    const { overlay } = begin("ab".repeat(3000));
    const every = new EditBuilder();
    for (let i = 0; i < 3000; i++) every.keep(1).delete(1);
    overlay.typed(K, every.edit());
    const seen = overlay.get(K)?.text;
    for (let revision = 3; overlay.textsToTake().length > 0; revision++) {
      const op = send(overlay, revision);
      assert.ok(op.kind === "textEdit" && op.edit.length <= MAX_COMPONENTS);
      overlay.confirm(revision, OWN, revision, [{ ...op, base: 0n }]);
    }
    assert.equal(overlay.revision, 4);
    assert.deepEqual([overlay.get(K)?.text, overlay.confirmed.get(K)?.text], [seen, "a".repeat(3000)]);
  });

  test("what others do to a text with drafts does not touch them", () => {
    const { overlay } = begin("ab");
    overlay.typed(K, keep(2).insert("c").edit());
    overlay.confirm(3, 2, 3, [{ kind: "set", id: TEXT, settings: [{ register: Register.Deleted, value: boolValue(true) }] }]);
    assert.deepEqual([overlay.get(K)?.text, overlay.get(K)?.deleted], ["abc", true]);
    overlay.confirm(4, 2, 4, [{ kind: "set", id: TEXT, settings: [{ register: Register.Deleted, value: boolValue(false) }] }]);
    assert.deepEqual([overlay.get(K)?.text, overlay.get(K)?.deleted], ["abc", false]);
  });

  test("carets go from the confirmed text to the view and back", () => {
    const { overlay } = begin("abcd");
    overlay.typed(K, keep(1).insert("12").delete(1).edit());
    send(overlay, 1);
    overlay.typed(K, keep(0).insert("3").edit());
    assert.equal(overlay.get(K)?.text, "3a12cd");
    assert.deepEqual([0, 1, 2, 3, 4].map((p) => overlay.viewPosition(K, p)), [0, 2, 4, 5, 6]);
    assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((p) => overlay.confirmedPosition(K, p)), [0, 0, 1, 2, 2, 3, 4]);
  });

  test("after a snapshot with the edit in it, it is not seen twice, and what waits stays at its place", () => {
    const { overlay, told } = begin("ab");
    overlay.typed(K, keep(1).insert("1").edit());
    send(overlay, 1);
    overlay.typed(K, keep(2).insert("2").edit());
    const board = copyOf(overlay.confirmed);
    board.apply(3, 2, [textEdit(keep(0).insert("xyz").edit())]);
    board.apply(4, OWN, [textEdit(keep(4).insert("1").edit())]);
    overlay.rebase(board, [], 4);
    assert.equal(overlay.get(K)?.text, "xyza12b");
    assert.deepEqual(overlay.takeText(K), { edit: keep(5).insert("2").edit(), base: 4n });
    assert.equal(told.reduce(applyEdit, "a12b"), "xyza12b");
  });

  test("after a snapshot without the edit it is seen where it may be, and where it is once its record comes", () => {
    const { overlay, told } = begin("aab");
    overlay.typed(K, keep(1).insert("123").edit());
    const op = send(overlay, 1);
    overlay.typed(K, keep(2).delete(1).edit());
    overlay.typed(K, keep(3).insert("4").edit());
    const board = copyOf(overlay.confirmed);
    board.apply(3, 2, [textEdit(keep(1).insert("a").edit())]); // seen as if it came behind the other a
    overlay.rebase(board, [{ n: 1, ops: [op] }], 3);
    assert.deepEqual(overlay.pending, [{ n: 1, ops: [op] }]);
    const seen = overlay.get(K)?.text ?? "";
    assert.equal(told.reduce(applyEdit, "a134ab"), seen);
    assert.deepEqual([...seen].sort().join(""), "134aaab");
    overlay.confirm(4, OWN, 1, [textEdit(keep(2).insert("123").edit())]);
    assert.equal(overlay.get(K)?.text, "aa134ab");
    assert.equal(told.reduce(applyEdit, "a134ab"), "aa134ab");
    const rest = overlay.takeText(K);
    assert.equal(applyEdit("aa123ab", rest?.edit ?? []), "aa134ab");
  });

  test("an edit of an earlier visit is seen from the first snapshot on", () => {
    const op = textEdit(keep(1).insert("!").edit(), 1n);
    const overlay = new Overlay(new Board(), OWN, [{ n: 3, ops: [op] }]);
    const { overlay: other } = begin("ab");
    overlay.rebase(copyOf(other.confirmed), [{ n: 3, ops: [op] }], 2);
    assert.equal(overlay.get(K)?.text, "a!b");
    overlay.typed(K, keep(3).insert("?").edit());
    overlay.rebase(copyOf(other.confirmed), [], 2); // it was durable, and somebody deleted it
    assert.equal(overlay.get(K)?.text, "ab?");
  });
});

// ---- A simulation: views, a server that transforms by its log, and a net that loses connections.

class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(n: number): number {
    this.#state = (this.#state * 48271) % 2147483647;
    return this.#state % n;
  }
  one<T>(of: readonly T[]): T | undefined {
    return of[this.below(of.length)];
  }
}

interface LogRecord {
  readonly revision: number;
  readonly author: number;
  readonly n: number;
  readonly ops: Uint8Array;
}

interface Sent {
  readonly n: number;
  readonly bytes: Uint8Array;
}

class Server {
  readonly board = new Board();
  readonly log: LogRecord[] = [];
  readonly last = new Map<number, number>();
  readonly refused: { readonly author: number; readonly n: number; readonly indexes: readonly number[] }[] = [];
  readonly #edits: { readonly revision: number; readonly k: Key; readonly edit: Edit }[] = [];

  take(author: number, { n, bytes }: Sent, refuses: boolean): void {
    const last = this.last.get(author) ?? 0;
    if (n <= last) return;
    assert.equal(n, last + 1, "batches come in order");
    this.last.set(author, n);
    const sent = decodeOps(bytes);
    const kept = sent.filter((op) => !(refuses && op.kind === "textEdit"));
    if (kept.length < sent.length) this.refused.push({ author, n, indexes: sent.flatMap((op, i) => (kept.includes(op) ? [] : [i])) });
    const revision = this.log.length + 1;
    const ops = kept.map((op) => (op.kind === "textEdit" ? this.#rebased(op) : op)).filter((op) => op !== undefined);
    for (const op of ops) {
      if (op.kind === "textEdit") this.#edits.push({ revision, k: key(op.id), edit: op.edit });
    }
    this.board.apply(revision, author, ops);
    this.log.push({ revision, author, n, ops: encodeOps(ops) });
  }

  #rebased(op: Extract<Op, { kind: "textEdit" }>): Op | undefined {
    const k = key(op.id);
    let { edit } = op;
    for (const later of this.#edits) if (later.k === k && BigInt(later.revision) > op.base) edit = transform(edit, later.edit, "later");
    edit = fit(edit, codePoints(this.board.get(k)?.text ?? ""));
    return edit.length === 0 ? undefined : { ...op, base: 0n, edit };
  }
}

class Client {
  overlay: Overlay;
  readonly outbox: Sent[] = [];
  /** Of the batches on their way on this connection, those that the server has not had. */
  up: Sent[] = [];
  connected = true;
  #next = 1;
  #counter = 0;
  #refusals = 0;
  /** What a text area shows, kept by the edits that the view tells of. */
  readonly areas = new Map<Key, string>();

  constructor(
    readonly replica: number,
    readonly server: Server,
    readonly world: World,
  ) {
    this.overlay = new Overlay(new Board(), replica);
    this.overlay.onText((k, edit) => this.areas.set(k, applyEdit(this.areas.get(k) ?? "", edit)));
  }

  submit(ops: readonly Op[]): void {
    const batch = { n: this.#next++, bytes: encodeOps(ops) };
    this.overlay.add({ n: batch.n, ops });
    this.outbox.push(batch);
    if (this.connected) this.up.push(batch);
  }

  make(): void {
    const id = { replica: this.replica, counter: ++this.#counter };
    this.submit([{ kind: "create", id, element: ElementKind.Text, settings: [] }]);
    if (this.world.rng.below(2) === 0) this.type(key(id));
  }

  /** Types, deletes or replaces somewhere in a text of the view. */
  type(k: Key): void {
    const { rng } = this.world;
    const text = this.overlay.get(k)?.text ?? "";
    const letters = [...text];
    const from = rng.below(letters.length + 1);
    const gone = rng.below(3) === 0 ? letters.slice(from, from + 1 + rng.below(4)) : [];
    const fresh = gone.length === 0 || rng.below(2) === 0 ? this.world.letters(1 + rng.below(3)) : "";
    for (const letter of gone) this.world.deleted.add(letter);
    const edit = keep(from).insert(fresh).delete(gone.length).edit();
    this.overlay.typed(k, edit);
    this.areas.set(k, applyEdit(this.areas.get(k) ?? "", edit));
    for (const letter of fresh) this.world.writers.set(letter, this);
  }

  pump(): void {
    for (const k of this.overlay.textsToTake()) {
      const taken = this.overlay.takeText(k);
      const [replica = 0, counter = 0] = k.split(".").map(Number);
      if (!taken) continue;
      const others: Op[] = this.world.rng.below(4) === 0 ? [{ kind: "set", id: { replica, counter }, settings: [{ register: Register.Color, value: colorValue(this.#next) }] }] : [];
      this.submit([...others, textEdit(taken.edit, taken.base, { replica, counter })]);
    }
  }

  /** The server takes the next batch on its way. */
  deliver(refuses: boolean): void {
    const batch = this.up.shift();
    if (batch) this.server.take(this.replica, batch, refuses);
  }

  /** The next record comes; refusals come on another stream, before it or after it. */
  hear(): void {
    if (this.world.rng.below(2) === 0) this.hearRefusals();
    const record = this.server.log[this.overlay.revision];
    if (!record) return;
    this.overlay.confirm(record.revision, record.author, record.n, record.ops.length === 0 ? [] : decodeOps(record.ops));
    if (record.author === this.replica) this.acknowledge(record.n);
  }

  hearRefusals(): void {
    for (; this.#refusals < this.server.refused.length; this.#refusals++) {
      const refusal = this.server.refused[this.#refusals];
      if (refusal?.author === this.replica) this.overlay.drop(refusal.n, refusal.indexes);
    }
  }

  acknowledge(n: number): void {
    while ((this.outbox[0]?.n ?? Infinity) <= n) this.outbox.shift();
  }

  lose(): void {
    this.connected = false;
    this.up = [];
  }

  /** A connection again: the records since, or a snapshot; what is not durable is sent again as it was. */
  join(snapshot: boolean): void {
    this.connected = true;
    const durable = this.server.last.get(this.replica) ?? 0;
    if (snapshot) {
      const pending = this.overlay.pending.filter((b) => b.n > durable);
      this.overlay.rebase(copyOf(this.server.board), pending, this.server.log.length);
      for (const e of this.overlay.elements()) if (!this.areas.has(e.key)) this.areas.set(e.key, e.text);
      this.acknowledge(durable);
    }
    this.up = this.outbox.filter((b) => b.n > durable);
  }

  get settled(): boolean {
    return this.overlay.revision === this.server.log.length && this.outbox.length === 0 && this.overlay.waitingTexts().size === 0;
  }

  /** Every text area shows what the view has. */
  check(hint: string): void {
    for (const e of this.overlay.elements()) if (e.kind === ElementKind.Text) assert.equal(this.areas.get(e.key) ?? "", e.text, hint);
  }
}

class World {
  readonly rng: Random;
  readonly server = new Server();
  readonly clients: Client[];
  readonly deleted = new Set<string>();
  readonly writers = new Map<string, Client>();
  #letters = 0;

  constructor(seed: number, clients: number, readonly refuses: boolean, readonly snapshots: boolean) {
    this.rng = new Random(seed);
    this.clients = Array.from({ length: clients }, (_, i) => new Client(i + 1, this.server, this));
  }

  /** Letters that nobody has typed before; every other one is outside the first plane. */
  letters(n: number): string {
    return Array.from({ length: n }, () => String.fromCodePoint((this.#letters++ % 2 === 0 ? 0x4e00 : 0x20000) + (this.#letters >> 1))).join("");
  }

  step(): void {
    const client = this.rng.one(this.clients) as Client;
    const what = this.rng.below(20);
    const texts = [...client.overlay.elements()].map((e) => e.key);
    const k = this.rng.one(texts);
    if (!k || this.rng.below(60) === 0) client.make();
    else if (what < 7) client.type(k);
    else if (what < 10) client.pump();
    else if (what < 14 && client.connected) client.deliver(this.refuses && this.rng.below(12) === 0);
    else if (what < 18 && client.connected) client.hear();
    else if (what === 18 && this.rng.below(3) === 0) client.lose();
    else if (what === 19 && !client.connected) client.join(this.snapshots && this.rng.below(2) === 0);
    else if (what === 19 && this.snapshots && this.rng.below(4) === 0) {
      client.lose(); // a resync while connected
      client.join(true);
    }
  }

  /** Everybody is connected and everything is delivered. */
  rest(): void {
    for (const c of this.clients) if (!c.connected) c.join(false);
    for (let i = 0; i < 10_000 && !this.clients.every((c) => c.settled); i++) {
      for (const c of this.clients) {
        c.pump();
        c.deliver(false);
        c.hear();
        c.hearRefusals();
      }
    }
    assert.ok(this.clients.every((c) => c.settled), "comes to rest");
  }
}

function run(seed: number, refuses: boolean, snapshots: boolean): void {
  const world = new World(seed * 7919, 2 + (seed % 3), refuses, snapshots);
  for (let i = 0; i < 500; i++) {
    world.step();
    if (i % 10 === 0) for (const c of world.clients) c.check(`seed ${seed}, step ${i}`);
  }
  world.rest();
  const hash = world.server.board.hash();
  const letters = world.server.board.created.map((e) => e.text).join("");
  for (const c of world.clients) {
    c.check(`seed ${seed}`);
    assert.deepEqual(c.overlay.confirmed.hash(), hash, `seed ${seed}`);
    for (const e of world.server.board.created) assert.equal(c.overlay.get(e.key)?.text, e.text, `seed ${seed}`);
  }
  assert.equal(new Set(letters).size, [...letters].length, `seed ${seed}: a letter is there twice`);
  if (refuses) return; // what was refused is gone
  for (const letter of world.writers.keys()) {
    assert.equal(letters.includes(letter), !world.deleted.has(letter), `seed ${seed}: ${letter} is lost, or deleted and there`);
  }
}

for (let seed = 1; seed <= 25; seed++) {
  test(`SYN7: connections are lost and resumed: all see the same, no letter is lost or doubled (seed ${seed})`, () => run(seed, false, false));
  test(`SYN7: as well with snapshots (seed ${seed})`, () => run(seed, false, true));
  test(`SYN7: as well with refusals: all see the same, no letter is doubled (seed ${seed})`, () => run(seed, true, seed % 2 === 0));
}
