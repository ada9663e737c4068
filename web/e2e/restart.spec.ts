// The server goes, in every way that servers go, and comes back: pages stay open and nothing drawn is lost.
import { agree, drawnBy, onBoard, somewhere, type Person } from "./support/person.ts";
import { expect, test, type Class } from "./support/fixtures.ts";
import { watchMachine } from "./support/machine.ts";
import { measured, noted } from "./support/report.ts";
import { seeded } from "./support/random.ts";
import type { Heard } from "./support/probe.ts";
import { buildPowerloss, type Server } from "./support/server.ts";

/** Pages are back so soon after the server is, ms, on cores of their own. */
const BACK_MS = 3000;

interface Back {
  readonly ms: number;
  readonly route: string;
}

/** Waits until a page is synced with a server that is ready again; tells how long that took, and over which route. */
async function back(one: Person, server: Server): Promise<Back> {
  const synced = async (): Promise<Heard | undefined> => (await one.heard()).find((h) => h.kind === "synced" && h.wall >= server.startedAt);
  await expect.poll(synced, { message: "back" }).toBeDefined();
  const { wall, route } = (await synced()) ?? { wall: Infinity, route: "" };
  return { ms: Math.max(0, wall - server.readyAt), route }; // it may be back before it is read here that the server is
}

const allBack = (people: readonly Person[], server: Server): Promise<Back[]> => Promise.all(people.map((one) => back(one, server)));

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Ends the server 20 times while two draw and one looks on: all are back in time, with everything. */
async function goesAndComes(lesson: Class, server: Server, goes: () => Promise<void>): Promise<void> {
  const random = seeded(20);
  const writers = [await lesson.person("Ann"), await lesson.person("Bob")];
  const people = [...writers, await lesson.person("Eve")];
  const pens = writers.map((one) => one.keepDrawing(random));
  const rounds: { took: number; slower: number; routes: string[] }[] = [];
  for (let i = 0; i < 20; i++) {
    await pause(100 + random() * 900); // anywhere in a stroke, a commit, a fan-out
    await goes();
    await pause(random() * 1000);
    const slower = watchMachine();
    await server.start();
    const all = await allBack(people, server);
    rounds.push({ took: Math.max(...all.map(({ ms }) => ms)), slower: slower(), routes: all.map(({ route }) => route) });
  }
  await Promise.all(pens.map((pen) => pen.stop()));
  measured("back", ...rounds.map(({ took }) => took));
  noted("machine slower by", ...rounds.map(({ slower }) => slower.toFixed(1)));
  noted("routes", ...rounds.map(({ routes }) => routes.join("+")));
  for (const [i, { took, slower }] of rounds.entries()) expect(took, `round ${i}`).toBeLessThanOrEqual(BACK_MS * slower);

  const drawn = await drawnBy(writers);
  const held = await agree(people);
  expect(onBoard(held)).toEqual(drawn);
  const later = await lesson.person("Dan");
  expect(await agree([...people, later])).toEqual(held);
}

test("the server is killed 20 times while two draw and one looks on: all are back in 3 s, with everything", async ({ lesson, server }) => {
  test.setTimeout(720_000);
  await goesAndComes(lesson, server, () => server.kill());
});

test.describe("on a disk that loses what was not synced", () => {
  test.use({ program: async ({}, use, info) => use(await buildPowerloss(info.project.outputDir)) });

  test("the power fails 20 times while two draw and one looks on: all are back in 3 s, with everything", async ({ lesson, server }) => {
    test.setTimeout(720_000);
    await goesAndComes(lesson, server, () => server.cutPower());
  });
});

test("the server says that it stops, people read it, and all is there when it is back", async ({ lesson, server }) => {
  const random = seeded(9);
  const people = [await lesson.person("Ann"), await lesson.person("Bob")];
  const [ann] = people;
  if (ann === undefined) throw new Error("nobody");
  await ann.draw(somewhere(random));
  await agree(people);
  await server.stop();
  for (const { pill } of people) await expect(pill).toHaveText("Reconnecting");
  expect(await ann.connection()).toMatchObject({ kind: "reconnecting", code: 1001 });
  await ann.draw(somewhere(random));
  await expect(ann.pill).toHaveText(/^Reconnecting, \d+ changes saved$/);
  await server.start();
  await allBack(people, server);
  await expect(ann.pill).toHaveText("Synced");
  expect(onBoard(await agree(people))).toEqual(await drawnBy(people));
});

test("an older copy of the data is put back: pages take its state and go on, and no id comes twice", async ({ lesson, server }) => {
  const random = seeded(10);
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const people = [ann, bob];
  for (const one of people) await one.draw(somewhere(random));
  const before = await agree(people);

  await server.stop();
  const putBack = await server.copyData();
  await server.start();
  await allBack(people, server);
  // Bob writes what the copy does not have; Ann is ahead of the copy without having written anything.
  for (let i = 0; i < 3; i++) await bob.draw(somewhere(random));
  const lost = await agree(people);
  expect(lost.elements).toHaveLength(5);

  await server.kill();
  await putBack();
  await bob.draw(somewhere(random)); // unsent work must get through
  await server.start();
  await allBack(people, server);
  const restored = await agree(people);
  const keys = (held: typeof before): string[] => held.elements.map((e) => e.key);
  expect(keys(restored)).toEqual(expect.arrayContaining(keys(before)));
  expect(restored.elements).toHaveLength(3);
  expect(keys(lost)).not.toContain(keys(restored).at(-1));

  for (const one of people) await one.draw(somewhere(random));
  const after = await agree(people);
  expect(after.elements).toHaveLength(5);
  const eve = await lesson.person("Eve");
  expect(await agree([...people, eve])).toEqual(after);
});

test("a page that was away sees by the digest alone that history is another one now", async ({ lesson, server, relay }) => {
  const random = seeded(11);
  const ann = await lesson.person("Ann", {}, relay);
  const bob = await lesson.person("Bob");
  await bob.draw(somewhere(random));
  await agree([ann, bob]);
  await server.stop();
  const putBack = await server.copyData();
  await server.start();
  await allBack([ann, bob], server);
  await bob.draw(somewhere(random), 6);
  const { elements } = await agree([ann, bob]);

  relay.setOnline(false);
  await server.kill();
  await putBack();
  await server.start();
  await allBack([bob], server);
  const eve = await lesson.person("Eve");
  // More than was lost: Ann's revision is no number that the server has not reached.
  const revision = (one: Person): Promise<number> => one.page.evaluate(() => Number(window.chalkline?.revision));
  for (let i = 0; i < 4 || (await revision(eve)) <= (await revision(ann)); i++) await eve.draw(somewhere(random));
  relay.setOnline(true);
  const held = await agree([ann, bob, eve]);
  expect(held.elements.map((e) => e.key)).not.toContain(elements.at(-1)?.key);
  await ann.draw(somewhere(random));
  expect((await agree([ann, bob, eve])).elements).toHaveLength(held.elements.length + 1);
});
