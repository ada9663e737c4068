// The network goes, changes or lies: people write on, and what they wrote arrives.
import { agree, drawnBy, onBoard, Person, somewhere } from "./support/person.ts";
import { expect, test } from "./support/fixtures.ts";
import { watchMachine } from "./support/machine.ts";
import { Relay } from "./support/relay.ts";
import { measured } from "./support/report.ts";
import { seeded } from "./support/random.ts";

/** On the other route so soon after the page was opened with UDP silent, ms, on cores of its own. */
const FALLBACK_MS = 2000;
/** The other route is tried so soon after the server has gone silent, ms, likewise. */
const OTHER_ROUTE_MS = 5000;
/** On either route: after silence on one the other goes first. */
const SYNCED = /^(Synced|Using fallback route)$/;

const kinds = async (one: Person): Promise<string[]> => (await one.heard()).map((h) => h.kind);

test("5 s without network, which the system knows of: the page says so, and all arrives after it", async ({ lesson, relay }) => {
  const random = seeded(5);
  const ann = await lesson.person("Ann", {}, relay);
  const bob = await lesson.person("Bob");
  await ann.draw(somewhere(random));
  await agree([ann, bob]);

  relay.setOnline(false);
  await ann.page.context().setOffline(true);
  const until = Date.now() + 5000;
  while (Date.now() < until) await ann.draw(somewhere(random));
  await expect(ann.pill).toHaveText(/^Offline, \d+ changes saved$/);
  await bob.draw(somewhere(random));

  relay.setOnline(true);
  await ann.page.context().setOffline(false);
  expect(onBoard(await agree([ann, bob]))).toEqual(await drawnBy([ann, bob]));
  await expect(ann.pill).toHaveText(SYNCED);
});

test("30 s and 3 min without network, which nobody tells: writing goes on, and all arrives after it", async ({ lesson, relay, server }) => {
  test.setTimeout(600_000);
  const random = seeded(30);
  const other = await Relay.open(server);
  try {
    const ann = await lesson.person("Ann", {}, relay);
    const bob = await lesson.person("Bob");
    const cat = await lesson.person("Cat", {}, other);
    const wentAt = Date.now();
    relay.setOnline(false);
    other.setOnline(false);

    while (Date.now() < wentAt + 30_000) await ann.draw(somewhere(random));
    await expect(ann.pill).toHaveText(/^Reconnecting, \d+ changes saved$/);
    const here = await ann.held();
    expect(here.elements.length).toBe((await ann.drawn()).strokes);
    relay.setOnline(true);
    expect(onBoard(await agree([ann, bob]))).toEqual(await drawnBy([ann]));
    await expect(ann.pill).toHaveText(SYNCED);

    while (Date.now() < wentAt + 180_000) {
      for (const one of [ann, bob, cat]) await one.draw(somewhere(random));
      await cat.page.waitForTimeout(3000);
    }
    await expect(cat.pill).toHaveText(/^Reconnecting, \d+ changes saved$/);
    expect(await server.metric("chalkline_session_open"), "the server has long given Cat up").toBe(2);
    other.setOnline(true);
    expect(onBoard(await agree([ann, bob, cat]))).toEqual(await drawnBy([ann, bob, cat]));
    await expect(cat.pill).toHaveText(SYNCED);
  } finally {
    await other.close();
  }
});

test("a client's UDP port changes in the middle of a stroke: nobody notices", async ({ lesson, server }) => {
  const random = seeded(4);
  const bob = await lesson.person("Bob");
  /** Changes the port three times; what was noticed of it. */
  const changes = async (): Promise<Record<string, unknown>> => {
    const relay = await Relay.open(server);
    try {
      const closes = (): Promise<number> => server.metric("chalkline_session_closes_total");
      const ann = await lesson.person("Ann", {}, relay);
      const [closed, there] = [await closes(), (await bob.held()).elements.length];
      for (let i = 0; i < 3; i++) {
        const pen = ann.keepDrawing(random);
        const before = (await bob.held()).elements.length;
        relay.rebind();
        await expect.poll(async () => (await bob.held()).elements.length, { message: "strokes that arrive" }).toBeGreaterThan(before + 1);
        await pen.stop();
      }
      expect((await agree([ann, bob])).elements).toHaveLength(there + (await drawnBy([ann])).strokes);
      const { udpSources, webSockets } = relay;
      const noticed = { kinds: await kinds(ann), udpSources, webSockets, closed: (await closes()) - closed };
      await ann.page.close();
      await expect.poll(() => server.metric("chalkline_session_open")).toBe(1);
      return noticed;
    } finally {
      await relay.close();
    }
  };
  const nobody = { kinds: ["connecting", "synced"], udpSources: 1, webSockets: 0, closed: 0 };
  let noticed = await changes();
  for (let again = 0; again < 2 && noticed["closed"] !== 0; again++) noticed = await changes(); // the machine may have stood still
  expect(noticed).toEqual(nobody);
});

test("the UDP port is there and silent: the page is on WebSocket within 2 s of being opened", async ({ lesson, relay }) => {
  relay.setUDP(false);
  const slower = watchMachine();
  const open = async (): Promise<[Person, number]> => {
    const one = await lesson.enter(await lesson.device("Ann", {}, relay), relay);
    await one.synced();
    const synced = (await one.heard()).find((h) => h.kind === "synced");
    expect(synced?.route).toBe("websocket");
    return [one, synced?.at ?? Infinity];
  };
  let [ann, took] = await open();
  for (let again = 0; again < 2 && took > FALLBACK_MS * slower(); again++) { // the machine may have stood still
    await ann.page.close();
    [ann, took] = await open();
  }
  measured("on WebSocket", took);
  expect(took).toBeLessThanOrEqual(FALLBACK_MS * slower());
  expect(relay.udpSources).toBeGreaterThan(0);
  await expect(ann.pill).toHaveText("Using fallback route");
  const bob = await lesson.person("Bob");
  await ann.draw({ x: 300, y: 300, width: 200, height: 60 });
  expect(onBoard(await agree([ann, bob]))).toEqual(await drawnBy([ann]));
});

test("a browser without WebTransport is on WebSocket, which is no fallback", async ({ lesson }) => {
  const device = await lesson.device("Ann");
  await device.addInitScript(() => Reflect.deleteProperty(window, "WebTransport"));
  const ann = await lesson.enter(device);
  await ann.synced();
  await expect(ann.pill).toHaveText("Synced");
  await ann.pill.click();
  const panel = ann.page.getByRole("dialog", { name: "Connection" });
  await expect(panel).toContainText("Everything you write is stored");
  await expect(panel.locator("dd").first()).toHaveText("WebSocket");
});

test("the server stands still while somebody writes: the other route is tried, no work is lost", async ({ lesson, relay, server }) => {
  const random = seeded(6);
  const ann = await lesson.person("Ann", {}, relay);
  const bob = await lesson.person("Bob");
  const pen = ann.keepDrawing(random);
  await expect.poll(async () => (await bob.held()).elements.length).toBeGreaterThan(1);

  /** Stops the server until the page tries its other route; how long that took, ms. */
  const suspended = async (): Promise<number> => {
    const now = await ann.connection();
    const tries = (): number => (now?.kind === "synced" && now.route === "websocket" ? relay.udpSources : relay.webSockets);
    const before = tries();
    server.suspend();
    const since = Date.now();
    await expect.poll(tries, { intervals: [20], message: "tries of the other route" }).toBeGreaterThan(before);
    const took = Date.now() - since;
    await expect(ann.pill).toHaveText(/^Reconnecting, \d+ changes saved$/);
    server.resume();
    await expect.poll(async () => (await kinds(ann)).at(-1)).toBe("synced");
    return took;
  };
  const slower = watchMachine();
  let tried = await suspended();
  for (let again = 0; again < 2 && tried > OTHER_ROUTE_MS * slower(); again++) tried = await suspended(); // the machine may have stood still
  measured("other route tried", tried);
  expect(tried).toBeLessThanOrEqual(OTHER_ROUTE_MS * slower());
  await pen.stop();
  expect(onBoard(await agree([ann, bob]))).toEqual(await drawnBy([ann]));
});
