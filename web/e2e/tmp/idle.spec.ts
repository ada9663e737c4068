import { expect, test } from "../support/fixtures.ts";
test("idle", async ({ lesson, server, relay }) => {
  const c = await lesson.device("Ann", {}, relay);
  const ann = await lesson.enter(c, relay);
  ann.page.on("console", (m) => console.log(m.text()));
  await ann.synced();
  console.log(await ann.connection(), relay.udpSources, relay.webSockets, relay.udpPort, server.port);
  console.log(await ann.page.evaluate(async () => await (await fetch("/api/connect")).text()));
  console.log(await ann.heard());
});
