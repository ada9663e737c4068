import { expect, test } from "../support/fixtures.ts";
import { device, Person } from "../support/person.ts";
test("close", async ({ browser, server }) => {
  const open = () => server.metric("chalkline_session_open", "webtransport");
  const closes = async () => (await (await fetch(server.url.replace("localhost", "127.0.0.1") + "/metrics")).text()).split("\n").filter((l) => l.startsWith("chalkline_session_closes") || l.startsWith("chalkline_session_open")).join(" ; ");
  const c = await device(browser, "A");
  const a = await Person.open(c, server.url);
  console.log("start", await open());
  await a.createRoom("x");
  await a.synced();
  console.log("synced", await open());
  await new Promise((r) => setTimeout(r, 1000));
  console.log("1 s", await closes());
  await c.close();
  for (let i = 0; i < 8; i++) { await new Promise((r) => setTimeout(r, 5000)); console.log("closed", i * 5 + 5, await closes()); }
});
