// What a test is given: a server, a network to it, and people. All of it ends with the test.
import { expect, test as base, type BrowserContext, type BrowserContextOptions } from "@playwright/test";
import { createRoomIn } from "../../src/sync/createroom.ts";
import { roomPath } from "../../src/ui/code.ts";
import { environment, KeptStore } from "../../test/simulation-page.ts";
import { device, Person, through, type Line } from "./person.ts";
import { Relay } from "./relay.ts";
import { Server } from "./server.ts";

export interface Class {
  /** Path of the room. */
  readonly room: string;
  /** A device with nothing on it; line: it reaches the server through that. */
  device(name: string, options?: BrowserContextOptions, line?: Line): Promise<BrowserContext>;
  /** One more person, on a device of their own, in the room. */
  person(name: string, options?: BrowserContextOptions, line?: Line): Promise<Person>;
  /** One more page of a device, in the room but perhaps not connected yet. */
  enter(context: BrowserContext, line?: Line): Promise<Person>;
}

interface Fixtures {
  /** What the server is, "": bin/chalkline. */
  readonly program: string;
  readonly server: Server;
  readonly relay: Relay;
  /** A room on the server, and who comes to it. */
  readonly lesson: Class;
}

export const test = base.extend<Fixtures>({
  program: ["", { option: true }],
  server: async ({ program }, use, info) => {
    const server = await (program === "" ? Server.start() : Server.startOf(program));
    await use(server);
    await server.close();
    if (info.status !== info.expectedStatus) await info.attach("server.log", { body: server.log.join("\n") });
  },
  relay: async ({ server }, use) => {
    const relay = await Relay.open(server);
    await use(relay);
    await relay.close();
  },
  lesson: async ({ server, browser }, use) => {
    const devices: BrowserContext[] = [];
    const errors: string[] = [];
    const make = async (name: string, options?: BrowserContextOptions, line?: Line): Promise<BrowserContext> => {
      const context = await device(browser, name, options);
      devices.push(context);
      context.on("weberror", (thrown) => errors.push(thrown.error().stack ?? thrown.error().message));
      if (line !== undefined) await through(context, line);
      return context;
    };
    const room = await createRoom(server);
    const enter = (context: BrowserContext, line?: Line): Promise<Person> =>
      Person.open(context, `${line?.url ?? server.url}${room}`);
    const person = async (name: string, options?: BrowserContextOptions, line?: Line): Promise<Person> => {
      const one = await enter(await make(name, options, line), line);
      await one.synced();
      return one;
    };
    await use({ room, device: make, person, enter });
    for (const context of devices) {
      await context.unrouteAll({ behavior: "ignoreErrors" });
      await context.close();
    }
    expect(errors, "errors that no page caught").toEqual([]);
  },
});

/** By somebody who has no page. Returns its path. */
async function createRoom(server: Server): Promise<string> {
  const response = await fetch(`${server.url}/api/token`, { method: "POST", body: JSON.stringify({ name: "Founder" }) });
  const { token } = (await response.json()) as { token: string };
  const founder = environment({ port: server.port, store: new KeptStore(), random: Math.random });
  const room = await createRoomIn(founder, token, "Class");
  founder.kill();
  await expect.poll(() => server.metric("chalkline_session_open"), { message: "the founder is gone", intervals: [20] }).toBe(0);
  return roomPath(room);
}

export { expect } from "@playwright/test";
