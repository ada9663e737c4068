// Seeded simulation: the page's own sync code against the real server, which is killed and started again, over networks
// that delay, reorder streams, stall, break and, with some seeds, lose records, while pages die and come back, and boards
// wait for videos that are late and sought in; with some seeds Go clients work in the same room. At rest everybody has the
// same board, and every letter that was typed once; undo takes none of those who never undo.
//
//   SIMULATE=n   new seeds until n ops were made      SEED=s   one seed
//
// A seed fixes what is done and when; how the processes interleave it does not.
import assert from "node:assert/strict";
import { appendFileSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../e2e/support/server.ts";
import { createRoomIn } from "../src/sync/createroom.ts";
import { roomCode } from "../src/sync/names.ts";
import type { BoardDocument } from "../src/sync/api.ts";
import { BadNetwork } from "./bad-network.ts";
import { BadStreams } from "./bad-streams.ts";
import { Guests, type GuestState } from "./guests.ts";
import { Hands, Letters } from "./hands.ts";
import { environment, KeptStore, NodePage, type Place } from "./simulation-page.ts";

const SHORT_RUN = 1500;
const LONG_RUN = 10_000;
const PATIENCE_MS = 90_000;
/** Seeds of runs that failed once; every test runs them. */
const BAD_SEEDS = "test/testdata/simulation/seeds.txt";
/** Where records get lost, one message of them in so many. */
const LOSES_ONE_IN = 300;
/** A machine that stood still for so long may have heard nothing from one heart tick to the next, ms. */
const STOOD_MS = 5000;
const WATCH_MS = 50;
/** What was done so shortly before a page died need not have been in its store. */
const UNSAFE_MS = 500;

/** Numbers from 0 up to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !holds(); await sleep(20)) assert.ok(performance.now() < end, what);
}

class Person {
  page: NodePage;
  board: BoardDocument;
  /** How late the video is that the boards wait for (ALN2), ms; undefined: there is none. */
  behind: number | undefined;

  constructor(
    private readonly place: Place,
    readonly network: BadNetwork,
    readonly hands: Hands,
    private readonly looksAt: () => string,
  ) {
    [this.page, this.board] = this.open();
  }

  get name(): string {
    return this.place.name;
  }

  reload(): void {
    this.page.kill();
    this.hands.died();
    [this.page, this.board] = this.open();
  }

  /** A frame of the video. */
  frame(): void {
    const { alignment } = this.page.session;
    const now = alignment.now();
    if (now !== undefined) alignment.show(this.behind === undefined ? "now" : now - 1000 * this.behind);
  }

  /** Synced, with nothing unsent. */
  get rests(): boolean {
    const { value } = this.page.session.connection;
    return value.kind === "synced" && value.unsent === 0;
  }

  private open(): [NodePage, BoardDocument] {
    const page = new NodePage(this.place);
    return [page, page.look(this.looksAt())];
  }
}

/** What is special about a seed. */
interface Conditions {
  /** Letters are counted, so that no text is deleted. */
  readonly careful: boolean;
  /** Who undoes: one person in so many, 0: nobody. */
  readonly undoers: number;
  /** Records get lost between server and pages. */
  readonly loses: boolean;
  /** Go clients work too, which come to the server by this route. */
  readonly guests: "websocket" | "webtransport" | undefined;
}

/** What servers did. */
class Done {
  /** Elements taken off boards for good (OT16). */
  purged = 0;
  /** Snapshots stored, but for those of servers that were stopped. */
  snapshots = 0;
  /** Of servers with such snapshots. */
  kills = 0;
}

class Simulation {
  readonly people: Person[] = [];
  readonly letters = new Letters(false);
  private readonly networks: BadNetwork[] = [];
  private readonly streams: BadStreams[] = [];
  private readonly random: () => number;
  private readonly events = new Map<string, number>();
  /** How often pages asked for a document anew. */
  private repairs = 0;
  private awakeAt = performance.now();
  private stood = false;
  /** How long pages ran, ms: while this process stands still their stores get nothing either. */
  private lived = 0;
  private readonly watch = setInterval(() => {
    const passed = performance.now() - this.awakeAt;
    this.stood ||= passed > STOOD_MS;
    this.lived += Math.min(passed, 2 * WATCH_MS);
    this.awakeAt = performance.now();
  }, WATCH_MS);
  private room = 0n;
  private first = "";
  private guests: Guests | undefined;
  private guestOps = 0;

  constructor(
    readonly seed: number,
    private readonly conditions: Conditions,
    private readonly server: Server,
    private readonly done: Done,
  ) {
    this.random = seeded(seed);
  }

  get ops(): number {
    return this.people.reduce((sum, p) => sum + p.hands.ops, 0);
  }

  private readonly below = (n: number): number => Math.floor(this.random() * n);

  async begin(): Promise<void> {
    const place = { port: this.server.port, store: new KeptStore(), random: this.random };
    this.room = await createRoomIn(environment(place), await this.token("maker"), "lesson");
    const look = new NodePage({ ...place, room: this.room, token: await this.token("maker"), name: "maker" });
    await until("no page", () => look.session.pages.value.length > 0);
    this.first = look.session.pages.value[0] ?? "";
    look.kill();
    for (let n = 2 + this.below(11); n > 0; n--) await this.join();
    if (this.conditions.guests !== undefined) await this.invite(this.conditions.guests);
  }

  private async invite(route: string): Promise<void> {
    const network = await BadNetwork.open(this.server.port, this.random); // of WebSockets
    this.networks.push(network);
    network.delay = [0, this.below(120)];
    const care = this.conditions.careful ? ["--careful"] : [];
    const settings = ["--transport", route, "--clients", "3", "--writers", "3", "--seed", String(this.seed), ...care];
    this.guests = new Guests(`http://127.0.0.1:${network.port}`, roomCode(this.room), ...settings);
  }

  async join(): Promise<Person> {
    const name = `person ${this.people.length + 1}`;
    const network = await BadNetwork.open(this.server.port, this.random);
    this.networks.push(network);
    const most = this.below(120);
    network.delay = [this.below(most + 1), most];
    const streams = new BadStreams(this.below(100), this.conditions.loses ? LOSES_ONE_IN : 0, this.random);
    this.streams.push(streams);
    const place = { room: this.room, token: await this.token(name), name, port: network.port, store: new KeptStore(), random: this.random, streams };
    const person = new Person(place, network, this.hands(), () => this.first);
    this.people.push(person);
    return person;
  }

  private hands(): Hands {
    const { below, conditions: { careful, undoers } } = this;
    const undoes = undoers > 0 && this.people.length % undoers === 0;
    const habits = { below, now: () => this.lived, unsafe: UNSAFE_MS, undoes, texts: undoers > 1 ? 3 : Infinity, deletesTexts: !careful, ink: 60, moves: 20, rubs: 10, splits: 4 };
    return new Hands(habits, this.letters);
  }

  async work(ops: number): Promise<void> {
    await this.workUntil(ops / 2);
    await this.killServer(); // the board is read from a snapshot, and the records after it
    await this.workUntil(ops);
  }

  private async workUntil(ops: number): Promise<void> {
    while (this.ops < ops) {
      const person = this.people[this.below(this.people.length)];
      for (let i = this.below(12); i >= 0; i--) person?.hands.act(person.board);
      for (const p of this.people) p.frame();
      if (this.below(60) === 0 && person !== undefined) await this.disturb(person);
      await sleep(this.below(25));
    }
  }

  private async disturb(person: Person): Promise<void> {
    const happens = (what: string): void => void this.events.set(what, (this.events.get(what) ?? 0) + 1);
    switch (this.below(9)) {
      case 0:
      case 1:
        happens("reload");
        return person.reload();
      case 2:
        happens("cut");
        return person.network.cut();
      case 3:
        happens("stall");
        return person.network.stall(this.below(3000));
      case 4:
        happens("offline");
        person.network.setDown(true);
        return void setTimeout(() => person.network.setDown(false), this.below(3000));
      case 5:
        happens("video");
        return void (person.behind = this.below(3) === 0 ? undefined : this.below(1500));
      case 6:
        happens("seek");
        return void (person.behind = this.below(6000));
      case 7:
        happens("kill -9");
        return this.killServer();
      default:
        happens("stop");
        await this.count();
        await this.server.stop();
        return this.server.start();
    }
  }

  private async killServer(): Promise<void> {
    const before = this.done.snapshots;
    await this.count();
    if (this.done.snapshots > before) this.done.kills++;
    await this.server.kill();
    return this.server.start();
  }

  private get lost(): number {
    return this.streams.reduce((sum, { lost }) => sum + lost, 0);
  }

  /** What the running server says; a new one begins at 0. */
  private async count(): Promise<void> {
    this.repairs += await this.server.metric("chalkline_room_resyncs_total", 'cause="client"');
    this.done.purged += await this.server.metric("chalkline_room_purged_elements_total");
    this.done.snapshots += await this.server.metric("chalkline_room_snapshot_seconds_count");
    assert.deepEqual(this.server.log.filter((line) => /snapshot (not stored|is not used|cannot be made)/.test(line)), []);
  }

  /**
   * A snapshot mends a divergence before rest could see it (REC3). Where nothing of a connection is lost, nobody may ever
   * have had to ask for one.
   */
  private checkRepairs(): void {
    if (this.lost > 0 || this.stood) return;
    const told = this.server.log.filter((line) => line.includes("client resyncs"));
    assert.equal(this.repairs, 0, `seed ${this.seed}: pages asked for documents anew: ${told.join("\n")}`);
  }

  async rest(): Promise<void> {
    await sleep(3000); // whoever is offline is back
    for (const p of this.people) {
      p.network.setDown(false);
      p.behind = undefined;
      p.frame();
    }
    await this.join();
    for (const p of this.people) await until(`seed ${this.seed}: ${p.name}: ${JSON.stringify(p.page.session.connection.value)}`, () => p.rests);
    const guests = await this.together();
    const [first, ...others] = this.people;
    const seen = (p: Person | undefined): unknown[] => [...(p?.board.elements() ?? [])].map((e) => [e.key, e.count, e.text, e.color]);
    for (const p of others) {
      assert.equal(p.board.hash(), first?.board.hash(), `seed ${this.seed}: hash of ${p.name}`);
      assert.deepEqual(seen(p), seen(first), `seed ${this.seed}: board of ${p.name}`);
    }
    for (const [i, { hash, differing, ops }] of guests.entries()) {
      assert.ok(ops > 0, `seed ${this.seed}: guest ${i + 1} did nothing`);
      assert.equal(hash, first?.board.hash(), `seed ${this.seed}: hash of guest ${i + 1}`);
      assert.equal(differing, 0, `seed ${this.seed}: guest ${i + 1} had another state than the server`);
    }
    this.guestOps = guests.reduce((sum, { ops }) => sum + ops, 0);
    await this.count();
    this.checkRepairs();
    const texts = [...(first?.board.elements() ?? [])].map((e) => e.text).join("");
    if (this.conditions.careful) assert.deepEqual(this.letters.faults(texts), [], `seed ${this.seed}`);
  }

  /** Waits until everybody is at one revision; purges may still come. Returns what the guests have. */
  private async together(): Promise<readonly GuestState[]> {
    const revisions = (): Set<bigint> => new Set(this.people.map((p) => p.board.revision));
    for (const end = performance.now() + PATIENCE_MS; ; await sleep(20)) {
      const guests = (await this.guests?.states()) ?? [];
      const all = revisions();
      for (const { revision } of guests) all.add(BigInt(revision));
      if (all.size === 1 && this.people.every((p) => p.rests)) return guests;
      assert.ok(performance.now() < end, `seed ${this.seed}: revisions ${[...all].join()}`);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.watch);
    await this.guests?.close();
    for (const p of this.people) p.page.kill();
    for (const network of this.networks) await network.close();
  }

  toString(): string {
    return `seed ${this.seed}: ${this.people.length} people, ${this.ops} ops, ${this.guestOps} of guests, ${this.letters.fates.size} letters, ${this.lost} lost, ${this.repairs} repaired; ${JSON.stringify(Object.fromEntries(this.events))}`;
  }

  private async token(name: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.server.port}/api/token`, { method: "POST", body: JSON.stringify({ name }) });
    const { token } = (await response.json()) as { token: string };
    return token;
  }
}

const done = new Done();

function conditions(seed: number): Conditions {
  const route = seed % 5 < 3 ? "webtransport" : "websocket";
  return { careful: seed % 4 !== 1, undoers: [0, 1, 0, 2][seed % 4] ?? 0, loses: seed % 3 === 0, guests: seed % 3 === 1 ? undefined : route };
}

async function simulate(seed: number, ops: number): Promise<number> {
  const server = await Server.start("--max-queue", "65536", "--purge-after", String(1 + (seed % 5)), "--snapshot-every", String(20 + (seed % 100)));
  const s = new Simulation(seed, conditions(seed), server, done);
  try {
    await s.begin();
    await s.work(ops);
    await s.rest();
    console.log(`${s.toString()}; in all ${JSON.stringify(done)}`);
    return s.ops;
  } finally {
    await s.close();
    await server.close();
  }
}

/** What the simulations are there for happened. */
function check(): void {
  for (const [what, times] of Object.entries(done)) assert.ok(times > 0, `no ${what} in ${JSON.stringify(done)}`);
}

function badSeeds(): number[] {
  const lines = readFileSync(BAD_SEEDS, "utf8").split("\n").map((line) => line.replace(/#.*/, "").trim());
  return lines.filter((line) => line !== "").map(Number);
}

const wanted = Number(process.env["SIMULATE"] ?? 0);
const only = Number(process.env["SEED"] ?? 0);
if (only > 0) {
  test(`simulation against the server, seed ${only}`, async () => void (await simulate(only, LONG_RUN)));
} else if (wanted > 0) {
  test(`simulation against the server, ${wanted} ops`, async () => {
    const began = performance.now();
    let ops = 0;
    const failures: unknown[] = [];
    for (let seed = Math.floor(Date.now() / 1000) % 1_000_000_000; ops < wanted; seed++) {
      console.log(`seed ${seed} begins`);
      try {
        ops += await simulate(seed, LONG_RUN);
      } catch (failure) {
        console.log(`seed ${seed} fails: ${String(failure)}`);
        appendFileSync(BAD_SEEDS, `${seed}\n`);
        failures.push(failure);
        ops += LONG_RUN;
      }
    }
    console.log(`${ops} ops, ${Math.round((1000 * ops) / (performance.now() - began))} ops/s`);
    check();
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} seeds fail, now in ${BAD_SEEDS}`);
  });
} else {
  for (const seed of [...badSeeds(), 1, 2, 3, 6]) test(`simulation against the server, seed ${seed}`, async () => void (await simulate(seed, SHORT_RUN)));
  test("in the simulations above servers stored snapshots, were killed after it and took elements off boards", check);
}
