// A person at a page: enters rooms, draws with a real mouse, and tells what the page shows and holds.
import { expect, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "@playwright/test";
import type { Connection } from "../../src/sync/api.ts";
import { watchPage, type Drawn, type Heard } from "./probe.ts";

/**
 * An element as it is seen: where it lies and how it looks, how many points it has, a sum over them, and whether it is still
 * being drawn. What is gathered to be sent counts already.
 */
export interface Seen {
  readonly key: string;
  readonly looks: string;
  readonly points: number;
  readonly sum: number;
  readonly open: boolean;
}

/** What a page holds of the board that is looked at. */
export interface Held {
  readonly hash: string;
  readonly connection: Connection["kind"] | "none";
  readonly unsent: number;
  readonly elements: readonly Seen[];
}

/** Where a stroke is drawn, CSS px of the window. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is soon so is looked at so often at first, ms. */
const SOON = [50, 50, 100, 100, 200];
/** Moves of the mouse in one stroke. */
const MOVES = 24;

/** A browser of its own: another device, if not another person. */
export async function device(browser: Browser, name: string, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  await belongsTo(context, name);
  return context;
}

/** Gives the pages of a context a name, and what a test looks at them with. */
export async function belongsTo(context: BrowserContext, name: string): Promise<void> {
  await context.addInitScript((who) => {
    if (location.protocol === "about:") return; // before it has an address a page has no storage
    if (localStorage.getItem("chalkline.name") === null) localStorage.setItem("chalkline.name", JSON.stringify(who));
  }, name);
  await context.addInitScript(watchPage);
}

/** What stands between a page and its server, on one port of TCP and UDP. */
export interface Line {
  readonly url: string;
  readonly port: number;
}

/** Sends the WebTransport of all pages of a context through a line; their TCP goes there by the address they open. */
export async function through(context: BrowserContext, line: Line): Promise<void> {
  await context.route("**/api/connect", async (route) => {
    try {
      const response = await route.fetch();
      const info = (await response.json()) as { webtransport: string };
      await route.fulfill({ response, json: { ...info, webtransport: `https://127.0.0.1:${line.port}/wt` } });
    } catch {
      await route.abort().catch(() => {}); // no network, or the page has given up
    }
  });
}

export class Person {
  private constructor(readonly page: Page) {}

  /** Opens a page in a context: the start, or with a path a room. */
  static async open(context: BrowserContext, url: string): Promise<Person> {
    const page = await context.newPage();
    await page.goto(withDiagnostics(url));
    return new Person(page);
  }

  /** From the start page into a new room; returns the path of the room. */
  async createRoom(title: string): Promise<string> {
    await this.page.locator("#create").fill(title);
    await this.page.locator("#create").press("Enter");
    await this.page.waitForURL(/\/r\//);
    return new URL(this.page.url()).pathname;
  }

  connection(): Promise<Connection | undefined> {
    return this.page.evaluate(() => window.chalkline?.connection);
  }

  /** In the room, with the board open. */
  async synced(): Promise<void> {
    const there = (): Promise<string> =>
      this.page.evaluate(() => {
        const { chalkline } = window;
        const board = chalkline?.page !== undefined && chalkline.page !== "" && document.querySelector(".board canvas") !== null;
        return board ? `${chalkline.connection.kind}, with its board` : (chalkline?.connection.kind ?? "no room");
      });
    await expect.poll(there, { message: "the room", intervals: SOON }).toBe("synced, with its board");
  }

  /** Everything that the connection has been since the page was loaded. */
  heard(): Promise<readonly Heard[]> {
    return this.page.evaluate(() => window.heard ?? []);
  }

  /** Strokes and points that the pen put down on the page looked at, since it was loaded. */
  drawn(): Promise<Drawn> {
    return this.page.evaluate(() => window.drawn?.[window.chalkline?.page ?? ""] ?? { strokes: 0, points: 0 });
  }

  held(): Promise<Held> {
    return this.page.evaluate(() => {
      const { chalkline } = window;
      if (chalkline === undefined || chalkline.page === "") return { hash: "", connection: "none", unsent: 0, elements: [] };
      const elements = [...chalkline.session.look(chalkline.page).elements()].map((e) => {
        let sum = 0;
        for (const v of e.points.subarray(0, 4 * e.count)) sum = (Math.imul(sum, 31) + v) | 0;
        const looks = JSON.stringify([e.kind, e.place, e.color, e.width, e.opacity, e.fill, e.dash, e.size, e.align, e.bold, e.italic, e.text]);
        return { key: String(e.key), looks, points: e.count, sum, open: e.open };
      });
      const { kind, unsent } = chalkline.connection;
      return { hash: chalkline.hash(), connection: kind, unsent, elements };
    });
  }

  /** The text of the pill that tells how the connection is. */
  get pill() {
    return this.page.locator(".pill-text");
  }

  /** One stroke: a wave in a place. */
  async draw({ x, y, width, height }: Place, moves = MOVES): Promise<void> {
    const { mouse } = this.page;
    await mouse.move(x, y + height / 2);
    await mouse.down();
    for (let i = 1; i <= moves; i++) await mouse.move(x + (width * i) / moves, y + (height / 2) * (1 + Math.sin(i / 2.5)));
    await mouse.up();
  }

  /** Draws stroke after stroke until it is told to stop. */
  keepDrawing(random: () => number): Drawing {
    let going = true;
    const run = async (): Promise<void> => {
      while (going) await this.draw(somewhere(random));
    };
    const running = run();
    running.catch(() => {}); // told by stop()
    return {
      stop: () => {
        going = false;
        return running;
      },
    };
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }
}

export interface Drawing {
  /** Resolves when the stroke at hand is finished. */
  stop(): Promise<void>;
}

/** A place for a stroke on the board of a 1280 × 800 window, clear of bars and tools. */
export function somewhere(random: () => number): Place {
  return { x: 160 + random() * 800, y: 120 + random() * 480, width: 60 + random() * 160, height: 20 + random() * 50 };
}

/** Nobody draws: every page is synced and holds the same, nothing is on its way, no id stands for two elements. Returns what they hold. */
export async function agree(people: readonly Person[]): Promise<Held> {
  let last: Held | undefined;
  const look = async (): Promise<string> => {
    const [first, ...others] = await Promise.all(people.map((p) => p.held()));
    last = first;
    return first === undefined ? "nobody is there" : disagreement(first, others);
  };
  await expect.poll(look, { message: "what pages hold", intervals: SOON }).toBe("");
  if (last === undefined) throw new Error("nobody is there");
  expect(new Set(last.elements.map((e) => e.key)).size).toBe(last.elements.length);
  return last;
}

/** In what pages differ or are not done yet, "" in nothing. */
function disagreement(first: Held, others: readonly Held[]): string {
  const all = [first, ...others];
  if (all.some((h) => h.connection !== "synced" || h.unsent > 0 || h.hash === "")) {
    return all.map((h) => `${h.connection}, ${h.unsent} unsent`).join("; ");
  }
  if (first.elements.some((e) => e.open)) return "a stroke has no end";
  if (others.some((h) => h.hash !== first.hash)) return `hashes: ${all.map((h) => h.hash).join(" ")}`;
  const elements = JSON.stringify(first.elements);
  return others.every((h) => JSON.stringify(h.elements) === elements) ? "" : "elements differ";
}

/** Sums what several people drew. */
export async function drawnBy(people: readonly Person[]): Promise<Drawn> {
  const all = await Promise.all(people.map((p) => p.drawn()));
  return all.reduce((sum, d) => ({ strokes: sum.strokes + d.strokes, points: sum.points + d.points }), { strokes: 0, points: 0 });
}

/** Strokes and points that are on the board. */
export function onBoard({ elements }: Held): Drawn {
  return { strokes: elements.length, points: elements.reduce((sum, e) => sum + e.points, 0) };
}

function withDiagnostics(url: string): string {
  const at = new URL(url);
  at.search ||= "?diagnostics";
  return at.href;
}
