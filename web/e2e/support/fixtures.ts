// What a test is given: a server, a network to it, and people. All of it ends with the test.
import { expect, test as base, type Browser, type BrowserContext, type BrowserContextOptions } from "@playwright/test";
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
  readonly server: Server;
  readonly relay: Relay;
  /** A room on the server, and who comes to it. */
  readonly lesson: Class;
}

export const test = base.extend<Fixtures>({
  server: async ({}, use, info) => {
    const server = await Server.start();
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
    const make = async (name: string, options?: BrowserContextOptions, line?: Line): Promise<BrowserContext> => {
      const context = await device(browser, name, options);
      devices.push(context);
      if (line !== undefined) await through(context, line);
      return context;
    };
    const room = await createRoom(browser, server);
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
  },
});
/** By somebody who then leaves. */
async function createRoom(browser: Browser, server: Server): Promise<string> {
  const context = await device(browser, "Founder");
  const founder = await Person.open(context, server.url);
  const room = await founder.createRoom("Class");
  await founder.synced();
  await founder.page.close();
  await expect.poll(() => server.metric("chalkline_session_open"), { message: "the founder is gone" }).toBe(0);
  await context.close(); // kills at once what is left
  return room;
}

export { expect } from "@playwright/test";
